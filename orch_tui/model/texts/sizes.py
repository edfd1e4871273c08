"""Sizes as people read and write them."""

from __future__ import annotations

import re

from orch_tui.model.texts.pattern import pattern

_SIZE = pattern(r"(\d{1,19}(?:\.\d{1,9})?) ?([KMGT]?I?B)", re.ASCII | re.IGNORECASE)
_UNITS = {
    name: base**power
    for power in (4, 3, 2, 1)
    for base, name in ((1024, f"{' KMGT'[power]}iB"), (1000, f"{' KMGT'[power]}B"))
} | {"B": 1}
"""The larger before the smaller ones: 1 GB is 1000^3 bytes, 1 GiB is 1024^3."""
_MOST = 2**62


def size_text(size: int) -> str:
    """``812 B``, ``4.2 KiB``, ``1.3 GiB``."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def parse_size(text: str) -> int:
    """Bytes of a size as people write it: ``2GB``, ``1.5 GiB``. Raises: ValueError; the sentence says how."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError('a size is a number with its unit, like "2GB" or "512MiB"')
    unit = next(value for name, value in _UNITS.items() if name.casefold() == found[2].casefold())
    from decimal import Decimal

    size = int(Decimal(found[1]) * unit)
    if not 0 < size < _MOST:
        raise ValueError(f"{text.strip()} is no size that a machine has")
    return size


def write_size(size: int) -> str:
    """The shortest text from which :func:`parse_size` makes exactly these bytes: ``2GB``, ``512MiB``."""
    texts = [f"{size // unit}{name}" for name, unit in _UNITS.items() if size % unit == 0]
    return min(texts, key=len)
