"""The application: one project, its screens, and what all of them share."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from functools import cached_property, partial
from pathlib import Path, PurePath
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.filter import LineFilter
from textual.reactive import Reactive
from textual.theme import Theme

from orch_tui.model.clocks.machine_clock import MACHINE, MachineClock
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import Project, open_project
from orch_tui.tui import terminal, theme
from orch_tui.tui.actions import app as actions
from orch_tui.tui.actions import bindings
from orch_tui.tui.application import Application, agrees
from orch_tui.tui.background import in_background
from orch_tui.tui.collector import Collector, FramesFirst
from orch_tui.tui.keymap import UserConfig, load_config
from orch_tui.tui.text import StripControls
from orch_tui.tui.textual_patches import first_styles
from orch_tui.tui.textual_patches.app import PatchedApp
from orch_tui.tui.ways import ScreenWays

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget


REFUSED = 2
FAULT = PatchedApp.fault_code
SIGNAL_BASE = 128
_TWICE_SECONDS = 2.0
_NOT_UTF8 = "The terminal sent bytes that are not UTF-8; they were left out. Set its encoding to UTF-8 to type them."
_HERE = Path(__file__).parent


class OrchApp(Application, inherit_bindings=False):
    """The whole: the first screen, keys that work everywhere, leaving, what a fault does."""

    BINDINGS = bindings(actions.ACTIONS, "app")
    ENABLE_COMMAND_PALETTE = False
    # The first screen's sheet too: both are parsed at once before anything is painted.
    CSS_PATH: ClassVar[list[str | PurePath]] = [_HERE / "app.tcss", _HERE / "home" / "home.tcss"]
    TITLE = "orch-tui"
    ansi_theme_dark = Reactive(theme.SIXTEEN_ON_DARK, init=False)
    asking_groups = frozenset({"do", "intervene", "note", "palette", "prepare", "secrets", "sequence"})

    def __init__(
        self,
        project: Project,
        config: UserConfig | None = None,
        clock: MachineClock = MACHINE,
        collector: Collector | None = None,
    ) -> None:
        super().__init__(project, config, clock, ScreenWays(self), collector or Collector())
        self.report: Path | None = None
        self._interrupted = 0.0
        self._leaving = False
        self._controls = StripControls()

    @cached_property
    def available_themes(self) -> dict[str, Theme]:
        """Ours first, then Textual's. Textual asks for them hundreds of times for a picture; none is added later."""
        return {**theme.OURS, **super().available_themes}

    def get_line_filters(self) -> list[LineFilter]:
        # One for all: a line that was drawn keeps what a filter made of it, for as long as the filter is the same.
        return [*super().get_line_filters(), self._controls]

    def get_default_screen(self) -> Screen[Any]:
        """The home screen is the first one: no empty screen is laid out and painted before it."""
        from orch_tui.tui.home.screen import HomeScreen
        from orch_tui.tui.home.state.model import HomeModel

        home = HomeScreen(HomeModel(self.project, self.clock.wall))
        first_styles.take_size(self, home)
        return home

    def on_mount(self) -> None:
        loop = self._own_loop = asyncio.get_running_loop()
        self.signals.listen(lambda number: loop.call_soon_threadsafe(self.leave_by, number))
        if (driver := self.terminal_driver) is not None:
            driver.on_lost = lambda: self.leave_by(signal.SIGHUP)
            driver.on_not_utf8 = partial(self.say, _NOT_UTF8, "warning", seconds=12)
        # Textual comes back from the shell with an empty screen.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if self.config.complaints:
            wrong = counted(len(self.config.complaints), "setting")
            self.say(f"{wrong} cannot be used; orch-tui keys says why.", "warning")

    # --- leaving ---

    def leave_by(self, number: int) -> None:
        """A signal: leave with the terminal as it was, exit code 128 + its number. Drafts keep what is not saved."""
        if (driver := self.terminal_driver) is not None and not driver.has_terminal():
            driver.hang_up()
        self.exit(return_code=SIGNAL_BASE + number)

    def action_quit(self) -> None:  # type: ignore[override]
        """Ask every screen that has ``may_leave`` (a bool, or something to await), the top one first; then leave."""
        if self._leaving:
            return
        self._leaving = True
        self._leave_if_all_agree()

    @work(group="leave", description="leave")
    async def _leave_if_all_agree(self) -> None:
        try:
            for screen in reversed(self.screen_stack):
                if not await agrees(screen):
                    return
            if "runs" in self.__dict__:
                from orch_tui.tui.runs.leaving import ask_about_runs

                if not await ask_about_runs(self):
                    return
            self.exit(return_code=0)
        finally:
            self._leaving = False

    def action_interrupt(self) -> None:
        """Copy what is selected; else, the second time within two seconds, leave."""
        if self._copy_selection():
            return
        now = monotonic()
        if now - self._interrupted > _TWICE_SECONDS:
            self._interrupted = now
            self.say("Press Ctrl-C again to leave.", seconds=_TWICE_SECONDS)
        elif self._leaving:
            # Asked whether to save, and pressed again: drafts keep it.
            self.exit(return_code=SIGNAL_BASE + signal.SIGINT)
        else:
            self.action_quit()

    def on_log_view_copy_asked(self, event: Any) -> None:
        """A log, in whichever screen, has something to copy."""
        from orch_tui.tui.clipboard import copy

        self.say(copy(event.text, self), seconds=8)

    def _copy_selection(self) -> bool:
        # Text fields have a selection of their own.
        selected = getattr(self.focused, "selected_text", None) or self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
        return bool(selected)

    # --- help, palette, theme ---

    def action_help(self) -> None:
        """Show the keys that work here, and do what is picked among them.

        Shown at once, not by a worker: the next key is for the help, also when it is pressed before the help is there.
        """
        from orch_tui.tui.dialogs.help import HelpScreen
        from orch_tui.tui.palette import do_here

        below = self.screen
        if isinstance(below, HelpScreen):
            # Its own key comes before it has the focus, or after it has been closed.
            return

        def picked(action: str | None) -> None:
            if action is not None:
                in_background(self, partial(do_here, self, below, action), "help", action)

        self.push_screen(HelpScreen(below), picked)

    @work(group="palette", description="palette")
    async def action_palette(self) -> None:
        """Show every action and every place of the project; do the one, or go to the other."""
        from orch_tui.tui.palette import do_here, palette
        from orch_tui.tui.places import go, is_place

        below = self.screen
        picked = await self.push_screen_wait(palette(self, below))
        if picked is None:
            return
        if is_place(picked):
            go(self, picked)
        else:
            await do_here(self, below, picked)

    def action_jump(self) -> None:
        """Show a letter at everything that can have the focus. At once: the next key is one of them."""
        from orch_tui.tui.dialogs.jump import JumpScreen, targets

        below = self.screen
        if isinstance(below, JumpScreen) or not (found := targets(below)):
            return

        def go(widget: Widget | None) -> None:
            if widget is not None and widget.is_attached:
                below.set_focus(widget)

        self.push_screen(JumpScreen(found), go)

    def action_theme(self) -> None:
        from orch_tui.tui.palette import choose_theme

        choose_theme(self)

    # --- faults ---

    def keep_fault(self, error: Exception) -> None:
        self.report = _report(self.project, error)


