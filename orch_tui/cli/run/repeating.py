"""What a shadow run would have changed, on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orch_tui.cli.shared.opening import command_hint
from orch_tui.cli.shared.output import Output
from orch_tui.model.run.runstate import RunState
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import Project
from orch_tui.runs.planning.repeating import shadow_words
from orch_tui.runs.planning.shadow import ShadowTable, shadow_tables


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
