"""Types of columns of texts in one reading: found from the first rows, and every further row is held to them.

:mod:`orch_tui.storage.values.inference` reads all rows before it says a type, so that they are read again to be
stored. Here the first rows say it, and the query that stores the rows fails with :data:`BROKEN` at the first value that
would have made it another type. Where it does not fail, both ways give the same types and values.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass
from orch_tui.storage.duckdb import literal, quoted
from orch_tui.storage.values.inference import comes_back, infer_types
from orch_tui.storage.values.types import NULL_TYPE, TEXT, ZONED, parse_type

if TYPE_CHECKING:
    import duckdb

BROKEN = f"a value has another type than the first ones {secrets.token_hex(16)}"
"""What DuckDB's error says when a row breaks an assumption; nothing that a file holds looks like it."""
FIRST = 1_000
"""Rows that the types are found from."""
_WIDEST = 500
"""Columns beyond which a query that checks all of them takes long to be understood."""
_T, _V = "{t}", "{v}"
"""Where a rule has the text and its value."""
_BACK = f"cast({_V} as varchar) = {_T}"
_OFFSETS = r"(Z|[+-]\d{2}(:?\d{2})?)$"


@dataclass(frozen=True, slots=True)
class Assumed:
    """A column's type, and the SQL of its values, which fails where one breaks it."""

    type: str
    value: str


def is_broken(error: BaseException) -> bool:
    """Whether a row broke an assumption, and nothing else went wrong."""
    return BROKEN in str(error)


def assumed_types(
    con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str], first: int = FIRST
) -> tuple[str, dict[str, Assumed]] | None:
    """The types that the first rows have, for columns of texts (``names``, which the relation has besides no others).

    ``relation`` may be no more than the first rows; the others are held to these types when they are read.

    Returns:
        SQL of a relation, with ``{}`` for the one given, that has the values besides the texts; and the
        columns by name. None where only all rows decide, as between forms of times, and for very many columns.

    Raises:
        duckdb.Error: the relation cannot be read.
    """
    if len(names) > _WIDEST:
        return None
    columns = [quoted(name) for name in names]
    con.execute(
        f"create or replace temp table first_texts as select {', '.join(columns)} from {relation} limit {first}"
    )
    try:
        kinds = [one.type for one in infer_types(con, "first_texts", columns).values()]
        rules = [_rules(con, column, kind) for column, kind in zip(columns, kinds, strict=True)]
        rule = _holding(con, columns, kinds, rules)
    finally:
        con.execute("drop table if exists first_texts")
    if any(one is None for one in rule):
        return None
    made: list[str] = []
    found: dict[str, Assumed] = {}
    for at, (name, column, kind, held) in enumerate(zip(names, columns, kinds, rule, strict=True)):
        assert held is not None
        if kind == TEXT:
            found[name] = Assumed(TEXT, column)
            continue
        value = quoted(f"\x1fvalue {at}")
        made.append(f"try_cast({column} as {TEXT if kind == NULL_TYPE else kind}) as {value}")
        test = _filled(held, column, value)
        found[name] = Assumed(
            kind, f"case when {column} is null or {test} then {value} else error({literal(BROKEN)}) end"
        )
    return f"(select {', '.join(['*', *made])} from {{}})", found


def _filled(rule: str, text: str, value: str) -> str:
    return rule.replace(_T, text).replace(_V, value)


def _rules(con: duckdb.DuckDBPyConnection, column: str, kind: str) -> list[str]:
    """Predicates for a text ``{t}`` and its value ``{v}``: where all texts meet one of them, the type is ``kind``."""
    if kind == TEXT:
        # A column of nothing but "nan" and "inf" is one of words, until a number is among them.
        return [f"not {comes_back(_T, 'DOUBLE')}"]
    if kind == NULL_TYPE:
        return ["false"]
    if kind == "BOOLEAN":
        return [f"{_T} in ('true', 'false')"]
    if kind == "DOUBLE":
        back = f"cast({_V} as varchar)"
        return [f"not suffix({_T}, '.0') and ({back} = {_T} or {back} = concat({_T}, '.0'))"]
    if kind == "DATE":
        return [f"length({_T}) = 10 and {_BACK}"]
    if kind in ("TIME", "TIMESTAMP", ZONED):
        return _times(con, column, kind)
    # What DuckDB writes of a decimal has a digit before the point, as :func:`inference.comes_back` wants it.
    name = parse_type(kind).name
    return [_BACK] if name in ("BIGINT", "DECIMAL") else [comes_back(_T, kind)]


def _times(con: duckdb.DuckDBPyConnection, column: str, kind: str) -> list[str]:
    """Without zeros behind the second, as DuckDB writes a time; or all texts of the length that the first one has."""
    row = con.execute(
        f"select length({column}), contains({column}, 'T'), regexp_extract({column}, {literal(_OFFSETS)}) "
        f"from first_texts where {column} is not null limit 1"
    ).fetchone()
    length, with_t, offset = row or (0, False, "")
    alike = [comes_back(_T, kind), f"length({_T}) = {length}"]
    alike.append(f"{'' if with_t else 'not '}contains({_T}, 'T')")
    if kind == ZONED:
        return [" and ".join([*alike, f"suffix({_T}, {literal(offset)})"])]
    if kind == "TIME":
        plain = f"{_BACK} and length({_T}) between 8 and 15 and {_V} < time '24:00:00'"
    else:
        # DuckDB writes years before Christ with a word, and years beyond 9999 with more digits.
        plain = f"{_BACK} and length({_T}) >= 19 and substr({_T}, 5, 1) = '-' and not contains({_T}, '(')"
    return [plain, " and ".join(alike)]


def _holding(
    con: duckdb.DuckDBPyConnection, columns: Sequence[str], kinds: Sequence[str], rules: Sequence[Sequence[str]]
) -> list[str | None]:
    """The first rule of each column that all its first texts meet; of a column of texts, that one of them meets."""
    tests = [
        _met(column, kind, _filled(rule, column, f"try_cast({column} as {kind})"))
        for column, kind, some in zip(columns, kinds, rules, strict=True)
        for rule in some
        if kind != NULL_TYPE
    ]
    row = list(con.execute(f"select {', '.join(tests)} from first_texts").fetchone() or ()) if tests else []
    found: list[str | None] = []
    for kind, some in zip(kinds, rules, strict=True):
        if kind == NULL_TYPE:
            found.append(some[0])
            continue
        met, row = row[: len(some)], row[len(some) :]
        found.append(next((rule for rule, held in zip(some, met, strict=True) if held), None))
    return found


def _met(column: str, kind: str, rule: str) -> str:
    if kind == TEXT:
        return f"coalesce(bool_or({rule}), false)"
    return f"coalesce(bool_and({column} is null or coalesce({rule}, false)), true)"
