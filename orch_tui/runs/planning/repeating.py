"""Runs that repeat an earlier one as it ran: their plan with what it needs, and words of what a shadow run gave."""

from __future__ import annotations

from orch_tui.engine.runs.as_it_ran import AsItRan, plan_as_it_ran
from orch_tui.engine.runs.start import RunRefused
from orch_tui.model.run.plan import RunPlan
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import Project
from orch_tui.runs.planning.shadow import ShadowTable, versions_gone

_MOST = 10


def plan_of_repeat(project: Project, asked: AsItRan) -> RunPlan:
    """Raises: RunRefused, also when a version of a table that it needs is not kept any more; StorageError."""
    plan = plan_as_it_ran(project, asked)
    if gone := versions_gone(project, plan):
        more = f"\nand {len(gone) - _MOST} more" if len(gone) > _MOST else ""
        remedy = "[storage] keep_versions and keep_days in orch.toml say how many are kept"
        raise RunRefused(
            f"run {plan.as_it_ran} cannot be repeated as it ran; {remedy}:\n" + "\n".join(gone[:_MOST]) + more
        )
    return plan


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
