"""Starting, stopping and taking over runs for the screen, and leaving them to others. No Textual.

A run that is started here is executed by a thread of this process that never waits for the screen; the screen follows
its journal like that of any other run.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.engine.attempts.prepare import grace_of
from orch_tui.engine.attempts.task_facts import UnresolvedVariables
from orch_tui.engine.requests.requests import CancelRequest, Request, ask, new_id, who_am_i
from orch_tui.engine.runs.as_it_ran import AsItRan
from orch_tui.engine.runs.reconcile import inspect_run
from orch_tui.engine.runs.start import AlreadyRunning, RunRefused, RunRequest, plan_run, start_run
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError, UserError
from orch_tui.model.events.interventions import Intervention
from orch_tui.model.orchestration.orchestration import Variable
from orch_tui.model.run.may_run import what_is_needed
from orch_tui.model.run.plan import Decision, RunPlan
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import UNDER_WAY, Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import RunSummary, latest, runs
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.project import DefinitionError, Project
from orch_tui.runs.live.stop_signals import STOPPING
from orch_tui.runs.people.responding import ExecutorLook, NoAnswer
from orch_tui.runs.planning.missing_values import missing_values
from orch_tui.runs.planning.repeating import plan_of_repeat
from orch_tui.runs.words.rule_words import MAY_RUN

if TYPE_CHECKING:
    from orch_tui.engine.runs.start import ActiveRun

_LOOK_BACK = 20
_SWITCH_SECONDS = 0.0005


class CannotRun(OrchError):
    """What was asked for was not done; the text is a sentence that says why and what to do."""


class MissingValues(CannotRun):
    """Nothing gives these ``variables`` a value."""

    def __init__(self, sentence: str, variables: Sequence[Variable]) -> None:
        super().__init__(sentence)
        self.variables = variables


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the orchestration that can be run, or of a run that can be repeated. ``refused`` is why it cannot be
    now, empty if it can."""

    id: str
    key: str
    label: str
    detail: str
    request: RunRequest | None = None
    refused: str = ""
    resume: Path | None = None
    repeat: AsItRan | None = None


