"""The beginning of a journal: what a run was started with, checked before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orch_tui.model.event_shape import (
    COUNT,
    FLAG,
    ID,
    LENGTH,
    NUMBER,
    PAIRS,
    SECONDS,
    TEXT,
    TEXTS,
    Field,
    Kind,
    complaint,
)
from orch_tui.model.orchestration import Backoff, Retry, TaskOptions
from orch_tui.model.reasons import decode_reason
from orch_tui.model.runstate import PhaseState, RunHeader, RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.project.journal.format import FORMAT, BrokenJournal, Record, to_time

_SKIPPED = Kind(lambda value: value in (Status.CREATED.value, Status.SKIPPED.value), "created or skipped")
_BACKOFF = Kind(lambda value: value in [backoff.value for backoff in Backoff], "a kind of backoff")

_RUN = (
    Field("format", NUMBER),
    Field("id", ID),
    Field("orchestration", ID),
    Field("name", TEXT),
    Field("by", TEXT),
    Field("partial", FLAG, needed=False),
    Field("rerun_of", ID, needed=False),
    Field("parent", TEXT, needed=False),
    Field("tasks", COUNT),
)
_PHASE = (Field("id", ID), Field("name", TEXT), Field("max_parallel", NUMBER))
_TASK = (
    Field("id", ID),
    Field("name", TEXT),
    Field("configuration", TEXT),
    Field("phase", ID),
    Field("digest", TEXT, needed=False),
    Field("continue_on_failure", FLAG, needed=False),
    Field("timeout", LENGTH, needed=False),
    Field("delay", LENGTH, needed=False),
    Field("grace", LENGTH, needed=False),
    Field("max_log_mb", SECONDS, needed=False),
    Field("max_parallel", NUMBER, needed=False),
    Field("variables", PAIRS, needed=False),
    Field("status", _SKIPPED, needed=False),
    Field("reason", TEXT, needed=False),
    Field("because", TEXTS, needed=False),
)
_RETRY = (
    Field("retries", COUNT),
    Field("retry_delay", LENGTH),
    Field("retry_backoff", _BACKOFF),
    Field("retry_total", LENGTH, needed=False),
)


class Head:
    """The records before the first event, taken in one by one. Methods raise BrokenJournal."""

    def __init__(self) -> None:
        self._header: RunHeader | None = None
        self._variables: dict[str, str] = {}
        self._count = 0
        self.phases: dict[str, Mapping[str, Any]] = {}
        self.tasks: dict[str, Mapping[str, Any]] = {}

    def add(self, record: Record) -> None:
        values = record.values
        match record.table:
            case "run":
                if self._header is not None:
                    raise BrokenJournal("it has two headers")
                self._header = read_header(values)
                self._count = values["tasks"]
            case "variables":
                self._variables = {key: str(value) for key, value in values.items()}
                _check(self._variables, tuple(Field(key, TEXT) for key in self._variables), "variable")
            case "phase":
                _check(values, _PHASE, "phase")
                self._put(self.phases, values, "phase")
            case "task":
                _check(values, _TASK, "task")
                if any(field.key in values for field in _RETRY):
                    _check(values, _RETRY, "task")
                if values["phase"] not in self.phases:
                    raise BrokenJournal(f'the phase "{values["phase"]}" of the task "{values["id"]}" is missing')
                self._put(self.tasks, values, "task")

    @staticmethod
    def _put(known: dict[str, Mapping[str, Any]], values: Mapping[str, Any], what: str) -> None:
        if values["id"] in known:
            raise BrokenJournal(f'it has the {what} "{values["id"]}" twice')
        known[values["id"]] = values

    @property
    def complete(self) -> bool:
        """A plan of ten thousand tasks is longer than what is read at once."""
        return self._header is not None and len(self.tasks) >= self._count

    def state(self) -> RunState:
        """The state before the first event; a new one each time. Raises: BrokenJournal when records are missing."""
        header = self.header()
        if len(self.tasks) != self._count:
            raise BrokenJournal(f"it has {len(self.tasks)} of the {self._count} tasks of its plan")
        phases = {
            name: PhaseState(name, phase["name"], [], phase["max_parallel"]) for name, phase in self.phases.items()
        }
        for name, task in self.tasks.items():
            phases[task["phase"]].tasks.append(name)
        return RunState(header, phases.values(), map(_to_task, self.tasks.values()))

    def header(self) -> RunHeader:
        """Raises: BrokenJournal when it is missing."""
        header = self._header
        if header is None:
            raise BrokenJournal("it has no header")
        return RunHeader(
            **{name: getattr(header, name) for name in RunHeader.__slots__ if name != "variables"},
            variables=self._variables,
        )


def _check(values: Mapping[str, Any], shape: tuple[Field, ...], what: str) -> None:
    wrong = complaint(values, shape)
    if wrong is not None:
        raise BrokenJournal(f"in the record of a {what}: {wrong}")


def read_header(values: Mapping[str, Any]) -> RunHeader:
    """The header, without variables. Raises: BrokenJournal when it is damaged or of a newer format."""
    written = values.get("format")
    if isinstance(written, int) and written > FORMAT:
        raise BrokenJournal(f"it has format {written}; this program reads up to {FORMAT}")
    _check(values, _RUN, "run")
    return RunHeader(
        values["id"],
        values["orchestration"],
        values["name"],
        to_time(values.get("created"), "at which the run was created"),
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
        decode_reason(values.get("because"), values.get("reason")),
        options=_to_options(values),
        max_parallel=values.get("max_parallel"),
        variables=dict(text.split("=", 1) for text in values.get("variables", ())),
    )


def _to_options(values: Mapping[str, Any]) -> TaskOptions:
    retry = None
    if "retries" in values:
        backoff = Backoff(values["retry_backoff"])
        retry = Retry(values["retries"], values["retry_delay"], backoff, values.get("retry_total"))
    return TaskOptions(retry, values.get("timeout"), values.get("delay"), values.get("grace"), values.get("max_log_mb"))
