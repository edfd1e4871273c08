"""A difference in lines, for the terminal and for the screen. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from orch_tui.storage.difference import Difference
from orch_tui.storage.preview import Cells

_CELL = 30


class Tone(StrEnum):
    """What a line is about, for its colour."""

    PLAIN = "plain"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    TITLE = "title"


class DifferenceLine(NamedTuple):
    tone: Tone
    text: str


def difference_lines(found: Difference) -> list[DifferenceLine]:
    """All of it: schema, numbers, values by column, and rows in columns."""
    if found.same:
        return [DifferenceLine(Tone.PLAIN, f"no difference: {_number(found.after_rows)} rows")]
    return [*_schema(found), *_numbers(found), *_columns(found), *_rows(found)]


def _schema(found: Difference) -> Iterator[DifferenceLine]:
    for name, kind in found.schema.added:
        yield DifferenceLine(Tone.ADDED, f"+ column {name} {kind}")
    for name, kind in found.schema.removed:
        yield DifferenceLine(Tone.REMOVED, f"- column {name} {kind}")
    for one in found.schema.retyped:
        yield DifferenceLine(Tone.CHANGED, f"~ column {one.column} {one.before} → {one.after}")


def _numbers(found: Difference) -> Iterator[DifferenceLine]:
    if found.key:
        how = f"rows are matched by {', '.join(found.key)}"
    else:
        how = f"whole rows are compared: {found.why_no_key or 'the table has no key'}"
    yield DifferenceLine(Tone.PLAIN, how)
    yield DifferenceLine(Tone.PLAIN, f"rows  {_number(found.before_rows)} → {_number(found.after_rows)}")
    yield DifferenceLine(Tone.ADDED, f"+ {_number(found.added)} added")
    yield DifferenceLine(Tone.REMOVED, f"- {_number(found.removed)} removed")
    if found.key:
        yield DifferenceLine(Tone.CHANGED, f"~ {_number(found.changed)} changed")


def _columns(found: Difference) -> Iterator[DifferenceLine]:
    for column in found.columns:
        yield DifferenceLine(Tone.CHANGED, f"~ {column.column}: {_number(column.rows)} changed")
        for key, old, new in column.samples:
            where = ", ".join(_text(cell) for cell in key)
            yield DifferenceLine(Tone.PLAIN, f"    {where}: {_text(old)} → {_text(new)}")


def _rows(found: Difference) -> Iterator[DifferenceLine]:
    for tone, sign, rows, number in (
        (Tone.ADDED, "+", found.added_rows, found.added),
        (Tone.REMOVED, "-", found.removed_rows, found.removed),
    ):
        if rows:
            yield DifferenceLine(
                tone, f"{sign} {'all' if number == len(rows) else f'{len(rows)} of'} {_number(number)}:"
            )
            title, *shown = _table(found.shown, rows)
            yield DifferenceLine(Tone.TITLE, f"    {title}")
            yield from (DifferenceLine(Tone.PLAIN, f"    {line}") for line in shown)


def _table(titles: Sequence[str], rows: Sequence[Cells]) -> list[str]:
    cells = [[_cut(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(titles))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _cut(cell: str | None) -> str:
    text = _text(cell)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _text(cell: str | None) -> str:
    return "NULL" if cell is None else cell


def _number(number: int) -> str:
    return f"{number:,}".replace(",", " ")