class RunControl:
    """The runs of one project that this process executes, and what may be done to any run."""

    def __init__(
        self,
        project: Project,
        start: Callable[..., ActiveRun] = start_run,
        *,
        on_start: Callable[[str, Path], object] | None = None,
    ) -> None:
        """``on_start`` is told of each run that is executed here: its orchestration and its directory, in whatever
        thread it was started."""
        self.project = project
        self.active: dict[str, ActiveRun] = {}
        self.stop_on_leaving = False
        self._start = start
        self._on_start = on_start

    # Before a run

    def parts(
        self, orchestration: str, marked: Sequence[str], marked_title: str, phase: tuple[str, str] | None
    ) -> list[Part]:
        """What can be run of an orchestration: by marks, by ``phase`` (id and name), by its last run."""
        last = latest(self.project.paths, orchestration)
        found = [Part("all", "a", "Everything", "All tasks that are enabled", RunRequest(orchestration))]
        some = RunRequest(orchestration, only=tuple(marked))
        nothing = "" if marked else "go to a task, or mark some with Space"
        label = "This task" if len(marked) == 1 else "Marked tasks"
        found.append(Part("tasks", "m", label, marked_title, some if marked else None, nothing))
        if phase is not None:
            key, name = phase
            found.append(Part("phase", "p", "This phase", name, RunRequest(orchestration, phases=(key,))))
            found.append(Part("from", "f", "From this phase on", name, RunRequest(orchestration, from_phase=key)))
        found.append(self._failed(orchestration, last))
        return [*found, self._resume(last)]

    def _failed(self, orchestration: str, last: RunSummary | None) -> Part:
        part = Part("failed", "l", "Failed tasks of the last run", "The others are reused, unless they were edited")
        if last is None:
            return replace(part, refused="there is no run yet")
        if last.live:
            return replace(part, refused="the last run has not ended")
        if last.interrupted:
            return replace(part, refused="the last run was interrupted: resume it")
        if last.status is Status.SUCCESS and last.broken is None:
            return replace(part, refused="every task of the last run succeeded")
        return replace(part, request=RunRequest(orchestration, rerun=last.id))

    @staticmethod
    def _resume(last: RunSummary | None) -> Part:
        part = Part("resume", "r", "Resume the interrupted run", "Go on from where it stands")
        if last is None or not last.interrupted:
            return replace(part, refused="no run is interrupted")
        return replace(part, detail=f"Run {last.id}: go on from where it stands", resume=last.directory)

    def repeats(self, orchestration: str, run: str | None, marked: Sequence[str], title: str) -> list[Part]:
        """How a run that has ended can be repeated as it ran: ``run`` by its id (None: the last one), the ``marked``
        tasks of it, called ``title``, or all."""
        parts = [
            Part("as-it-ran", "i", "As it ran", "its texts, variables and versions of tables"),
            Part("shadow", "d", "As it ran, as a shadow", "nothing is published; then shows what would differ"),
        ]
        summary = latest(self.project.paths, orchestration) if run is None else None
        if run is None and summary is None:
            return [replace(part, refused="there is no run yet") for part in parts]
        if summary is not None and not summary.status.final:
            return [replace(part, refused="the last run has not ended") for part in parts]
        name = run or (summary.id if summary is not None else "")
        what = f"{title} of run {name}" if marked else f"Run {name}"
        return [
            replace(
                part,
                detail=f"{what}: {part.detail}",
                repeat=AsItRan(orchestration, name, only=tuple(marked), shadow=part.id == "shadow"),
            )
            for part in parts
        ]

    def plan_repeat(self, asked: AsItRan) -> RunPlan:
        """Raises: CannotRun."""
        try:
            return plan_of_repeat(self.project, asked)
        except (RunRefused, UserError, BrokenJournal) as error:
            raise CannotRun(_sentence(error)) from error
        except OSError as error:
            raise CannotRun(f"Run {asked.run} cannot be read: {error.strerror or error}.") from error

    def continue_request(self, state: RunState) -> RunRequest:
        """Run again what did not succeed in a run, with today's definitions."""
        return RunRequest(state.header.orchestration, rerun=state.header.id)

    def plan(self, request: RunRequest) -> RunPlan:
        """Raises: CannotRun; MissingValues when variables are declared or used that nothing gives a value."""
        try:
            return plan_run(self.project, request)
        except UnresolvedVariables as error:
            value = self.project.orchestration(request.orchestration)
            raise MissingValues(_sentence(error), missing_values(error, self.project, value)) from error
        except (RunRefused, DefinitionError, BrokenJournal, KeyError) as error:
            raise CannotRun(_sentence(error)) from error
        except OSError as error:
            what = f": {error.filename}" if error.filename else ""
            raise CannotRun(f"It cannot be planned now: {error.strerror or error}{what}.") from error

    async def plan_asking(
        self, request: RunRequest, ask: Callable[[Sequence[Variable]], Awaitable[Mapping[str, str] | None]]
    ) -> RunPlan | None:
        """The plan; values are asked for where some are missing, and None is returned when there are none then.

        Raises: CannotRun.
        """
        try:
            return self.plan(request)
        except MissingValues as error:
            values = await ask(error.variables)
        return None if values is None else self.plan(with_values(request, values))

    # Starting and stopping

    def start(self, plan: RunPlan) -> ActiveRun:
        """Raises: CannotRun."""
        try:
            run = self._start(self.project, plan, by=who_am_i())
        except AlreadyRunning as error:
            raise CannotRun(f'"{plan.name}" is running already: {error.holder}.') from error
        except RunRefused as error:
            raise CannotRun(_sentence(error)) from error
        except OSError as error:
            raise CannotRun(f"The run cannot be started: {error.strerror or error} ({error.filename}).") from error
        self._keep(run)
        return run

    def take_over(self, directory: Path) -> ActiveRun:
        """Execute an interrupted run here from where it stands. Raises: CannotRun."""
        try:
            run = take_over(self.project, directory, by=who_am_i())
        except (RunRefused, BrokenJournal) as error:
            raise CannotRun(_sentence(error)) from error
        except OSError as error:
            raise CannotRun(f"The run cannot be taken over: {error.strerror or error}.") from error
        self._keep(run)
        return run

    def _keep(self, run: ActiveRun) -> None:
        # The executor's thread gives the interpreter away at every system call; at the usual 5 ms it would then wait
        # as long as that for each time while the screen is drawn.
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.active = {key: one for key, one in self.active.items() if one.alive}
        self.active[run.id] = run
        if self._on_start is not None:
            self._on_start(run.directory.parent.name, run.directory)

    def cancel(self, directory: Path, *, task: str | None = None, now: bool = False) -> NoAnswer | None:
        """Ask whoever executes the run to stop it, or one task of it; what is returned says that it can do nothing now,
        and the request is kept for it. Raises: CannotRun."""
        request = CancelRequest(who_am_i(), now, task)
        active = self.active.get(directory.name)
        if active is not None and active.alive:
            active.cancel(request)
            return None
        return _ask(directory, request)

    def intervene(self, directory: Path, one: Intervention) -> NoAnswer | None:
        """Ask whoever executes the run for it, in the name of this person; answers as :meth:`cancel` does.

        Raises: CannotRun.
        """
        one = replace(one, id=new_id(), by=who_am_i())
        active = self.active.get(directory.name)
        if active is not None and active.alive:
            active.intervene(one)
            return None
        return _ask(directory, one)

    # Leaving

    def executed_here(self) -> list[ActiveRun]:
        """Runs that would lose their executor if this process ended."""
        return [run for run in self.active.values() if run.alive]

    def leave_running(self) -> list[str]:
        """Give every run of this process to a headless successor; sentences about those that could not be given."""
        from orch_tui.engine.runs.handover import hand_over

        complaints = []
        for run in self.executed_here():
            try:
                hand_over(run, self.project.root)
            except OSError as error:
                complaints.append(f"Run {run.id} could not be left to a successor: {error.strerror or error}.")
        return complaints

    def stop_all(self) -> list[str]:
        """Cancel every run of this process and wait until they have ended; a sentence about each that could not."""
        stopping = self.executed_here()
        for run in stopping:
            run.cancel(CancelRequest(who_am_i()))
        complaints = []
        for run in stopping:
            try:
                run.wait()
            # Whatever broke the executor: the other runs must be waited for, too.
            except Exception as fault:  # noqa: BLE001
                kind = type(fault).__name__
                complaints.append(f"Run {run.id} was broken off by a fault of orch-tui ({kind}: {fault}).")
        return complaints

    def settle(
        self, code: int, say: Callable[[str], None], listen: Callable[[Callable[[int], object]], object]
    ) -> None:
        """After the screen has gone: stop what this process executes, or leave it to a successor.

        ``code`` is that of the process: a hang-up and a fault leave runs alone, SIGTERM and Ctrl-C stop them.
        While they are being stopped, another signal kills at once: ``listen`` is given whom to tell of signals, within
        the main thread's wait.
        """
        if not self.executed_here():
            return
        stops = {128 + number for number in STOPPING}
        if self.project.settings.on_hangup == "stop":
            stops.add(128 + signal.SIGHUP)
        if not self.stop_on_leaving and code not in stops:
            for complaint in self.leave_running():
                say(complaint)
            return
        say("Stopping the run: its tasks get their grace time; Ctrl-C kills them at once.")
        listen(self._insist)
        for complaint in self.stop_all():
            say(complaint)

    def _insist(self, number: int) -> None:
        """Asked again to stop, within the wait for the end: leave out the grace time."""
        if number in STOPPING:
            for run in self.executed_here():
                run.cancel(CancelRequest(who_am_i(), now=True))

    # What is found

    def interrupted(self, orchestration: str) -> RunSummary | None:
        """The newest run when nobody executes it although it has not ended, and it is not part of another run."""
        for summary in runs(self.project.paths, orchestration, _LOOK_BACK):
            if not summary.interrupted:
                return None
            try:
                nested = read_run(summary.directory).header.parent is not None
            except (OSError, BrokenJournal):
                return None
            # A nested run is taken over by the run that it belongs to.
            if not nested:
                return summary
        return None

    def found(self, directory: Path) -> list[str]:
        """What became of the tasks of an interrupted run, in words. Raises: CannotRun."""
        try:
            state = read_run(directory)
            findings = inspect_run(directory, state)
        except (OSError, BrokenJournal) as error:
            raise CannotRun(f"Run {directory.name} cannot be read: {error}") from error
        words = [f"{safe_line(state.tasks[task].name, 60)}: {finding.text}" for task, finding in findings.items()]
        done = sum(number for status, number in state.counts.items() if status.final)
        return [f"{done} of {counted(len(state.tasks), 'task')} had ended.", *(words or ["No task was running."])]


