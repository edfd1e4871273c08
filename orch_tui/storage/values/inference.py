"""The type of a column of texts: chosen only if every text of the column is what the type gives back as text.

So ``007``, ``+5``, ``1e5``, ``0x1F``, ``1_000``, ``1/2/3``, ``3:45``, 20 digits beside 7.5 and nanoseconds stay text,
and a column that mixes ``3`` and ``3.0`` or ``1.5`` and ``1.50`` too. What a text may be of a number or a time:

=============  ======================================================================================================
BOOLEAN        ``true`` and ``false``, in small letters
BIGINT         digits without zeros before them, ``-`` before negative ones
DOUBLE         the fewest digits, without a point if whole (``1.5``, ``2.25``, ``3``, ``1e+16``); at least one number
DECIMAL        the same number of digits after the point in every text (``1.50``, ``12.00``), 38 digits at most; also
               integers beyond BIGINT. It has 18 digits if they suffice, so that it does not change from day to day
DATE           ``2024-01-05``, of the years 0001 to 9999
TIMESTAMP      ``2024-01-05 10:00:00`` in one form for the whole column: ``T`` or a blank between day and time; no
               seconds at all, or whole ones, or digits after them in one way: as many in every text, or none where
               they are zero, or without zeros at their end. At most six
... TIME ZONE  the same, each with the same offset in the same spelling: ``Z``, ``+00``, ``+0000``, ``+02:00``
TIME           ``10:00:00``, with digits after the seconds as TIMESTAMP
=============  ======================================================================================================

The first of these that fits all texts is the type. :mod:`orch_tui.storage.values.observed` says the same of values in
Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.values.lattice import FLOAT_BITS
from orch_tui.storage.values.types import DECIMAL_DIGITS, NULL_TYPE, TEXT, ZONED, DataType, decimal, parse_type

if TYPE_CHECKING:
    import duckdb

NARROW_DIGITS = 18
"""Digits of a decimal that is stored in 64 bits."""
_SAMPLE = 5_000
_COLUMNS = 100
"""Columns that are looked at in one statement."""
_FRACTION = {"TIME": 6, "TIMESTAMP": 6, "TIMESTAMP_NS": 9, "TIME_NS": 9}
"""Digits after the second."""
_OFFSET = r"(Z|[+-]\d{2}(:?\d{2})?)$"


@dataclass(frozen=True, slots=True)
class Inferred:
    """The type of a column of texts, and the SQL that makes the column's values of it.

    ``type`` is :data:`orch_tui.storage.values.types.NULL_TYPE` for a column without a value; the SQL leaves it as text.
    """

    type: str
    cast_expression: str


def comes_back(text: str, kind: str) -> str:
    """SQL predicate: ``text`` (an expression of type VARCHAR) is exactly what its value in type ``kind`` gives as text.

    Null comes back. Times may have a ``T`` between day and time, fewer or more digits after the second than they
    need, and one with a zone any offset: that all texts of a column agree in this, only all of them tell.
    """
    return f"({text} is null or coalesce({_comes_back(text, parse_type(kind))}, false))"


def infer_type(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> Inferred:
    """As :func:`infer_types`, for one column."""
    return infer_types(con, relation, [column])[column]


def infer_types(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> dict[str, Inferred]:
    """The types of columns of texts, by all of their values; see above.

    The relation is read in part once and as a whole once, with all columns together; once more for columns where only
    late rows show that the first rows were misleading.

    Args:
        con: a connection in UTC.
        relation: what may stand behind ``from``; it is read several times.
        columns: SQL of its columns of type VARCHAR (quoted).

    Raises:
        duckdb.Error: the relation cannot be read.
    """
    found: dict[str, Inferred] = {}
    for start in range(0, len(columns), _COLUMNS):
        found |= _Inference(con, relation, columns[start : start + _COLUMNS]).result()
    return found


def _comes_back(text: str, kind: DataType) -> str:
    if kind.name == TEXT:
        return "true"
    if kind.name == "BOOLEAN":
        return f"{text} in ('true', 'false')"
    if kind.name in _FRACTION or kind.name == ZONED:
        return _time_comes_back(text, kind.name)
    value = f"try_cast({text} as {kind})"
    if kind.name in FLOAT_BITS:
        back = f"cast({value} as varchar)"
        back = f"not suffix({text}, '.0') and ({back} = {text} or {back} = concat({text}, '.0'))"
        if kind.name == "FLOAT":
            return back
        # Writing a DOUBLE is slow, and every number of up to 15 digits comes back, but for those below 0.0001.
        short = rf"length({text}) <= 15 and regexp_full_match({text}, '-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?')"
        return f"case when {short} and not contains({text}, '0.0000') and {text} <> '-0' then true else {back} end"
    if kind.name == "DECIMAL" and kind.digits > NARROW_DIGITS >= kind.scale:
        # Arithmetic with 64 bits is twice as fast.
        narrow = decimal(NARROW_DIGITS, kind.scale)
        short = f"{text_of(f'try_cast({text} as {narrow})', narrow)} = {text}"
        return f"case when length({text}) <= {NARROW_DIGITS} then {short} else {text_of(value, kind)} = {text} end"
    if kind.nested:
        value = f"try_cast(try_cast({text} as json) as {kind})"
    return f"{text_of(value, kind)} = {text}"


def _time_comes_back(text: str, kind: str) -> str:
    if kind == ZONED:
        body = f"regexp_replace({text}, '{_OFFSET}', '')"
        offset = _offset(text)
        return (
            f"{offset} <> '' and (left({offset}, 1) = 'Z' or ({offset}[2:3] < '24' and right({offset}, 2) < '60')) "
            f"and {_time_comes_back(body, 'TIMESTAMP')} and try_cast({text} as {ZONED}) is not null"
        )
    whole = _whole(kind)
    back = f"cast(try_cast({text} as {kind}) as varchar)"
    # The text of the value, as far as whole seconds go, keeps out 24:00:00 of a day, which is another day.
    rest = f"regexp_full_match(right({text}, -{whole}), '\\.[0-9]{{1,{_FRACTION[kind]}}}')"
    test = f"starts_with({back}, {_with_blank(text, whole)}) and (length({text}) = {whole} or {rest}"
    return f"{test} or length({text}) = 16)" if whole == 19 else f"{test})"


def _whole(kind: str) -> int:
    """The length of a time with whole seconds, without a zone."""
    return 8 if kind.startswith("TIME") and not kind.startswith("TIMESTAMP") else 19


def _with_blank(text: str, length: int) -> str:
    return f"replace(left({text}, {length}), 'T', ' ')"


ORDER = ("BOOLEAN", "BIGINT", "DOUBLE", "DECIMAL", "DATE", "TIMESTAMP", ZONED, "TIME")
"""The types that texts may have, the first that fits being the one."""


@dataclass(frozen=True, slots=True)
class _Sampled:
    """What the first texts of a column say: how many there are, their digits after the point, their zone's offset.

    ``scale`` and ``offset`` are None where the texts differ in them or have none.
    """

    values: int
    scale: int | None
    offset: str | None


@dataclass(frozen=True, slots=True)
class _Test:
    """Aggregates over all texts of a column, and what they must be for the texts to be of the type, which it tells."""

    aggregates: tuple[str, ...]
    verdict: Callable[[Sequence[object]], str | None]


class _Inference:
    """Finds the types of some columns: a sample leaves few possibilities, all rows decide between them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> None:
        self._con = con
        self._relation = relation
        self._columns = list(columns)
        self._known: dict[str, str] = {}
        """The types of columns all of whose texts were in the sample."""

    def result(self) -> dict[str, Inferred]:
        types: dict[str, str] = {}
        possible = self._possible(self._columns, self._relation)
        if empty := [column for column, found in possible.items() if found is None]:
            possible |= self._among_the_rest(empty)
            types |= {column: NULL_TYPE for column in empty if possible[column] is None}
        types |= self._known
        tests = {column: found for column, found in possible.items() if found and column not in self._known}
        # The first possibility is nearly always the right one; the others are tried only where it is not.
        types |= self._passed({column: found[:1] for column, found in tests.items()})
        types |= self._passed({column: found[1:] for column, found in tests.items() if column not in types})
        return {column: _inferred(column, types.get(column, TEXT)) for column in self._columns}

    def _possible(self, columns: Sequence[str], relation: str) -> dict[str, list[_Test] | None]:
        """The tests that the first texts of a column pass, in order; None for a column without a text there."""
        values = ", ".join(f"{column} as c{at}" for at, column in enumerate(columns))
        self._con.execute(
            f"create or replace temp table sampled_texts as select {values} from {relation} limit {_SAMPLE}"
        )
        try:
            names = {f"c{at}": column for at, column in enumerate(columns)}
            facts, rows = self._facts(names)
            tests = {name: _tests(fact) for name, fact in facts.items() if fact.values}
            wanted = {name: [make(name) for make in makers] for name, makers in tests.items()}
            passed = self._run("sampled_texts", wanted)
        finally:
            self._con.execute("drop table if exists sampled_texts")
        possible: dict[str, list[_Test] | None] = dict.fromkeys(columns)
        for name, makers in tests.items():
            column = names[name]
            possible[column] = [
                make(column) for make, kind in zip(makers, passed[name], strict=True) if kind is not None
            ]
            if rows < _SAMPLE:
                self._known[column] = next((kind for kind in passed[name] if kind is not None), TEXT)
        return possible

    def _facts(self, names: Iterable[str]) -> tuple[dict[str, _Sampled], int]:
        """What the sampled texts of each column say, and how many rows there are."""
        wanted = [
            [f"count({name})"]
            + [f"{function}({part})" for part in (_scale(name), _offset(name)) for function in ("min", "max")]
            for name in names
        ]
        asked = [*(part for parts in wanted for part in parts), "count(*)"]
        values = self._con.execute(f"select {', '.join(asked)} from sampled_texts").fetchone() or ()
        facts = {}
        for at, name in enumerate(names):
            count, low, high, first, last = values[5 * at : 5 * at + 5]
            facts[name] = _Sampled(int(count), low if low == high else None, first if first and first == last else None)
        return facts, int(values[-1])

    def _among_the_rest(self, columns: Sequence[str]) -> dict[str, list[_Test] | None]:
        """For columns whose first values are all null."""
        row = self._con.execute(f"select {', '.join(f'count({c})' for c in columns)} from {self._relation}").fetchone()
        found: dict[str, list[_Test] | None] = dict.fromkeys(columns)
        for column, number in zip(columns, row or (), strict=True):
            if number:
                found |= self._possible([column], f"{self._relation} where {column} is not null")
        return found

    def _passed(self, tests: Mapping[str, list[_Test]]) -> dict[str, str]:
        """The type of the first test that all texts of a column pass, for columns that pass one."""
        wanted = {column: found for column, found in tests.items() if found}
        results = self._run(self._relation, wanted)
        return {column: kinds[0] for column, found in results.items() if (kinds := [kind for kind in found if kind])}

    def _run(self, relation: str, tests: Mapping[str, list[_Test]]) -> dict[str, list[str | None]]:
        aggregates = [part for found in tests.values() for test in found for part in test.aggregates]
        if not aggregates:
            return {column: [] for column in tests}
        values = list(self._con.execute(f"select {', '.join(aggregates)} from {relation}").fetchone() or ())
        results: dict[str, list[str | None]] = {}
        for column, found in tests.items():
            results[column] = []
            for test in found:
                mine, values = values[: len(test.aggregates)], values[len(test.aggregates) :]
                results[column].append(test.verdict(mine))
        return results


