"""Asks every check of a candidate: the file that would be the next version of its table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.checks.values import Check, CheckKind, CheckResult, CheckSeverity, Learned, Sample, Verdict
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.checks.learned import learned_bounds
from orch_tui.storage.checks.profiles import earlier_profiles, profile_of
from orch_tui.storage.duckdb import Column, columns_of, count, describe, folded, literal, parquet, quoted, readable
from orch_tui.storage.preview import safe_cells, shown_cells
from orch_tui.storage.sandbox import offer_tables, one_select, open_sandbox
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.values.types import parse_type

if TYPE_CHECKING:
    import duckdb

    from orch_tui.storage.tables import TableFiles, TableInfo

_MEMORY = "1GB"
_SAMPLE_ROWS = 5
_SAMPLE_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class CandidateFile:
    """What would be a version: a Parquet file within the storage, and what the table is now (None: nothing yet)."""

    table: str
    file: Path
    key: tuple[str, ...] = ()
    old: TableInfo | None = None


class _CannotAnswer(Exception):
    """The check is about something that the candidate does not have; the text says what."""


def examine(
    storage: TableFiles,
    stored: Callable[[], Iterable[TableInfo]],
    candidates: Sequence[CandidateFile],
    checks: Sequence[Check],
    now: datetime,
) -> list[CheckResult]:
    """What each check finds, in their order. Needs the locks of the tables. Nothing is changed.

    ``stored`` gives all tables, when SQL is about others too.

    Raises:
        duckdb.Error, OSError: a candidate cannot be read at all.
    """
    if not checks:
        return []
    files = {candidate.table: candidate.file for candidate in candidates}
    by_table = {candidate.table: candidate for candidate in candidates}
    with open_sandbox(storage.root, _MEMORY) as connection:
        examiners = {
            table: _Examiner(storage, stored, connection, by_table[table], files, now)
            for table in dict.fromkeys(check.table for check in checks)
        }
        return [result for check in checks for result in examiners[check.table].results(check)]


class _Examiner:
    """Of one candidate."""

    def __init__(
        self,
        storage: TableFiles,
        stored: Callable[[], Iterable[TableInfo]],
        connection: duckdb.DuckDBPyConnection,
        candidate: CandidateFile,
        files: Mapping[str, Path],
        now: datetime,
    ) -> None:
        self._storage = storage
        self._stored = stored
        self._connection = connection
        self._candidate = candidate
        self._files = files
        self._now = now
        self._source = parquet(candidate.file)
        self._columns = describe(connection, self._source)
        self._kinds = {folded(name): (name, kind) for name, kind in self._columns}

    def results(self, check: Check) -> list[CheckResult]:
        """One; of LEARNED one for each thing that bounds are learned of."""
        import duckdb

        ask = {
            CheckKind.COLUMNS: self._of_columns,
            CheckKind.ROWS: self._of_rows,
            CheckKind.UNIQUE: self._of_key,
            CheckKind.FRESHNESS: self._of_age,
            CheckKind.SQL: self._of_sql,
            CheckKind.NOT_NULL: self._of_values,
            CheckKind.ACCEPTED: self._of_values,
            CheckKind.RANGE: self._of_values,
        }
        try:
            if check.kind is CheckKind.LEARNED:
                return list(self._learned(check))
            return [ask[check.kind](check)]
        except (_CannotAnswer, UserError) as error:
            return [_judged(check, False, error=str(error))]
        except duckdb.Error as error:
            return [_judged(check, False, error=readable(error))]

    def _column(self, check: Check) -> Column:
        return self._columns_of(check)[0]

    def _columns_of(self, check: Check) -> list[Column]:
        missing = [name for name in check.columns if folded(name) not in self._kinds]
        if missing:
            raise _CannotAnswer(f"there is no column {', '.join(missing)}")
        return [self._kinds[folded(name)] for name in check.columns]

    def _of_columns(self, check: Check) -> CheckResult:
        wrong = []
        for name, expected in check.types:
            _, kind = self._kinds.get(folded(name), (name, ""))
            if not kind or (expected and not _same_type(expected, kind)):
                wrong.append((safe_line(name, 100), kind))
        return _judged(check, not wrong, float(len(wrong)), wrong=tuple(wrong))

    def _of_rows(self, check: Check) -> CheckResult:
        rows = count(self._connection, self._source)
        fits = int(check.least or 0) <= rows and (check.greatest is None or rows <= int(check.greatest))
        return _judged(check, fits, float(rows))

    def _of_values(self, check: Check) -> CheckResult:
        """Rows in which a value is not as it should be."""
        name, kind = column = self._column(check)
        value = quoted(name)
        match check.kind:
            case CheckKind.NOT_NULL:
                wrong = f"{value} is null"
            case CheckKind.ACCEPTED:
                accepted = ", ".join(literal(one) for one in check.values)
                wrong = f"{value} is not null and {text_of(value, kind)} not in ({accepted})"
            case _:
                bounds = [
                    f"{value} {sign} {self._bound(bound, kind)}"
                    for sign, bound in (("<", check.least), (">", check.greatest))
                    if bound is not None
                ]
                wrong = " or ".join(bounds)
        rows = self._count(f"{self._source} where {wrong}")
        sample = self._sample(f"{self._source} where {wrong}", [column]) if rows else Sample()
        return _judged(check, not rows, float(rows), sample=sample)

    def _bound(self, bound: str, kind: str) -> str:
        """A bound in the type of the column; decimals and numbers are compared as they are."""
        import duckdb

        if parse_type(kind).nested:
            raise _CannotAnswer(f"values of the type {kind} have no order to compare by")
        wanted = "DOUBLE" if kind in ("FLOAT", "DOUBLE") else kind
        for target in (wanted, "DECIMAL(38, 10)", "DOUBLE"):
            number, value = f"try_cast({literal(bound)} as double)", f"try_cast({literal(bound)} as {target})"
            # A fraction as a bound of whole numbers is not to be rounded.
            exact = f"select {value} is not null and ({number} is null or try_cast({value} as double) = {number})"
            try:
                found = self._connection.execute(exact).fetchone()
            except duckdb.Error:
                # Values of this type are never compared with numbers.
                continue
            if found and found[0]:
                return f"cast({literal(bound)} as {target})"
        raise _CannotAnswer(f'"{bound}" is no {kind}, which the values are')

    def _of_key(self, check: Check) -> CheckResult:
        columns = self._columns_of(check)
        names = ", ".join(quoted(name) for name, _ in columns)
        keys = ", ".join(text_of(quoted(name), kind) if "INTERVAL" in kind else quoted(name) for name, kind in columns)
        double = (
            f"select {', '.join(f'any_value({quoted(n)}) as {quoted(n)}' for n, _ in columns)}, count(*) as number "
        )
        double += f"from {self._source} group by {keys} having count(*) > 1"
        found = self._connection.execute(f"select coalesce(sum(number - 1), 0) from ({double})").fetchone()
        rows = int(found[0]) if found else 0
        if not rows:
            return _judged(check, True, 0.0)
        shown = self._connection.execute(
            f"select {shown_cells(columns)}, cast(number as varchar) from ({double}) order by number desc, {names} "
            f"limit {_SAMPLE_ROWS}"
        ).fetchall()
        sample = Sample(
            (*(safe_line(name, 100) for name, _ in columns), "rows"), tuple(safe_cells(row) for row in shown)
        )
        return _judged(check, False, float(rows), sample=sample)

    def _of_age(self, check: Check) -> CheckResult:
        name, kind = self._column(check)
        latest = f"max({quoted(name)})" if not parse_type(kind).nested else "null"
        # Every connection is in UTC: a time without a zone is one in UTC.
        found = self._connection.execute(
            f"select epoch(try_cast(try_cast({latest} as varchar) as timestamp with time zone)) from {self._source}"
        ).fetchone()
        if found is None or found[0] is None:
            return _judged(check, False, None)
        age = self._now.timestamp() - float(found[0])
        return _judged(check, age <= (check.age or 0.0), round(age, 3))

    def _of_sql(self, check: Check) -> CheckResult:
        text = one_select(self._connection, check.sql)
        files = {**self._files, "": self._candidate.file}
        offer_tables(self._connection, self._stored(), text, files, self._storage.shown_file)
        source = f"(\n{text}\n)"
        rows = self._count(source)
        columns = columns_of(self._connection, text)
        sample = self._rows_of(source, columns[:_SAMPLE_COLUMNS]) if rows else Sample()
        return _judged(check, not rows, float(rows), sample=sample)

    def _learned(self, check: Check) -> Iterator[CheckResult]:
        earlier = earlier_profiles(self._connection, self._storage, self._candidate.old)
        now = profile_of(self._connection, self._candidate.file)
        yield _compared(check, Learned.ROWS, (), float(now.rows), [float(one.rows) for one in earlier])
        if not now.rows:
            return
        for name in now.nulls:
            shares = [one.nulls[name] for one in earlier if name in one.nulls]
            yield _compared(check, Learned.NULLS, (name,), now.nulls[name], shares)
        for name in now.sums:
            sums = [one.sums[name] for one in earlier if name in one.sums]
            yield _compared(check, Learned.SUM, (name,), now.sums[name], sums)

    def _count(self, source: str) -> int:
        return count(self._connection, source)

    def _sample(self, source: str, about: Sequence[Column]) -> Sample:
        """Of rows of the candidate: its key and what the check is about first."""
        first = [self._kinds[folded(name)] for name in self._candidate.key if folded(name) in self._kinds]
        columns = list(dict.fromkeys([*first, *about, *self._columns]))[:_SAMPLE_COLUMNS]
        return self._rows_of(source, columns)

    def _rows_of(self, source: str, columns: Sequence[Column]) -> Sample:
        rows = self._connection.execute(f"select {shown_cells(columns)} from {source} limit {_SAMPLE_ROWS}").fetchall()
        return Sample(tuple(safe_line(name, 100) for name, _ in columns), tuple(safe_cells(row) for row in rows))


def _same_type(expected: str, kind: str) -> bool:
    try:
        return parse_type(expected) == parse_type(kind)
    except ValueError as error:
        raise _CannotAnswer(str(error)) from error


def _compared(
    check: Check, what: Learned, columns: tuple[str, ...], value: float, history: Sequence[float]
) -> CheckResult:
    asked = replace(check, name=what.value, columns=columns)
    bounds = learned_bounds(what, history)
    if bounds is None:
        return CheckResult(asked, Verdict.LEARNING, value)
    # Whole numbers of rows are shown, and compared, as such.
    least, greatest = (math.floor(bounds[0]), math.ceil(bounds[1])) if what is Learned.ROWS else bounds
    asked = replace(asked, least=_number(least), greatest=_number(greatest))
    return _judged(asked, least <= value <= greatest, value)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(round(value, 6))


def _judged(
    check: Check,
    fits: bool,
    measure: float | None = None,
    *,
    wrong: tuple[tuple[str, str], ...] = (),
    error: str = "",
    sample: Sample | None = None,
) -> CheckResult:
    failed = Verdict.WARNED if check.severity is CheckSeverity.WARN else Verdict.FAILED
    return CheckResult(check, Verdict.PASSED if fits else failed, measure, wrong, error, sample or Sample())
