"""What the project knows of each task before a run: its name, its digest, and what blocks it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from orch_tui.model.components.component import APPROVAL_COMPONENT, ORCHESTRATION_COMPONENT, TASK_ENVIRONMENT, Component
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.approval import AnswerFault, question_of
from orch_tui.model.orchestration.orchestration import Orchestration, Task
from orch_tui.model.run.plan import TaskFacts
from orch_tui.model.run.pools import pool_options
from orch_tui.model.run.promises import promised, said_by_parameters
from orch_tui.model.variables.references import secrets_of, variable_names, variables_of
from orch_tui.project.definitions.shell import shell_words
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.secrets import Secrets
from orch_tui.project.setters import sets_of


class UnresolvedVariables(OrchError):
    """Declared variables that nothing gave a value. ``names`` are theirs."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        options = " ".join(f"--var {name}=…" for name in self.names)
        super().__init__(f"no value for {', '.join(self.names)}; give it with {options}")


def run_variables(project: Project, orchestration: Orchestration, given: Mapping[str, str]) -> dict[str, str]:
    """The values that hold for a run: given ones over the orchestration's over the project's.

    Raises:
        UnresolvedVariables: a declared variable has none, and no task says that it sets it.
    """
    declared = {variable.name: variable.value for variable in project.settings.variables}
    declared |= {v.name: v.value if v.value is not None else declared.get(v.name) for v in orchestration.variables}
    values: dict[str, str | None] = {**declared, **given}
    set_later = promised(orchestration, sets_of(project))
    if missing := [name for name, value in values.items() if value is None and name not in set_later]:
        raise UnresolvedVariables(missing)
    return {name: value for name, value in values.items() if value is not None}


class Facts:
    """Looks each task up once; ``of`` is what :func:`orch_tui.model.run.plan.make_plan` asks."""

    def __init__(
        self, project: Project, secrets: Secrets, variables: Mapping[str, str], promised: Mapping[str, Collection[str]]
    ) -> None:
        """``promised`` are names of variables that earlier tasks say they set, by the id of each task."""
        self._promised = promised
        self._project = project
        self._secrets = secrets
        self._variables = variables

    def of(self, task: Task) -> TaskFacts:
        try:
            component_id, _ = split_ref(task.configuration)
            component = self._project.component(component_id)
            if component is None:
                return TaskFacts(task.configuration, blocked=f'there is no component "{component_id}"')
            configuration = self._project.configuration(task.configuration)
            if absent := [row for row in task.rows if row not in {one.id for one in configuration.rows}]:
                return TaskFacts(task.configuration, blocked=f'{task.configuration} has no row "{absent[0]}"')
            configuration = configuration.chosen(task.rows)
        except ValueError as error:
            return TaskFacts(task.configuration, blocked=str(error))
        except DefinitionError as error:
            reason = "; ".join(problem.message for problem in error.problems) or str(error)
            return TaskFacts(task.configuration, blocked=reason)
        name = f"{component.name} · {configuration.name}"
        own = pool_options(component, configuration)
        blocked = self._blocked(task, component, configuration)
        sets = tuple(said_by_parameters(component, configuration.parameters))
        asks = any(configuration.parameters.get(key) for key in component.expressions)
        return TaskFacts(name, configuration.digest, blocked, own, sets, asks)

    def _blocked(self, task: Task, component: Component, configuration: Configuration) -> str | None:
        if missing := sorted(self._secrets.missing(secrets_of(component, configuration))):
            names = ", ".join(missing)
            return f"secret {names} is not set; put it into the environment or into .env"
        if taken := sorted(secrets_of(component, configuration) & TASK_ENVIRONMENT):
            return f"${{{taken[0]}}} cannot be a secret: orch-tui itself sets it for every task"
        known = {*self._variables, *self._promised.get(task.id, ())}
        own, asked = {*task.variables}, frozenset[str]()
        if task.each is not None:
            own, asked = own.union(task.each.variables), task.each.asks
        without = (variables_of(configuration) - known - own) | (asked - known - task.variables.keys())
        if unknown := sorted(without | (variable_names(dict(task.variables)) - known)):
            return f"variable {', '.join(unknown)} has no value; declare it or give it with --var"
        if task.each is not None and (fault := _array_fault(task, component, configuration)) is not None:
            return f"it cannot have parts (each): {fault[0]}; {fault[1]}"
        if configuration.rows and (problem := rows_problem(component, configuration)) is not None:
            return problem
        if component.id == ORCHESTRATION_COMPONENT:
            return None
        if component.id == APPROVAL_COMPONENT:
            return _question_problem(configuration)
        return start_problem(self._project, component, configuration)


