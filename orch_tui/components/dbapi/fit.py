"""The rows of an input and the columns they go to: types for a new table, and a refusal by a table that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orch_tui.components.dbapi.held import Target, source_of
from orch_tui.components.dbapi.json_keys import repeated_key
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.duckdb import quoted

if TYPE_CHECKING:
    import duckdb

_AT_ONCE = 100
"""Conditions in one query."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A type for a new column: as the database is told, and the condition for values ``{x}`` that it does not hold."""

    declared: str
    target: Target
    beyond: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A column on its way: its name in the input, its DuckDB type, its name and type in the table.

    ``declared`` is the type that a new column is made with.
    """

    name: str
    kind: str
    target: str
    type: Target
    declared: str = ""

    @property
    def value(self) -> str:
        """DuckDB's expression of the column."""
        return quoted(self.name)


Test = tuple[str, str]
"""DuckDB's expression of a column of the view ``source``, and a condition on it."""


def examples(con: duckdb.DuckDBPyConnection, tests: Sequence[Test]) -> list[tuple[int, str] | None]:
    """For each test how many rows of the view ``source`` meet it, and one of the values; None for none.

    Raises:
        duckdb.Error: the rows cannot be read.
    """
    found: list[tuple[int, str] | None] = []
    for start in range(0, len(tests), _AT_ONCE):
        part = tests[start : start + _AT_ONCE]
        # Nearly always none is met. Behind "where" DuckDB stops at the first half of a condition that says so; as a
        # value it makes all of it, for the count and for the example, which takes four times as long.
        met = " or ".join(f"({condition})" for _, condition in part)
        if con.execute(f"select 1 from source where {met} limit 1").fetchone() is None:
            found += [None] * len(part)
            continue
        asked = [
            f"count(*) filter (where {condition}), min(cast({x} as varchar)) filter (where {condition})"
            for x, condition in part
        ]
        row = con.execute(f"select {', '.join(asked)} from source").fetchone() or ()
        found += [
            (int(row[2 * n]), str(row[2 * n + 1])) if row[2 * n] else None for n in range(len(part))
        ]  # fmt: skip
    return found


def settle_types(
    con: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str, Sequence[Choice]]]
) -> tuple[list[Field], list[str]]:
    """The first of its choices that holds all values of a column (name, DuckDB type, choices).

    Returns:
        The fields, and a sentence for each that has not the first choice.

    Raises:
        UserError: no choice holds a value, with that value.
    """
    tests = [
        (quoted(name), choice.beyond.replace("{x}", quoted(name)))
        for name, _, choices in columns
        for choice in choices
        if choice.beyond is not None
    ]
    results = iter(examples(con, tests) if tests else [])
    fields, remarks = [], []
    for name, kind, choices in columns:
        outcomes = [(choice, next(results) if choice.beyond is not None else None) for choice in choices]
        outcomes = [(choice, beyond or _repeated(con, name, kind, choice)) for choice, beyond in outcomes]
        held = next((choice for choice, beyond in outcomes if beyond is None), None)
        if (first := outcomes[0][1]) is not None:
            told = f'"{safe_line(name, 60)}" has {_such(first)} that {choices[0].declared} cannot hold'
            if held is None:
                raise UserError(f"nothing was written: {told}, and no other type can; change the values before")
            remarks.append(f"{told}: its column is {held.declared}")
        assert held is not None
        fields.append(Field(name, kind, name, held.target, held.declared))
    return fields, remarks


def _repeated(con: duckdb.DuckDBPyConnection, name: str, kind: str, choice: Choice) -> tuple[int, str] | None:
    if not choice.target.unique_keys or kind != "JSON":
        return None
    example = repeated_key(con, quoted(name))
    return None if example is None else (1, example)


def _such(found: tuple[int, str]) -> str:
    return f"{counted(found[0], 'value')} such as {_shown(found[1])}"


def _shown(value: str) -> str:
    text = value.replace("\0", "0x00")
    # Blanks around it are what is wrong, so they must be seen.
    return safe_line(text, 60) if text == text.strip() and text else f'"{safe_line(text, 60)}"'


def require_held(con: duckdb.DuckDBPyConnection, rules: Sequence[tuple[Field, str | None]], where: str) -> None:
    """Nothing of the rows would become something else in the table ``where``, by conditions for values that would.

    Raises:
        UserError: a column would round, cut or guess a value, with that value.
    """
    tests = [(field, rule) for field, rule in rules if rule is not None]
    results = examples(con, [(field.value, rule) for field, rule in tests]) if tests else []
    told = [_unheld(field, found) for (field, _), found in zip(tests, results, strict=True) if found is not None]
    for field, _ in rules:
        if not field.type.unique_keys or source_of(field.kind) not in ("json", "text"):
            continue
        if (example := repeated_key(con, field.value)) is not None:
            told.append(_unheld(field, (1, example)))
    if told:
        raise UserError(
            f"nothing was written: {where} would store other values than the input has: {'; '.join(told)}. Change "
            "the values before, or let the owner of the table change the type of the column"
        )


def _unheld(field: Field, found: tuple[int, str]) -> str:
    count, example = found
    more = "" if count == 1 else f" ({counted(count, 'value')} like it)"
    type_ = safe_line(field.type.shown, 60)
    return f'"{safe_line(field.target, 60)}" is {type_} and cannot hold {_shown(example)}{more}'
