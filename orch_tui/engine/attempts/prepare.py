"""From a planned task to an attempt that can be started: directory, config.json, environment, argument vector.

The contract with the programs is in docs/components.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.engine.attempts.nested import inner_orchestration, nested_before, nested_in_run, parent_name
from orch_tui.engine.attempts.obstacles import passing_obstacle
from orch_tui.engine.attempts.programs import PrepareError, inline_program, tables_of, wrapper_of
from orch_tui.engine.attempts.task_facts import fill_command, rows_problem
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.engine.processes.process import ANCESTORS_TAG, TASK_TAG, ancestors
from orch_tui.model.components.component import (
    MEMORY_VARIABLE,
    ORCHESTRATION_COMPONENT,
    TASK_ENVIRONMENT,
    Component,
)
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.orchestration.approval import AnswerFault, Question, is_approval, question_of
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.memory import memory_of
from orch_tui.model.run.plan import PlannedTask, RunPlan
from orch_tui.model.run.promises import texts_now, why_unset
from orch_tui.model.run.runstate import RunState
from orch_tui.model.variables.references import (
    MissingVariables,
    fill_variables,
    possible_secrets,
    task_values,
    used_secrets,
)
from orch_tui.project.attempt_dir import attempt_directory, make_attempt, row_directory
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.secrets import Secrets

if TYPE_CHECKING:
    from orch_tui.engine.attempts.earlier import EarlierRun

DEFAULT_GRACE = 10.0
DEFAULT_MAX_LOG_MB = 2048.0
# A nested run stops its own tasks first: it needs their grace time and some to write it down.
NESTED_GRACE = 10.0
PASSED_ENVIRONMENT = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME", "LC_COLLATE"),
)
# Where the network is only reached through a proxy; programs look for either spelling.
PROXIES = tuple(
    spelled for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for spelled in (name, name.upper())
)
RUN_ACTION = "run"


class Preparer:
    """Makes the attempts of one run ready. ``directory`` is the run's own.

    ``action`` is what config.json asks for; with another one than ``run`` no table is fetched or published.
    ``state`` is the run as it stands, for the variables that its tasks have set.
    ``unsaved`` is what its only task runs, as a form has it before it is saved. Without
    ``publish`` the tables that it writes stay in its directory, and its state is not kept.
    """

    def __init__(
        self,
        project: Project,
        plan: RunPlan,
        run: str,
        directory: Path,
        secrets: Secrets,
        *,
        action: str = RUN_ACTION,
        unsaved: Configuration | None = None,
        publish: bool = True,
        state: RunState | None = None,
    ) -> None:
        self._project = project
        self._plan = plan
        self._run = run
        self._directory = directory
        self._secrets = secrets
        self._action = action
        self._unsaved = unsaved
        self._publish = publish and not plan.shadow
        self._earlier = _earlier_run(project, plan)
        self._state = state
        self._base = self._base_environment()
        # For whoever starts an attempt again by hand. Values of names that the project chose, and a proxy's, may hold
        # secrets: these are taken from the shell again.
        self._passed = (*project.settings.pass_environment, *(name for name in PROXIES if name in self._base))
        hidden = {ANCESTORS_TAG, *self._passed}
        self._shown = {name: value for name, value in self._base.items() if name not in hidden}
        self._writers: dict[str, list[tuple[int, PlannedTask]]] | None = None

    def _base_environment(self) -> dict[str, str]:
        names = {*PASSED_ENVIRONMENT, *PROXIES, *self._project.settings.pass_environment} - TASK_ENVIRONMENT
        base = {name: os.environ[name] for name in sorted(names) if name in os.environ}
        base.setdefault("PATH", os.defpath)
        base |= {
            "PYTHONUNBUFFERED": "1",
            "KBC_RUNID": self._run,
            "ORCH_PROJECT": str(self._project.root),
            "ORCH_RUN": self._run,
            **self._project.settings.of_tables,
        }
        if above := ancestors(os.environ):
            base[ANCESTORS_TAG] = above
        return base

    def ready(self, task: PlannedTask, number: int) -> AttemptSpec | Question:
        """What an approval asks; what :meth:`prepare` gives for any other task, and raises."""
        if not is_approval(task.configuration):
            return self.prepare(task, number)
        try:
            return question_of(self._fill(task, self._look_up(task)[1])[1])
        except AnswerFault as error:
            raise PrepareError(str(error)) from error

    def prepare(self, task: PlannedTask, number: int) -> AttemptSpec:
        """Make the attempt's directory and say what to start.

        Raises:
            PrepareError: it can never start as it is.
            OSError: the directory cannot be written now, or what it is made of cannot be read.
        """
        component, configuration = self._look_up(task)
        configuration = self._with_rows(component, configuration)
        values, parameters = self._fill(task, configuration)
        directory = attempt_directory(self._directory, task.id, number)
        names = frozenset[str]().union(*(self._secret_names(component, part) for part in configuration.parts()))
        environment = self._environment(task, number, directory, component, configuration, names)
        program, cwd = self._program(task, component, parameters, values, environment)
        wrapper = wrapper_of(component, configuration, names, stage=self._action == RUN_ACTION)
        data_folder = not component.inline or bool(configuration.inputs or configuration.outputs)
        config = self._config(task, number, component, configuration, parameters)
        if self._earlier is not None:
            config["orch_tui"]["as_it_ran"] = str(self._earlier.attempt(task))
        if configuration.rows:
            config["orch_tui"]["rows"] = self._row_configs(task, number, component, configuration)
        config["orch_tui"]["start"] = {
            "wrapper": wrapper,
            # Of an inline component it is in the parameters, and may be long: only what runs it is not.
            **({} if component.inline else {"program": program}),
            **({"shell": program[:-1]} if component.inline and isinstance(parameters.get("command"), str) else {}),
            "directory": cwd,
            "environment": self._shown,
            "passed": self._passed,
            "secrets": sorted(names),
        }
        make_attempt(directory, config, data_folder=data_folder, secrets=bool(names))
        options = task.options
        return AttemptSpec(
            (*wrapper, *program),
            environment,
            cwd,
            directory,
            options.timeout,
            grace_of(component.id, options),
            max_log_of(options),
            nested=inner_orchestration(task.configuration),
            memory=memory_of(task) or None,
            resources=options.resources,
        )

    def _with_rows(self, component: Component, configuration: Configuration) -> Configuration:
        """The configuration with the rows that are run. Raises: PrepareError when they cannot be."""
        if not configuration.rows:
            return configuration
        if (problem := rows_problem(component, configuration)) is not None:
            raise PrepareError(problem)
        # An action asks the other side, which is the same for all rows.
        return configuration if self._action == RUN_ACTION else configuration.parts()[0]

    def _fill(self, task: PlannedTask, configuration: Configuration) -> tuple[Mapping[str, str], dict[str, Any]]:
        """The values of variables for a task, and its parameters with them."""
        if self._earlier is not None:
            # They had their values then, and what looks like a variable now was part of one.
            return task_values(self._plan.variables, {}), dict(configuration.parameters)
        try:
            values = task_values(self._variables(), task.variables)
            values |= {} if task.item is None else task.item.values
            return values, fill_variables(dict(configuration.parameters), values)
        except MissingVariables as error:
            state = self._state
            reason = "; ".join(why_unset(state, name) for name in error.names) if state is not None else str(error)
            raise PrepareError(reason) from error

    def _variables(self) -> Mapping[str, str]:
        given = self._plan.variables
        return given if self._state is None else texts_now(self._state, given)

    def _secret_names(self, component: Component, configuration: Configuration) -> frozenset[str]:
        """The secrets that the task gets, and no others."""
        parameters = configuration.parameters
        possible = possible_secrets(component, parameters)
        if possible:
            self._secrets.missing(possible)
            # What is not there for a moment must not count as not set.
            _require_lasting(self._secrets.refusal)
        return used_secrets(component, parameters).union(possible.difference(self._secrets.missing(possible)))

    def _look_up(self, task: PlannedTask) -> tuple[Component, Configuration]:
        try:
            name = split_ref(task.configuration)[0]
            component = self._project.component(name)
            if component is None:
                _require_lasting(self._project.refusal)
                raise PrepareError(f"{task.configuration} cannot be read: there is no component {name!r} any more")
            if task.rows and self._earlier is None:
                return component, component.configured(self._chosen(task))
            if self._unsaved is not None:
                return component, component.configured(self._unsaved)
            if self._earlier is not None and component.id != ORCHESTRATION_COMPONENT:
                return component, self._earlier.configuration(task)
            return component, component.configured(self._project.configuration(task.configuration))
        except (ValueError, DefinitionError) as error:
            _require_lasting(error.__cause__)
            raise PrepareError(f"{task.configuration} cannot be read: {error}") from error

    def _chosen(self, task: PlannedTask) -> Configuration:
        """The configuration with the rows that the task names."""
        configuration = self._project.configuration(task.configuration)
        if absent := [row for row in task.rows if row not in {one.id for one in configuration.rows}]:
            raise PrepareError(f'{task.configuration} has no row "{absent[0]}" any more')
        return configuration.chosen(task.rows)

    def _environment(
        self,
        task: PlannedTask,
        number: int,
        directory: Path,
        component: Component,
        configuration: Configuration,
        names: frozenset[str],
    ) -> dict[str, str]:
        environment = dict(os.environ) if component.id == ORCHESTRATION_COMPONENT else {}
        if missing := sorted(self._secrets.missing(names)):
            _require_lasting(self._secrets.refusal)
            raise PrepareError(f"secret {', '.join(missing)} is not set; put it into the environment or into .env")
        environment |= self._base
        if names:
            environment |= {name: self._secrets.get(name) or "" for name in names}
            environment["ORCH_SECRETS"] = ",".join(sorted(names))
        if (place := self._project.settings.storage) and any(p.inputs or p.outputs for p in configuration.parts()):
            environment |= place.keys_in(os.environ)
        environment |= {
            **({MEMORY_VARIABLE: str(memory)} if (memory := memory_of(task)) else {}),
            TASK_TAG: str(directory),
            "KBC_DATADIR": str(directory),
            "KBC_COMPONENTID": component.id,
            "KBC_CONFIGID": configuration.id,
            "ORCH_TASK_ID": task.id,
            **({} if task.item is None else task.item.environment),
            "ORCH_ATTEMPT": str(number),
        }
        return environment

    def _program(
        self,
        task: PlannedTask,
        component: Component,
        parameters: Mapping[str, Any],
        values: Mapping[str, str],
        environment: dict[str, str],
    ) -> tuple[list[str], str]:
        """The argument vector and the directory; adds to the environment what the configuration sets."""
        root = self._project.root
        if component.id == ORCHESTRATION_COMPONENT:
            return self._nested(task, values), str(root)
        if not component.inline:
            return fill_command(component.command, root, component), str(root)
        return inline_program(component, parameters, environment, root)

    def _nested(self, task: PlannedTask, values: Mapping[str, str]) -> list[str]:
        """A run of its own; one that an earlier attempt or run began is gone on with, so that nothing is repeated."""
        _, inner = split_ref(task.configuration)
        argv = [sys.executable, "-P", "-m", "orch_tui", "run"]
        tail = ["--project", str(self._project.root)]
        tail += ["--nested", parent_name(self._plan.orchestration, self._run, task.id)]
        place = ["--backend", task.options.runs_on] if task.options.runs_on is not None else []
        before = nested_in_run(self._project.paths, self._plan, self._run, task)
        if before is not None and before.interrupted:
            return [*argv, "--resume", before.id, *tail]
        if self._earlier is not None:
            return [*argv, "--as-it-ran", self._earlier.nested(task), *(["--shadow"] * self._plan.shadow), *tail]
        before = before or nested_before(self._project.paths, self._plan, task)
        again = ["--rerun-failed", before.id] if before is not None and before.broken is None else []
        for name in task.variables:
            tail += ["--var", f"{name}={values[name]}"]
        return [*argv, inner, *again, *place, *tail]

    def _config(
        self,
        task: PlannedTask,
        number: int,
        component: Component,
        configuration: Configuration,
        parameters: Mapping[str, Any],
    ) -> dict[str, Any]:
        """What goes into config.json."""
        versions = self._earlier.versions(task) if self._earlier is not None else {}
        return {
            "parameters": parameters,
            "storage": tables_of(configuration, versions),
            "action": self._action,
            "image_parameters": {},
            "orch_tui": {
                "component": component.id,
                "configuration": configuration.id,
                "run": self._run,
                "task": task.id,
                "attempt": number,
                **({} if task.item is None else task.item.about),
                **({} if self._publish else {"publish": False}),
                **({"checks": [dict(one) for one in configuration.checks]} if configuration.checks else {}),
                "writers": {t.table: self._who_writes(t.table, task) for t in configuration.inputs},
            },
        }

    def _row_configs(
        self, task: PlannedTask, number: int, component: Component, configuration: Configuration
    ) -> list[dict[str, Any]]:
        """For each row what its own config.json is to be."""
        found = []
        for row in configuration.rows:
            if not row.enabled:
                continue
            part = configuration.of_row(row)
            tables = {item.table for item in part.outputs}
            part = replace(part, checks=tuple(one for one in part.checks if one.get("table", "") in ("", *tables)))
            config = self._config(task, number, component, part, self._fill(task, part)[1])
            config["orch_tui"]["row"] = row.id
            if self._earlier is not None:
                config["orch_tui"]["as_it_ran"] = str(row_directory(self._earlier.attempt(task), row.id))
            found.append({"id": row.id, "name": row.name, "config": config})
        return found

    def _who_writes(self, table: str, reader: PlannedTask) -> str:
        """A sentence for the error "there is no such table"."""
        order = {phase.id: number for number, phase in enumerate(self._plan.phases)}
        names = {phase.id: phase.name for phase in self._plan.phases}
        if self._writers is None:
            self._writers = self._find_writers(order)
        found = [(at, task) for at, task in self._writers.get(table, []) if task.id != reader.id]
        if not found:
            return "no task of this orchestration writes it; check the name, or run the orchestration that does"
        at, task = found[0]
        where = f'task "{task.name}" ({task.id}) in phase {at + 1} "{names[task.phase]}" writes it'
        here = order[reader.phase]
        if at > here:
            return f"{where}, which comes later: move that task to an earlier phase, or this one to a later"
        if at == here:
            return f"{where}, at the same time: move that task to an earlier phase"
        return f"{where}; it has not done so ({task.decision.value}{': ' if task.reason else ''}{task.reason})"

    def _find_writers(self, order: Mapping[str, int]) -> dict[str, list[tuple[int, PlannedTask]]]:
        writers: dict[str, list[tuple[int, PlannedTask]]] = {}
        for task in self._plan.tasks():
            try:
                outputs = self._project.configuration(task.configuration).writes
            except DefinitionError:
                continue
            for output in outputs:
                writers.setdefault(output.table, []).append((order[task.phase], task))
        return writers


def _earlier_run(project: Project, plan: RunPlan) -> EarlierRun | None:
    if plan.as_it_ran is None:
        return None
    from orch_tui.engine.attempts.earlier import EarlierRun

    return EarlierRun.of(project.paths, plan)


def _require_lasting(error: BaseException | None) -> None:
    """Raises: OSError when what could not be read can be waited for, and says nothing of the task."""
    if isinstance(error, OSError) and passing_obstacle(error) is not None:
        raise error


def grace_of(component: str, options: TaskOptions) -> float:
    """Seconds between TERM and KILL."""
    grace = options.grace if options.grace is not None else DEFAULT_GRACE
    return grace + NESTED_GRACE if component == ORCHESTRATION_COMPONENT else grace


def max_log_of(options: TaskOptions) -> int | None:
    """Bytes at which a log is too long; None for no limit."""
    size = options.max_log_mb if options.max_log_mb is not None else DEFAULT_MAX_LOG_MB
    return int(size * 2**20) or None
