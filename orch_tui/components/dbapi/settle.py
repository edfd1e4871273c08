"""Types of columns that their values decide: they arrive as the server's text, and get its type where all come back.

Times without an end, and 24:00, stay text although DuckDB has them: Parquet has not, and its other readers take them
for dates of the year 5881580 or for 00:00.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from orch_tui.components.kit.component import Context
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.storage.duckdb import literal, quoted
from orch_tui.storage.values.assumed import BROKEN

if TYPE_CHECKING:
    import duckdb

WIDTH = 38
"""Digits of DuckDB's widest decimal."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How a column is stored: its type, the DuckDB expression of its values, and how many of them ``kind`` would not
    hold, with one of them, where it is not the type that was hoped for."""

    kind: str
    value: str
    beyond: int = 0
    example: str = ""


class Finding(Protocol):
    """How the type of a column is found from its values. ``x`` is the DuckDB expression of what arrived."""

    @property
    def kind(self) -> str:
        """The type that is hoped for, which a column without values has."""

    @property
    def collected(self) -> str:
        """The type while rows arrive."""

    @property
    def plainly(self) -> str | None:
        """Where a plain cast gives the value: a condition on what arrived, ``{x}``, and the cast of it, ``{v}``."""

    def value(self, x: str) -> str:
        """The value in the type that is hoped for; null where it is not exactly the one that arrived."""

    def measures(self, x: str) -> list[str]:
        """Aggregates over all values."""

    def settle(self, x: str, measured: Sequence[Any]) -> Settled:
        """What follows from the aggregates."""


@dataclass(frozen=True, slots=True)
class Exactly:
    """One type, or what arrived. ``template`` is the value made of ``{x}``, null for one that is not the same then.

    ``plainly`` is a condition on ``{x}`` and ``{v}``, a plain cast of it: where it is true, ``{v}`` is the value.
    """

    kind: str
    template: str
    collected: str = "VARCHAR"
    plainly: str | None = None

    def value(self, x: str) -> str:
        return self.template.replace("{x}", x)

    def measures(self, x: str) -> list[str]:
        beyond = f"{x} is not null and ({self.value(x)}) is null"
        return [f"count(*) filter (where {beyond})", f"min({x}) filter (where {beyond})"]

    def settle(self, x: str, measured: Sequence[Any]) -> Settled:
        beyond, example = measured
        if not beyond:
            return Settled(self.kind, self.value(x))
        return Settled(self.collected, x, int(beyond), str(example))


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first of several types that holds all values."""

    findings: tuple[Exactly, ...]

    @property
    def kind(self) -> str:
        return self.findings[0].kind

    @property
    def collected(self) -> str:
        return self.findings[0].collected

    @property
    def plainly(self) -> str | None:
        return self.findings[0].plainly

    def value(self, x: str) -> str:
        return self.findings[0].value(x)

    def measures(self, x: str) -> list[str]:
        return [measure for finding in self.findings for measure in finding.measures(x)]

    def settle(self, x: str, measured: Sequence[Any]) -> Settled:
        pairs = [finding.settle(x, measured[2 * n : 2 * n + 2]) for n, finding in enumerate(self.findings)]
        return next((one for one in pairs if not one.beyond), pairs[-1])


def _time(kind: str, text: str, condition: str) -> Exactly:
    value = f"try_cast({text} as {kind})"
    same = f"cast({value} as varchar) = {text} and {condition.format(value=value)}"
    plainly = f"cast({{v}} as varchar) = {{x}} and {condition.format(value='{v}')}"
    return Exactly(kind, f"case when {same} then {value} end", plainly=plainly)


_ANY = "isfinite({value})"


def date(text: str = "{x}") -> Exactly:
    """A DATE of ``text``, an expression that gives ISO dates as DuckDB writes them."""
    return _time("DATE", text, _ANY)


def time(text: str = "{x}") -> Exactly:
    """A TIME below 24:00."""
    return _time("TIME", text, "{value} < time '24:00:00'")


def timestamp(text: str = "{x}") -> Exactly:
    """A TIMESTAMP: a time to the microsecond, without a zone."""
    return _time("TIMESTAMP", text, _ANY)


def moment(text: str = "{x}") -> Exactly:
    """A TIMESTAMP WITH TIME ZONE, in UTC: ``2024-01-31 10:00:00+00``."""
    return _time("TIMESTAMP WITH TIME ZONE", text, _ANY)


def truth(number: str) -> Exactly:
    """A BOOLEAN of numbers of that type that are 0 or 1; else the numbers."""
    return Exactly("BOOLEAN", "case {x} when 0 then false when 1 then true end", number)


def padded(text: str = "{x}") -> str:
    """``text`` without zeros at the end of its fraction: ``10:00:00.250000`` is ``10:00:00.25``."""
    return f"case when contains({text}, '.') then rtrim(rtrim({text}, '0'), '.') else {text} end"


