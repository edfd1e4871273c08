"""What is wrong or suspicious in a project beyond single files: ``orch-tui check`` and the problems pane."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT, Component
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.dataclass import dataclass
from orch_tui.model.edits.base import name_key
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.run.promises import promised, promised_before
from orch_tui.model.variables.references import secrets_of, variable_names, variables_of
from orch_tui.project.definitions.installed import not_installed
from orch_tui.project.definitions.schedule_fields import SCHEDULED_VARIABLES
from orch_tui.project.definitions.trigger_fields import TRIGGER_VARIABLES
from orch_tui.project.files.source import DefinitionError, describe
from orch_tui.project.lint.alerts import alert_problems
from orch_tui.project.lint.arrays import array_problems
from orch_tui.project.lint.backends import backend_problems
from orch_tui.project.lint.expressions import expression_problems
from orch_tui.project.lint.limits import limit_problems
from orch_tui.project.lint.nesting import find_cycle
from orch_tui.project.lint.references import line_of_secret, reference_problems
from orch_tui.project.lint.rows import unknown_rows
from orch_tui.project.lint.rules import never_taken, rule_problems
from orch_tui.project.lint.secrets import secret_problems, variable_problems
from orch_tui.project.lint.tables import table_problems
from orch_tui.project.lint.task_names import NameOf, TaskNames
from orch_tui.project.lint.triggers import trigger_problems
from orch_tui.project.project import Project
from orch_tui.project.secrets import Secrets
from orch_tui.project.setters import sets_of
from orch_tui.project.toml.decode import came_from_keboola, did_you_mean, quote
from orch_tui.project.toml.lines import KeyPath, line_of, scan

_PLACE = re.compile(r"([\w.\-\[\]]+): ")
ValidateParameters = Callable[[Component, Mapping[str, Any]], list[str]]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What lint needs to know of a configuration; ``failure`` when it cannot be used.

    ``secrets`` are those without a value, ``place`` is where the first of them is asked for: ``file:line``.
    """

    configuration: Configuration | None
    secrets: tuple[str, ...] = ()
    place: str = ""
    variables: frozenset[str] = frozenset()
    failure: Problem | None = None


