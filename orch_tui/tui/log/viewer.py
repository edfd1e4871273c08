"""One task's logs, full screen: its attempts, copying, the pager, the terminal's own scrollback."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from textual import getters
from textual.app import ComposeResult, SuspendNotSupported
from textual.content import Content

from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import log as actions
from orch_tui.tui.background import in_background
from orch_tui.tui.clipboard import copy
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.log.selection import MOST, lines_text
from orch_tui.tui.log.view import LogView
from orch_tui.tui.task_names import name_first
from orch_tui.tui.text import join, line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

PRINTED_LINES = 2_000
_WIDE = 100


class LogViewerScreen(FullScreen[None]):
    """``attempts`` are labels and paths of logs, the earliest first; ``start`` is the one to begin with."""

    CSS_PATH = "viewer.tcss"
    BINDINGS = bindings(actions.VIEWER)
    BINDING_GROUP_TITLE = "Log"
    log_view = getters.query_one(LogView)

    def __init__(self, attempts: Sequence[tuple[str, Path]], start: int = -1, title: str = "Log") -> None:
        super().__init__()
        if not attempts:
            raise ValueError("there is no log to show")
        self._attempts = list(attempts)
        self._index = start % len(self._attempts)
        self._task_name = title
        self._of_run: tuple[Path, RunState, TaskState] | None = None
        self._numbers: list[int] = []
        self._ended: list[bool] = [False] * len(self._attempts)
        self._begin_at: tuple[str, int] | None = None

    @classmethod
    def open_for_task(
        cls, run_directory: Path, task: TaskState, state: RunState | None = None, *, attempt: int | None = None
    ) -> Self:
        """The attempts of a task, the latest one in view, or the one of this number; of a task that has not begun, its
        first one to be.

        With the ``state`` of its run, an attempt's text can be shown and its command copied.
        """
        numbers = [(one.number, one.status.value) for one in task.attempts] or [(1, task.status.value)]
        start = next((place for place, (number, _) in enumerate(numbers) if number == attempt), -1)
        attempts = [
            (
                f"{task.attempt_words(number)}, {status}",
                log_file(attempt_directory(run_directory, task.id, number)),
            )
            for number, status in numbers
        ]
        viewer = cls(attempts, start, title=name_first(task.name))
        if task.attempts:
            viewer._ended = [one.status.final for one in task.attempts]
        if state is not None:
            viewer._numbers = [number for number, _ in numbers] if task.attempts else []
            viewer._of_run = (run_directory, state, task)
        return viewer

    def begin_at(self, text: str, offset: int) -> None:
        """Show the line that begins there first, as the one that a search for the text has found."""
        self._begin_at = (text, offset)

    @property
    def path(self) -> Path:
        """The log that is shown."""
        return self._attempts[self._index][1]

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield LogView(self.path, position=False, ended=self._ended[self._index])
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.log_view)
        if self._begin_at is not None:
            # The view must know how many lines it has.
            self.call_after_refresh(self.log_view.show_match, *self._begin_at)
        self._show_title()

    def on_resize(self) -> None:
        self._show_title()

    def on_log_view_changed(self, event: LogView.Changed) -> None:
        event.stop()
        self._show_title()

    def _show_title(self) -> None:
        label = self._attempts[self._index][0]
        state, narrow = self.log_view.state, self.size.width < _WIDE
        hint = "  [ ]" if len(self._attempts) > 1 and not narrow else ""
        left = join([line(self._task_name, "bold"), line(label + hint, "$text-muted")])
        shown = state.log is not None and state.log.problem is None
        place = state.place if narrow else state.position
        self.query_one(TitleBar).show(left, line(place, "$text-muted") if shown else Content(""))

    # --- attempts ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("copy_command", "text"):
            return bool(self._numbers)
        return len(self._attempts) > 1 if action in ("earlier", "later") else True

    def action_earlier(self) -> None:
        self._show_attempt(self._index - 1)

    def action_later(self) -> None:
        self._show_attempt(self._index + 1)

    def _show_attempt(self, index: int) -> None:
        if 0 <= index < len(self._attempts):
            self._index = index
            self.log_view.show(self.path, ended=self._ended[self._index])
            self._show_title()

    # --- copying ---

    @property
    def _program(self) -> Application:
        app: Any = self.app
        return app  # type: ignore[no-any-return]

    def action_copy_all(self) -> None:
        blocks = self.log_view.state.view.blocks
        if blocks.size > MOST:
            where = self._program.project.paths.relative(self.path)
            self._program.say(f"The log is too much to copy ({blocks.size:,} bytes). It is {where}.", "warning", 10)
            return
        try:
            text = lines_text(blocks, 0, blocks.size)
        except OSError as error:
            self._program.say(f"The log cannot be read: {error.strerror or error}.", "error")
            return
        if text:
            self._program.say(copy(text, self.app), seconds=8)
        else:
            self._program.say("The log is empty: there is nothing to copy.", "warning")

    # --- how it was started ---

    def action_copy_command(self) -> None:
        from orch_tui.tui.runs.attempt_text import Which, copy_command

        if self._of_run is not None:
            copy_command(self._program, Which(*self._of_run, self._numbers[self._index]))

    def action_text(self) -> None:
        from orch_tui.tui.runs.attempt_text import Which, show_text

        if self._of_run is not None:
            which = Which(*self._of_run, self._numbers[self._index])
            in_background(self, partial(show_text, self._program, which), "text", "read a text", exclusive=True)

    # --- other programs ---

    def action_pager(self) -> None:
        try:
            command = pager()
        except ValueError:
            command = None
        if command is None:
            self._program.say("There is no pager: set PAGER to the command of one, and start orch-tui again.", "error")
        else:
            self._run([*command, str(self.path)], f'The pager "{command[0]}"')

    def action_print(self) -> None:
        module = "orch_tui.tui.log.printout"
        self._run([sys.executable, "-P", "-m", module, str(self.path), str(PRINTED_LINES)], "Printing")

    def _run(self, command: list[str], what: str) -> None:
        if not self.path.exists():
            self._program.say("There is no output yet.", "warning")
            return
        try:
            code = self._program._run_in_terminal(command)
        except SuspendNotSupported:
            where = self._program.project.paths.relative(self.path)
            self._program.say(f"Another program cannot be shown here; the log is {where}.", "error")
        except OSError as error:
            self._program.say(f"{what} could not be started: {error.strerror or error}.", "error")
        else:
            if code:
                self._program.say(f"{what} ended with code {code}.", "warning")

    def action_close(self) -> None:
        # A key pressed twice must not close what is below.
        if self.app.screen is self:
            self.dismiss(None)


def pager(environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The command of the person's pager: ``$PAGER``, or one that is there; None when there is none.

    Raises:
        ValueError: the variable cannot be split into words.
    """
    if command := environment.get("PAGER", "").strip():
        return shlex.split(command)
    # -R shows colours and nothing else that a log may have in it.
    known = (["less", "-R", "+G"], ["more"])
    return next((command for command in known if shutil.which(command[0])), None)