def run_app(project_path: Path, *, mouse: bool = True) -> int:
    """Open the project's screen and stay until it is left.

    Returns: the exit code of the process: 0; 2 where there is no terminal; 70 after a fault; 128 + n after signal n.
    Raises: DefinitionError when there is no project.
    """
    reason = terminal.refusal()
    if reason is not None:
        sys.stderr.write(f"{reason}\n")
        return REFUSED
    config = load_config()
    for complaint in config.complaints:
        sys.stderr.write(f"{safe_line(complaint)}\n")
    app = OrchApp(open_project(project_path, tolerant=True), config, collector=FramesFirst())
    with app.signals.installed() as signals:
        try:
            app.run(mouse=mouse)
        # The last line of defence: whatever it is, a person gets a sentence and a report.
        except Exception as error:  # noqa: BLE001
            app.fault = error
            app.report = _report(app.project, error)
        signals.forget()
        if "runs" in app.__dict__:
            app.runs.settle(FAULT if app.fault is not None else app.return_code or 0, _tell, signals.listen)
    if app.fault is not None:
        sys.stderr.write(_fault_sentence(app))
        return FAULT
    return app.return_code or 0


def _tell(text: str) -> None:
    # The terminal may be gone.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{safe_line(text)}\n")


def _report(project: Project, error: BaseException) -> Path | None:
    # Imported for the fault only: it looks up versions, which takes longer than the first picture may.
    from orch_tui.tui.report import write_report

    return write_report(error, project.paths.state, project.paths.env_file)


def _fault_sentence(app: Any) -> str:
    kind = type(app.fault).__name__
    where = f"The report is {app.report}." if app.report else "The report could not be written anywhere."
    return f"orch-tui stopped because of a fault in the program ({kind}). {where}\nUnsaved edits are kept as drafts.\n"
