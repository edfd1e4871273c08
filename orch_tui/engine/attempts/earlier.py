"""What the tasks of an earlier run were started with, for running them again as they ran.

An attempt keeps what it was asked to do (``config.json``: its text, with the values of variables filled in and secrets
as references), which versions of tables it was given (``inputs.json``), and the state of its configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.attempt_text import NoText, configuration_of_attempt
from orch_tui.engine.attempts.nested import nested_in_run
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.attempts.results import read_result
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunState
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.attempt_dir import attempt_directory, config_file, read_tables_file
from orch_tui.project.files.own_files import NotOwnFile, read_own
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths


def tables_given(attempt: Path) -> list[Mapping[str, Any]]:
    """The versions of tables that an attempt was given: ``table``, ``version``, ``rows`` and, unless it was started by
    an older program, ``columns`` (name and type). None where nothing is known.

    Raises: OSError: it cannot be read now; others than these versions would be given in their place.
    """
    try:
        told: Any = parse_json(read_own(read_tables_file(attempt)))
    except (FileNotFoundError, NotOwnFile, ValueError):
        told = read_result(attempt).get("inputs")
    return [
        one
        for one in (told if isinstance(told, list) else ())
        if isinstance(one, dict) and isinstance(one.get("table"), str) and isinstance(one.get("version"), int)
    ]


class EarlierRun:
    """A run that has ended, and whose attempts are still there. Methods raise PrepareError for what is gone."""

    def __init__(self, paths: ProjectPaths, directory: Path) -> None:
        self._paths = paths
        self._directory = directory

    @classmethod
    def of(cls, paths: ProjectPaths, plan: RunPlan) -> EarlierRun | None:
        """The run that a plan repeats as it ran; None for any other plan."""
        return None if plan.as_it_ran is None else cls(paths, paths.run(plan.orchestration, plan.as_it_ran))

    @cached_property
    def _state(self) -> RunState:
        try:
            return read_run(self._directory)
        except (OSError, BrokenJournal) as error:
            raise PrepareError(f"run {self._directory.name} cannot be read any more: {error}") from error

    def repeated(self, task: PlannedTask) -> list[PlannedTask]:
        """What is repeated of a task: itself; of an array those of its parts that ran then."""
        known = self._state.tasks.get(task.id)
        if task.each is None or known is None or known.parts is None:
            return [task]
        return [part for part in self.parts(task) if self.last_attempt(part) is not None]

    def parts(self, array: PlannedTask) -> list[PlannedTask]:
        """The parts that an array had then; none when its turn did not come."""
        known = self._state.tasks.get(array.id)
        return [part.planned for part in known.parts.states] if known is not None and known.parts is not None else []

    def last_attempt(self, task: PlannedTask) -> AttemptState | None:
        """The attempt that is repeated: the last one; None where none began that has a text."""
        known = self._state.task(task.id) if task.id in self._state else None
        found = [one for one in (known.attempts if known is not None else ()) if one.question is None]
        return next((one for one in reversed(found) if self._has_text(task, one)), None)

    def _has_text(self, task: PlannedTask, attempt: AttemptState) -> bool:
        return config_file(attempt_directory(self._directory, task.id, attempt.number)).is_file()

    def attempt(self, task: PlannedTask) -> Path:
        """The directory of the attempt that is repeated."""
        last = self.last_attempt(task)
        if last is None:
            raise PrepareError(f"the files of this task are gone from run {self._directory.name}")
        return attempt_directory(self._directory, task.id, last.number)

    def configuration(self, task: PlannedTask) -> Configuration:
        """What it ran, with the values that variables had; secrets are references."""
        try:
            return configuration_of_attempt(self.attempt(task), task.configuration)
        except NoText as error:
            raise PrepareError(str(error)) from error

    def versions(self, task: PlannedTask) -> dict[str, int]:
        """Of the tables that it was given, by table; those of a task that never got so far are today's."""
        return {one["table"]: one["version"] for one in tables_given(self.attempt(task))}

    def nested(self, task: PlannedTask) -> str:
        """The id of the run of a nested orchestration that the task began."""
        header = self._state.header
        plan = RunPlan(header.orchestration, header.name, ())
        inner = nested_in_run(self._paths, plan, header.id, task)
        if inner is None:
            raise PrepareError(f"the run that this task began in run {header.id} is gone")
        return inner.id