@dataclass(frozen=True, slots=True)
class Digits:
    """A DECIMAL with room for the longest whole part and the longest fraction; else the number as text.

    ``scale`` digits behind the point are there in any case, so that the type does not change from day to day.
    """

    scale: int
    collected: str = "VARCHAR"

    @property
    def plainly(self) -> None:
        """A cast alone does not tell."""

    @property
    def kind(self) -> str:
        """The type of an empty column."""
        return f"DECIMAL({WIDTH},{min(self.scale, WIDTH)})"

    def value(self, x: str) -> str:
        # Without losing digits: a cast alone would round them away.
        value = f"try_cast({x} as decimal({WIDTH},{self.scale}))"
        return f"case when regexp_full_match({x}, '{_PLAIN}\\.?\\d{{0,{self.scale}}}0*') then {value} end"

    def measures(self, x: str) -> list[str]:
        whole = f"ltrim(split_part(ltrim({x}, '-+'), '.', 1), '0')"
        fraction = f"rtrim(split_part({x}, '.', 2), '0')"
        odd = f"not regexp_full_match({x}, '{_PLAIN}(\\.\\d+)?')"
        return [
            f"coalesce(max(length({whole})) filter (where not {odd}), 0)",
            f"coalesce(max(length({fraction})) filter (where not {odd}), 0)",
            f"count(*) filter (where {odd})",
            f"min({x}) filter (where {odd})",
            f"max_by({x}, length({whole}) + length({fraction})) filter (where not {odd})",
        ]

    def settle(self, x: str, measured: Sequence[Any]) -> Settled:
        whole, fraction, odd, example, longest = measured
        scale = max(int(fraction), min(self.scale, WIDTH - int(whole)))
        if odd:
            return Settled(self.collected, x, int(odd), str(example))
        if int(whole) + scale > WIDTH:
            return Settled(self.collected, x, 1, str(longest))
        kind = f"DECIMAL({WIDTH},{scale})"
        return Settled(kind, f"cast({x} as {kind})")


_PLAIN = r"[-+]?(0|[1-9]\d*)"


@dataclass(frozen=True, slots=True)
class Finite:
    """A DECIMAL(precision, scale) as its server declares it, for all but NaN and infinity."""

    precision: int
    scale: int
    collected: str = "VARCHAR"

    @property
    def plainly(self) -> None:
        """A cast alone does not tell."""

    @property
    def kind(self) -> str:
        return f"DECIMAL({self.precision},{self.scale})"

    def value(self, x: str) -> str:
        return f"try_cast({x} as {self.kind})"

    def measures(self, x: str) -> list[str]:
        return Exactly(self.kind, self.value("{x}")).measures(x)

    def settle(self, x: str, measured: Sequence[Any]) -> Settled:
        return Exactly(self.kind, self.value("{x}")).settle(x, measured)


Asked = tuple[str, str, Finding | None]
"""A column's name, the type hoped for, and how it is found; without the latter it is that type."""


class Types:
    """The types of a result whose rows are all there: the query of the final file for a :class:`ParquetSink`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, columns: Sequence[Asked]) -> None:
        self._con = con
        self._columns = columns
        self.settled: list[Settled] = []
        """By column, as soon as the query was asked for."""

    def __call__(self, source: str) -> str:
        """The query of the rows in ``source`` with their types. Scans them once. Raises: duckdb.Error."""
        measures = [finding.measures(quoted(name)) if finding else [] for name, _, finding in self._columns]
        asked = [measure for some in measures for measure in some]
        row = list(self._con.execute(f"select {', '.join(asked)} from {source}").fetchone() or ()) if asked else []
        self.settled = []
        for (name, kind, finding), some in zip(self._columns, measures, strict=True):
            measured, row = row[: len(some)], row[len(some) :]
            self.settled.append(finding.settle(quoted(name), measured) if finding else Settled(kind, quoted(name)))
        values = [f"{one.value} as {quoted(name)}" for one, (name, *_) in zip(self.settled, self._columns, strict=True)]
        return f"select {', '.join(values)} from {source}"

    def hoped(self, source: str) -> str:
        """The query of rows that all have the types hoped for; it fails with :func:`is_broken` where one has not."""
        self.settled, values, casts = [], [], []
        for at, (name, kind, finding) in enumerate(self._columns):
            x = quoted(name)
            if finding is None:
                self.settled.append(Settled(kind, x))
                values.append(x)
                continue
            hope = f"cast({finding.value(x)} as {finding.kind})"
            self.settled.append(Settled(finding.kind, hope))
            hope = f"coalesce({hope}, error({literal(BROKEN)}))"
            if plainly := finding.plainly:
                v = quoted(f"\x1fvalue {at}")
                casts.append(f"try_cast({x} as {finding.kind}) as {v}")
                hope = f"case when {plainly.replace('{x}', x).replace('{v}', v)} then {v} else {hope} end"
            values.append(f"case when {x} is null then null else {hope} end as {x}")
        return f"select {', '.join(values)} from (select {', '.join(['*', *casts])} from {source})"

    def report(self, ctx: Context, *, strict: bool = False) -> None:
        """A line for each column that has not the type hoped for. Raises: UserError instead, when ``strict``."""
        pairs = list(zip(self._columns, self.settled, strict=True))
        beyond = [(_beyond(name, kind, one), one.kind) for (name, kind, _), one in pairs if one.beyond]
        if beyond and strict:
            told = "; ".join(sentence for sentence, _ in beyond)
            raise UserError(f"{told}; the parameter strict refuses that. Say in a query what they should be")
        for sentence, kind in beyond:
            ctx.log(f"{sentence}; it is stored as {'text' if kind == 'VARCHAR' else kind}")
        for (name, kind, _), one in pairs:
            if not one.beyond and one.kind != kind:
                ctx.log(f'column "{safe_line(name, 60)}" is stored as {one.kind}, so that every digit has room')


def _beyond(name: str, kind: str, one: Settled) -> str:
    found = counted(one.beyond, "value")
    return f'column "{safe_line(name, 60)}" has {found} that {kind} cannot hold, such as {safe_line(one.example, 60)}'
