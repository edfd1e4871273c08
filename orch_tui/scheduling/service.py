"""The project's scheduler as a process: it sleeps until something is due or a definition changes, and takes a turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from orch_tui.model.errors import OrchError
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project
from orch_tui.scheduling.life import keep_sign, last_sign
from orch_tui.scheduling.next_start import next_start_of
from orch_tui.scheduling.outage import Moment, Sign
from orch_tui.scheduling.pauses import pauses_directory, read_pauses
from orch_tui.scheduling.processes import Processes
from orch_tui.scheduling.scheduler import Scheduler
from orch_tui.scheduling.store import FileLedger, scheduling_directory
from orch_tui.scheduling.watching import Schedules, watched_directories

_LONGEST_SLEEP = 600.0
"""Seconds: what changes where no word of it comes, on a file system of another machine, is noticed so late at most."""
_AFTER_FAULT = 10.0


class Sleeper(Protocol):
    """What the service sleeps with; :class:`orch_tui.scheduling.alarm.Alarm`, outside of tests."""

    def watch(self, directories: Iterable[Path]) -> None: ...

    def wait(self, until: float, descriptors: Sequence[int]) -> None: ...


class Companion(Protocol):
    """What is done beside the starts, at the same times; ``failing`` is what is said when it cannot be done."""

    failing: str

    def turn(self, moment: Moment) -> float | None:
        """Do what is due; when the next turn is to be (None: not by itself). Raises: OSError, OrchError."""

    def directories(self) -> Iterable[Path]:
        """Where a change makes the next turn due."""

    @property
    def descriptors(self) -> Sequence[int]:
        """Readable when the next turn is due."""

    def leave(self) -> None:
        """Go, and leave what was started to itself."""


class Service:
    """One scheduler for one project; who makes it holds the project's scheduler lock.

    ``say`` is told what cannot be done, once as long as it stays the same.
    """

    def __init__(
        self,
        project: Project,
        clock: Callable[[], Moment],
        say: Callable[[str], None],
        companions: Sequence[Companion] = (),
    ) -> None:
        """Raises: OSError."""
        paths = project.paths
        self._project = project
        self._clock = clock
        self._say = say
        self._schedules = Schedules(project)
        self._processes = Processes(project.root, scheduling_directory(paths) / "starts.log")
        self._scheduler = Scheduler(lambda watched: FileLedger(paths, watched), self._processes, last_sign(paths))
        self._companions = companions
        self._trouble: dict[str, str] = {}

    def turn(self) -> float:
        """Do what is due; when to do that next, in seconds since the epoch."""
        moment = self._clock()
        # Starts come first.
        wakes = [self._guarded("nothing can be started now", self._start_what_is_due, moment)]
        wakes += [self._guarded(one.failing, one.turn, moment) for one in self._companions]
        return min([moment.now + _LONGEST_SLEEP, *(wake for wake in wakes if wake is not None)])

    def _start_what_is_due(self, moment: Moment) -> float | None:
        schedules, pauses = self._schedules.read(), read_pauses(self._project.paths)
        try:
            return self._scheduler.turn(schedules, pauses, moment)
        finally:
            keep_sign(self._project.paths, Sign(moment), next_start_of(schedules, pauses, moment.now))

    def _guarded(self, failing: str, turn: Callable[[Moment], float | None], moment: Moment) -> float | None:
        """Take a turn. What it cannot do, for a full disk or a damaged file, is found by the next."""
        before = self._trouble.get(failing, "")
        try:
            wake = turn(moment)
        except (OSError, OrchError) as error:
            said = self._trouble[failing] = _words(error)
            if said != before:
                self._say(f"{failing}: {said}")
            return moment.now + _AFTER_FAULT
        if self._trouble.pop(failing, ""):
            self._say("it goes on")
        return wake

    def serve(self, sleeper: Sleeper, stopping: Callable[[], bool]) -> None:
        """Take turns until ``stopping``. Raises: OSError when it cannot sleep."""
        make_private(pauses_directory(self._project.paths))
        sleeper.watch(self._directories())
        while not stopping():
            until = self.turn()
            # One may have come meanwhile; those that are watched already stay so.
            sleeper.watch(self._directories())
            if not stopping():
                others = (descriptor for one in self._companions for descriptor in one.descriptors)
                sleeper.wait(until, [*self._processes.descriptors, *others])

    def _directories(self) -> list[Path]:
        own = [*watched_directories(self._project), pauses_directory(self._project.paths)]
        return [*own, *(path for one in self._companions for path in one.directories())]

    def leave(self) -> None:
        """Go, and leave what was started to itself. Raises: OSError."""
        self._processes.leave()
        for one in self._companions:
            one.leave()
        moment = self._clock()
        keep_sign(self._project.paths, Sign(moment, ended=True), None)


def _words(error: OSError | OrchError) -> str:
    if isinstance(error, OrchError) or error.strerror is None:
        return str(error)
    return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
