"""Variables out of CEL expressions over what the journal knows of the run that the task belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orch_tui.components.kit.component import Context
from orch_tui.components.kit.faults import FaultyParameter
from orch_tui.conditions.condition import ConditionError, Expression, UndecidedError
from orch_tui.conditions.facts import Facts
from orch_tui.model.run.promises import texts_now, values_now
from orch_tui.model.run.runstate import RunState
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import MissingVariables, task_values
from orch_tui.model.variables.values import encode
from orch_tui.project.attempt_dir import run_of
from orch_tui.project.journal.file import JOURNAL, read_run

PARAMETER = "expressions"
_ROOM = 300


def evaluate(expressions: Mapping[str, str], ctx: Context, at: float) -> dict[str, Any]:
    """JSON of the values by the names of the variables, all of the moment when the task began. Each goes to the log
    with what it saw. ``at`` is that moment where there is no run, in seconds since the epoch.

    Raises:
        FaultyParameter: an expression cannot be read, gives nothing with the facts there are, or what is no value.
    """
    read = {name: _read(name, text, number) for number, (name, text) in enumerate(expressions.items(), 1)}
    state = _run_of(ctx)
    known = None if state is None else Facts(state, state.latest, _variables(state, ctx.task))
    values = {}
    for number, (name, expression) in enumerate(read.items(), 1):
        facts = _nothing(at) if known is None else known.of(expression.asked)
        try:
            value = expression.value(facts)
        except UndecidedError as error:
            alone = "" if state is not None else " (it is tried without a run: there is no task and no variable)"
            raise _fault(name, error.sentence + alone, number) from error
        values[name] = _encoded(name, value, number)
        _tell(ctx, name, expression.seen(facts))
    return values


def _read(name: str, text: str, number: int) -> Expression:
    try:
        return Expression(text)
    except ConditionError as error:
        raise _fault(name, f"{error.sentence} ({error.place})", number) from error


def _fault(name: str, sentence: str, number: int) -> FaultyParameter:
    """``number`` is the line in the form, where each expression has one."""
    return FaultyParameter(f"{PARAMETER}.{safe_line(name, 60)}: {sentence}", PARAMETER, number)


def _run_of(ctx: Context) -> RunState | None:
    """The run as it stands in its journal; None when a configuration is tried outside of one."""
    directory: Path | None = run_of(ctx.data_dir)
    return read_run(directory) if directory is not None and (directory / JOURNAL).exists() else None


def _nothing(at: float) -> dict[str, Any]:
    """What there is to see without a run."""
    return {"task": {}, "phase": {}, "vars": {}, "run": {}, "now": datetime.fromtimestamp(at, UTC)}


def _variables(state: RunState, task: str) -> dict[str, Any]:
    """Those of the run, and over them the task's own, as with ``{{ name }}``."""
    given = state.header.variables
    own = state.task(task).planned.variables if task in state else {}
    values = values_now(state, given)
    try:
        texts = task_values(texts_now(state, given), own)
    except MissingVariables:
        # The task was started with its values: whoever set one of them is tried again at this moment.
        return values
    return values | {name: texts[name] for name in own}


def _tell(ctx: Context, name: str, seen: Mapping[str, Any]) -> None:
    for text, value in seen.items():
        ctx.log(f"{name}: {safe_line(text, _ROOM)} is {safe_line('null' if value is None else str(value), _ROOM)}")


def _encoded(name: str, value: Any, number: int) -> Any:
    """JSON of a value of a variable with the type that the expression gave it."""
    if isinstance(value, datetime):
        return encode(value)
    if isinstance(value, list):
        return [_encoded(name, item, number) for item in value]
    if isinstance(value, str | bool | int | float):
        return value
    raise _fault(name, _no_value(value), number)


def _no_value(value: Any) -> str:
    if value is None:
        return "it gives null, which is no value; say what stands for it: a != null ? a : 0"
    if isinstance(value, timedelta):
        return "it gives a duration, which is no value; write it in seconds with getSeconds()"
    if isinstance(value, Mapping):
        return "it gives a map, which is no value; set a variable for each of its items"
    return "it gives what no variable holds; make it a text with string()"
