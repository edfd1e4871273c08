"""How a journal is written and read: records that are TOML and JSON at once.

The file is valid TOML at every record boundary: ``[run]``, ``[variables]``, ``[[phase]]`` and ``[[task]]`` tables (the
plan, written at once before the file gets its name), then one ``[[event]]`` table for each event. A record ends with
a blank line and strings escape their line ends, so a blank line ends nothing else. The values are written so that
they are JSON as well: reading them as JSON is ten times as fast as a TOML parser.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from orch_tui.model.errors import OrchError
from orch_tui.model.events import Event, read_time, write_time
from orch_tui.model.orchestration import Backoff, Retry, TaskOptions
from orch_tui.model.plan import RunPlan
from orch_tui.model.runstate import PhaseState, RunHeader, RunState, TaskState, initial_state
from orch_tui.model.status import Status

FORMAT = 1


class BrokenJournal(OrchError):
    """The file is no journal of a run that this program can read."""


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _value(value: Any) -> str:
    """TOML that is JSON too: no dates, no inline tables, no non-finite numbers."""
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
        "tasks": len(state.tasks),
    }
    parts = [write_record("[run]", fields)]
    if header.variables:
        parts.append(write_record("[variables]", header.variables))
    for phase in state.phases.values():
        parts.append(
            write_record("[[phase]]", {"id": phase.id, "name": phase.name, "max_parallel": phase.max_parallel})
        )
    for task in state.tasks.values():
        skipped = task.status is Status.SKIPPED
        fields = {
            "id": task.id,
            "name": task.name,
            "configuration": task.configuration,
            "phase": task.phase,
            "digest": task.digest or None,
            "continue_on_failure": task.continue_on_failure or None,
            **_write_options(task.options),
            "max_parallel": task.max_parallel,
            "variables": [f"{name}={value}" for name, value in task.variables.items()] or None,
            "status": task.status.value if skipped else None,
            "reason": task.reason if skipped else None,
        }
        parts.append(write_record("[[task]]", fields))
    return "".join(parts)


def _write_options(options: TaskOptions) -> dict[str, Any]:
    """Whoever takes the run over goes on with what it was started with, however the definitions change."""
    retry = options.retry
    return {
        "retries": retry.attempts if retry else None,
        "retry_delay": retry.delay if retry else None,
        "retry_backoff": retry.backoff.value if retry else None,
        "timeout": options.timeout,
        "delay": options.delay,
        "grace": options.grace,
        "max_log_mb": options.max_log_mb,
    }


def _read_options(values: Mapping[str, Any]) -> TaskOptions:
    retry = None
    if "retries" in values:
        retry = Retry(values["retries"], values["retry_delay"], Backoff(values["retry_backoff"]))
    return TaskOptions(retry, values.get("timeout"), values.get("delay"), values.get("grace"), values.get("max_log_mb"))


class Record(NamedTuple):
    table: str
    values: dict[str, Any]


def parse_records(text: str) -> list[Record]:
    """Complete records as this module wrote them.

    Raises:
        BrokenJournal: the text was not written by this module.
    """
    tables, objects = [], []
    for chunk in text.split("\n\n"):
        if not chunk:
            continue
        table, _, body = chunk.partition("\n")
        tables.append(table.strip("[]"))
        pairs = (line.partition(" = ") for line in body.split("\n") if line)
        objects.append("{" + ",".join(f'"{key}":{value}' for key, _, value in pairs) + "}")
    try:
        return list(map(Record, tables, json.loads("[" + ",".join(objects) + "]")))
    except ValueError:
        return _parse_slowly(text)


def _parse_slowly(text: str) -> list[Record]:
    """For a journal that a person has edited: any TOML with the same tables."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenJournal(f"not a journal: {error}") from error
    records = []
    for table, content in document.items():
        items = content if isinstance(content, list) else [content]
        if not all(isinstance(item, dict) for item in items):
            raise BrokenJournal(f'not a journal: "{table}" is no table')
        records += [Record(table, item) for item in items]
    return records


def to_event(values: dict[str, Any]) -> Event:
    try:
        return Event(values.pop("type"), read_time(values.pop("at")), values)
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenJournal(f"an event without type or time: {values}") from error


def state_from_head(records: Iterable[Record]) -> RunState:
    """Raises: BrokenJournal when the header is missing, incomplete or of a newer format."""
    header: RunHeader | None = None
    variables: dict[str, str] = {}
    phases: dict[str, PhaseState] = {}
    tasks: list[TaskState] = []
    try:
        for table, values in records:
            match table:
                case "run":
                    header = _to_header(values)
                case "variables":
                    variables = {key: str(value) for key, value in values.items()}
                case "phase":
                    phases[values["id"]] = PhaseState(values["id"], values["name"], [], values["max_parallel"])
                case "task":
                    tasks.append(_to_task(values))
                    phases[values["phase"]].tasks.append(values["id"])
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenJournal(f"the header of the journal is damaged: {error!r}") from error
    if header is None:
        raise BrokenJournal("the journal has no header")
    if variables:
        header = RunHeader(
            **{name: getattr(header, name) for name in RunHeader.__slots__ if name != "variables"},
            variables=variables,
        )
    return RunState(header, phases.values(), tasks)


def _to_header(values: Mapping[str, Any]) -> RunHeader:
    if values["format"] > FORMAT:
        raise BrokenJournal(f"the journal has format {values['format']}; this program reads up to {FORMAT}")
    return RunHeader(
        values["id"],
        values["orchestration"],
        values["name"],
        read_time(values["created"]),
        values["by"],
        partial=values.get("partial", False),
        rerun_of=values.get("rerun_of"),
        parent=values.get("parent"),
    )


def _to_task(values: Mapping[str, Any]) -> TaskState:
    return TaskState(
        values["id"],
        values["name"],
        values["configuration"],
        values["phase"],
        values.get("digest", ""),
        values.get("continue_on_failure", False),
        Status(values.get("status", Status.CREATED)),
        values.get("reason", ""),
        options=_read_options(values),
        max_parallel=values.get("max_parallel"),
        variables=dict(text.split("=", 1) for text in values.get("variables", ())),
    )
