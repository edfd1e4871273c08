"""Columns of texts and of JSON texts, and the types that all of their values have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from orch_tui.components.files.asked_types import is_same, value_of
from orch_tui.components.files.date_formats import Ambiguous, Dated, found_out, written_so
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import folded, quoted
from orch_tui.storage.values.inference import comes_back, infer_types
from orch_tui.storage.values.lattice import FLOAT_BITS, is_number
from orch_tui.storage.values.types import NULL_TYPE, TEXT, ZONED, parse_type

if TYPE_CHECKING:
    import duckdb

_TIMES = {"DATE", "TIME", "TIMESTAMP", ZONED}
_COLUMNS = 100
# Bits for what JSON texts are.
_STRING, _BOOLEAN, _NESTED, _NUMBER = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Typed:
    """A column's type, the SQL of its values in that type, and the SQL of its values as texts.

    ``same`` is an SQL predicate for types that a person asked for: the value is not changed by the type.
    """

    type: str
    value: str
    text: str
    same: str = "true"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person said about types. ``types`` are by names as :func:`folded` gives them; ``log`` takes remarks.

    ``guess_dates``: dates in another form than ISO are found out too.
    """

    types: Mapping[str, str] = field(default_factory=dict)
    all_text: bool = False
    date_format: str = ""
    guess_dates: bool = True
    decimal: str = ""
    log: Callable[[str], None] = lambda text: None

    def asked(self, name: str, text: str) -> Typed | None:
        kind = self.types.get(folded(name))
        if kind is None:
            return None
        how = {"date_format": self.date_format, "decimal": self.decimal}
        return Typed(kind, value_of(text, kind, **how), text, is_same(text, kind, **how))


@dataclass(frozen=True, slots=True)
class _Found:
    """A type that was found out, and how to make its values of texts."""

    type: str
    value_of: Callable[[str], str]


def texts(con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str], wishes: Wishes) -> dict[str, Typed]:
    """The types of columns of texts, by all of their rows. Raises: duckdb.Error."""
    typed: dict[str, Typed] = {}
    for name in names:
        column = quoted(name)
        typed[name] = wishes.asked(name, column) or Typed(TEXT, column, column)
    unasked = [name for name in names if folded(name) not in wishes.types and not wishes.all_text]
    for name, found in _found(con, relation, unasked, wishes).items():
        typed[name] = Typed(found.type, found.value_of(quoted(name)), quoted(name))
    return typed


def json_texts(con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str], wishes: Wishes) -> dict[str, Typed]:
    """The types of columns of JSON texts, by all of their rows. Raises: duckdb.Error.

    Objects and lists, and values of several kinds, are JSON; strings are texts, or times when all of them are;
    numbers are a type that holds the value of each, else texts with the digits that they have in the file.
    """
    kinds = _kinds(con, relation, names)
    typed: dict[str, Typed] = {}
    numbers: list[str] = []
    strings: list[str] = []
    for name in names:
        column, kind = quoted(name), kinds[name]
        text = _text(column, kind)
        if asked := wishes.asked(name, text):
            typed[name] = asked
        elif not kind:
            typed[name] = Typed(NULL_TYPE, column, column)
        elif wishes.all_text or kind in (_STRING, _NUMBER):
            typed[name] = Typed(TEXT, text, text)
            if not wishes.all_text:
                (strings if kind == _STRING else numbers).append(name)
        elif kind == _BOOLEAN:
            typed[name] = Typed("BOOLEAN", f"cast({column} as boolean)", text)
        else:
            typed[name] = Typed("JSON", f"cast({_compact(column)} as json)", text)
    typed |= _json_numbers(con, relation, numbers, wishes)
    inside = ", ".join(f"{typed[name].text} as {quoted(name)}" for name in strings)
    content = f"(select {inside} from {relation})"
    wishes_of_strings = Wishes(date_format=wishes.date_format, guess_dates=False, log=wishes.log)
    for name, found in _found(con, content, strings, wishes_of_strings).items():
        if found.type in _TIMES or found.type.startswith("TIMESTAMP"):
            typed[name] = Typed(found.type, found.value_of(typed[name].text), typed[name].text)
    return typed


def _found(con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str], wishes: Wishes) -> dict[str, _Found]:
    """Columns that are more than texts."""
    if not names:
        return {}
    seen = relation
    if wishes.decimal:
        views = ", ".join(f"{_with_point(quoted(name), wishes.decimal)} as {quoted(name)}" for name in names)
        seen = f"(select {views} from {relation})"
    inferred = infer_types(con, seen, [quoted(name) for name in names])
    kinds = {name: inferred[quoted(name)].type for name in names}
    found = {name: _cast(kind, wishes.decimal) for name, kind in kinds.items() if kind != TEXT}
    return found | _dates(con, relation, [name for name, kind in kinds.items() if kind == TEXT], wishes)


