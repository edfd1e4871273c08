"""Telling a person of a run that this process executes. When that fails, the run goes on and is told no more."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from orch_tui.cli.follow.live import Display
from orch_tui.cli.follow.narrate import Narrator
from orch_tui.cli.shared.output import Output
from orch_tui.engine.attempts.obstacles import passing_obstacle
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.own_files import replace_own
from orch_tui.project.journal.file import BrokenJournal
from orch_tui.runs.live.follower import Follower

if TYPE_CHECKING:
    from orch_tui.engine.runs.start import ActiveRun
    from orch_tui.model.run.runstate import RunState


class Telling:
    """What the journal says, as lines; ``live`` with a status line below them.

    The journal may be deleted or damaged while the run goes on, and this program may have faults: neither is the
    run's. ``state`` is what was told last, None once nothing can be told any more.
    """

    def __init__(self, run: ActiveRun, out: Output, *, live: bool, quiet: bool) -> None:
        self._run = run
        self._out = out
        self._display: Display | None = None
        self._follower: Follower | None = None
        self._live = live
        self._quiet = quiet
        self._gave_up = False
        self._guarded(self._open)

    def _open(self) -> None:
        """Done again when the system refused it for the moment."""
        if self._display is None:
            follower = Follower(self._run.directory)
            narrator = Narrator(self._out, self._run.directory, starts=not self._live, quiet=self._quiet)
            self._display = Display(self._out, narrator, live=self._live, now=self._run.now)
            self._follower = follower

    @property
    def state(self) -> RunState | None:
        return self._follower.state if self._follower is not None and self._display is not None else None

    def look(self) -> None:
        """Tell what is new."""
        if not self._gave_up:
            self._guarded(self._tell)

    def _tell(self) -> None:
        self._open()
        if self._display is not None and self._follower is not None:
            self._display.update(self._follower)

    def say(self, text: str) -> None:
        """A line about what no event tells."""
        if self._display is not None:
            self._display.say(text)
        else:
            self._out.lines(text)

    def close(self) -> None:
        """Take the status line away."""
        if self._display is not None:
            self._display.clear()

    def _guarded(self, action: Callable[[], object]) -> None:
        try:
            action()
        except FileNotFoundError:
            self._give_up("its journal is gone")
        except OSError as error:
            if passing_obstacle(error) is None:
                self._give_up(f"its journal cannot be read: {safe_line(str(error), 300)}")
        except BrokenJournal as error:
            self._give_up(f"its journal cannot be read: {safe_line(str(error), 300)}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the run
            self._give_up(f"that is a fault of orch-tui; please report it: {self._report(error)}")

    def _give_up(self, why: str) -> None:
        self.close()
        self._display, self._gave_up = None, True
        self._out.lines(f"what happens in run {self._run.id} cannot be told any more: {why}")

    def _report(self, error: Exception) -> str:
        """Where the fault was, in the run's directory if that is still there; in words here."""
        where = self._run.directory / "fault.log"
        told = f"{type(error).__name__}: {error}"
        with contextlib.suppress(OSError):
            replace_own(where, "".join(traceback.format_exception(error)))
            told += f" ({where})"
        return safe_line(told, 600)
