"""Lines that only moved: the terminal can move them itself, which costs a few bytes instead of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orch_tui.tui.wire.picture import Row

_LEAST = 4
"""So many changed lines are looked at, and so many must have moved together."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The lines ``top`` to ``bottom`` (inclusive) move up by ``by`` lines; down when it is negative."""

    top: int
    bottom: int
    by: int


def find_shift(old: Sequence[Row], new: Mapping[int, Row]) -> Shift | None:
    """The move that most of the changed lines agree on, by what is in the columns that changed."""
    changed = [y for y in sorted(new) if not old[y].same(new[y])]
    if len(changed) < _LEAST:
        return None
    first, last = _changed_columns(old, new, changed)
    was: dict[tuple[object, ...], list[int]] = {}
    for y in range(changed[0], changed[-1] + 1):
        was.setdefault(_key(old[y], first, last), []).append(y)
    votes: Counter[int] = Counter()
    for y in changed:
        places = was.get(_key(new[y], first, last), ())
        if len(places) == 1 and places[0] != y:
            votes[places[0] - y] += 1
    if not votes:
        return None
    by, agreed = max(votes.items(), key=lambda item: (item[1], -abs(item[0])))
    if agreed < _LEAST:
        return None
    return Shift(changed[0], changed[-1], by) if abs(by) <= changed[-1] - changed[0] else None


def _changed_columns(old: Sequence[Row], new: Mapping[int, Row], changed: Sequence[int]) -> tuple[int, int]:
    first, last = len(old[changed[0]].texts), 0
    for y in changed:
        was, now = old[y], new[y]
        pairs = zip(was.texts, was.pens, now.texts, now.pens, strict=True)
        different = [x for x, (a, b, c, d) in enumerate(pairs) if a != c or b != d]
        first, last = min(first, different[0]), max(last, different[-1] + 1)
    return first, last


def _key(row: Row, first: int, last: int) -> tuple[object, ...]:
    return (*row.texts[first:last], *row.pens[first:last])


def shifted(old: Sequence[Row], shift: Shift) -> list[Row]:
    """What the terminal shows after it has moved the lines itself."""
    rows = list(old)
    width = len(rows[0].texts)
    band = rows[shift.top : shift.bottom + 1]
    empty = [Row.blank(width) for _ in range(abs(shift.by))]
    moved = [*band[shift.by :], *empty] if shift.by > 0 else [*empty, *band[: shift.by]]
    rows[shift.top : shift.bottom + 1] = moved
    return rows


def encode_shift(shift: Shift) -> str:
    """A scrolling region, lines deleted or inserted at its top, and the region given up again (DECSTBM, DL, IL).

    To be written with the default pen: new lines take the pen's background.
    """
    lines = f"\x1b[{shift.by}M" if shift.by > 0 else f"\x1b[{-shift.by}L"
    return f"\x1b[{shift.top + 1};{shift.bottom + 1}r\x1b[{shift.top + 1}H{lines}\x1b[r"
