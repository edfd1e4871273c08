"""Runs that repeat an earlier one as it ran: what they need, and what a shadow run would have changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orch_tui.cli.shared.errors import USAGE, CliError
from orch_tui.cli.shared.opening import command_hint
from orch_tui.cli.shared.output import Output
from orch_tui.engine.runs.as_it_ran import AsItRan, plan_as_it_ran
from orch_tui.model.run.plan import RunPlan
from orch_tui.model.run.runstate import RunState
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import Project
from orch_tui.runs.shadow import ShadowTable, shadow_tables, versions_gone

_MOST = 10


def plan_of_repeat(project: Project, asked: AsItRan) -> RunPlan:
    """Raises: RunRefused; CliError when a version of a table that it needs is not kept any more."""
    plan = plan_as_it_ran(project, asked)
    if gone := versions_gone(project, plan):
        more = f"\nand {len(gone) - _MOST} more" if len(gone) > _MOST else ""
        remedy = "[storage] keep_versions and keep_days in orch.toml say how many are kept"
        raise CliError(
            f"run {asked.run} cannot be repeated as it ran; {remedy}:\n" + "\n".join(gone[:_MOST]) + more, USAGE
        )
    return plan


def print_shadow(out: Output, project: Project, directory: Path, state: RunState) -> None:
    """One line for each table that the shadow run wrote, and how to see more."""
    tables = shadow_tables(project, directory, state)
    if not tables:
        out.line("it wrote no table; nothing was published")
        return
    out.line(out.bold("Nothing was published. Compared with what is published now:"))
    for one in tables:
        out.line(f"  {safe_line(one.table, 200)}  {shadow_words(one)}")
    if any(one.difference is not None and not one.difference.same for one in tables):
        out.line(f"rows and values: {command_hint('diff', 'TABLE', '--shadow', directory.name)}")


def shadow_words(one: ShadowTable) -> str:
    """``the same, 12 rows``, or what differs in numbers."""
    found = one.difference
    if found is None:
        return f"cannot be compared: {safe_line(one.why_not, 300)}"
    if found.same:
        return f"the same, {counted(found.after_rows, 'row')}"
    parts = [f"{found.added} added", f"{found.removed} removed"]
    if found.key:
        parts.append(
            f"{found.changed} changed" + (f" ({', '.join(c.column for c in found.columns)})" * bool(found.columns))
        )
    if not found.schema.same:
        parts.append("other columns")
    return safe_line(f"{', '.join(parts)}; {found.before_rows} → {found.after_rows} rows", 400)


def shadow_json(tables: list[ShadowTable]) -> list[dict[str, Any]]:
    from orch_tui.cli.data.diff import difference_json

    return [
        {
            "task": one.task,
            "table": one.table,
            "file": str(one.file),
            "difference": None if one.difference is None else difference_json(one.difference),
            "why_not": one.why_not or None,
        }
        for one in tables
    ]