class Linter:
    """Checks values of orchestrations again and again; what it finds out of configurations it keeps.

    Make a new one when files of the project changed.
    """

    def __init__(self, project: Project, secrets: Secrets | None = None) -> None:
        self.project = project
        self.secrets = secrets or Secrets(project.root)
        self._facts: dict[str, _Facts] = {}
        self._broken: set[str] = set()

    def check(self, value: Orchestration) -> list[Problem]:
        """The problems of one orchestration, which may have edits that are not saved; without lines."""
        name_of = TaskNames(value, self.configuration).of
        found = [*self._structure(value, name_of), *self._cycle(value)]
        known = declared_variables(self.project, value)
        sets = sets_of(self.project)
        set_before = promised_before(value, sets)
        for phase in value.phases:
            for task in phase.tasks:
                found += self._task(value, phase, task, known | set_before[task.id], name_of)
        found += rule_problems(value, known | promised(value, sets))
        found += variable_problems(value)
        found += limit_problems(self.project, value, self.configuration, name_of)
        found += backend_problems(self.project, value, name_of)
        found += alert_problems(value.alerts, self.secrets)
        found += trigger_problems(self.project, value, self.orchestration, self.configuration)
        found += table_problems(self.project, value, self.configuration, self.orchestration, name_of)
        file = self.project.paths.relative(self.project.paths.orchestration(value.id))
        return [replace(problem, file=problem.file or file, orchestration=value.id) for problem in found]

    def orchestration(self, orchestration_id: str) -> Orchestration | None:
        """Another orchestration of the project; None when it cannot be read."""
        if orchestration_id in self._broken:
            return None
        try:
            return self.project.orchestration(orchestration_id)
        except DefinitionError:
            self._broken.add(orchestration_id)
            return None

    def configuration(self, ref: str) -> Configuration | None:
        """A configuration of the project; None when it cannot be read."""
        return self.facts(ref).configuration

    def facts(self, ref: str) -> _Facts:
        facts = self._facts.get(ref)
        if facts is None:
            facts = self._facts[ref] = self._find_out(ref)
        return facts

    def _find_out(self, ref: str) -> _Facts:
        components = self.project.components()
        try:
            component_id, _ = split_ref(ref)
        except ValueError:
            message = f"{quote(ref)} is no reference to a configuration"
            return _Facts(None, failure=_error("reference", message, 'write it "component-id/configuration-id"'))
        component = components.get(component_id)
        if component is None:
            remedy = did_you_mean(component_id, components) or f"write components/{component_id}.toml or pick another"
            message = f"there is no component {quote(component_id)}"
            return _Facts(None, failure=_error("unknown-component", message, remedy))
        try:
            configuration = self.project.configuration(ref)
        except DefinitionError as error:
            first = error.problems[0]
            if first.code.startswith("missing-") and first.file is None:
                return _Facts(None, failure=_error("unknown-configuration", first.message, first.remedy))
            message = f"the configuration {quote(ref)} cannot be used: {describe(replace(first, remedy=''))}"
            return _Facts(None, failure=_error("broken-configuration", message, first.remedy))
        if (lacking := not_installed(component, configuration, components.get)) is not None:
            return _Facts(None, failure=_error("not-installed", lacking.message, lacking.remedy))
        if configuration.rows and component.inline:
            message = f"the component {quote(component_id)} knows no rows, and {quote(ref)} has some"
            return _Facts(None, failure=_error("rows", message, "make a configuration of each row"))
        missing = self.secrets.missing(secrets_of(component, component.configured(configuration)))
        place = self._place_of(configuration, missing) if missing else ""
        return _Facts(configuration, tuple(missing), place, variables_of(configuration))

    def _place_of(self, configuration: Configuration, names: list[str]) -> str:
        path = self.project.paths.configuration(configuration.component, configuration.id)
        line = line_of_secret(configuration.parameters, names, self.project.source(path).text)
        return f"{self.project.paths.relative(path)}:{line}"

    def _task(
        self, value: Orchestration, phase: Phase, task: Task, known: set[str], name_of: NameOf
    ) -> Iterator[Problem]:
        facts = self.facts(task.configuration)
        # What is wrong with a task that does not run is worth a word, but stops nothing.
        severity = Severity.ERROR if task.enabled else Severity.WARNING
        if facts.failure is not None:
            yield replace(
                facts.failure,
                severity=severity,
                message=f"task {name_of(task)}: {facts.failure.message}",
                phase=phase.id,
                task=task.id,
            )
            return
        if task.rows and facts.configuration is not None:
            yield from unknown_rows(phase, task, facts.configuration, severity, name_of)
        if facts.secrets:
            yield self._missing_secrets(phase, task, facts, severity, name_of(task))
        own = variable_names(dict(task.variables))
        of_parts, asked = _variables_of_parts(task)
        counted_on = known | task.variables.keys()
        unknown = sorted((facts.variables - counted_on - of_parts) | (own - known) | (asked - counted_on))
        if unknown:
            message = f"task {name_of(task)} uses the variable {', '.join(unknown)}, which is not declared"
            remedy = "declare it under [variables], or say which task of an earlier phase sets it (sets)"
            yield Problem(
                severity,
                "undefined-variable",
                message,
                remedy,
                phase=phase.id,
                task=task.id,
                names=tuple(unknown),
            )
        component = self.project.component(task.configuration.partition("/")[0])
        if component is not None and facts.configuration is not None:
            place = (phase, task)
            yield from array_problems(self.project, value, place, component, facts.configuration, severity, name_of)
        if component is not None and component.expressions and facts.configuration is not None:
            path = self.project.paths.configuration(*split_ref(task.configuration))
            file = self.project.paths.relative(path), self.project.source(path).text
            yield from expression_problems(
                value, (phase, task), component, facts.configuration, counted_on, file, name_of
            )

    def _missing_secrets(self, phase: Phase, task: Task, facts: _Facts, severity: Severity, name: str) -> Problem:
        path = self.project.paths.configuration(*split_ref(task.configuration))
        remedy = f"set it in the environment or in .env; {facts.place} asks for it"
        if came_from_keboola(self.project.source(path).text):
            # Values of secrets never come along: that they are to be given is no fault in the definitions.
            severity, remedy = Severity.WARNING, f"Keboola keeps its value to itself: {remedy}"
        one = len(facts.secrets) == 1
        needed = f"secret {facts.secrets[0]}, which has" if one else f"secrets {', '.join(facts.secrets)}, which have"
        message = f"task {name} needs the {needed} no value"
        return Problem(
            severity, "missing-secret", message, remedy, phase=phase.id, task=task.id, names=facts.secrets
        )  # fmt: skip

    def _structure(self, value: Orchestration, name_of: NameOf) -> Iterator[Problem]:
        if not any(task.enabled for task in value.tasks()):
            # One that was just begun has nothing wrong with it.
            begun = any(True for _ in value.tasks())
            severity, what = (
                (Severity.WARNING, "all of its tasks are disabled") if begun else (Severity.NOTE, "it has no tasks yet")
            )
            message = f"the orchestration {quote(value.name)} cannot run: {what}"
            yield Problem(severity, "nothing-to-run", message, "enable a task" if begun else "add a task")
        seen_tasks: dict[str, Phase] = {}
        seen_ids: set[str] = set()
        seen_names: set[str] = set()
        for phase in value.phases:
            yield from _phase_problems(phase, seen_ids, seen_names)
            first_of: dict[str, Task] = {}
            for task in phase.tasks:
                if task.id in seen_tasks:
                    message = f"the task id {quote(task.id)} is used twice"
                    yield _error("duplicate-id", message, "give one of them another id", phase.id, task.id)
                seen_tasks[task.id] = phase
                first = first_of.setdefault(task.configuration, task) if task.enabled else task
                if first is not task:
                    message = (
                        f"the tasks {name_of(first)} and {name_of(task)} of the phase {quote(phase.name)} run "
                        f"the same configuration {quote(task.configuration)}; they will wait for each other"
                    )
                    remedy = "remove one, or move it to another phase"
                    yield Problem(Severity.WARNING, "same-configuration", message, remedy, phase=phase.id, task=task.id)

    def _cycle(self, value: Orchestration) -> Iterator[Problem]:
        path = find_cycle(value, self.orchestration)
        disabled = find_cycle(value, self.orchestration, disabled=True) if path is None else None
        found = path or disabled
        if found is None:
            return
        shown = " → ".join(found)
        ref = f"{ORCHESTRATION_COMPONENT}/{found[1]}"
        place = next((p.id, t.id) for p in value.phases for t in p.tasks if t.configuration == ref)
        if path is None:
            message = f"the orchestration would run itself if a disabled task were enabled: {shown}"
            yield Problem(Severity.WARNING, "cycle", message, "remove the task", phase=place[0], task=place[1])
        else:
            yield _error("cycle", f"the orchestration runs itself: {shown}", "remove one of these tasks", *place)


