"""Running again what some runs did not do: what would be run for each, and doing it.

Runs of one orchestration follow each other, the earliest first; those of several go on side by side. Each is a process
of its own, which a kill of the one that started it does not end.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orch_tui.engine.runs.start import RunRequest
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.status import Status
from orch_tui.project.history import RunSummary, judge_by, run_directories
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project
from orch_tui.runs.live.control import CannotRun, RunControl, plan_words

AT_ONCE = 4
"""Orchestrations whose runs go on side by side."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """What would become of one run. ``words`` say what would run; ``refused`` why nothing does, empty if it can."""

    run: RunSummary
    request: RunRequest | None = None
    words: str = ""
    refused: str = ""


def plan_reruns(project: Project, runs: Sequence[RunSummary]) -> list[Rerun]:
    """For each run, the earliest first: of one that succeeded all is run once more with its variables, of another what
    did not succeed in it. Nothing is started."""
    control = RunControl(project)
    continued: dict[str, Mapping[str, str]] = {}
    found = []
    for run in sorted(runs, key=lambda one: one.id):
        try:
            if run.orchestration not in continued:
                continued[run.orchestration] = _continued(project, run.orchestration, run.id)
            refused = _why_not(run, continued[run.orchestration])
        except OSError as error:
            refused = f"whether it was run again cannot be read now: {error.strerror or error}"
        found.append(Rerun(run, refused=refused) if refused else _plan(control, run))
    return found


def _continued(project: Project, orchestration: str, first: str) -> dict[str, str]:
    """Which run goes on from which, among those of an orchestration from ``first`` on. Raises: OSError."""
    found = {}
    for name in run_directories(project.paths, orchestration):
        if name <= first:
            break
        try:
            later = judge_by(project.paths.run(orchestration, name))
        except FileNotFoundError:
            continue
        if later.continues is not None:
            found[later.continues] = later.id
    return found


def _why_not(run: RunSummary, continued: Mapping[str, str]) -> str:
    if run.broken is not None:
        return f"its journal cannot be read: {run.broken}"
    if run.parent is not None:
        return f"it belongs to a task of another run: {run.parent}"
    if run.live:
        return "it goes on"
    if run.interrupted:
        return f"it was interrupted: go on with it (orch-tui run --resume {run.id})"
    if (later := continued.get(run.id)) is not None:
        return f"run {later} goes on from it already"
    return ""


def _plan(control: RunControl, run: RunSummary) -> Rerun:
    try:
        request = _request(run)
        plan = control.plan(request)
    except (CannotRun, OrchError, OSError) as error:
        return Rerun(run, refused=str(error).rstrip("."))
    if plan.refusal is not None:
        return Rerun(run, refused=plan.refusal)
    return Rerun(run, request, plan_words(plan))


def _request(run: RunSummary) -> RunRequest:
    """Raises: CannotRun, OSError."""
    if run.status is not Status.SUCCESS:
        return RunRequest(run.orchestration, rerun=run.id)
    state = read_run(run.directory)
    if state.header.shadow:
        raise CannotRun(
            "It was a shadow run, which published nothing: repeat it with "
            f"orch-tui run {run.orchestration} --as-it-ran {state.header.as_it_ran} --shadow."
        )
    only = [task.id for task in state.tasks.values() if task.attempts or task.nothing_to_do] if run.partial else []
    if run.partial and not only:
        # Without a choice all of the orchestration would run.
        raise CannotRun("None of the tasks that were chosen for it has run.")
    return RunRequest(run.orchestration, only=only, variables=state.header.variables)


def rerun_command(request: RunRequest, project: Path) -> list[str]:
    """The command that carries out a request once it is its turn."""
    command = [sys.executable, "-P", "-m", "orch_tui", "run", request.orchestration]
    if request.rerun is not None:
        command += ["--rerun-failed", request.rerun]
    for task in request.only:
        command += ["--only", task]
    for name, value in request.variables.items():
        command += ["--var", f"{name}={value}"]
    return [*command, "--wait", "--quiet", "--project", str(project)]


class Reruns:
    """Carries some out. ``stop`` lets nothing more start; what was started goes on."""

    def __init__(self, project: Path, say: Callable[[Rerun, int | None], object]) -> None:
        """``say`` is told of each when it starts (None) and when it has ended, with its exit code; in any thread."""
        self._project = project
        self._say = say
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Start no more."""
        self._stopped.set()

    def all(self, planned: Sequence[Rerun]) -> int:
        """How many of them did not succeed, those that were not started among them. Blocks until all have ended."""
        rows: dict[str, list[Rerun]] = {}
        for one in planned:
            if one.request is not None:
                rows.setdefault(one.run.orchestration, []).append(one)
        if not rows:
            return 0
        with ThreadPoolExecutor(min(AT_ONCE, len(rows)), "rerun") as pool:
            return sum(pool.map(self._row, rows.values()))

    def _row(self, planned: Sequence[Rerun]) -> int:
        failed = 0
        for one in planned:
            if self._stopped.is_set() or one.request is None:
                failed += 1
                continue
            self._say(one, None)
            code = subprocess.run(
                rerun_command(one.request, self._project), stdin=subprocess.DEVNULL, check=False
            ).returncode
            self._say(one, code)
            failed += code != 0
        return failed
