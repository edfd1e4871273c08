"""Strips that make their caches when something is kept in them.

Textual 8.2 gives each :class:`~textual.strip.Strip` seven caches when it is made. A paint of the workbench makes six
hundred strips, nearly all of which are drawn once: the caches took a fifth of its time and most of a strip's memory.
:func:`install` makes a strip without them; the first look for one finds it missing and makes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.cache import FIFOCache
from textual.strip import Strip

from orch_tui.tui.textual_patches.guard import has, is_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.segment import Segment

ORIGINAL = Strip.__dict__["__init__"]
"""Textual's own, to compare with."""
_SIZES = {
    "_divide_cache": 4,
    "_crop_cache": 16,
    "_style_cache": 16,
    "_filter_cache": 4,
    "_line_length_cache": 4,
    "_crop_extend_cache": 4,
    "_offsets_cache": 4,
}
"""How much each of them keeps, as Textual has it."""
_PARAMETERS = ("self", "segments", "cell_length")
_PARTS = {*_SIZES, "_segments", "_cell_length", "_render_cache", "_link_ids", "_cell_count"}


def _init(self: Strip, segments: Iterable[Segment], cell_length: int | None = None) -> None:
    self._segments = list(segments)
    self._cell_length = cell_length
    self._render_cache = None
    self._link_ids = None
    self._cell_count = None


def _missing(self: Strip, name: str) -> Any:
    """Asked for a slot that is empty."""
    size = _SIZES.get(name)
    if size is None:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
    cache: FIFOCache[Any, Any] = FIFOCache(size)
    setattr(self, name, cache)
    return cache


def install() -> bool:
    """From now on all strips of this process are made so; False where Textual's own way is used instead."""
    if Strip.__dict__["__init__"] is _init:
        return True
    if not (
        is_version() and set(Strip.__slots__) == _PARTS and has(Strip, "__init__", "self", "segments", "cell_length")
    ):
        return False
    Strip.__getattr__ = _missing  # type: ignore[attr-defined]
    Strip.__init__ = _init  # type: ignore[method-assign]
    return True
