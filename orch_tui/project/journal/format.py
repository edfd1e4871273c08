"""How a journal is written and read: records that are TOML and JSON at once.

The file is valid TOML at every record boundary: ``[run]``, ``[variables]``, ``[[phase]]`` and ``[[task]]`` tables (the
plan, written at once before the file gets its name), then one ``[[event]]`` table for each event. A record ends with
a blank line and strings escape their line ends, so a blank line ends nothing else. The values are written so that
they are JSON as well: reading them as JSON is ten times as fast as a TOML parser.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from orch_tui.model.errors import OrchError
from orch_tui.model.events.event_shape import event_complaint
from orch_tui.model.events.events import Event, decision_values, read_time, write_time
from orch_tui.model.events.record_fields import TIME
from orch_tui.model.run.plan import RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.variables.values import encode_all
from orch_tui.project.definitions.rules import record_rules
from orch_tui.project.definitions.task_fields import record_values

FORMAT = 1


class BrokenJournal(OrchError):
    """The file is no journal of a run that this program can read; ``why`` says so in a few words.

    It is the fault of one run: whoever shows several tells it for that one and goes on with the others.
    """

    def __init__(self, why: str, path: Path | None = None, line: int | None = None) -> None:
        self.why = why
        self.path = path
        self.line = line
        super().__init__(why, path, line)

    def __str__(self) -> str:
        if self.path is None:
            return self.why
        directory = self.path.parent
        return (
            f"run {directory.name} cannot be read, its journal is damaged: {self.path}{self._place}: {self.why}; "
            f"other runs are not affected, and {directory} can be moved away"
        )

    @property
    def _place(self) -> str:
        return f":{self.line}" if self.line is not None else ""

    @property
    def brief(self) -> str:
        """For the line of a run in a list."""
        return f"{self.path.name if self.path else 'run.toml'}{self._place}: {self.why}"


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _value(value: Any) -> str:
    """TOML that is JSON too: no dates, no inline tables, no non-finite numbers."""
    if type(value) is int:
        # The encoder makes another one of itself for each value that is no text.
        return repr(value)
    # TOML forbids a bare DEL.
    return _encode(value).replace("\x7f", "\\u007f")


def write_record(table: str, values: Mapping[str, Any]) -> str:
    """One record; values that are None are left out. Keys must be bare TOML keys."""
    body = "".join(f"{key} = {_value(value)}\n" for key, value in values.items() if value is not None)
    return f"{table}\n{body}\n"


def write_event(event: Event) -> str:
    return write_record("[[event]]", {"type": event.type, "at": write_time(event.at), **event.data})


def write_header(header: RunHeader, plan: RunPlan) -> str:
    """The records that come before the first event."""
    state = initial_state(header, plan)
    fields = {
        "format": FORMAT,
        "id": header.id,
        "orchestration": header.orchestration,
        "name": header.name,
        "created": write_time(header.created),
        "by": header.by,
        "partial": header.partial or None,
        "rerun_of": header.rerun_of,
        "parent": header.parent,
        "schedule": header.scheduled.schedule if header.scheduled else None,
        "scheduled_at": write_time(header.scheduled.at) if header.scheduled else None,
        "as_it_ran": header.as_it_ran,
        "shadow": header.shadow or None,
        "tasks": len(state.tasks),
    }
    parts = [write_record("[run]", fields)]
    if header.variables:
        parts.append(write_record("[variables]", header.variables))
    for phase in state.phases.values():
        parts.append(
            write_record(
                "[[phase]]",
                {
                    "id": phase.id,
                    "name": phase.name,
                    "max_parallel": phase.max_parallel,
                    "own_limit": phase.own_limit or None,
                    "rules": record_rules(phase.rules),
                    "known": _known(state, phase.known),
                    **(decision_values(phase.decision) if phase.decision is not None else {}),
                },
            )
        )
    parts += [write_record("[[task]]", _task_fields(state, task)) for task in state.tasks.values()]
    return "".join(parts)


def _known(state: RunState, facts: Mapping[str, Any]) -> str | None:
    """What conditions may ask of what is reused, where somebody asks."""
    return json.dumps(facts, ensure_ascii=False) if facts and state.is_asked_about else None


def _task_fields(state: RunState, task: TaskState) -> dict[str, Any]:
    skipped = task.status is Status.SKIPPED
    return {
        "id": task.id,
        "name": task.name,
        "configuration": task.configuration,
        "phase": task.phase,
        "digest": task.digest or None,
        **record_values(task.planned),
        "left": encode_all(task.planned.left),
        "asks": task.planned.asks or None,
        "known": _known(state, task.planned.known),
        "status": task.status.value if skipped else None,
        "reason": task.reason if skipped else None,
        "because": task.because.encoded() if skipped and task.because is not None else None,
    }


class Record(NamedTuple):
    table: str
    values: dict[str, Any]


_TABLES = {"[run]": "run", "[variables]": "variables", "[[phase]]": "phase", "[[task]]": "task", "[[event]]": "event"}


def parse_records(text: str) -> list[Record]:
    """Complete records as this module wrote them, or any TOML with the same tables (a person has edited it).

    Raises:
        BrokenJournal: it is neither.
    """
    tables, objects = [], []
    for chunk in text.split("\n\n"):
        if not chunk:
            continue
        table, _, body = chunk.partition("\n")
        tables.append(table)
        pairs = (line.partition(" = ") for line in body.split("\n") if line)
        objects.append("{" + ",".join(f'"{key}":{value}' for key, _, value in pairs) + "}")
    try:
        values = json.loads("[" + ",".join(objects) + "]")
        return [Record(_TABLES[table], item) for table, item in zip(tables, values, strict=True)]
    except (ValueError, KeyError, RecursionError):
        return _parse_slowly(text)


def _parse_slowly(text: str) -> list[Record]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenJournal(f"this is no TOML: {error}") from error
    records = []
    for table, content in document.items():
        items = content if isinstance(content, list) else [content]
        if table not in _TABLES.values() or not all(isinstance(item, dict) for item in items):
            raise BrokenJournal(f'a journal has no "{table[:60]}"')
        records += [Record(table, item) for item in items]
    return records


def to_event(values: dict[str, Any], tasks: Container[str], phases: Container[str]) -> Event:
    """The event of a run that has these tasks and phases. Raises: BrokenJournal when something in it cannot be."""
    kind, at = values.pop("type", None), values.pop("at", None)
    if not isinstance(kind, str):
        raise BrokenJournal("an event has no type")
    wrong = event_complaint(kind, values, tasks, phases)
    if wrong is not None:
        raise BrokenJournal(f"in the event {kind[:40]}: {wrong}")
    return Event(kind, to_time(at, f"of the event {kind[:40]}"), values)


def to_time(text: Any, what: str) -> float:
    """Seconds since the epoch. Raises: BrokenJournal."""
    try:
        at = read_time(text)
    except (TypeError, ValueError, OverflowError):
        at = math.nan
    if not TIME.holds(at):
        raise BrokenJournal(f"the time {what} is {text!r:.60}, which is none")
    return at
