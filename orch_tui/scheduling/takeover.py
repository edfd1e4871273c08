"""Runs of schedules and triggers whose executor died are gone on with: they do not wait for the morning."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from orch_tui.engine.processes.process import host
from orch_tui.model.orchestration.starts import TRIGGER_PREFIX
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.history import RunSummary, runs
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.project.project import DefinitionError, Project
from orch_tui.scheduling.apart import each_apart
from orch_tui.scheduling.outage import Moment
from orch_tui.scheduling.pauses import read_pauses
from orch_tui.scheduling.processes import start_detached
from orch_tui.scheduling.store import scheduling_directory
from orch_tui.scheduling.values import pause_at
from orch_tui.scheduling.watching import Schedules

TRIES = 3
"""Takeovers of a run in which no task ends, after which it is left to people."""
_LOOK = 30.0
"""Seconds between two looks at a scheduled run that goes on: nothing tells of the death of a process of others."""
_COMING = 60.0
"""Seconds in which a process that was started has the run in hand, or never will."""
_LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """What was done about a run. ``lives`` is how many processes have had it in hand if nobody else but schedules did;
    ``done`` is how many of its tasks had ended at the last of ``tries`` without one more."""

    run: str
    lives: int = 1
    tries: int = 0
    done: int = 0
    at: float = 0.0
    told: bool = False


class TakeOver:
    """Beside one scheduler. Each death of an executor is answered once; a run that a person has had in hand since is
    that person's."""

    failing = "interrupted runs cannot be taken over now"

    def __init__(
        self,
        project: Project,
        say: Callable[[str], None],
        start: Callable[[list[str], Path, Path], subprocess.Popen[bytes]] = start_detached,
    ) -> None:
        """``start`` is given a command, its directory and its log."""
        self._project = project
        self._say = say
        self._start = start
        self._schedules = Schedules(project)
        self._started: list[subprocess.Popen[bytes]] = []

    def turn(self, moment: Moment) -> float | None:
        """When the next turn is to be, in seconds since the epoch; None: not by itself. Raises: OSError, OrchError."""
        # Whoever has ended is let go of.
        self._started = [one for one in self._started if one.poll() is None]
        enabled = {watched.key for watched in self._schedules.read() if watched.schedule.enabled} | self._triggers()
        names = sorted({name for name, _ in enabled})
        return each_apart(names, lambda name: self._look_at(name, enabled, moment))

    def _triggers(self) -> set[tuple[str, str]]:
        """Orchestration and name of those that are enabled, as headers of runs have it."""
        found = set[tuple[str, str]]()
        for name in self._project.orchestration_ids():
            with contextlib.suppress(DefinitionError):
                triggers = self._project.orchestration(name).triggers
                found |= {(name, TRIGGER_PREFIX + one.id) for one in triggers if one.enabled}
        return found

    def directories(self) -> Iterable[Path]:
        """A death leaves no trace on the disk."""
        return ()

    @property
    def descriptors(self) -> Sequence[int]:
        """None: a death is seen at the next look."""
        return ()

    def leave(self) -> None:
        """Let those that it started go on by themselves."""
        for one in self._started:
            # Nobody waits for it here: it outlives this process.
            one.returncode = 0
        self._started = []

    def _look_at(self, orchestration: str, enabled: set[tuple[str, str]], moment: Moment) -> float | None:
        newest = next((one for one in runs(self._project.paths, orchestration, _LOOKED_AT) if one.parent is None), None)
        if newest is None or newest.scheduled is None or (orchestration, newest.scheduled.schedule) not in enabled:
            return None
        if newest.live:
            return moment.now + _LOOK
        paused = pause_at(read_pauses(self._project.paths), orchestration, moment.now)
        return self._answer(newest, moment) if newest.interrupted and paused is None else None

    def _answer(self, run: RunSummary, moment: Moment) -> float | None:
        """Its executor is gone: start another, unless it is a person's, or one comes already, or it is of no use."""
        try:
            state = read_run(run.directory)
        except (BrokenJournal, FileNotFoundError):
            # Its own list says what is wrong with it.
            return None
        known, lives = _known(self._project.paths, run), len(state.executors)
        elsewhere = bool(state.executors) and state.executors[-1]["host"] != host()
        if lives > known.lives or elsewhere:
            return None
        if known.tries and lives < known.lives and 0 <= moment.now - known.at < _COMING:
            return known.at + _COMING
        done = sum(number for status, number in state.counts.items() if status.final)
        tries = 0 if done > known.done else known.tries
        if tries >= TRIES:
            self._tell(run, known)
            return None
        # Written down first: whoever is killed here has tried, and not once more.
        self._keep(Taken(run.id, lives + 1, tries + 1, done, moment.now), run.orchestration)
        log = scheduling_directory(self._project.paths) / "starts.log"
        self._started.append(self._start(resume_command(run.id, self._project.root), self._project.root, log))
        return moment.now + _LOOK

    def _tell(self, run: RunSummary, known: Taken) -> None:
        if known.told:
            return
        self._say(
            f"run {run.id} was taken over {TRIES} times, and its executor died each time before a task had ended: it "
            f"stays interrupted. See orch-tui show {run.id}; go on with orch-tui run --resume {run.id}"
        )
        self._keep(replace(known, told=True), run.orchestration)

    def _keep(self, taken: Taken, orchestration: str) -> None:
        self._project.paths.make_state()
        make_private(_file(self._project.paths, orchestration).parent)
        replace_json(_file(self._project.paths, orchestration), asdict(taken))


def given_up(paths: ProjectPaths, run: RunSummary) -> float | None:
    """When the last takeover of an interrupted run began that is left to people now; None while it is not."""
    known = _known(paths, run)
    return known.at if run.interrupted and known.tries >= TRIES and known.told else None


def _file(paths: ProjectPaths, orchestration: str) -> Path:
    return scheduling_directory(paths) / "takeovers" / f"{orchestration}.json"


def _known(paths: ProjectPaths, run: RunSummary) -> Taken:
    try:
        known = Taken(**parse_json(read_own(_file(paths, run.orchestration))))
    except (FileNotFoundError, ValueError, TypeError):
        return Taken(run.id)
    return known if known.run == run.id else Taken(run.id)


def resume_command(run: str, project: Path) -> list[str]:
    """The command that goes on with an interrupted run."""
    program = [sys.executable, "-P", "-m", "orch_tui"]
    return [*program, "run", "--resume", run, "--quiet", "--project", str(project)]
