"""Running several runs again from the history: what would run, and starting it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import RunSummary, clock_of
from orch_tui.project.paths import make_private
from orch_tui.runs.past.rerun import Rerun, plan_reruns
from orch_tui.scheduling.processes import start_detached
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.status_look import style_of
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from orch_tui.tui.application import Application


class RerunPreview(Dialog[bool]):
    """Dismissed with True to start what can be run."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(actions.RERUN)

    def __init__(self, planned: Sequence[Rerun]) -> None:
        super().__init__()
        self._planned = planned
        self._ready = sum(one.request is not None for one in planned)

    def compose(self) -> ComposeResult:
        left = len(self._planned) - self._ready
        cannot = f"; {left} cannot be run again" if left else ""
        with Vertical(id="dialog", classes="wide") as dialog:
            dialog.border_title = line("Run again")
            yield Static(line(f"{counted(self._ready, 'run')} to start{cannot}.", "bold"), id="counts")
            yield RowList([self._row(one) for one in self._planned], id="planned")
            yield Static(
                line(
                    "Enter starts them: those of one orchestration follow each other, also when this screen is left.",
                    "$text-muted",
                )
            )
        yield KeyBar()

    @staticmethod
    def _row(one: Rerun) -> Row:
        status = one.run.status
        said = Part(one.words, "strong") if one.request is not None else Part(safe_line(one.refused, 200), "dim")
        return Row(
            (
                Part(f" {status.style.glyph} ", style_of(status)),
                Part(f"{safe_line(one.run.orchestration, 24)}  {clock_of(one.run.id, None)}  "),
                said,
            )
        )

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "start" and not self._ready)

    def on_line_list_chosen(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        if self._ready:
            self.dismiss(True)


async def rerun(app: Application, runs: Sequence[RunSummary]) -> bool:
    """Show what would run and ask; True when it was started, by a process that this program need not wait for."""
    planned = await asyncio.to_thread(plan_reruns, app.project, runs)
    if not await app.push_screen_wait(RerunPreview(planned)):
        return False
    ids = [one.run.id for one in planned if one.request is not None]
    paths = app.project.paths
    command = [sys.executable, "-P", "-m", "orch_tui", "rerun", *ids, "--yes", "--project", str(paths.root)]
    try:
        make_private(paths.history)
        process = start_detached(command, paths.root, paths.history / "rerun.log")
    except OSError as error:
        app.say(f"Nothing was started: {error.strerror or error}.", "error")
        return False
    # Nobody waits for it here: it outlives this process.
    process.returncode = 0
    app.say(f"{counted(len(ids), 'run')} started, one after another of each orchestration.")
    return True