def grace_words(tasks: Sequence[TaskState]) -> str:
    """How long running tasks get to end by themselves: ``10 s``, or ``5.0 s to 30 s``; empty when none runs."""
    graces = {grace_of(t.configuration.partition("/")[0], t.options) for t in tasks if t.status in UNDER_WAY}
    if not graces:
        return ""
    low, high = show_duration(min(graces)), show_duration(max(graces))
    return low if low == high else f"{low} to {high}"


def plan_words(plan: RunPlan) -> str:
    """``5 will run, 3 may run, 2 reused``; 3 tasks are of phases that rules may pass over."""
    needed, said = what_is_needed(plan.phases), list[str]()
    for decision in Decision:
        tasks = plan.with_decision(decision)
        may = sum(task.phase in needed for task in tasks) if decision is Decision.RUN else 0
        counts = ((len(tasks) - may, decision.value), (may, MAY_RUN))
        said += [f"{number} {word}" for number, word in counts if number]
    return ", ".join(said) or "no tasks"


def with_values(request: RunRequest, values: Mapping[str, str]) -> RunRequest:
    """The request with values for variables."""
    return replace(request, variables={**request.variables, **values})


def _ask(directory: Path, request: Request) -> NoAnswer | None:
    """Ask another process; what is returned says that it can do nothing now. Raises: CannotRun."""
    try:
        ask(directory, request)
    except OSError as error:
        raise CannotRun(f"The request cannot be left in {directory}: {error.strerror or error}.") from error
    return ExecutorLook(directory).look()


def _sentence(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
