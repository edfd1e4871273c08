"""Schedules, triggers and alerts as fields of a form: values to texts and back. Pure: no Textual.

What is typed is read by the same functions as the file is, so that it is refused for the same reasons.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from orch_tui.model.orchestration.alerts import AlertKind, AlertRule
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.starts import CatchUp, IfRunning, Schedule
from orch_tui.model.orchestration.triggers import AfterOutcome, Trigger
from orch_tui.model.problem import Severity
from orch_tui.project.definitions.alert_fields import alert_values, read_alerts
from orch_tui.project.definitions.schedule_fields import read_schedules, schedule_values
from orch_tui.project.definitions.trigger_fields import read_triggers, trigger_values
from orch_tui.project.toml.decode import Place, Table
from orch_tui.project.toml.lines import KeyPath
from orch_tui.tui.dialogs.fields import VARIABLES, FormErrors, read_text, read_variables, variables_text

Entry = Schedule | Trigger | AlertRule
YES, NO = "yes", "no"
_ENABLED = "enabled"
_BETWEEN = re.compile(r",?\s+|,$")


class StartKind(StrEnum):
    """What is edited; the value is the key in the file. ``SHARED``: alerts of the project, for all orchestrations."""

    SCHEDULE = "schedules"
    TRIGGER = "triggers"
    ALERT = "alerts"
    SHARED = "shared"

    @property
    def one(self) -> str:
        """One of them, in words."""
        return _ONE[self]


_ONE = {
    StartKind.SCHEDULE: "schedule",
    StartKind.TRIGGER: "trigger",
    StartKind.ALERT: "alert",
    StartKind.SHARED: "alert of all orchestrations",
}


@dataclass(frozen=True, slots=True)
class Starts:
    """What is edited: that of an orchestration, and the project's alerts (``shared``), which are for all of them."""

    own: Orchestration
    shared: tuple[AlertRule, ...] = ()


class Shape(StrEnum):
    """What a field holds: a text, ``yes`` or ``no``, several words."""

    TEXT = "text"
    FLAG = "flag"
    WORDS = "words"


class EntryField(NamedTuple):
    """``hint`` stands beside the field, ``empty`` in it while it is; ``choices`` complete what is typed."""

    name: str
    label: str
    hint: str
    shape: Shape = Shape.TEXT
    choices: tuple[str, ...] = ()
    empty: str = ""


_RUNNING = tuple(one.value for one in IfRunning)
_CATCH_UP = tuple(one.value for one in CatchUp)
_FLAG = (YES, NO)
_ON = "which events; → completes"
_USUAL = "failed-first, recovered"
_CHANNELS = (
    EntryField("to", "To", "${NAME}, in .env", Shape.WORDS),
    EntryField("command", "Command", "or one that reads JSON"),
)
_LIMITS = (
    EntryField("slow", "Slow", "over the median, for slow", empty="50%"),
    EntryField("deadline", "Deadline", "06:30, for deadline"),
    EntryField("quiet", "Quiet", "26h, for quiet"),
)


def _events(*also: AlertKind) -> tuple[str, ...]:
    others = {AlertKind.SCHEDULER_GONE, AlertKind.MESSAGE} - {*also}
    return tuple(one.value for one in AlertKind if one not in others)


FIELDS: Mapping[StartKind, tuple[EntryField, ...]] = {
    StartKind.SCHEDULE: (
        EntryField("cron", "Time", "as in crontab, or @daily", empty="30 5 * * 1-5"),
        EntryField("timezone", "Time zone", "its IANA name; → completes"),
        EntryField(_ENABLED, "Enabled", "no: it starts nothing", Shape.FLAG, _FLAG, YES),
        EntryField("catch_up", "Catch up", "none, last, all", Shape.TEXT, _CATCH_UP, "none"),
        EntryField("catch_up_within", "  within", "so late at most, like 6h", empty="any time"),
        EntryField("if_running", "If it runs", "skip, wait or stop it", choices=_RUNNING, empty="skip"),
        EntryField("jitter", "Jitter", "spreads starts, like 5m", empty="none"),
        EntryField("id", "Id", "for two of the same time"),
    ),
    StartKind.TRIGGER: (
        EntryField("files", "Files", "a glob: incoming/*.csv"),
        EntryField("tables", "Tables", "bucket/table, all new", Shape.WORDS),
        EntryField("after", "After", "an orchestration's end"),
        EntryField(
            "outcome", "  outcome", "success, failure, any", choices=tuple(one.value for one in AfterOutcome),
            empty="success",
        ),
        EntryField(_ENABLED, "Enabled", "no: it starts nothing", Shape.FLAG, _FLAG, YES),
        EntryField("stable", "Stable", "unchanged for so long", empty="10s"),
        EntryField("cool_down", "Cool down", "between two starts", empty="none"),
        EntryField("if_running", "If it runs", "skip, wait or stop it", choices=_RUNNING, empty="wait"),
        EntryField("id", "Id", "made of it when empty"),
    ),
    StartKind.ALERT: (
        EntryField("on", "Told on", _ON, Shape.WORDS, _events(), _USUAL),
        *_CHANNELS,
        EntryField("tasks", "Tasks", "only these, by their ids", Shape.WORDS, empty="all"),
        EntryField("phases", "Phases", "only these, by their ids", Shape.WORDS, empty="all"),
        *_LIMITS,
    ),
    StartKind.SHARED: (
        EntryField("on", "Told on", _ON, Shape.WORDS, _events(AlertKind.SCHEDULER_GONE), _USUAL),
        *_CHANNELS,
        *_LIMITS,
    ),
}  # fmt: skip
_VALUES: Mapping[StartKind, Callable[[Any], dict[str, Any]]] = {
    StartKind.SCHEDULE: schedule_values,
    StartKind.TRIGGER: trigger_values,
    StartKind.ALERT: alert_values,
    StartKind.SHARED: alert_values,
}


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """Which one is edited: the ``index``-th, or a new one (None)."""

    kind: StartKind
    index: int | None = None


