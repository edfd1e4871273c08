"""Looking at runs while the home screen is shown: those of the rows in view, and the board of all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from orch_tui.tui.home.doing.interrupted import told
from orch_tui.tui.home.state.board import Board, Look
from orch_tui.tui.home.state.model import HomeModel, read_runs
from orch_tui.tui.home.state.schedule_look import ScheduleBoard

if TYPE_CHECKING:
    from textual.worker import WorkType

    from orch_tui.project.history import RunSummary
    from orch_tui.project.newest_runs import NewestRuns
    from orch_tui.tui.application import Application
    from orch_tui.tui.home.panes.orchestration_list import OrchestrationList

_SCHEDULED = 20
_IDLE_TICKS = 3
"""Looks are so many ticks apart while none goes on."""


class ShowsBoard(Protocol):
    """What the watcher needs of the screen."""

    @property
    def table(self) -> OrchestrationList:
        """The list, whose rows in view are looked at first."""

    def show_runs_of(self, orchestration_id: str) -> None:
        """Its runs are others than before, or known now."""

    def show_board(self) -> None:
        """Something else runs, failed or comes next; or it goes on."""


class RunWatcher:
    """Files are read in threads; what was found is taken over and shown in that of the screen."""

    def __init__(self, app: Application, model: HomeModel, home: ShowsBoard) -> None:
        self._app, self._model, self._home = app, model, home
        self.board = Board(model.project, app.clock)
        self._schedules = ScheduleBoard(model.project.paths)
        self._newest: NewestRuns | None = None
        self._reading = False
        self._begun = False
        self._ticks = 0
        self._opened: str | None = None

    def tick(self) -> None:
        """Once a second: look while a run goes on, else now and then."""
        self._ticks += 1
        if self.board.look.progress or self._ticks % _IDLE_TICKS == 0:
            self.look()

    def look(self) -> None:
        """Look at everything now."""
        rows: WorkType[None] = self._read_rows
        self._app.run_worker(rows, group="rows", exclusive=True, description="runs of the rows in view")
        if not self._reading:
            self._reading = True
            board: WorkType[None] = self._read_board
            self._app.run_worker(board, group="board", description="all that runs or failed")

    async def _read_rows(self) -> None:
        # Nothing of it is needed for the first picture.
        from orch_tui.project.newest_runs import NewestRuns

        self._newest = self._newest or NewestRuns(self._model.project.paths)
        table = self._home.table
        for orchestration_id in table.in_view():
            known = self._model.runs(orchestration_id)
            found = await asyncio.to_thread(read_runs, self._newest, orchestration_id, known)
            if self._model.keep_runs(orchestration_id, found):
                self._home.show_runs_of(orchestration_id)

    async def _read_board(self) -> None:
        try:
            look = await asyncio.to_thread(self.board.read, self._model.all_ids, self._model.triggers())
            self._model.keep_schedule_look(await asyncio.to_thread(self._schedules.read, self._model.schedules()))
        finally:
            self._reading = False
        self.board.look = look
        self._app.announce((self._model.known_name(run.orchestration), run.directory) for run in look.running())
        if self._opened is not None:
            opened, self._opened = self._opened, None
            self.looked_at(opened)
        if not self._begun:
            self._begun = True
            self._begin_at(look)
        self._home.show_board()

    def _begin_at(self, look: Look) -> None:
        """The cursor starts on what runs, unless a person was faster."""
        running = look.running()
        if running and self._home.table.cursor == 0:
            self._home.table.go_to(running[0].orchestration)
        if interrupted := [run for run in look.last.values() if run.interrupted]:
            self._app.say(told(interrupted), "warning", seconds=12)

    def open(self, orchestration_id: str) -> None:
        """A person goes to see it: how its run ended is known then, also that of one that ends meanwhile."""
        self._opened = orchestration_id

    def looked_at(self, orchestration_id: str) -> None:
        """A person has seen how its last run ended."""
        try:
            self.board.looked_at(orchestration_id)
        except OSError as error:
            self._app.say(f"What you looked at cannot be kept: {error.strerror or error}.", "warning")

    def is_waiting(self, orchestration_id: str | None) -> bool:
        """Whether something of it waits for somebody who takes care of it."""
        items = self.board.look.inbox
        return any(item.orchestration == orchestration_id and item.acknowledged is None for item in items)

    def last_run(self, orchestration_id: str | None) -> RunSummary | None:
        """The last run as it was seen last."""
        return self.board.look.last.get(orchestration_id) if orchestration_id is not None else None

    def following(self) -> list[tuple[float, str]]:
        """When a schedule starts which orchestration next, soonest first."""
        return self._model.following()[:_SCHEDULED]