def _variables_of_parts(task: Task) -> tuple[frozenset[str], frozenset[str]]:
    """The names of those that each part of the task has of itself, and of those that its parts are made of."""
    return (frozenset(task.each.variables), task.each.asks) if task.each is not None else (frozenset(), frozenset())


def declared_variables(project: Project, value: Orchestration) -> set[str]:
    """The names of the variables that every run of it is started with."""
    known = {variable.name for variable in (*project.settings.variables, *value.variables)}
    if value.schedules:
        known.update(SCHEDULED_VARIABLES, *(schedule.variables for schedule in value.schedules))
    if value.triggers:
        known.update(TRIGGER_VARIABLES, *(trigger.variables for trigger in value.triggers))
    return known


def _error(code: str, message: str, remedy: str, phase: str | None = None, task: str | None = None) -> Problem:
    return Problem(Severity.ERROR, code, message, remedy, phase=phase, task=task)


def _phase_problems(phase: Phase, seen_ids: set[str], seen_names: set[str]) -> Iterator[Problem]:
    if not phase.tasks:
        message = f"the phase {quote(phase.name)} has no tasks"
        yield Problem(Severity.WARNING, "empty-phase", message, "add a task or remove the phase", phase=phase.id)
    if phase.id in seen_ids:
        yield _error("duplicate-id", f"the phase id {quote(phase.id)} is used twice", "change one of them", phase.id)
    seen_ids.add(phase.id)
    key = name_key(phase.name)
    if key in seen_names:
        message = f"two phases have the name {quote(phase.name)}"
        yield Problem(Severity.WARNING, "duplicate-name", message, "rename one of them", phase=phase.id)
    seen_names.add(key)


def check_orchestration(project: Project, orchestration: Orchestration) -> list[Problem]:
    """The problems of one value, for live editing keep a :class:`Linter` instead."""
    return Linter(project).check(orchestration)


