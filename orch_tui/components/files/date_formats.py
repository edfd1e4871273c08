"""Dates that are not written as ISO: in the form that a person names, or in the one form that fits all of a column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import literal

if TYPE_CHECKING:
    import duckdb

_DAY = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2\d{4}( \d{2}:\d{2}(:\d{2})?)?")
_YEAR = re.compile(r"\d{4}([/.])\d{1,2}\1\d{1,2}( \d{2}:\d{2}(:\d{2})?)?")
_CLOCK = {None: "", 5: " %H:%M", 8: " %H:%M:%S"}
_TIME_OF_DAY = re.compile(r"%-?[HIMSpfnzXcg]")
_COLUMNS = 100
FIRST_TEXTS = 5_000
"""Rows in which the first text of a column is looked for."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A column of dates: their form, and the type they have. ``guessed``: found out, not named."""

    form: str
    type: str
    guessed: bool

    def expression(self, text: str) -> str:
        return f"cast(strptime({text}, {literal(self.form)}) as {self.type})"


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A column whose texts may be dates of two forms; ``example`` is one that is two days."""

    example: str


def type_of(form: str) -> str:
    """The type of what is written so: DATE, or TIMESTAMP when the form has a time of day."""
    if "%z" in form:
        return "TIMESTAMP WITH TIME ZONE"
    if "%n" in form:
        return "TIMESTAMP_NS"
    return "TIMESTAMP" if _TIME_OF_DAY.search(form.replace("%%", "")) else "DATE"


def written_so(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], form: str) -> dict[str, Dated]:
    """The columns of texts (SQL, quoted) of which every text is a date of this form. Raises: duckdb.Error."""
    found = {}
    kind = type_of(form)
    tests = {column: f"try_strptime({column}, {literal(form)}) is not null" for column in columns}
    for column, fits in _all(con, relation, {(column, form): test for column, test in tests.items()}).items():
        if fits:
            found[column[0]] = Dated(form, kind, guessed=False)
    return found


def found_out(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> dict[str, Dated | Ambiguous]:
    """Columns of texts of which every text is a date of one form, and of no other; those with two are told apart.

    A form fits only if it gives back the very same text, so that ``1/2/3`` is none. Raises: duckdb.Error.
    """
    candidates = {}
    for column, text in _first(con, relation, columns).items():
        if forms := _forms(text):
            candidates[column] = forms
    tests = {
        (column, form): f"strftime(try_strptime({column}, {literal(form)}), {literal(form)}) = {column}"
        for column, forms in candidates.items()
        for form in forms
    }
    fits = _all(con, relation, tests)
    found: dict[str, Dated | Ambiguous] = {}
    for column, forms in candidates.items():
        fitting = [form for form in forms if fits[column, form]]
        # Written with zeros and without them, a form is the same.
        orders = {form.replace("-d", "d").replace("-m", "m") for form in fitting}
        if len(orders) == 1:
            found[column] = Dated(fitting[0], type_of(fitting[0]), guessed=True)
        elif orders:
            found[column] = Ambiguous(safe_line(_first(con, relation, [column])[column], 40))
    return found


def may_be_dates(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> bool:
    """Whether :func:`found_out` would have to look at all texts of one of the columns. Raises: duckdb.Error."""
    return any(_forms(text) for text in _first(con, relation, columns).values())


def _forms(text: str) -> list[str]:
    if match := _DAY.fullmatch(text):
        mark, clock = match[2], _CLOCK[len(match[4]) - 1 if match[4] else None]
        pairs = [("%d", "%m"), ("%m", "%d"), ("%-d", "%-m"), ("%-m", "%-d")]
        return [f"{first}{mark}{second}{mark}%Y{clock}" for first, second in pairs]
    if match := _YEAR.fullmatch(text):
        mark, clock = match[1], _CLOCK[len(match[2]) - 1 if match[2] else None]
        return [f"%Y{mark}{month}{mark}{day}{clock}" for month, day in (("%m", "%d"), ("%-m", "%-d"))]
    return []


def _first(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> dict[str, str]:
    """The first text of each column that has one."""
    found: dict[str, str] = {}
    for start in range(0, len(columns), _COLUMNS):
        part = columns[start : start + _COLUMNS]
        chosen = ", ".join(f"first({c}) filter (where {c} is not null)" for c in part)
        rows = f"(select {', '.join(part)} from {relation} limit {FIRST_TEXTS})"
        row = con.execute(f"select {chosen} from {rows}").fetchone() or ()
        found |= {column: value for column, value in zip(part, row, strict=True) if value is not None}
    return found


def _all(
    con: duckdb.DuckDBPyConnection, relation: str, tests: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], bool]:
    """Whether each test is true of all texts of its column."""
    found: dict[tuple[str, str], bool] = {}
    keys = list(tests)
    for start in range(0, len(keys), _COLUMNS):
        part = keys[start : start + _COLUMNS]
        chosen = ", ".join(
            f"coalesce(bool_and(coalesce({tests[key]}, false)) filter (where {key[0]} is not null), false)"
            for key in part
        )
        row = con.execute(f"select {chosen} from {relation}").fetchone() or ()
        found |= dict(zip(part, map(bool, row), strict=True))
    return found
