"""What the lineage screen shows: the node in the middle, what it comes from and where it goes to. No Textual."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orch_tui.lineage.graph import LineageGraph
from orch_tui.lineage.reading import read_lineage
from orch_tui.lineage.values import Column, Kind, Node
from orch_tui.lineage.walking import Direction, column_tree, tree
from orch_tui.lineage.words import HEADS, place_words, title
from orch_tui.model.texts.text import counted
from orch_tui.project.project import Project
from orch_tui.tui.dialogs.pick import Choice

Place = Node | Column
"""What can be in the middle."""


class Shown(StrEnum):
    """What a row is."""

    HEAD = "head"
    MIDDLE = "middle"
    NODE = "node"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class LineageRow:
    """``place`` is what one goes to from it; None for a heading. ``right`` stands at the edge."""

    shown: Shown
    text: str
    depth: int = 0
    place: Place | None = None
    right: str = ""
    kind: Kind | None = None


class LineageModel:
    """Reads a project of its own, so that it can be asked in a thread; for one thread at a time."""

    def __init__(self, project: Project) -> None:
        self._graph: LineageGraph = read_lineage(project)

    def rows(self, place: Place) -> list[LineageRow]:
        return self._of_column(place) if isinstance(place, Column) else self._of_node(place)

    def _of_node(self, middle: Node) -> list[LineageRow]:
        rows = [LineageRow(Shown.MIDDLE, title(self._graph, middle), 0, middle, self._right(middle), middle.kind)]
        for direction in Direction:
            found = tree(self._graph, middle, direction)
            rows.append(LineageRow(Shown.HEAD, HEADS[direction.value] if found else _nothing(direction)))
            for one in found:
                right = "as above" if one.repeated else self._right(one.node)
                rows.append(
                    LineageRow(Shown.NODE, title(self._graph, one.node), one.depth, one.node, right, one.node.kind)
                )
        return rows

    def _of_column(self, middle: Column) -> list[LineageRow]:
        rows = [LineageRow(Shown.MIDDLE, _column_text(middle), 0, middle)]
        for direction in Direction:
            found = column_tree(self._graph, middle, direction)
            nothing = "comes from no column" if self._graph.is_traced(middle.table) else _nothing(direction)
            empty = nothing if direction is Direction.UP else _nothing(direction)
            rows.append(LineageRow(Shown.HEAD, HEADS[direction.value] if found else empty))
            for one in found:
                right = "as above" if one.repeated else one.job
                if one.column is None:
                    place: Place = Node(Kind.TABLE, one.table)
                    rows.append(LineageRow(Shown.NODE, f"{one.table} · any column", one.depth, place, right))
                else:
                    place = Column(one.table, one.column)
                    rows.append(LineageRow(Shown.NODE, _column_text(place), one.depth, place, right))
        if deciding := self._graph.rows_of(middle.table):
            rows.append(LineageRow(Shown.HEAD, "which rows there are depends on"))
            rows += [LineageRow(Shown.NODE, _column_text(one), 1, one) for one in deciding]
        return rows

    def _right(self, node: Node) -> str:
        if node.kind is Kind.TABLE:
            columns = self._graph.columns(node.name)
            return counted(len(columns), "column") if columns is not None else ""
        return place_words(self._graph, node).partition(" · ")[2] if node.kind is Kind.JOB else "outside"

    def places(self) -> list[Choice]:
        """All tables and configurations, to be jumped to."""
        tables = [Choice(name, name, "table") for name in self._graph.tables()]
        return tables + [Choice(job.ref, job.name, job.ref) for job in self._graph.jobs.values()]

    def node(self, name: str) -> Node:
        """What one of :meth:`places` is."""
        return Node(Kind.JOB if name in self._graph.jobs else Kind.TABLE, name)

    def columns(self, place: Place) -> list[Choice]:
        """The columns of the table that this is, or that this is a column of; none where they are not known."""
        table = place.table if isinstance(place, Column) else place.name if place.kind is Kind.TABLE else None
        return [] if table is None else [Choice(name, name) for name in self._graph.columns(table) or ()]


def _column_text(column: Column) -> str:
    return f"{column.table} · {column.name}"


def _nothing(direction: Direction) -> str:
    return f"{HEADS[direction.value]} nothing that is known"
