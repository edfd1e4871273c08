"""Parameters that keep a task within bounds, for components that share them."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def expansion_field(packed: str) -> Any:
    """The parameter ``max_expansion``: how many times its own size what is ``packed`` ("file") may unpack to."""
    return Field(
        100,
        ge=1,
        le=100_000,
        title="Largest expansion",
        description=f"How many times its own size a packed {packed} may unpack to, counted beyond 64 MB: a guard "
        f"against {packed}s that fill the disk.",
    )
