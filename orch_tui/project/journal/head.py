"""The beginning of a journal: what a run was started with, checked before anything is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orch_tui.model.events.event_shape import DECISION, OBJECT, VALUES
from orch_tui.model.events.events import Event, EventType, decision_of
from orch_tui.model.events.reasons import STILL_HOLDS, decode_reason
from orch_tui.model.events.record_fields import COUNT, FLAG, ID, NUMBER, TEXT, TEXTS, Field, Kind, complaint
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.run.runstate import RunHeader, RunState, ScheduledTime, TaskState
from orch_tui.model.status import Status
from orch_tui.model.variables.values import recall_all
from orch_tui.project.definitions.rules import RULES, recall_rules
from orch_tui.project.definitions.task_fields import recall, record_shape
from orch_tui.project.journal.format import FORMAT, BrokenJournal, Record, to_time

_SKIPPED = Kind(lambda value: value in (Status.CREATED.value, Status.SKIPPED.value), "created or skipped")

_RUN = (
    Field("format", NUMBER),
    Field("id", ID),
    Field("orchestration", ID),
    Field("name", TEXT),
    Field("by", TEXT),
    Field("partial", FLAG, needed=False),
    Field("rerun_of", ID, needed=False),
    Field("parent", TEXT, needed=False),
    Field("schedule", TEXT, needed=False),
    Field("as_it_ran", ID, needed=False),
    Field("shadow", FLAG, needed=False),
    Field("tasks", COUNT),
)
_PHASE = (
    Field("id", ID),
    Field("name", TEXT),
    Field("max_parallel", NUMBER),
    Field("own_limit", FLAG, needed=False),
    Field("rules", RULES, needed=False),
    Field("known", OBJECT, needed=False),
    *DECISION,
)
_TASK = (
    Field("id", ID),
    Field("name", TEXT),
    Field("configuration", TEXT),
    Field("phase", ID),
    Field("digest", TEXT, needed=False),
    Field("status", _SKIPPED, needed=False),
    Field("reason", TEXT, needed=False),
    Field("because", TEXTS, needed=False),
    Field("left", VALUES, needed=False),
    Field("asks", FLAG, needed=False),
    Field("known", OBJECT, needed=False),
)


class Carriers:
    """The ids that events may name: of tasks, and of the parts of arrays once these have unfolded."""

    def __init__(self, tasks: Mapping[str, Any]) -> None:
        self._tasks = tasks
        self._parts: dict[str, int] = {}

    def take(self, event: Event) -> None:
        """An array unfolds: only the first time counts."""
        if event.type == EventType.UNFOLDED.value:
            self._parts.setdefault(event.data["task"], len(event.data["items"]))

    def __contains__(self, id: object) -> bool:
        if id in self._tasks:
            return True
        if not self._parts or not isinstance(id, str):
            return False
        from orch_tui.model.orchestration.each import array_of, number_of

        number = number_of(id)
        return number is not None and number <= self._parts.get(array_of(id), 0)


class Head:
    """The records before the first event, taken in one by one. Methods raise BrokenJournal."""

    def __init__(self) -> None:
        self._header: RunHeader | None = None
        self._variables: dict[str, str] = {}
        self._count = 0
        self.phases: dict[str, Mapping[str, Any]] = {}
        self.tasks: dict[str, Mapping[str, Any]] = {}
        self.carriers = Carriers(self.tasks)

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
                _check(values, record_shape(values), "task")
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
            name: PhaseState(
                name,
                phase["name"],
                [],
                phase["max_parallel"],
                rules=recall_rules(phase.get("rules", ())),
                decision=decision_of(phase) if "tried" in phase else None,
                own_limit=phase.get("own_limit", False),
                known=_known(phase),
            )
            for name, phase in self.phases.items()
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
        scheduled=_scheduled(values),
        as_it_ran=values.get("as_it_ran"),
        shadow=values.get("shadow", False),
    )


def _scheduled(values: Mapping[str, Any]) -> ScheduledTime | None:
    if "schedule" not in values:
        return None
    return ScheduledTime(values["schedule"], to_time(values.get("scheduled_at"), "that was scheduled"))


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(values.get("known", "{}"))
    return known


def _to_task(values: Mapping[str, Any]) -> TaskState:
    because = decode_reason(values.get("because"), values.get("reason"))
    decision = Decision.RUN
    if values.get("status") == Status.SKIPPED.value:
        reused = because is not None and because.cause in STILL_HOLDS
        decision = Decision.REUSED if reused else Decision.SKIPPED
    planned = PlannedTask(
        values["id"],
        values["configuration"],
        values["name"],
        values["phase"],
        decision,
        because,
        values.get("digest", ""),
        asks=values.get("asks", False),
        known=_known(values),
        left=recall_all(values["left"]) if "left" in values else {},
        **recall(values),
    )
    return TaskState.of(planned)