def _cast(kind: str, decimal: str) -> _Found:
    if kind == NULL_TYPE:
        return _Found(kind, lambda text: text)
    if decimal and is_number(parse_type(kind)):
        return _Found(kind, lambda text: f"cast({_with_point(text, decimal)} as {kind})")
    return _Found(kind, lambda text: f"cast({text} as {kind})")


def _with_point(text: str, decimal: str) -> str:
    """Numbers with a point instead of ``decimal``; a text with a point is no number then."""
    mark = "[.]" if decimal == "." else f"[{decimal}]"
    return (
        f"case when regexp_full_match({text}, '-?[0-9]+{mark}[0-9]+') then replace({text}, '{decimal}', '.') "
        f"when regexp_full_match({text}, '-?[0-9]+[.][0-9]+') then {text} || ' ' else {text} end"
    )


def _dates(con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str], wishes: Wishes) -> dict[str, _Found]:
    columns = {quoted(name): name for name in names}
    found: dict[str, Dated | Ambiguous] = {}
    if wishes.date_format:
        found |= written_so(con, relation, list(columns), wishes.date_format)
    if wishes.guess_dates:
        found |= found_out(con, relation, [column for column in columns if column not in found])
    dated = {}
    for column, what in found.items():
        shown = safe_line(columns[column], 60)
        if isinstance(what, Ambiguous):
            wishes.log(
                f'column "{shown}": {what.example} may be a day and a month or a month and a day; it stays text. If '
                'these are dates, set the parameter date_format, as in "%d/%m/%Y"'
            )
            continue
        if what.guessed:
            form = what.form.replace("%-", "%")
            wishes.log(f'column "{shown}": dates are read as {form}; set types to VARCHAR if they are not')
        dated[columns[column]] = _Found(what.type, what.expression)
    return dated


def _kinds(con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> dict[str, int]:
    """What the JSON texts of each column are, as bits."""
    found: dict[str, int] = {}
    for start in range(0, len(names), _COLUMNS):
        part = names[start : start + _COLUMNS]
        bits = ", ".join(
            f"bit_or(case left({quoted(name)}, 1) when '\"' then {_STRING} when 't' then {_BOOLEAN} "
            f"when 'f' then {_BOOLEAN} when '{{' then {_NESTED} when '[' then {_NESTED} else {_NUMBER} end) "
            f"filter (where {quoted(name)} is not null)"
            for name in part
        )
        row = con.execute(f"select {bits} from {relation}").fetchone() or ()
        found |= {name: int(value or 0) for name, value in zip(part, row, strict=True)}
    return found


def _json_numbers(
    con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str], wishes: Wishes
) -> dict[str, Typed]:
    """In JSON ``1.50`` and ``15e-1`` are ways to write one number, so that values count where texts do elsewhere."""
    if not names:
        return {}
    inferred = infer_types(con, relation, [quoted(name) for name in names])
    typed: dict[str, Typed] = {}
    for name in names:
        column = quoted(name)
        found = inferred[column]
        kind = found.type
        if kind not in ("BIGINT", *FLOAT_BITS):
            test = f"bool_and({column} is null or {_is_double(column)})"
            row = con.execute(f"select {test} from {relation}").fetchone()
            kind = "DOUBLE" if row and row[0] else kind
        if kind == TEXT:
            wishes.log(
                f'column "{safe_line(name, 60)}": no number type holds all its numbers exactly; they are stored as text'
            )
        typed[name] = Typed(kind, column if kind == TEXT else f"cast({column} as {kind})", column)
    return typed


def _is_double(number: str) -> str:
    """A DOUBLE has the value of this JSON number: 15 digits always come back, more only where they are its own."""
    digits = f"length(trim(replace(regexp_replace(ltrim({number}, '-'), '[eE].*$', ''), '.', ''), '0'))"
    value = f"try_cast({number} as double)"
    few = f"{digits} = 0 or ({digits} <= 15 and isfinite({value}) and abs({value}) > 1e-290)"
    return f"coalesce(case when {few} then true else {comes_back(number, 'DOUBLE')} end, false)"


def _text(column: str, kind: int) -> str:
    """The text of JSON texts: of strings what they hold, of others how they are written, without blanks."""
    inside = f"substr({column}, 2, length({column}) - 2)"
    string = f"case when contains({column}, '\\') then cast({column} as json) ->> '$' else {inside} end"
    if kind == _STRING:
        return string
    other = _compact(column) if kind & _NESTED else column
    return f"case when starts_with({column}, '\"') then {string} else {other} end" if kind & _STRING else other


def _compact(column: str) -> str:
    blanks = f"""regexp_replace({column}, '("(?:[^"\\\\]|\\\\.)*")|\\s+', '\\1', 'g')"""
    return f"case when regexp_matches({column}, '\\s') then {blanks} else {column} end"