def entries(value: Starts, kind: StartKind) -> tuple[Entry, ...]:
    """All of a kind."""
    if kind is StartKind.SHARED:
        return value.shared
    found: tuple[Entry, ...] = getattr(value.own, kind.value)
    return found


def has_variables(kind: StartKind) -> bool:
    """Whether it gives the run variables."""
    return kind in (StartKind.SCHEDULE, StartKind.TRIGGER)


def texts_of(value: Starts, place: EntryPlace) -> dict[str, str]:
    """What stands in the fields, variables too; empty for what is not set."""
    texts = {field.name: "" for field in FIELDS[place.kind]} | {VARIABLES: ""}
    if place.index is None:
        return texts
    for name, one in _VALUES[place.kind](entries(value, place.kind)[place.index]).items():
        texts[name] = _text(one)
    return texts


def _text(one: Any) -> str:
    if isinstance(one, bool):
        return YES if one else NO
    if isinstance(one, list):
        return ", ".join(one)
    return variables_text(one) if isinstance(one, dict) else str(one)


class _FieldPlace(Place):
    """Keeps what is wrong with the keys of one table, by key; empty for all of it."""

    def __init__(self) -> None:
        super().__init__("", "")
        self.errors: dict[str, str] = {}

    def report(self, severity: Severity, code: str, message: str, remedy: str, path: KeyPath) -> None:
        key = str(path[0]) if path else ""
        super().report(severity, code, message, remedy, ())
        told = message.removeprefix(f"{key}: ")
        self.errors.setdefault(key, f"{told[:1].upper()}{told[1:]}{f'; {remedy}' if remedy else ''}.")


def read_entry(value: Starts, place: EntryPlace, texts: Mapping[str, str]) -> Entry:
    """What was typed. Raises: FormErrors, a sentence for each field that cannot be taken."""
    kind = place.kind
    errors: dict[str, str] = {}
    data = _data(kind, texts, errors)
    if kind is StartKind.TRIGGER:
        given = [name for name in ("files", "tables", "after") if name in data]
        if len(given) != 1:
            told = (
                "Fill in one of files, tables and after." if not given else "Fill in one of these three, not several."
            )
            raise FormErrors({given[1] if given else "files": told} | errors)
    others = [one for index, one in enumerate(entries(value, kind)) if index != place.index]
    where, elsewhere = _FieldPlace(), Place("", "")
    tables = [Table(_VALUES[kind](one), elsewhere, (kind.value, at)) for at, one in enumerate(others)]
    found = _read(kind, [*tables, Table(data, where)], value.own)[-1]
    if wrong := errors | where.errors:
        raise FormErrors({name or _whole(kind): sentence for name, sentence in wrong.items()})
    return found


def _whole(kind: StartKind) -> str:
    """The field at which something that is wrong with all of it stands."""
    return FIELDS[kind][0].name if has_variables(kind) else "to"


def _read(kind: StartKind, tables: Sequence[Table], value: Orchestration) -> Sequence[Entry]:
    if kind is StartKind.SHARED:
        return read_alerts(tables, whole_project=True)
    if kind is StartKind.SCHEDULE:
        return read_schedules(tables)
    if kind is StartKind.TRIGGER:
        return read_triggers(tables)
    phases = [phase.id for phase in value.phases]
    return read_alerts(tables, phases, [task.id for task in value.tasks()], whole_project=False)


def _data(kind: StartKind, texts: Mapping[str, str], errors: dict[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field in FIELDS[kind]:
        text = texts[field.name].strip()
        if not text:
            continue
        if field.shape is Shape.FLAG:
            data[field.name] = read_text(field.name, text, _flag, errors)
        elif field.shape is Shape.WORDS:
            data[field.name] = [word for word in _BETWEEN.split(text) if word]
        else:
            data[field.name] = text
    if has_variables(kind) and texts[VARIABLES].strip():
        data[VARIABLES] = read_text(VARIABLES, texts[VARIABLES], read_variables, errors)
    return {name: one for name, one in data.items() if one is not None}


def _flag(text: str) -> bool:
    """Also from a beginning of the word."""
    for word in _FLAG:
        if word.startswith(text.casefold()):
            return word == YES
    raise ValueError("this must be yes or no")


def with_entry(value: Starts, place: EntryPlace, one: Entry) -> Starts:
    """All with one that was edited, or a new one behind the others."""
    known = list(entries(value, place.kind))
    if place.index is None:
        known.append(one)
    else:
        known[place.index] = one
    return _with(value, place.kind, known)


def without_entry(value: Starts, place: EntryPlace) -> Starts:
    """All without it."""
    kept = [one for index, one in enumerate(entries(value, place.kind)) if index != place.index]
    return _with(value, place.kind, kept)


def _with(value: Starts, kind: StartKind, these: Sequence[Entry]) -> Starts:
    fields: dict[str, Any] = {kind.value: tuple(these)}
    return replace(value, **fields) if kind is StartKind.SHARED else replace(value, own=replace(value.own, **fields))


def toggled(value: Starts, place: EntryPlace) -> Starts | None:
    """All with it enabled or disabled; None for an alert, which cannot be."""
    one = entries(value, place.kind)[place.index or 0]
    if isinstance(one, AlertRule):
        return None
    return with_entry(value, place, replace(one, enabled=not one.enabled))
