"""The graph of a project: tables, what makes them of which others, and the same for single columns.

Tables are known from the definitions alone. SQL is parsed where somebody looks at a table that it makes, once for each
configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orch_tui.lineage.values import Column, Job, Kind, Node, TracedTable

Columns = Callable[[str], Sequence[str] | None]
"""The columns of a stored table; None where it is not stored yet."""
Tracing = Callable[[Job, Columns], Mapping[str, TracedTable]]
"""What the tables that a configuration writes are made of; those of which its SQL says nothing are missing."""


@dataclass(frozen=True, slots=True)
class ColumnStep:
    """Where the values of a column come from in one configuration that writes it.

    ``tables`` are tables of which it may come from any column: nobody can read that from the definition.
    """

    job: str
    columns: tuple[Column, ...]
    tables: tuple[str, ...] = ()


class LineageGraph:
    """``jobs`` by the reference of the configuration."""

    def __init__(self, jobs: Iterable[Job], stored: Columns, tracing: Tracing) -> None:
        self.jobs = {job.ref: job for job in jobs}
        self._stored = stored
        self._tracing = tracing
        self._traced: dict[str, Mapping[str, TracedTable]] = {}
        self._columns: dict[str, tuple[str, ...] | None] = {}
        self._asked: set[str] = set()
        self._writers: dict[str, list[str]] = {}
        self._readers: dict[str, list[str]] = {}
        for job in self.jobs.values():
            for table in job.writes:
                self._writers.setdefault(table, []).append(job.ref)
            for table in job.reads:
                self._readers.setdefault(table, []).append(job.ref)
        self._from_outside = _grouped((name, job.ref) for job in self.jobs.values() for name in job.sources)
        self._to_outside = _grouped((name, job.ref) for job in self.jobs.values() for name in job.targets)

    def tables(self) -> list[str]:
        """All tables that a definition names, sorted."""
        return sorted({*self._writers, *self._readers})

    def writers(self, table: str) -> Sequence[str]:
        return self._writers.get(table, ())

    def readers(self, table: str) -> Sequence[str]:
        return self._readers.get(table, ())

    def has(self, node: Node) -> bool:
        return bool(self.before(node) or self.after(node)) or (node.kind is Kind.JOB and node.name in self.jobs)

    # From one node to its neighbours

    def before(self, node: Node, *, seen_from: Node | None = None) -> list[Node]:
        """What it is made of directly. ``seen_from`` is the table that one comes from to a configuration: of several
        that it writes, not each is made of all that it reads."""
        if node.kind is Kind.TABLE:
            return [Node(Kind.JOB, ref) for ref in self.writers(node.name)]
        if node.kind is Kind.OUTSIDE:
            return [Node(Kind.JOB, ref) for ref in self._to_outside.get(node.name, ())]
        job = self.jobs.get(node.name)
        if job is None:
            return []
        reads = self.reads_for(job, seen_from.name) if seen_from is not None else job.reads
        return [*(Node(Kind.TABLE, table) for table in reads), *(Node(Kind.OUTSIDE, name) for name in job.sources)]

    def after(self, node: Node, *, seen_from: Node | None = None) -> list[Node]:
        """What is made of it directly; ``seen_from`` as for :meth:`before`, the other way round."""
        if node.kind is Kind.TABLE:
            return [Node(Kind.JOB, ref) for ref in self.readers(node.name)]
        if node.kind is Kind.OUTSIDE:
            return [Node(Kind.JOB, ref) for ref in self._from_outside.get(node.name, ())]
        job = self.jobs.get(node.name)
        if job is None:
            return []
        written = [
            table
            for table in job.writes
            if seen_from is None or seen_from.kind is not Kind.TABLE or seen_from.name in self.reads_for(job, table)
        ]
        return [*(Node(Kind.TABLE, table) for table in written), *(Node(Kind.OUTSIDE, name) for name in job.targets)]

    def reads_for(self, job: Job, table: str) -> tuple[str, ...]:
        """Of the tables that a configuration reads those that this one of its outputs is made of."""
        traced = self.traced(job.ref).get(table)
        return job.reads if traced is None else traced.reads

    # Columns

    def traced(self, ref: str) -> Mapping[str, TracedTable]:
        """What the tables that a configuration writes are made of, as far as its SQL says."""
        if ref not in self._traced:
            # A table that is made of itself, by whatever way, has the columns that it is stored with.
            self._traced[ref] = {}
            self._traced[ref] = self._tracing(self.jobs[ref], self.columns)
        return self._traced[ref]

    def columns(self, table: str) -> tuple[str, ...] | None:
        """The columns of a table as they are stored, or will be as the SQL says; None where nobody knows them."""
        if table not in self._columns:
            stored = self._stored(table)
            if stored is None and table in self._asked:
                return None
            self._asked.add(table)
            self._columns[table] = tuple(stored) if stored is not None else self._said(table)
        return self._columns[table]

    def _said(self, table: str) -> tuple[str, ...] | None:
        found: dict[str, None] = {}
        for ref in self.writers(table):
            traced = self.traced(ref).get(table)
            if traced is None or traced.rest:
                return None
            found |= dict.fromkeys(traced.columns)
        return tuple(found) or None

    def column(self, table: str, name: str) -> Column | None:
        """A column by its name in any case; as it is given where the columns of the table are not known."""
        known = self.columns(table)
        if known is None:
            return Column(table, name)
        return next((Column(table, one) for one in known if one.lower() == name.lower()), None)

    def made_of(self, column: Column) -> list[ColumnStep]:
        """Where its values come from, for each configuration that writes its table."""
        return [self._step(self.jobs[ref], column) for ref in self.writers(column.table)]

    def is_traced(self, table: str) -> bool:
        """Whether it is known how all that write it make its columns."""
        writers = self.writers(table)
        return bool(writers) and all(table in self.traced(ref) for ref in writers)

    def rows_of(self, table: str) -> list[Column]:
        """The columns that decide which rows a table has."""
        traced = [self.traced(ref).get(table) for ref in self.writers(table)]
        return sorted({column for one in traced if one is not None for column in one.rows})

    def used_in(self, column: Column, ref: str) -> list[Column]:
        """The columns whose values a configuration makes of it directly."""
        found = set()
        for table, traced in self.traced(ref).items():
            found |= {Column(table, name) for name, origins in traced.columns.items() if column in origins}
            if column.table in traced.rest and column.name not in traced.columns:
                found.add(Column(table, column.name))
        return sorted(found)

    def counted_in(self, column: Column) -> list[str]:
        """The tables of which it decides which rows there are."""
        found = {
            table
            for ref in self.readers(column.table)
            for table, traced in self.traced(ref).items()
            if column in traced.rows
        }
        return sorted(found)

    def _step(self, job: Job, column: Column) -> ColumnStep:
        traced = self.traced(job.ref).get(column.table)
        if traced is None:
            return ColumnStep(job.ref, (), job.reads)
        folded = {name.lower(): origins for name, origins in traced.columns.items()}
        origins = folded.get(column.name.lower())
        if origins is not None:
            return ColumnStep(job.ref, tuple(sorted(origins)))
        passed = [self.column(table, column.name) for table in sorted(traced.rest)]
        sure = [one for one in passed if one is not None]
        return ColumnStep(job.ref, tuple(sure))


def _grouped(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