def check(project: Project, validate_parameters: ValidateParameters | None = None) -> list[Problem]:
    """Everything that is wrong or suspicious in the whole project, with files and lines.

    ``validate_parameters`` gives a sentence for each thing that is wrong with the parameters of a configuration.
    """
    secrets = Secrets(project.root)
    linter = Linter(project, secrets)
    found = [*project.problems(), *secrets.problems()]
    found += [replace(one, file="orch.toml") for one in alert_problems(project.settings.alerts, secrets)]
    cycles: set[frozenset[str]] = set()
    used: set[str] = set()
    for orchestration_id in project.orchestration_ids():
        value = linter.orchestration(orchestration_id)
        if value is None:
            continue
        used.update(task.configuration for task in value.tasks())
        text = project.source(project.paths.orchestration(orchestration_id)).text
        problems = [p for p in linter.check(value) if p.code != "cycle" or _first_of_cycle(value, linter, cycles)]
        problems += never_taken(project, value)
        found += _with_lines(value, text, problems)
    for ref in project.configuration_refs():
        found += _configuration_problems(linter, ref, validate_parameters, used=ref in used)
    return _each_once(found)


def _each_once(problems: list[Problem]) -> list[Problem]:
    """Several orchestrations may come upon one fault of a file that they share."""
    told: dict[tuple[object, ...], Problem] = {}
    for one in problems:
        told.setdefault((one.severity, one.code, one.file, one.line, one.message), one)
    return list(told.values())


def _first_of_cycle(value: Orchestration, linter: Linter, cycles: set[frozenset[str]]) -> bool:
    """True when no other orchestration of the same cycle has told it yet."""
    path = find_cycle(value, linter.orchestration, disabled=True) or []
    members = frozenset(path)
    if members in cycles:
        return False
    cycles.add(members)
    return True


def _with_lines(value: Orchestration, text: str, problems: list[Problem]) -> list[Problem]:
    if not problems:
        return []
    marks = scan(text).marks
    places: dict[str | None, KeyPath] = {}
    for number, phase in enumerate(value.phases):
        places[f"phase {phase.id}"] = ("phases", number)
        for index, task in enumerate(phase.tasks):
            places[f"task {task.id}"] = ("phases", number, "tasks", index)
    lines = []
    for problem in problems:
        path = places.get(f"task {problem.task}") or places.get(f"phase {problem.phase}")
        offset = marks.get(path, 0) if path else 0
        if problem.rule is not None and path is not None:
            rules = (*path, "next")
            offset = marks.get((*rules, problem.rule), marks.get(rules, offset))
        lines.append(replace(problem, line=problem.line or text.count("\n", 0, offset) + 1))
    return lines


def _configuration_problems(
    linter: Linter, ref: str, validate: ValidateParameters | None, *, used: bool
) -> Iterator[Problem]:
    facts = linter.facts(ref)
    component_id, name = split_ref(ref)
    if component_id == ORCHESTRATION_COMPONENT:
        return
    path = linter.project.paths.configuration(component_id, name)
    file = linter.project.paths.relative(path)
    if facts.failure is not None and facts.failure.code in ("unknown-component", "not-installed") and not used:
        yield replace(facts.failure, severity=Severity.WARNING, file=file, line=1)
    component = linter.project.component(component_id)
    if facts.configuration is None or component is None:
        return
    text = linter.project.source(path).text
    yield from reference_problems(component, facts.configuration, linter.secrets, file, text)
    yield from secret_problems(component, facts.configuration, linter.secrets, file, text)
    configured = component.configured(facts.configuration)
    for row in (None, *(row for row in configured.rows if row.enabled)) if validate is not None else ():
        if row is None and configured.rows:
            # Each row gives what the parameters of all of them may lack.
            continue
        part = configured if row is None else configured.of_row(row)
        place: KeyPath = ("parameters",) if row is None else ("rows", configured.rows.index(row), "parameters")
        for sentence in validate(component, part.parameters) if validate is not None else ():
            line = line_of(text, (*place, *_place_in(sentence)))
            said = sentence if row is None else f"row {quote(row.id)}: {sentence}"
            yield Problem(Severity.ERROR, "parameters", said, "correct the parameters", file, line)


def _place_in(sentence: str) -> KeyPath:
    """The path of the parameter that a sentence begins with, as ``tables[0].name``; empty where it begins otherwise."""
    path = _PLACE.match(sentence)
    parts = re.findall(r"[^.\[\]]+", path[1]) if path is not None else []
    return tuple(int(part) if part.isdecimal() else part for part in parts)