def start_problem(
    project: Project, component: Component, configuration: Configuration, *, action: bool = False
) -> str | None:
    """A sentence if what runs a configuration is not there or cannot be started at all; None where nothing is known
    to be in the way. An ``action`` of its program does without the processors."""
    if component.runner is not None or component.processors:
        from orch_tui.project.definitions.installed import not_installed, program_not_installed

        lacking = (
            program_not_installed(component, configuration)
            if action
            else not_installed(component, configuration, project.component)
        )
        if lacking is not None:
            return lacking.sentence
    return program_problem(project.root, component, configuration)


def _array_fault(task: Task, component: Component, configuration: Configuration) -> tuple[str, str] | None:
    # Few tasks have parts.
    from orch_tui.model.orchestration.array_faults import array_fault

    sets = tuple(said_by_parameters(component, configuration.parameters))
    return array_fault(task, component, configuration, sets)


def rows_problem(component: Component, configuration: Configuration) -> str | None:
    """Why the rows of a configuration cannot be run; None where they can."""
    if component.inline or component.id in (ORCHESTRATION_COMPONENT, APPROVAL_COMPONENT):
        return f"{component.name} knows no rows: make a configuration of each"
    return None if configuration.parts() else "all of its rows are disabled"


def _question_problem(configuration: Configuration) -> str | None:
    """What is wrong with what an approval asks; what has variables in it is known only when it asks."""
    if variable_names(configuration.parameters):
        return None
    try:
        question_of(configuration.parameters)
    except AnswerFault as error:
        return str(error)
    return None


def program_problem(root: Path, component: Component, configuration: Configuration) -> str | None:
    """A sentence if the program cannot be started at all; None for what only the shell can tell."""
    if component.id == APPROVAL_COMPONENT:
        return "an approval starts no program; it asks people when its orchestration runs"
    settings = configuration.parameters.get("environment") if component.inline else None
    if isinstance(settings, Mapping) and (taken := sorted(TASK_ENVIRONMENT.intersection(settings))):
        return f"the parameter environment sets {taken[0]}, which orch-tui itself sets for every task; remove it"
    argv = configuration.parameters.get("command") if component.inline else list(component.command)
    if isinstance(argv, str):
        return _script_problem(root, component, argv, configuration.parameters.get("shell"))
    if not isinstance(argv, list) or not argv or not all(isinstance(part, str) for part in argv):
        return "it has no program: its command must be a text or a list of texts"
    program = fill_command(argv[:1], root, component)[0]
    if "{{" in program:
        return None
    if "/" not in program:
        return None if shutil.which(program) else f'program "{program}" was not found in PATH'
    base = root / str(configuration.parameters.get("directory") or ".") if component.inline else root
    path = base / program
    if not path.exists():
        return f'program "{program}" does not exist'
    if path.is_dir() or not os.access(path, os.X_OK):
        return f'program "{program}" is not executable; chmod +x it, or start it through its interpreter'
    return None


def _script_problem(root: Path, component: Component, script: str, shell: Any) -> str | None:
    if not script.strip():
        return "the parameter command is empty"
    if shell is None or "{{" in str(shell):
        return None
    if not isinstance(shell, str):
        return 'the parameter shell must be a text like "bash -eu"'
    try:
        program = fill_command(shell_words(shell)[:1], root, component)[0]
    except ValueError as error:
        return f"the parameter {error}"
    return None if shutil.which(program) else f'the shell "{program}" was not found in PATH'


def fill_command(argv: Iterable[str], root: Path, component: Component) -> list[str]:
    """Replace ``{python}``, ``{project}`` and ``{component_dir}``."""
    import sys

    filled = {"{python}": sys.executable, "{project}": str(root), "{component_dir}": component.directory}
    result = []
    for part in argv:
        for placeholder, value in filled.items():
            part = part.replace(placeholder, value)
        result.append(part)
    return result
