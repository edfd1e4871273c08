"""What is assumed in a rehearsal, as people write it: ``task.load.rows=0``, as a condition would ask for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from orch_tui.conditions.condition import nearest
from orch_tui.conditions.facts import TASK_FACTS
from orch_tui.engine.trials.rehearsal import Outcome
from orch_tui.model.errors import OrchError
from orch_tui.model.run.plan import Decision, RunPlan
from orch_tui.model.status import FINAL, Status
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.values import ValueFault, decode

_FACT = re.compile(r"(?P<field>[a-z_]+)(?:\.(?P<key>.+)|\[\"(?P<quoted>.+)\"\])?")
_MAPS = ("tables", "metrics", "variables")


class AssumptionFault(OrchError):
    """Something that cannot be assumed; one sentence says why."""


def assume(plan: RunPlan, texts: Iterable[str], before: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcomes of ``before`` (of a run that is replayed), changed as ``texts`` say.

    Each is ``task.ID.FACT=VALUE``, with the facts that conditions have, or ``vars.NAME=VALUE`` for a variable that a
    task says it sets. A value is JSON, and else a text.

    Raises:
        AssumptionFault: there is no such task, fact or value.
    """
    outcomes = dict(before)
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise AssumptionFault(f'"{safe_line(text, 80)}" assumes nothing: write it as task.load.rows=0')
        task, fact = _parts(plan, name.strip())
        outcome = outcomes.get(task, Outcome())
        outcomes[task] = _with(outcome, name, fact, _value(value.strip()))
    return outcomes


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _parts(plan: RunPlan, name: str) -> tuple[str, str]:
    """The task that is meant, and the fact with its key."""
    root = name.partition(".")[0].partition("[")[0]
    if root == "vars":
        return _setter(plan, name), f"variables.{name.removeprefix('vars.')}"
    if root != "task":
        said = safe_line(name, 80)
        raise AssumptionFault(f'"{said}" cannot be assumed; task.ID.status, task.ID.rows and vars.NAME can')
    known = [task.id for task in plan.tasks()]
    for task in sorted(known, key=len, reverse=True):
        for beginning in (f"task.{task}.", f'task["{task}"].'):
            if name.startswith(beginning):
                return task, name.removeprefix(beginning)
    wanted = name.removeprefix("task").strip(".[").partition(".")[0].strip('"]')
    raise AssumptionFault(f'there is no task "{safe_line(wanted, 80)}"; {nearest(wanted, known)}')


def _setter(plan: RunPlan, name: str) -> str:
    """The task that sets a variable: of several the last one, whose value holds."""
    wanted = name.removeprefix("vars.")
    setters = [task.id for task in plan.tasks() if wanted in task.sets and task.decision is not Decision.SKIPPED]
    if not setters:
        known = {one for task in plan.tasks() for one in task.sets}
        raise AssumptionFault(
            f'no task says that it sets "{safe_line(wanted, 80)}" ({nearest(wanted, known)}); what a run is started '
            "with is given with --var"
        )
    return setters[-1]


def _with(outcome: Outcome, name: str, fact: str, value: Any) -> Outcome:
    found = _FACT.fullmatch(fact)
    field = found["field"] if found is not None else ""
    if found is None or field not in TASK_FACTS:
        raise AssumptionFault(f'a task has no "{safe_line(fact, 80)}"; {nearest(field or fact, TASK_FACTS)}')
    key = found["key"] or found["quoted"]
    if (field in _MAPS) is not (key is not None):
        how = f"{field}.NAME=VALUE" if field in _MAPS else f"{field}=VALUE"
        raise AssumptionFault(f"{safe_line(name, 80)} is to be written as task.ID.{how}")
    if key is not None:
        return _with_key(outcome, field, key, value)
    return _SETTERS[field](outcome, value)


def _with_key(outcome: Outcome, field: str, key: str, value: Any) -> Outcome:
    if field == "variables":
        try:
            return replace(outcome, values={**outcome.values, key: decode(value)})
        except ValueFault as error:
            raise AssumptionFault(f"the variable {safe_line(key, 80)} {error}") from error
    if field == "tables":
        value = _count(value, field)
    elif not isinstance(value, str | bool | int | float):
        raise AssumptionFault(f"the metric {safe_line(key, 80)} is a number, a text or a flag")
    results = {**_EMPTY, **outcome.results}
    return replace(outcome, results={**results, field: {**results[field], key: value}})


_EMPTY: Mapping[str, Any] = {"rows": None, "tables": {}, "files": None, "metrics": {}}


def _count(value: Any, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise AssumptionFault(f"{field} is a whole number from 0 on, not {safe_line(json.dumps(value), 40)}")
    return value


def _status(outcome: Outcome, value: Any) -> Outcome:
    words = {status.value for status in FINAL}
    if value not in words:
        raise AssumptionFault(
            f"a task does not end as {safe_line(json.dumps(value), 40)}; {nearest(str(value), words)}"
        )
    status = Status(value)
    failed = status is Status.ERROR
    return replace(
        outcome,
        status=status,
        kind=None,
        exit_code=1 if failed else 0 if status is Status.SUCCESS else None,
        error="it is assumed to fail" if failed else "" if status is Status.SUCCESS else f"assumed: {value}",
    )


def _results(outcome: Outcome, field: str, value: Any) -> Outcome:
    return replace(outcome, results={**_EMPTY, **outcome.results, field: _count(value, field)})


def _seconds(outcome: Outcome, value: Any) -> Outcome:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 10**9:
        raise AssumptionFault(f"seconds is a number from 0 on, not {safe_line(json.dumps(value), 40)}")
    return replace(outcome, seconds=float(value), ended=None)


def _attempts(outcome: Outcome, value: Any) -> Outcome:
    count = _count(value, "attempts")
    if not 1 <= count <= 1000:
        raise AssumptionFault("attempts is a number from 1 to 1000")
    return replace(outcome, attempts=count)


def _exit_code(outcome: Outcome, value: Any) -> Outcome:
    return replace(outcome, exit_code=_count(value, "exit_code"))


_SETTERS: Mapping[str, Callable[[Outcome, Any], Outcome]] = {
    "status": _status,
    "rows": lambda outcome, value: _results(outcome, "rows", value),
    "files": lambda outcome, value: _results(outcome, "files", value),
    "seconds": _seconds,
    "attempts": _attempts,
    "exit_code": _exit_code,
    "error": lambda outcome, value: replace(outcome, error=str(value)),
}
