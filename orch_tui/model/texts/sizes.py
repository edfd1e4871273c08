"""Sizes as people read them."""

from __future__ import annotations


def size_text(size: int) -> str:
    """``812 B``, ``4.2 KiB``, ``1.3 GiB``."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
