"""Bringing a table up to date from the screen: what would run and why, then the runs one after another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.engine.runs.start import RunRequest
from orch_tui.model.errors import OrchError
from orch_tui.model.status import Status
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import Project
from orch_tui.tui.background import in_background
from orch_tui.tui.dialogs.confirm import Confirm

if TYPE_CHECKING:
    from orch_tui.freshness.planning import FreshPlan
    from orch_tui.tui.application import Application

_SHOWN = 12
_LOOK_SECONDS = 0.5


def only_stale(root: Path, request: RunRequest) -> RunRequest:
    """The request with how its tasks stand now; for a thread. Raises: OrchError."""
    from orch_tui.freshness.planning import of_today

    # A project is not for several threads.
    return of_today(Project(root, tolerant=True), request)


async def freshen(app: Application, table: str) -> bool:
    """Show what would run and why, and start it once that was confirmed; True when it has begun."""
    try:
        plan = await asyncio.to_thread(_planned, app.project.root, table)
    except OrchError as error:
        app.say(f"{error}.", "error")
        return False
    if not plan.runs:
        app.say(f"{table} is up to date: nothing to run.")
        return False
    answer = await app.push_screen_wait(_question(table, plan))
    if answer is None or answer == "cancel":
        return False
    in_background(app, partial(_run, app, table, plan.runs), "fresh", "bring a table up to date")
    if answer == "look":
        app.open_workbench(plan.runs[0].orchestration)
    return True


def _planned(root: Path, table: str) -> FreshPlan:
    from orch_tui.freshness.planning import plan_fresh

    return plan_fresh(Project(root, tolerant=True), table)


def _question(table: str, plan: FreshPlan) -> Confirm[str]:
    stale = plan.stale
    lines = []
    for one in stale[:_SHOWN]:
        why = one.standing.stale.brief if one.standing.stale is not None else ""
        lines.append(f"{one.name} ({one.orchestration}): {why}")
    if len(stale) > _SHOWN:
        lines.append(f"and {len(stale) - _SHOWN} more")
    if held := len(plan.tasks) - len(stale):
        lines.append(f"{counted(held, 'other task')} on the way still {'holds' if held == 1 else 'hold'}.")
    if len(plan.runs) > 1:
        lines.append(f"In {len(plan.runs)} runs, one after another.")
    choices = [("s", "Start", "start"), ("o", "Start and look", "look"), ("c", "Cancel", "cancel")]
    title = f"Run {counted(len(stale), 'task')} to bring {safe_line(table, 80)} up to date?"
    return Confirm(title, choices, "\n".join(safe_line(one, 300) for one in lines))


async def _run(app: Application, table: str, requests: Sequence[RunRequest]) -> None:
    for request in requests:
        try:
            app.project.reload()
            active = await asyncio.to_thread(app.runs.start, app.runs.plan(request))
        except OrchError as error:
            app.say(str(error), "error", 12)
            return
        while active.alive:
            await asyncio.sleep(_LOOK_SECONDS)
        if active.status not in (Status.SUCCESS, Status.WARNING):
            word = active.status.value if active.status is not None else "left"
            app.say(
                f"{table} is not up to date: run {active.id} of {request.orchestration} ended in {word}.", "error", 12
            )
            return
    app.say(f"{table} is up to date.")
