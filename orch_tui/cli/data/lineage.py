"""``orch-tui lineage``: what a table or one of its columns is made of, and what is made of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_table
from orch_tui.cli.shared.errors import SUCCESS, CliError
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, pad
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orch_tui.lineage.graph import LineageGraph
    from orch_tui.lineage.values import Column, Node
    from orch_tui.lineage.walking import ColumnRow, Direction, TreeRow


@click.command("lineage")
@click.argument("table", metavar="BUCKET/TABLE", shell_complete=complete_table)
@click.option("--column", "-c", metavar="COLUMN", help="Follow one column of it.")
@click.option("--up", "only", flag_value="up", help="Only what it comes from.")
@click.option("--down", "only", flag_value="down", help="Only where it goes to.")
@click.option("--depth", type=click.IntRange(1), metavar="N", help="At most so many tables away.")
@json_option
@project_option
def lineage_command(
    table: str, column: str | None, only: str | None, depth: int | None, as_json: bool, project: str | None
) -> int:
    """Show what a table comes from and where it goes to, across all orchestrations.

    TABLE may also be a configuration (component/configuration). SQL is read to the columns.
    """
    from orch_tui.lineage.reading import read_lineage
    from orch_tui.lineage.walking import Direction

    graph = read_lineage(open_it(project, tolerant=True))
    ways = [Direction(only)] if only else [Direction.UP, Direction.DOWN]
    out = Output(sys.stdout)
    start = _start(graph, table)
    if column is not None:
        _show_column(out, graph, _column(graph, table, column), ways, depth, as_json=as_json)
    else:
        _show_table(out, graph, start, ways, depth, as_json=as_json)
    return SUCCESS


def _start(graph: LineageGraph, name: str) -> Node:
    """Raises: CliError."""
    from orch_tui.lineage.values import Kind, Node
    from orch_tui.project.toml.decode import did_you_mean

    for node in (Node(Kind.TABLE, name), Node(Kind.JOB, name)):
        if graph.has(node):
            return node
    hint = did_you_mean(name, [*graph.tables(), *graph.jobs]) or "see orch-tui tables"
    raise CliError(f'no definition reads or writes a table "{safe_line(name, 200)}"; {hint}')


def _column(graph: LineageGraph, table: str, name: str) -> Column:
    """Raises: CliError."""
    column = graph.column(table, name) if table not in graph.jobs else None
    if column is None:
        known = ", ".join(graph.columns(table) or ()) or "none"
        raise CliError(f'"{safe_line(table, 200)}" has no column "{safe_line(name, 100)}"; it has: {known}')
    return column


# A table


def _show_table(
    out: Output, graph: LineageGraph, start: Node, ways: Sequence[Direction], depth: int | None, *, as_json: bool
) -> None:
    from orch_tui.lineage.walking import tree
    from orch_tui.lineage.words import HEADS, place_words, title

    found = {way: tree(graph, start, way, depth) for way in ways}
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, table_json(graph, start, found))
        return
    out.line(out.bold(safe_line(title(graph, start))))
    for way, rows in found.items():
        out.line(HEADS[way.value] if rows else f"{HEADS[way.value]} nothing that is known")
        width = min(64, max((2 * row.depth + len(title(graph, row.node)) for row in rows), default=0))
        for row in rows:
            again = "  (as above)" if row.repeated else ""
            text = pad("  " * row.depth + safe_line(title(graph, row.node)), width)
            out.line(f"{text}  {place_words(graph, row.node)}{again}".rstrip())


def table_json(graph: LineageGraph, start: Node, found: dict[Direction, list[TreeRow]]) -> dict[str, Any]:
    """The graph as docs/cli.md has it; edges go from what is read to what is made of it."""
    nodes = dict.fromkeys([start, *(row.node for rows in found.values() for row in rows)])
    edges = {
        (row.node, row.above) if way.value == "up" else (row.above, row.node)
        for way, rows in found.items()
        for row in rows
    }
    return {
        "name": start.name,
        "kind": start.kind.value,
        "nodes": [_node_json(graph, node) for node in nodes],
        "edges": [{"from": _key(one), "to": _key(other)} for one, other in sorted(edges)],
    }


def _key(node: Node) -> dict[str, str]:
    return {"kind": node.kind.value, "name": node.name}


def _node_json(graph: LineageGraph, node: Node) -> dict[str, Any]:
    body: dict[str, Any] = _key(node)
    job = graph.jobs.get(node.name) if node.kind.value == "configuration" else None
    if job is not None:
        body |= {
            "title": job.name,
            "type": job.type.value,
            "tasks": [
                {"orchestration": one.orchestration, "task": one.task, "phase": one.phase, "number": one.number,
                 "enabled": one.enabled}
                for one in job.places
            ],
        }  # fmt: skip
    elif node.kind.value == "table":
        columns = graph.columns(node.name)
        body["columns"] = None if columns is None else list(columns)
    return body


# A column


def _show_column(
    out: Output, graph: LineageGraph, column: Column, ways: Sequence[Direction], depth: int | None, *, as_json: bool
) -> None:
    from orch_tui.lineage.walking import Direction, column_tree
    from orch_tui.lineage.words import HEADS

    found = {way: column_tree(graph, column, way, depth) for way in ways}
    rows_of = graph.rows_of(column.table) if Direction.UP in found else []
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, column_json(graph, column, found, rows_of))
        return
    out.line(out.bold(safe_line(f"{column.table} · {column.name}")))
    for way, rows in found.items():
        nothing = "no column" if way is Direction.UP and graph.is_traced(column.table) else "nothing that is known"
        out.line(HEADS[way.value] if rows else f"{HEADS[way.value]} {nothing}")
        width = min(64, max((2 * row.depth + len(_column_words(row)) for row in rows), default=0))
        for row in rows:
            again = "  (as above)" if row.repeated else ""
            text = pad("  " * row.depth + safe_line(_column_words(row)), width)
            out.line(f"{text}  {'by' if way is Direction.UP else 'in'} {safe_line(row.job)}{again}")
    if rows_of:
        out.line("which rows there are depends on")
        for one in rows_of:
            out.line(f"  {safe_line(one.table)} · {safe_line(one.name)}")


def _column_words(row: ColumnRow) -> str:
    return f"{row.table} · {row.column}" if row.column is not None else f"{row.table} · any column"


def column_json(
    graph: LineageGraph, column: Column, found: dict[Direction, list[ColumnRow]], rows_of: Sequence[Column]
) -> dict[str, Any]:
    """What a column comes from and goes to as docs/cli.md has it."""
    body: dict[str, Any] = {"table": column.table, "column": column.name}
    for way, rows in found.items():
        body["comes_from" if way.value == "up" else "goes_to"] = [
            {"table": row.table, "column": row.column, "configuration": row.job, "depth": row.depth,
             "of": {"table": row.above.table, "column": row.above.name}}
            for row in rows
        ]  # fmt: skip
    body["rows_depend_on"] = [{"table": one.table, "column": one.name} for one in rows_of]
    return body