def _inferred(column: str, kind: str) -> Inferred:
    return Inferred(kind, column if kind in (TEXT, NULL_TYPE) else f"cast({column} as {kind})")


def _scale(text: str) -> str:
    return (
        f"case when contains({text}, '.') then length({text}) - instr({text}, '.') when {text} is not null then 0 end"
    )


def _offset(text: str) -> str:
    return f"regexp_extract({text}, '{_OFFSET}', 1)"


def _tests(facts: _Sampled) -> list[Callable[[str], _Test]]:
    """How to test a column for each type that its first texts allow."""
    tests: list[Callable[[str], _Test]] = [_plain("BOOLEAN"), _plain("BIGINT"), _double]
    scale, offset = facts.scale, facts.offset
    if scale is not None and scale <= DECIMAL_DIGITS:
        tests.append(lambda column: _decimal(column, scale))
    tests += [_plain("DATE", "length({0}) = 10"), lambda column: _time(column, "TIMESTAMP", "")]
    if offset is not None:
        tests.append(lambda column: _time(column, ZONED, offset))
    return [*tests, lambda column: _time(column, "TIME", "")]


def _all(predicate: str) -> str:
    """Aggregate: the predicate is true of every text. Nulls are no texts, and an unknown answer is no."""
    return f"coalesce(bool_and({predicate}), true)"


