"""Which text an attempt ran, and what was edited in the configuration since.

An attempt keeps its configuration in ``config.json``, with variables filled in and secrets as references.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.reproduce import CannotReproduce, read_attempt_config
from orch_tui.model.components.configuration import (
    Configuration,
    ConfigurationRow,
    TableInput,
    TableOutput,
    WriteMode,
    split_ref,
)
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.run.promises import texts_now
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.variables.references import MissingVariables, fill_variables, task_values, variables_of
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.saving.configuration_text import house_text


class NoText(OrchError):
    """The text of the attempt is not there; the text of this is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class AttemptText:
    """``text`` is TOML, as the attempt ran it. ``difference`` is a unified one, empty when there is none, between what
    ``between`` says; ``now`` says in words how they compare.
    """

    text: str
    difference: tuple[str, ...]
    now: str
    between: str = "From then to now:"


def attempt_text(project: Project, run_directory: Path, state: RunState, task: TaskState, number: int) -> AttemptText:
    """The text of one attempt, compared with the project's files as they were read last. Reads one file.

    Raises:
        NoText: the attempt's files are gone or cannot be read.
    """
    then = _text_of(run_directory, task, number)
    try:
        configuration = project.configuration(task.configuration)
        now = _text(_filled(configuration, _values_of(state, task)))
    except (DefinitionError, KeyError, ValueError) as error:
        # Its file is gone, broken, or has another name now.
        return AttemptText(then, (), f"the configuration of now cannot be read: {error}")
    if now == then:
        return AttemptText(then, (), "not edited since")
    return AttemptText(then, _difference(then, now), "edited since")


def edited_between(older: tuple[Path, TaskState], newer: tuple[Path, TaskState]) -> AttemptText:
    """The text of a task's last attempt in a run, given with the run's directory, compared with that in an older run.

    Raises:
        NoText: the task did not begin in one of them, or the files are gone or cannot be read.
    """
    then, now = (_text_of(directory, task, _last_attempt(task)) for directory, task in (older, newer))
    if then == now:
        return AttemptText(now, (), "the same in both runs")
    return AttemptText(now, _difference(then, now), "edited between the runs", "From the older run to the newer:")


def _last_attempt(task: TaskState) -> int:
    if not task.attempts:
        raise NoText(f'"{task.name}" did not begin in both runs')
    return task.attempts[-1].number


def _difference(then: str, now: str) -> tuple[str, ...]:
    return tuple(difflib.unified_diff(then.splitlines(), now.splitlines(), "then", "now", lineterm=""))


def _text_of(run_directory: Path, task: TaskState, number: int) -> str:
    return _text(configuration_of_attempt(attempt_directory(run_directory, task.id, number), task.configuration))


def configuration_of_attempt(directory: Path, ref: str) -> Configuration:
    """The configuration as an attempt ran it: values of variables filled in, secrets as references.

    Raises:
        NoText: the attempt's files are gone or cannot be read.
    """
    try:
        return _configuration_of(read_attempt_config(directory), ref)
    except CannotReproduce as error:
        raise NoText(str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NoText(f"config.json of this attempt is not what this program wrote there: {error}") from error


def _configuration_of(config: Mapping[str, Any], ref: str) -> Configuration:
    component, name = split_ref(ref)
    if rows := config.get("orch_tui", {}).get("rows"):
        # Each as it ran, with what it has of the configuration: nothing stands above them.
        parts = [(one["id"], one["name"], _configuration_of(one["config"], ref)) for one in rows]
        return Configuration(component, name, name, rows=tuple(_whole_row(*part) for part in parts))
    storage = config.get("storage") or {}
    return Configuration(
        component,
        name,
        name,
        parameters=config["parameters"],
        inputs=tuple(TableInput(item["source"], item["destination"]) for item in storage["input"]["tables"]),
        outputs=tuple(
            TableOutput(item["source"], item["destination"], WriteMode(item["mode"]), tuple(item["primary_key"]))
            for item in storage["output"]["tables"]
        ),
        checks=tuple(config.get("orch_tui", {}).get("checks", ())),
    )


def _whole_row(row_id: str, name: str, part: Configuration) -> ConfigurationRow:
    return ConfigurationRow(row_id, name, "", True, part.parameters, part.inputs, part.outputs)


def _spread(configuration: Configuration) -> Configuration:
    """The configuration as an attempt has it: each enabled row with all that it takes from above."""
    rows = [row for row in configuration.rows if row.enabled]
    spread = tuple(_whole_row(row.id, row.name, configuration.of_row(row)) for row in rows)
    return replace(configuration, parameters={}, inputs=(), outputs=(), checks=(), rows=spread)


def _values_of(state: RunState, task: TaskState) -> dict[str, str]:
    """What ``{{ name }}`` meant in a task: as when an attempt is prepared, those of its item over all others."""
    run = texts_now(state, state.header.variables)
    try:
        values = task_values(run, task.variables)
    except MissingVariables:
        # Then no attempt had values of these either.
        values = {**run, **task.variables}
    return values | (task.planned.item.values if task.planned.item is not None else {})


def _filled(configuration: Configuration, values: Mapping[str, str]) -> Configuration:
    """The configuration as an attempt would get it; a variable that the run did not know stays as it is written."""
    known = {name: f"{{{{ {name} }}}}" for name in variables_of(configuration)} | dict(values)

    def filled(parameters: Mapping[str, Any]) -> Any:
        return json.loads(json.dumps(fill_variables(dict(parameters), known), default=str))

    if configuration.rows:
        spread = _spread(configuration)
        return replace(spread, rows=tuple(replace(row, parameters=filled(row.parameters)) for row in spread.rows))
    return replace(configuration, parameters=filled(configuration.parameters))


def _text(configuration: Configuration) -> str:
    """What a run depends on: names and descriptions do not count."""
    whole = house_text(replace(configuration, name="-", description="", row_parallel=1))
    return whole.partition("\n")[2].lstrip("\n")
