"""The tasks that are judged: those of one orchestration, or those on the ways to a table."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.attempts.task_facts import UnresolvedVariables, run_variables
from orch_tui.engine.phases.arrays import items_of
from orch_tui.freshness.items import changed_file, other_items
from orch_tui.freshness.judging import Subject, judge
from orch_tui.freshness.successes import Success, last_successes
from orch_tui.lineage.graph import LineageGraph
from orch_tui.lineage.reading import read_lineage
from orch_tui.lineage.values import Job, TaskPlace
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT, ComponentType
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.errors import UserError
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.orchestration import Orchestration, Task
from orch_tui.model.run.plan import Standing
from orch_tui.model.run.promises import promised_before
from orch_tui.model.variables.references import MissingVariables, task_values, variables_of
from orch_tui.model.variables.values import text_of
from orch_tui.project.history import newest_ids
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.setters import sets_of
from orch_tui.storage.opening import open_storage

_SAID = "as was said"


@dataclass(frozen=True, slots=True)
class Placed:
    """A task at its place: ``job`` is None where it is another orchestration, or nobody knows what it reads."""

    orchestration: str
    phase: int
    task: Task
    job: Job | None

    @property
    def key(self) -> str:
        return self.task.configuration


class Reader:
    """Reads what judging needs, each thing once.

    ``said`` are tables, configurations and names of things outside that somebody says have changed; ``given`` are
    variables for the runs to come.
    """

    def __init__(self, project: Project, said: Collection[str] = (), given: Mapping[str, str] | None = None) -> None:
        self.project = project
        self.graph: LineageGraph = read_lineage(project)
        self._said = frozenset(said)
        self._given = dict(given or {})
        self._storage = open_storage(project.paths)
        self._versions: dict[str, int | None] = {}
        self._sets = sets_of(project)
        self._successes: dict[str, Success] = {}

    def unknown(self) -> list[str]:
        """Those that are said to have changed and that nothing is called."""
        known = {*self.graph.tables(), *self.graph.jobs}
        known |= {name for job in self.graph.jobs.values() for name in job.sources}
        return sorted(self._said - known)

    def version(self, table: str) -> int | None:
        """The current version of a table."""
        if table not in self._versions:
            try:
                info = self._storage.get(table)
            except (UserError, OSError):
                info = None
            self._versions[table] = None if info is None else info.version
        return self._versions[table]

    def newest_run(self, orchestration: str) -> str:
        """The id of its newest run; empty where there is none."""
        return next(newest_ids(self.project.paths, orchestration), "")

    def phase_name(self, one: Placed) -> str:
        return self.project.orchestration(one.orchestration).phases[one.phase - 1].name

    def used(self, one: Placed) -> Collection[str]:
        """The variables that a task uses: those of its configuration, and of what it is run for."""
        try:
            names = variables_of(self.project.configuration(one.key))
        except DefinitionError:
            names = frozenset()
        each = one.task.each
        return names if each is None else names.difference(each.variables) | each.asks

    def placed(self, value: Orchestration) -> list[Placed]:
        """The enabled tasks of an orchestration in the order of its phases."""
        return [
            Placed(value.id, number, task, self.graph.jobs.get(task.configuration))
            for number, phase in enumerate(value.phases, 1)
            for task in phase.tasks
            if task.enabled
        ]

    def judged(self, ordered: Sequence[Placed], before: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, Standing]:
        """How they stand, by configuration; ``before`` are the configurations that make what each reads, with what."""
        wanted = {one.key for one in ordered}
        wanted |= {
            setter.configuration for one in ordered if one.task.each is not None for setter in self._setters(one)
        }
        orchestrations = {place.orchestration for ref in wanted for place in self._places(ref)}
        orchestrations |= {one.orchestration for one in ordered}
        self._successes |= last_successes(self.project.paths, sorted(orchestrations), wanted)
        subjects = [self._subject(one, ordered, tuple(before.get(one.key, ()))) for one in ordered]
        return judge(subjects, self._successes, self.version)

    def _places(self, ref: str) -> Sequence[TaskPlace]:
        job = self.graph.jobs.get(ref)
        return () if job is None else job.places

    def _subject(self, one: Placed, ordered: Sequence[Placed], before: tuple[tuple[str, str], ...]) -> Subject:
        job = one.job
        follows: tuple[str, ...] = ()
        if job is None or (not job.reads and job.type is not ComponentType.EXTRACTOR and not job.writes):
            follows = tuple(
                other.key for other in ordered if other.orchestration == one.orchestration and other.phase < one.phase
            )
        try:
            configuration = self.project.configuration(one.key)
        except DefinitionError:
            return Subject(one.key, one.key, "", follows=follows)
        used = variables_of(configuration)
        if one.task.each is not None:
            used = used.difference(one.task.each.variables)
        return Subject(
            one.key,
            job.name if job is not None else one.key,
            configuration.digest,
            self._values(one, used),
            job.reads if job is not None else (),
            job.writes if job is not None else (),
            self._changed_source(one.key, job) or self._changed_items(one),
            before,
            follows,
        )

    def _values(self, one: Placed, used: Collection[str]) -> dict[str, str]:
        """The values of the variables that it uses; what tasks before it set is not known before they have run."""
        value = self.project.orchestration(one.orchestration)
        set_before = promised_before(value, self._sets).get(one.task.id, frozenset())
        try:
            values = task_values(run_variables(self.project, value, self._given), one.task.variables)
        except (UnresolvedVariables, MissingVariables):
            # Who plans the run says so, or asks for them.
            return {}
        return {name: values[name] for name in used if name in values and name not in set_before}

    def _changed_source(self, ref: str, job: Job | None) -> Reason | None:
        for name in (ref, *(() if job is None else (*job.sources, *job.writes))):
            if name in self._said:
                return Reason.of(Cause.SOURCE_CHANGED, source=name, by=_SAID)
        success = self._successes.get(ref)
        if job is None or success is None:
            return None
        files = source_files(self.project, ref)
        root = self.project.root
        return changed_file({self.project.paths.relative(root / path): success.began for path in files}, root)

    def _changed_items(self, one: Placed) -> Reason | None:
        """Why what an array is run for is another now than at its last success, or one of its files was changed since
        its part began."""
        success, each = self._successes.get(one.key), one.task.each
        if success is None:
            return None
        if each is None:
            return other_items(None, success.items, success.run)
        value = self.project.orchestration(one.orchestration)
        left = {name: text for setter in self._setters(one) for name, text in self._left(setter).items()}
        try:
            given = {**run_variables(self.project, value, self._given), **left}
            items = items_of(each, given, one.task.variables, self.project.root)
        except (UnresolvedVariables, MissingVariables, PrepareError, OSError) as error:
            # Then the run says so, or asks for them.
            return Reason.said(str(error))
        known = success.items or {}
        files = {item: known[item] for item in items if item in known} if each.files else {}
        return other_items(items, success.items, success.run) or changed_file(files, self.project.root)

    def _setters(self, one: Placed) -> list[Task]:
        """The tasks of earlier phases that set variables, in their order."""
        phases = self.project.orchestration(one.orchestration).phases[: one.phase - 1]
        return [task for phase in phases for task in phase.tasks if task.enabled and self._sets(task)]

    def _left(self, setter: Task) -> Mapping[str, str]:
        """The variables that a task set at its last success, as texts."""
        success = self._successes.get(setter.configuration)
        return {} if success is None else {name: text_of(value) for name, value in success.task.left.items()}


def source_files(project: Project, ref: str) -> list[str]:
    """The files of the project that a configuration names as what it reads; patterns are looked up."""
    import glob

    component_id, _ = split_ref(ref)
    component = project.component(component_id) if component_id != ORCHESTRATION_COMPONENT else None
    found: list[str] = []
    for name in component.sources if component is not None else ():
        text = project.configuration(ref).parameters.get(name)
        if isinstance(text, str) and "://" not in text and "{{" not in text and text:
            names = sorted(glob.glob(text, root_dir=project.root, recursive=True))
            found += [os.path.join(project.root, name) for name in names]
    return [path for path in found if os.path.isfile(path)]
