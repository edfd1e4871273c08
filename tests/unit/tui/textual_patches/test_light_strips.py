"""Strips without caches nobody looks into do what Textual's own do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from orch_tui.tui.textual_patches import light_strips
from rich.segment import Segment
from rich.style import Style
from textual.cache import FIFOCache
from textual.color import Color
from textual.filter import Monochrome
from textual.strip import Strip

_CACHES = [name for name in Strip.__slots__ if name.endswith("_cache") and name != "_render_cache"]


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    kept = Strip.__dict__["__init__"]
    yield
    Strip.__init__ = kept  # type: ignore[method-assign]


def words() -> Strip:
    return Strip(
        [Segment("one ", Style(bold=True)), Segment("two", Style(dim=True)), Segment(" 三", Style(color="red"))]
    )


FILTER = Monochrome()
USES: dict[str, Callable[[Strip], Any]] = {
    "_divide_cache": lambda strip: [part.text for part in strip.divide([2, 5, strip.cell_length])],
    "_crop_cache": lambda strip: strip.crop(1, 6),
    "_style_cache": lambda strip: strip.apply_style(Style(italic=True)),
    "_filter_cache": lambda strip: strip.apply_filter(FILTER, Color(0, 0, 0)),
    "_line_length_cache": lambda strip: strip.adjust_cell_length(20),
    "_crop_extend_cache": lambda strip: strip.crop_extend(2, 14, None),
    "_offsets_cache": lambda strip: strip.apply_offsets(3, 4),
}


@pytest.mark.parametrize("name", _CACHES)
def test_a_cache_is_there_when_it_is_used_and_holds_as_much_as_textuals(name: str) -> None:
    # GIVEN what Textual's own strip answers
    Strip.__init__ = light_strips.ORIGINAL  # type: ignore[method-assign]
    before = words()
    answer, size = USES[name](before), getattr(before, name)._maxsize
    # WHEN it is installed
    assert light_strips.install() and light_strips.install()
    strip = words()
    with pytest.raises(AttributeError):
        object.__getattribute__(strip, name)
    # THEN the answer is the same, the second one is the first, and so is the room for it
    assert (USES[name](strip) == answer and USES[name](strip) is USES[name](strip)) or name == "_divide_cache"
    cache = object.__getattribute__(strip, name)
    assert isinstance(cache, FIFOCache) and cache._maxsize == size and len(cache) == 1
    assert cache.hits >= 1


def test_other_parts_that_are_not_there_are_errors_as_ever() -> None:
    assert light_strips.install()
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        words().colour  # type: ignore[attr-defined]  # noqa: B018


def test_another_version_keeps_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    Strip.__init__ = light_strips.ORIGINAL  # type: ignore[method-assign]
    monkeypatch.setattr(light_strips, "is_version", lambda: False)
    assert not light_strips.install()
    assert Strip.__dict__["__init__"] is light_strips.ORIGINAL
