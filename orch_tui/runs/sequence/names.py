"""Names in the room that there is, so that one still tells them apart. Pure; widths are cells of a terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from rich.cells import cell_len

ELLIPSIS, ASCII_ELLIPSIS = "…", "..."


def first_cells(text: str, room: int) -> str:
    """As many characters of the beginning as fit into ``room`` cells."""
    if cell_len(text) <= room:
        return text
    # A character takes at most two cells and mostly one: begin where it may be and go back.
    end = min(len(text), max(0, room))
    while end and cell_len(text[:end]) > room:
        end -= 1
    return text[:end]


def last_cells(text: str, room: int) -> str:
    """As many characters of the end as fit into ``room`` cells."""
    start = max(0, len(text) - max(0, room))
    while start < len(text) and cell_len(text[start:]) > room:
        start += 1
    return text[start:]


def cut(text: str, room: int, ellipsis: str = ELLIPSIS) -> str:
    """The text in at most ``room`` cells, with an ellipsis at the end when something is missing."""
    if cell_len(text) <= room:
        return text
    if room <= len(ellipsis):
        return ellipsis[: max(0, room)]
    return first_cells(text, room - len(ellipsis)).rstrip() + ellipsis


def cut_names(names: Sequence[str], room: int, ellipsis: str = ELLIPSIS) -> list[str]:
    """Each name in at most ``room`` cells; those that would look alike are cut in their middle instead."""
    shown = [cut(name, room, ellipsis) for name in names]
    alike: dict[str, set[str]] = defaultdict(set)
    for name, text in zip(names, shown, strict=True):
        if text != name:
            alike[text].add(name)
    apart = {
        name: _cut_middle(name, _same_beginning(group), room, ellipsis)
        for group in alike.values()
        if len(group) > 1
        for name in group
    }
    return [apart.get(name, text) for name, text in zip(names, shown, strict=True)]


def _same_beginning(names: Collection[str]) -> int:
    first, last = min(names), max(names)
    return next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))


def _cut_middle(name: str, differs: int, room: int, ellipsis: str) -> str:
    """The beginning and what comes from character ``differs`` on: the end of the name, where all of that fits."""
    left = room - len(ellipsis)
    if left < 4:
        return cut(name[differs:] or name, room, ellipsis)
    end = left - left // 3
    beginning = first_cells(name, left // 3).rstrip()
    if cell_len(name[differs:]) <= end:
        return beginning + ellipsis + last_cells(name, left - cell_len(beginning)).lstrip()
    return beginning + ellipsis + first_cells(name[differs:], left - cell_len(beginning))