def _plain(kind: str, also: str = "true") -> Callable[[str], _Test]:
    return lambda column: _Test(
        (_all(f"{comes_back(column, kind)} and coalesce({also.format(column)}, true)"),),
        lambda values: kind if values[0] else None,
    )


def _double(column: str) -> _Test:
    # A column of nothing but "nan" or "inf" is one of words.
    some = f"coalesce(bool_or(isfinite(try_cast({column} as double))), false)"
    return _Test((_all(comes_back(column, "DOUBLE")), some), lambda values: "DOUBLE" if all(values) else None)


def _decimal(column: str, scale: int) -> _Test:
    def verdict(values: Sequence[object]) -> str | None:
        fits, longest = values
        if not fits or not isinstance(longest, int):
            return None
        digits = longest - (scale > 0)
        return str(decimal(NARROW_DIGITS if digits <= NARROW_DIGITS else DECIMAL_DIGITS, scale))

    longest = f"max(length(ltrim({column}, '-')))"
    return _Test((_all(comes_back(column, str(decimal(DECIMAL_DIGITS, scale)))), longest), verdict)


def _time(column: str, kind: str, offset: str) -> _Test:
    body = column
    test = comes_back(column, kind)
    if offset:
        body = f"left({column}, length({column}) - {len(offset)})"
        test = f"({column} is null or suffix({column}, '{offset}')) and {test}"
    whole = _whole(kind)
    ends_in_zero = f"length({body}) > {whole} and suffix({body}, '0')"
    aggregates = (
        _all(test),
        f"bool_or(contains({column}, 'T'))",
        f"bool_or(contains({body}, ' '))",
        # A set of lengths: each is a bit.
        f"bit_or(case when length({body}) <= 62 then 1::bigint << length({body}) end)",
        f"bool_or({ends_in_zero})",
        f"bool_or({ends_in_zero} and right(rtrim({body}, '0'), 1) = '.')",
    )

    def verdict(values: Sequence[object]) -> str | None:
        fits, with_t, with_blank, lengths, padded, zero = values
        if not fits or (with_t and with_blank) or not isinstance(lengths, int):
            return None
        return kind if one_form(_bits(lengths), whole, padded=bool(padded), zero=bool(zero)) else None

    return _Test(aggregates, verdict)


def one_form(lengths: set[int], whole: int, *, padded: bool, zero: bool) -> bool:
    """Whether the seconds of times are written in one way.

    Args:
        lengths: those of their texts, without zone.
        whole: the length of one with whole seconds.
        padded: a text has digits after the second that end in zero.
        zero: a text has nothing but zeros after the second.
    """
    if len(lengths) == 1:
        return True
    if min(lengths) < whole:
        return False
    # As many digits in every text, but none where they are all zero; or no text has zeros at its end.
    return not padded or (len(lengths) == 2 and whole in lengths and not zero)


def _bits(number: int) -> set[int]:
    return {at for at in range(number.bit_length()) if number >> at & 1}
