"""Arrays of inline tables over several lines: items that come, go or change places take their comments along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.pattern import pattern
from orch_tui.project.toml.lines import comments_in
from orch_tui.project.toml.text import value_text

_OPENING = pattern(r"[ \t]*(?:#[^\n]*)?\n")
_BEHIND = pattern(r"[ \t]*(?P<comma>,?)(?P<rest>[ \t]*(?:#[^\n]*)?\n?)")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Item:
    """``lead`` are the lines above an item with its indent, ``behind`` what follows its comma on its line."""

    lead: str
    text: str
    behind: str

    @property
    def comments(self) -> list[str]:
        return comments_in(self.lead) + comments_in(self.behind)


def rearranged(
    text: str, whole: Span, spans: Sequence[Span], old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> str | None:
    """The array with other items, without what stands around it; None where it is not of this shape.

    ``whole`` is where the array stands in ``text``, ``spans`` are its items, which are those of ``old``. Comments of
    items that go stay where they were.
    """
    start, end = whole[0] + 1, whole[1] - 1
    opening = _OPENING.match(text, start, end)
    if opening is None or len(spans) != len(old) or not spans:
        return None
    items, at, comma = [], opening.end(), ""
    for first, last in spans:
        behind = _BEHIND.match(text, last, end)
        # A comma that stands on a line of its own belongs to no item that could be moved.
        if behind is None or (not behind["comma"] and last != spans[-1][1]):
            return None
        items.append(_Item(text[at:first], text[first:last], behind["rest"]))
        at, comma = behind.end(), behind["comma"]
    tail = text[at:end]
    if not comma and any("," in part.partition("#")[0] for part in tail.splitlines()):
        return None
    indent = items[0].lead.rpartition("\n")[2]
    places = _places(old, new)
    pieces, kept = [], [number for number in range(len(items)) if number not in places]
    for number, (place, value) in enumerate(zip(places, new, strict=True)):
        item = items[place] if place is not None else _Item(indent, "", "\n")
        above = [one for one in kept if place is not None and one < place]
        kept = [one for one in kept if one not in above]
        same = place is not None and repr(old[place]) == repr(value)
        written = item.text if same else value_text(dict(value))
        last = number == len(new) - 1
        ending = item.behind if item.behind.endswith("\n") else f"{item.behind}\n"
        lead = "".join(f"{indent}{comment}\n" for one in above for comment in items[one].comments)
        pieces.append(f"{lead}{item.lead}{written}{comma if last else ','}{ending}")
    rest = "".join(f"{indent}{comment}\n" for one in kept for comment in items[one].comments)
    return f"[{opening[0]}{''.join(pieces)}{rest}{tail}]"


def _places(old: Sequence[Any], new: Sequence[Any]) -> list[int | None]:
    """For each new item the old one that it is, or was before it was changed; None for one that comes."""
    left = {number: repr(item) for number, item in enumerate(old)}
    places: list[int | None] = []
    for item in new:
        found = next((number for number, text in left.items() if text == repr(item)), None)
        places.append(found)
        if found is not None:
            del left[found]
    if len(new) >= len(old):
        # As many were changed as are left over, in their order; others came.
        rest = iter(sorted(left))
        places = [next(rest, None) if place is None else place for place in places]
    return places
