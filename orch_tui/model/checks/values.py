"""A check of an output, and what came of it: values. Sentences are in :mod:`orch_tui.model.checks.words`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from enum import StrEnum

from orch_tui.model.dataclass import dataclass


class CheckKind(StrEnum):
    """What is asked of a table; the word is the key in ``[[checks]]``."""

    COLUMNS = "columns"
    NOT_NULL = "not_null"
    UNIQUE = "unique"
    ACCEPTED = "accepted"
    RANGE = "range"
    ROWS = "rows"
    FRESHNESS = "freshness"
    SQL = "sql"
    LEARNED = "learned"


class CheckSeverity(StrEnum):
    """``ERROR`` keeps the tables of the task as they are; ``WARN`` lets them through, and the task ends in warning."""

    ERROR = "error"
    WARN = "warn"


class Verdict(StrEnum):
    """``LEARNING``: there are not enough versions yet that bounds could be learned from; it lets through."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    LEARNING = "learning"


class Learned(StrEnum):
    """What bounds are learned of; it is the name of a :attr:`CheckKind.LEARNED` check that was looked at."""

    ROWS = "rows"
    NULLS = "nulls"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is asked of one table. ``table`` is ``bucket/table``; empty for the only one that is written.

    ``columns`` are those that it is about. ``types`` belong to COLUMNS (name, DuckDB type or empty for any),
    ``values`` to ACCEPTED, ``least`` and ``greatest`` to RANGE (texts of values), ROWS and LEARNED (numbers),
    ``age`` in seconds to FRESHNESS, ``sql`` and ``name`` to SQL; of LEARNED ``name`` is a word of :class:`Learned`.
    """

    kind: CheckKind
    table: str = ""
    severity: CheckSeverity = CheckSeverity.ERROR
    columns: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    values: tuple[str, ...] = ()
    least: str | None = None
    greatest: str | None = None
    age: float | None = None
    sql: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """What it is called: the same in every run as long as it asks the same; unique within its table."""
        parts: list[str] = [self.kind.value]
        if self.name:
            parts.append(self.name)
        if self.columns:
            parts.append(", ".join(self.columns))
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows that a check found, as texts that are safe to show; None for null."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found. ``measure`` is a number of rows (those that break it; of ROWS and LEARNED rows, all), of
    columns (COLUMNS), seconds (FRESHNESS), a share or a sum (LEARNED); None where there is nothing to measure.

    ``wrong`` are columns with the type that was found, empty for one that is missing. ``error``: it could not be
    answered, in the database's words; that counts like a check that fails.
    """

    check: Check
    verdict: Verdict
    measure: float | None = None
    wrong: tuple[tuple[str, str], ...] = ()
    error: str = ""
    sample: Sample = field(default_factory=Sample)

    @property
    def key(self) -> tuple[str, str]:
        """The table and the label: what is compared from run to run."""
        return self.check.table, self.check.label


def of_verdict(results: Iterable[CheckResult], verdict: Verdict) -> list[CheckResult]:
    """Those with this verdict, in their order."""
    return [result for result in results if result.verdict is verdict]
