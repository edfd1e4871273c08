"""The application as its screens know it: the project, what is told people, and the ways to other screens."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from textual import work
from textual.app import App, SuspendNotSupported

from orch_tui.model.clocks.machine_clock import MachineClock
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import DefinitionError, Project
from orch_tui.tui import terminal, theme
from orch_tui.tui.actions import BY_ID
from orch_tui.tui.collector import Collector
from orch_tui.tui.keymap import UserConfig, keys_of, show_key
from orch_tui.tui.signals import Signals
from orch_tui.tui.textual_patches.app import PatchedApp

if TYPE_CHECKING:
    from textual.screen import Screen

    from orch_tui.model.components.fault import Fault
    from orch_tui.runs.live.control import RunControl
    from orch_tui.runs.past.again import Again
    from orch_tui.tui.announcer import Announcer

SayAs = Literal["information", "warning", "error"]


class Ways(Protocol):
    """Makes the screens that others lead to, so that a screen need not know those above it."""

    def workbench(
        self, orchestration_id: str, *, focus: str | None = None, run: Path | None = None, again: Again | None = None
    ) -> Screen[Any]:
        """The workbench of an orchestration: ``focus`` is the task or phase to begin at, ``run`` the directory of a run
        to show, ``again``: prepare to run it again."""

    def is_workbench(self, screen: Screen[Any], orchestration_id: str) -> bool:
        """Whether the screen is the workbench of this orchestration."""

    def jump(self, workbench: Screen[Any], focus: str) -> None:
        """Put the cursor of a workbench that is shown on a task or phase."""

    def configuration(self, ref: str, fault: Fault | None = None) -> Screen[Any]:
        """The form of one configuration (``component-id/configuration-id``), at what made a task fail."""

    def log_search(self, orchestration_id: str | None) -> Screen[Any]:
        """Text in the logs of all runs, or of those of one orchestration."""


class Application(PatchedApp, inherit_bindings=False):
    """``project`` is shared by all screens; widgets never touch it."""

    def __init__(
        self, project: Project, config: UserConfig | None, clock: MachineClock, ways: Ways, collector: Collector
    ) -> None:
        self.project = project
        self.clock = clock
        self.ways = ways
        self.collector = collector
        self.config = config or UserConfig(Path(os.devnull))
        # Before the base class: it derives filters and style sheet from the theme.
        self.set_reactive(App.theme, theme.fitting(self.config.theme, terminal.colors()))
        super().__init__()
        self.animation_level = "none"
        self.set_keymap(self.config.keys)
        self.signals = Signals()
        self._own_loop: asyncio.AbstractEventLoop | None = None

    def say(self, text: str, severity: SayAs = "information", seconds: float = 6.0) -> None:
        """Show a sentence in the corner for a while; it is never parsed as markup."""
        self.notify(safe_line(text), severity=severity, timeout=seconds, markup=False)

    def key_of(self, action_id: str) -> str:
        """The first key of an action as people write it, for sentences: ``u``, ``Ctrl-P``."""
        return show_key(keys_of(BY_ID[action_id], self.config.keys)[0])

    def open_workbench(self, orchestration_id: str, *, focus: str | None = None) -> None:
        """Show one orchestration in the workbench; ``focus`` is the task or phase to begin at.

        Where its workbench is open below others, these are left and it is shown again: two would share one draft.
        """
        for screen in self.screen_stack:
            if self.ways.is_workbench(screen, orchestration_id):
                self._return_to(screen, focus)
                return
        self.push_screen(self.ways.workbench(orchestration_id, focus=focus))

    @work(group="return", exclusive=True, description="return to a workbench")
    async def _return_to(self, below: Screen[Any], focus: str | None) -> None:
        while self.screen is not below:
            if not await agrees(self.screen):
                return
            await self.screen.dismiss(None)
        if focus is not None:
            self.ways.jump(below, focus)

    def open_run(self, orchestration_id: str, directory: Path, *, again: Again | None = None) -> None:
        """Show one run of an orchestration in its workbench; ``again`` prepares to run again what failed in it."""
        self.push_screen(self.ways.workbench(orchestration_id, run=directory, again=again))

    async def visit_run(self, orchestration_id: str, directory: Path) -> None:
        """Show one run in the workbench of its orchestration until that is left again; for a worker."""
        await self.push_screen_wait(self.ways.workbench(orchestration_id, run=directory))

    @cached_property
    def runs(self) -> RunControl:
        """The runs that this process executes; made when the first workbench asks for it."""
        from orch_tui.runs.live.control import RunControl

        return RunControl(self.project, on_start=self._announce_from_thread)

    @cached_property
    def _announcer(self) -> Announcer:
        from orch_tui.tui.announcer import Announcer

        return Announcer(self._write_title, self._ring)

    def announce(self, runs: Iterable[tuple[str, Path]]) -> None:
        """Names of orchestrations and directories of their runs that go on: how they end is told from here on."""
        if going := [*runs]:
            self._announcer.follow(going)

    def _announce_from_thread(self, orchestration_id: str, directory: Path) -> None:
        if self._own_loop is not None:
            self._own_loop.call_soon_threadsafe(lambda: self.announce([(self._name_of(orchestration_id), directory)]))

    def _name_of(self, orchestration_id: str) -> str:
        try:
            return self.project.orchestration(orchestration_id).name
        except DefinitionError:
            return orchestration_id

    def _write_title(self, title: str) -> None:
        if self.config.title and (driver := self.terminal_driver) is not None:
            driver.set_title(title)

    def _ring(self) -> None:
        if self.config.bell:
            self.bell()

    def open_configuration(self, ref: str, fault: Fault | None = None) -> None:
        """Show the form of one configuration (``component-id/configuration-id``), at what made a task fail."""
        self.push_screen(self.ways.configuration(ref, fault))

    def edit_file(self, path: Path) -> bool:
        """Open a file in the person's editor and wait; True when the editor ended without an error."""
        try:
            command = terminal.editor()
        except ValueError:
            command = None
        if not command:
            self.say("There is no editor: set EDITOR to the command of one, and start orch-tui again.", "error")
            return False
        try:
            code = self._run_in_terminal([*command, str(path)])
        except FileNotFoundError:
            self.say(f'The editor "{command[0]}" was not found: set EDITOR to the command of one.', "error")
        except OSError as error:
            self.say(f'The editor "{command[0]}" could not be started: {error.strerror or error}.', "error")
        except SuspendNotSupported:
            self.say(f"An editor cannot be shown here; edit {self.project.paths.relative(path)} elsewhere.", "error")
        else:
            if code != 0:
                self.say(f'The editor "{command[0]}" ended with code {code}.', "warning")
            return code == 0
        return False

    def _run_in_terminal(self, command: list[str]) -> int:
        # Painting while the terminal belongs to another program would wait for ever.
        with self.suspend(), self.batch_update(), self.signals.interrupts_elsewhere():
            return subprocess.run(command, check=False).returncode


async def agrees(screen: Screen[Any]) -> bool:
    """Whether a screen may be left: it asks where something would be lost."""
    may_leave = getattr(screen, "may_leave", None)
    if may_leave is None:
        return True
    answer = may_leave()
    return bool(await answer if inspect.isawaitable(answer) else answer)
