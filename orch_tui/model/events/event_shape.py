"""What every kind of event must hold: a journal is checked against this once, when it is read.

What folds and shows a run trusts its events and indexes them, so nothing that this module lets through may break it.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from typing import Any

from orch_tui.model.errors import OrchError
from orch_tui.model.events.events import EventType
from orch_tui.model.events.record_fields import (
    COUNT,
    FLAG,
    LENGTH,
    MOST_COUNT,
    NUMBER,
    NUMBERS,
    SECONDS,
    TEXT,
    TEXTS,
    TICKS,
    TIME,
    Field,
    Kind,
    complaint,
    is_int,
    is_text,
    shown,
)
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.approval import recall_question
from orch_tui.model.status import FINAL
from orch_tui.model.variables.values import recall_all


def _json(text: Any) -> Any:
    """What a text in JSON holds; the text itself, as nothing that is looked for, when it is no JSON."""
    if not is_text(text):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_tried(value: Any) -> bool:
    return isinstance(value, list) and all(_is_tried_rule(_json(one)) for one in value)


def _is_tried_rule(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], dict):
        return False
    return is_int(value[0], 0, MOST_COUNT) and (value[1] is None or isinstance(value[1], bool))


def _are_values(value: Any) -> bool:
    if not is_text(value):
        return False
    try:
        recall_all(value)
    except (ValueError, RecursionError):
        return False
    return True


def _is_question(value: Any) -> bool:
    if not is_text(value):
        return False
    try:
        recall_question(value)
    except (ValueError, OrchError, RecursionError):
        return False
    return True


_FINAL_WORDS = frozenset(status.value for status in FINAL)
_FAILURES = frozenset(kind.value for kind in FailureKind)

EXIT_CODE = Kind(lambda value: is_int(value, -MOST_COUNT, MOST_COUNT), "an exit code")
FINAL_STATUS = Kind(lambda value: isinstance(value, str) and value in _FINAL_WORDS, "a final status")
FAILURE = Kind(lambda value: isinstance(value, str) and value in _FAILURES, "a kind of failure")
OBJECT = Kind(lambda value: isinstance(_json(value), dict), "an object in JSON")
LIST = Kind(lambda value: isinstance(_json(value), list), "a list in JSON")
TRIED = Kind(_is_tried, "a list of rules that were tried")
VALUES = Kind(_are_values, "an object of variables in JSON")
QUESTION = Kind(_is_question, "a question in JSON")


def _maybe(key: str, kind: Kind) -> Field:
    return Field(key, kind, needed=False)


_TASK, _PHASE = Field("task", TEXT), Field("phase", TEXT)
_ATTEMPT, _STATUS, _REASON = Field("attempt", NUMBER), Field("status", FINAL_STATUS), _maybe("reason", TEXT)
_BECAUSE = _maybe("because", TEXTS)

DECISION = (_maybe("rule", COUNT), _maybe("error", TEXT), _maybe("tried", TRIED))
"""What was decided by the rules of a phase."""

SHAPES: dict[str, tuple[Field, ...]] = {
    EventType.EXECUTOR.value: (
        Field("pid", NUMBER),
        Field("start", TICKS),
        Field("host", TEXT),
        Field("boot_id", TEXT),
        Field("by", TEXT),
        _maybe("uptime", LENGTH),
    ),
    EventType.PHASE_STARTED.value: (_PHASE,),
    EventType.PHASE_ENDED.value: (_PHASE, _STATUS),
    EventType.PHASE_SKIPPED.value: (_PHASE, _STATUS, _REASON, _BECAUSE),
    EventType.DECIDED.value: (_PHASE, *DECISION),
    EventType.WAITING.value: (_TASK, _REASON, _BECAUSE, _maybe("until", TIME)),
    EventType.UNFOLDED.value: (
        _TASK,
        Field("items", TEXTS),
        _maybe("reused", NUMBERS),
        _maybe("left_out", NUMBERS),
        _maybe("run", TEXT),
    ),
    EventType.SPAWNING.value: (_TASK, _ATTEMPT, _maybe("backend", TEXT), _maybe("name", TEXT)),
    EventType.QUEUED.value: (_TASK, _ATTEMPT, _REASON, _maybe("job", TEXT)),
    EventType.STARTED.value: (
        _TASK,
        _ATTEMPT,
        _maybe("pid", COUNT),
        _maybe("start", TICKS),
        _maybe("node", TEXT),
        _maybe("job", TEXT),
    ),
    EventType.ASKED.value: (_TASK, _ATTEMPT, Field("question", QUESTION), _maybe("until", TIME)),
    EventType.KILLING.value: (_TASK, _ATTEMPT, Field("why", FAILURE), Field("grace", LENGTH)),
    EventType.ENDED.value: (
        _TASK,
        _ATTEMPT,
        _STATUS,
        _maybe("reason", TEXT),
        _maybe("kind", FAILURE),
        _maybe("exit", EXIT_CODE),
        _maybe("retry_at", TIME),
        _maybe("leftovers", COUNT),
        _maybe("ended_at", TIME),
        _maybe("uncounted", FLAG),
        _maybe("results", OBJECT),
        _maybe("variables", VALUES),
        _maybe("checks", LIST),
        _maybe("usage", OBJECT),
        _maybe("rows", LIST),
    ),
    EventType.SETTLED.value: (_TASK, _STATUS, _REASON, _BECAUSE, _maybe("kind", FAILURE)),
    EventType.CANCEL.value: (Field("by", TEXT), _maybe("now", FLAG), _maybe("task", TEXT)),
    EventType.INTERVENED.value: (
        Field("id", TEXT),
        Field("kind", TEXT),
        Field("by", TEXT),
        _maybe("note", TEXT),
        _maybe("task", TEXT),
        _maybe("phase", TEXT),
        _maybe("limit", NUMBER),
        _maybe("values", VALUES),
    ),
    EventType.NOTE.value: (Field("level", TEXT), Field("text", TEXT)),
    EventType.RUN_ENDED.value: (
        _STATUS,
        _maybe("reason", TEXT),
        _BECAUSE,
        Field("seconds", SECONDS),
        *(_maybe(f"count_{status.value}", COUNT) for status in FINAL),
    ),
}
"""The fields of the events that this program knows, by their type; see the constructors in :mod:`events`."""


def event_complaint(
    event_type: str, data: Mapping[str, Any], tasks: Container[str], phases: Container[str]
) -> str | None:
    """What is wrong with an event of a run that has these tasks and phases; None when nothing is.

    An event of a kind that is not known is never wrong: whoever folds events passes it over.
    """
    shape = SHAPES.get(event_type)
    if shape is None:
        return None
    wrong = complaint(data, shape)
    if wrong is None and "task" in data and data["task"] not in tasks:
        wrong = f"the run has no task {shown(data['task'])}"
    if wrong is None and "phase" in data and data["phase"] not in phases:
        wrong = f"the run has no phase {shown(data['phase'])}"
    return wrong
