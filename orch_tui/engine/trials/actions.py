"""Synchronous actions: a component's program asked a question outside of any run, such as "does the connection work".

The program is started as a task would start it, with ``action`` in its config.json, in a directory that is gone
afterwards. Source: https://developers.keboola.com/extend/common-interface/actions/.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.trials.alone import Alone, obstacle, prepare_alone, run_attempt, scratch_directory, why_not
from orch_tui.model.components.component import TEST_CONNECTION, Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.problem import Problem
from orch_tui.model.run.outcome import outcome_of_exit
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import log_file
from orch_tui.project.project import DefinitionError, Project

LIMIT = 30.0
"""Seconds until a program that has not answered is stopped; Keboola's limit."""
_GRACE = 2.0
_MAX_LOG_MB = 16.0
_LINES = 200
_WIDTH = 20_000
_WHOLE = 4 << 20
"""Characters of the longest answer that is read; a test answers with a sentence."""
_MESSAGE = 1000
_COLUMNS, _COLUMN = 1000, 200


@dataclass(frozen=True, slots=True)
class ActionResult:
    """``message`` is one sentence, safe to show and without secrets; ``seconds`` is what it took. ``columns`` are the
    names of those of the rows that came, where the program tells them. ``answer`` is what JSON holds of the answer of
    any other action than a test: texts in it are the program's, and not safe to show as they are."""

    ok: bool
    message: str
    seconds: float
    columns: Sequence[str] = ()
    answer: Any = None


async def run_action(
    project: Project,
    configuration: Configuration,
    variables: Mapping[str, str],
    stop: StopRequest,
    *,
    action: str = TEST_CONNECTION,
    limit: float = LIMIT,
) -> ActionResult:
    """Start the configuration's program with ``action`` and wait for its answer, ``limit`` seconds at most.

    What is wrong (a secret without a value, a program that is not there, no answer) is a result too, never an
    exception. Whatever the program left running is ended, also when this is cancelled.
    """
    begun = time.monotonic()

    def result(ok: bool, message: str, columns: Sequence[str] = (), answer: Any = None) -> ActionResult:
        said = safe_line(message, _MESSAGE) or "it gave no reason"
        return ActionResult(ok, said, time.monotonic() - begun, columns, answer)

    component = project.component(configuration.component)
    if component is not None and not component.answers_to(action):
        return result(False, no_such_action(component, action))
    if problem := obstacle(project, configuration, action=True):
        return result(False, problem)
    options = TaskOptions(timeout=limit, grace=_GRACE, max_log_mb=_MAX_LOG_MB)
    try:
        with scratch_directory(project, "action-") as directory:
            spec = prepare_alone(project, configuration, variables, directory, "action", options, action=action)
            end = await run_attempt(spec, stop)
            return result(*_answer(end, spec, limit, action))
    except (PrepareError, OSError) as error:
        return result(False, why_not(error))


def no_such_action(component: Component, action: str) -> str:
    """A sentence for an action that the component does not have."""
    if action == TEST_CONNECTION:
        return f'the component "{component.id}" cannot test its connection'
    known = ", ".join(component.actions) or "none"
    return f'the component "{component.id}" has no action "{safe_line(action, 60)}"; its actions are: {known}'


def _answer(
    end: Exit, spec: AttemptSpec, limit: float, action: str
) -> tuple[bool, str] | tuple[bool, str, Sequence[str]] | tuple[bool, str, Sequence[str], Any]:
    testing = action == TEST_CONNECTION
    lines = last_lines(log_file(spec.directory), _LINES, _WIDTH if testing else _WHOLE)
    if end.stopped is FailureKind.TIMEOUT:
        return False, f"no answer within {show_duration(limit)}; the program was stopped"
    if end.stopped is FailureKind.CANCEL:
        return False, "cancelled"
    if end.stopped is not None:
        return False, "the program wrote too much without an answer and was stopped"
    last = lines[-1].strip() if lines else ""
    if end.code != 0:
        # A user error is a sentence of its own; what else can happen needs to be told as such.
        return False, last if end.code == 1 and last else outcome_of_exit(end.code, last).reason
    if not testing:
        return _any_answer(lines)
    answer = _json_answer(lines)
    message = answer.get("message")
    said = message if isinstance(message, str) and message.strip() else ""
    if str(answer.get("status") or "success").lower() not in ("success", "ok"):
        return False, said or f"the program answered {answer.get('status')}"
    columns = answer.get("columns")
    names = columns if isinstance(columns, list) and all(isinstance(one, str) for one in columns) else []
    said = said or ("the connection works" if answer else last or "the connection works")
    return True, said, [safe_line(name, _COLUMN) for name in names[:_COLUMNS]]


def _any_answer(lines: Sequence[str]) -> tuple[bool, str, Sequence[str], Any]:
    """The last line that is JSON, as the answer of an action; the last line as a text where none is."""
    for line in reversed(lines):
        if line.lstrip().startswith(("{", "[")):
            with contextlib.suppress(ValueError, RecursionError):
                # A line of the log may begin so.
                body = json.loads(line)
                if not isinstance(body, dict):
                    return True, "answered", (), body
                said = body.get("message")
                message = said if isinstance(said, str) else ""
                if str(body.get("status") or "success").lower() not in ("success", "ok"):
                    return False, message or f"the program answered {body.get('status')}", (), body
                whole = body.keys() == {"status", "answer"}
                return True, message or "answered", (), body["answer"] if whole else body
    return True, "answered", (), lines[-1].strip() if lines else None


def _json_answer(lines: list[str]) -> dict[str, Any]:
    """The last line that is a JSON object with a status or a message; log lines may stand around it."""
    for line in reversed(lines):
        if line.lstrip().startswith("{"):
            with contextlib.suppress(ValueError, RecursionError):
                # Something else that begins with a brace.
                body = json.loads(line)
                if isinstance(body, dict) and ("status" in body or "message" in body):
                    return body
    return {}


class ActionRun(Alone):
    """One action of a configuration."""

    def __init__(self, root: Path, configuration: Configuration, action: str = TEST_CONNECTION) -> None:
        super().__init__(root, configuration)
        self._action = action

    def run(self) -> ActionResult:
        """Blocks until the answer is there, or for the limit and a little more."""
        return asyncio.run(self._run())

    async def _run(self) -> ActionResult:
        with self.running():
            project = self.project()
            variables = self.variables(project)
            return await run_action(project, self.configuration, variables, self.stop, action=self._action)


def testable(project: Project, ref: str) -> Configuration | str:
    """The configuration, or why it cannot be tested, in a sentence."""
    try:
        configuration = project.configuration(ref)
    except DefinitionError as error:
        return "; ".join(map(_problem, error.problems)) or str(error)
    component = project.component(configuration.component)
    if component is None:
        return f'there is no component "{safe_line(configuration.component, 60)}"'
    if not component.can_be_tested:
        return f'the component "{component.id}" cannot test its connection'
    return configuration


def _problem(problem: Problem) -> str:
    return f"{problem.place}: {problem.message}" if problem.place else problem.message
