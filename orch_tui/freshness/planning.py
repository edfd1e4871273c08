"""What has to run, in which runs: to bring one table up to date, or one orchestration.

Runs are runs as any other, of a part of an orchestration; what is stale in several orchestrations takes one after
another, each as large as the order of what reads what lets it be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from orch_tui.engine.runs.start import RunRequest
from orch_tui.freshness.subjects import Placed, Reader
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.errors import OrchError
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.run.plan import Standing
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.setters import sets_of


class CannotFreshen(OrchError):
    """Nothing can be run to bring it up to date; the text says why."""


@dataclass(frozen=True, slots=True)
class JudgedTask:
    """A task on the way to a table, or of an orchestration, and how it stands. ``name`` is what people call it."""

    orchestration: str
    phase: str
    task: str
    configuration: str
    name: str
    standing: Standing

    @property
    def stale(self) -> bool:
        return self.standing.stale is not None


@dataclass(frozen=True, slots=True)
class FreshPlan:
    """``tasks`` in the order in which they run, with those that hold; ``runs`` one after another, none where nothing
    is stale. ``without`` are configurations on the way that no enabled task runs."""

    tasks: tuple[JudgedTask, ...]
    runs: tuple[RunRequest, ...]
    without: tuple[str, ...] = ()

    @property
    def stale(self) -> list[JudgedTask]:
        return [one for one in self.tasks if one.stale]


def plan_fresh(
    project: Project, table: str, said: Collection[str] = (), variables: Mapping[str, str] | None = None
) -> FreshPlan:
    """What has to run so that ``table`` is made of today's sources, texts and variables.

    Raises: CannotFreshen when no task writes it, or something is said to have changed that is not there.
    """
    reader = Reader(project, said, variables)
    _require_known(reader)
    graph = reader.graph
    if not graph.writers(table):
        raise CannotFreshen(f'no configuration writes the table "{table}"')
    ordered, before, without = _way(reader, table)
    if not ordered:
        raise CannotFreshen(f'no enabled task writes the table "{table}": {", ".join(without)} is in no orchestration')
    return _planned(reader, ordered, before, tuple(without), variables or {})


def changed_standings(
    project: Project, value: Orchestration, said: Collection[str] = (), variables: Mapping[str, str] | None = None
) -> dict[str, Standing]:
    """How the tasks of an orchestration stand, by their ids: for ``RunRequest.changed``.

    Raises: CannotFreshen when something is said to have changed that is not there.
    """
    reader = Reader(project, said, variables)
    _require_known(reader)
    return _of_orchestration(reader, value, ())


def of_today(project: Project, request: RunRequest, said: Collection[str] = ()) -> RunRequest:
    """The request for what is stale alone. Raises: CannotFreshen; DefinitionError."""
    value = project.orchestration(request.orchestration)
    return replace(request, changed=changed_standings(project, value, said, request.variables))


def _require_known(reader: Reader) -> None:
    if unknown := reader.unknown():
        raise CannotFreshen(f'"{unknown[0]}" is neither a table, a configuration nor what one reads outside')


def _of_orchestration(reader: Reader, value: Orchestration, inside: tuple[str, ...]) -> dict[str, Standing]:
    placed = reader.placed(value)
    sets = sets_of(reader.project)
    writers: dict[str, list[Placed]] = {}
    for one in placed:
        for what in (*(one.job.writes if one.job else ()), *(f"variable {name}" for name in sets(one.task))):
            writers.setdefault(what, []).append(one)
    before: dict[str, list[tuple[str, str]]] = {}
    for one in placed:
        for what in (*(one.job.reads if one.job else ()), *(f"variable {name}" for name in reader.used(one))):
            pairs = [(what, other.key) for other in writers.get(what, ()) if other.phase < one.phase]
            before.setdefault(one.key, []).extend(pairs)
    standings = reader.judged(placed, before)
    found = {one.task.id: standings[one.key] for one in placed}
    for one in placed:
        component, _, child = one.key.partition("/")
        if component == ORCHESTRATION_COMPONENT and found[one.task.id].stale is None and child not in inside:
            found[one.task.id] = _of_nested(reader, child, found[one.task.id], (*inside, value.id, child))
    return found


def _of_nested(reader: Reader, child: str, standing: Standing, inside: tuple[str, ...]) -> Standing:
    """A nested orchestration is stale when one of its tasks is."""
    try:
        inner = _of_orchestration(reader, reader.project.orchestration(child), inside)
    except DefinitionError:
        return standing
    stale = next((task for task, one in inner.items() if one.stale is not None), None)
    if stale is None:
        return standing
    return Standing(Reason.of(Cause.INNER_STALE, task=stale), standing.run, standing.last)


# The way to a table


def _way(reader: Reader, table: str) -> tuple[list[Placed], dict[str, list[tuple[str, str]]], list[str]]:
    """The tasks that the table is made by, those before others first, what each waits for, and the configurations that
    no task runs. Where tables are made of each other in a circle, what comes first reads what there is."""
    graph = reader.graph
    ordered: list[Placed] = []
    before: dict[str, list[tuple[str, str]]] = {}
    without: list[str] = []
    under_way: set[str] = set()
    done: dict[str, bool] = {}

    def visit(ref: str) -> bool:
        """Whether a task runs it."""
        if ref in done or ref in under_way:
            return done.get(ref, False)
        placed = _task_of(reader, ref)
        if placed is None:
            done[ref] = False
            without.append(ref)
            return False
        under_way.add(ref)
        job = graph.jobs[ref]
        before[ref] = []
        for read in job.reads:
            for writer in graph.writers(read):
                if writer != ref and writer not in under_way and visit(writer):
                    before[ref].append((read, writer))
        under_way.discard(ref)
        done[ref] = True
        ordered.append(placed)
        return True

    for ref in graph.writers(table):
        visit(ref)
    return ordered, before, without


def _task_of(reader: Reader, ref: str) -> Placed | None:
    """The enabled task that runs a configuration: of several, that of the orchestration that ran last."""
    found: list[tuple[str, Placed]] = []
    job = reader.graph.jobs[ref]
    for place in job.places:
        if place.enabled:
            value = reader.project.orchestration(place.orchestration)
            task = next(one for one in value.tasks() if one.id == place.task)
            found.append((reader.newest_run(place.orchestration), Placed(value.id, place.number, task, job)))
    # The first one of those that never ran.
    return max(found, key=lambda one: one[0])[1] if found else None


def _planned(
    reader: Reader,
    ordered: Sequence[Placed],
    before: Mapping[str, Sequence[tuple[str, str]]],
    without: tuple[str, ...],
    variables: Mapping[str, str],
) -> FreshPlan:
    standings = reader.judged(ordered, before)
    names = {one.key: one.job.name if one.job is not None else one.key for one in ordered}
    runs = []
    for orchestration, part in _parts(ordered, before, standings):
        own = {one.task.id: standings[one.key] for one in ordered if one.orchestration == orchestration}
        # What is stale and runs in another part is not of this one.
        shown = {task: one for task, one in own.items() if one.stale is None or task in part}
        runs.append(RunRequest(orchestration, only=tuple(shown), variables=dict(variables), changed=shown))
    tasks = tuple(
        JudgedTask(one.orchestration, reader.phase_name(one), one.task.id, one.key, names[one.key], standings[one.key])
        for one in ordered
    )
    return FreshPlan(tasks, tuple(runs), without)


def _parts(
    ordered: Sequence[Placed], before: Mapping[str, Sequence[tuple[str, str]]], standings: Mapping[str, Standing]
) -> list[tuple[str, set[str]]]:
    """Orchestrations with those of their stale tasks that one run of them can do: what a task waits for has run in an
    earlier part, or runs in an earlier phase of this one."""
    left = [one for one in ordered if standings[one.key].stale is not None]
    stale, done = {one.key for one in left}, set[str]()
    parts: list[tuple[str, set[str]]] = []
    while left:
        orchestration = left[0].orchestration
        phases: dict[str, int] = {}
        for one in left:
            waits = [by for _, by in before.get(one.key, ()) if by in stale and by not in done]
            if one.orchestration == orchestration and all(by in phases and phases[by] < one.phase for by in waits):
                phases[one.key] = one.phase
        parts.append((orchestration, {one.task.id for one in left if one.key in phases}))
        done |= phases.keys()
        left = [one for one in left if one.key not in phases]
    return parts
