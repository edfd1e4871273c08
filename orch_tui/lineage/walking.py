"""The graph as trees: from a table, a configuration or a column up to what it is made of, and down to what is made of
it. What was shown above already is not followed again, so that a tree is never longer than the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from orch_tui.lineage.graph import LineageGraph
from orch_tui.lineage.values import Column, Kind, Node


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class TreeRow:
    """``depth`` is 1 for the neighbours of the node that the tree is of; ``above`` the node that it hangs on.
    ``repeated``: what is behind it stands further up."""

    node: Node
    depth: int
    above: Node
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column that another one is made of (or that is made of it), through the configuration ``job``.

    Where nobody knows the column, ``column`` is None: it may be any of ``table``.
    """

    table: str
    column: str | None
    job: str
    depth: int
    above: Column
    repeated: bool = False


def tree(graph: LineageGraph, start: Node, direction: Direction, depth: int | None = None) -> list[TreeRow]:
    """The rows of the tree below ``start``, which is not among them; ``depth`` counts tables, not configurations."""
    most = None if depth is None else 2 * depth - (start.kind is Kind.JOB)
    rows: list[TreeRow] = []
    seen: set[tuple[Node, Node | None]] = {(start, None)}
    waiting = [(start, None, 0)]  # type: list[tuple[Node, Node | None, int]]
    step = graph.before if direction is Direction.UP else graph.after
    while waiting:
        node, above, at = waiting.pop()
        if above is not None:
            # A configuration is walked through once for each table: not each is made of all that it reads.
            key = (node, above if node.kind is Kind.JOB else None)
            repeated = key in seen and bool(step(node, seen_from=above))
            rows.append(TreeRow(node, at, above, repeated))
            if key in seen:
                continue
            seen.add(key)
        if most is None or at < most:
            waiting += [(one, node, at + 1) for one in reversed(step(node, seen_from=above))]
    return rows


def column_tree(graph: LineageGraph, start: Column, direction: Direction, depth: int | None = None) -> list[ColumnRow]:
    """As :func:`tree`, for a column."""
    rows: list[ColumnRow] = []
    seen = {start}
    waiting = _steps(graph, start, direction, 1)[::-1] if depth != 0 else []
    while waiting:
        row = waiting.pop()
        column = Column(row.table, row.column) if row.column is not None else None
        if column is None:
            rows.append(row)
            continue
        repeated = column in seen
        behind = [] if depth is not None and row.depth >= depth else _steps(graph, column, direction, row.depth + 1)
        rows.append(ColumnRow(row.table, row.column, row.job, row.depth, row.above, repeated and bool(behind)))
        if not repeated:
            seen.add(column)
            waiting += behind[::-1]
    return rows


def _steps(graph: LineageGraph, column: Column, direction: Direction, depth: int) -> list[ColumnRow]:
    return list(_up(graph, column, depth) if direction is Direction.UP else _down(graph, column, depth))


def _up(graph: LineageGraph, column: Column, depth: int) -> Iterator[ColumnRow]:
    for step in graph.made_of(column):
        for one in step.columns:
            yield ColumnRow(one.table, one.name, step.job, depth, column)
        for table in step.tables:
            yield ColumnRow(table, None, step.job, depth, column)


def _down(graph: LineageGraph, column: Column, depth: int) -> Iterator[ColumnRow]:
    for ref in graph.readers(column.table):
        for one in graph.used_in(column, ref):
            yield ColumnRow(one.table, one.name, ref, depth, column)
        for table in graph.jobs[ref].writes:
            if table not in graph.traced(ref):
                yield ColumnRow(table, None, ref, depth, column)
