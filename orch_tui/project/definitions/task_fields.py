"""The one codec of a task's fields: what they are in a file that a person writes, and in a run's journal.

Which fields there are, and of what kind each is, stands in ``model/orchestration/orchestration.py``; what is written
here is done for a kind, so that a new field is read, checked, written and kept by a run as soon as it is declared
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.record_fields import BYTES, COUNT, FLAG, ID, LENGTH, NUMBER, PAIRS, SECONDS, TEXTS, Kind
from orch_tui.model.events.record_fields import Field as RecordField
from orch_tui.model.orchestration.orchestration import (
    LEAST_MEMORY,
    NO_OPTIONS,
    Task,
    TaskOptions,
    ValueKind,
    kind_of,
)
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryOn
from orch_tui.model.run.plan import RUN_SETTINGS, PlannedTask
from orch_tui.model.texts.sizes import write_size
from orch_tui.model.texts.text import valid_id
from orch_tui.project.definitions.variables import read_names, read_task_variables
from orch_tui.project.toml.decode import Table, quote
from orch_tui.project.toml.text import duration_value

if TYPE_CHECKING:
    from orch_tui.model.orchestration.each import Each

Values = dict[str, Any]


def _own(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class _Codec:
    """One kind of value. ``read`` takes it from a definition and reports what is wrong with it; ``write`` gives what a
    definition has. ``shape`` is the kind of a journal's value, which ``record`` makes and ``recall`` reads."""

    read: Callable[[Table, str], Any]
    write: Callable[[Any], Any]
    shape: Kind
    record: Callable[[Any], Any] = _own
    recall: Callable[[Any], Any] = _own


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _read_ids(table: Table, key: str) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(table.strings(key)))
    for one in ids:
        if not valid_id(one):
            remedy = "write it with letters, digits and _ . -"
            table.error(key, "value", f"{table.name(key)} has {quote(one)}, which is no id", remedy)
    return ids


def _each() -> Any:
    # Few tasks have parts.
    from orch_tui.model.orchestration import each

    return each


def _read_each(table: Table, key: str) -> Each | None:
    raw = table.raw(key)
    if raw is None:
        return None
    try:
        if not isinstance(raw, str | list):
            raise ValueError(f"write {_each().FORMS}")
        each: Each = _each().Each.of(raw)
        return each
    except ValueError as error:
        table.error(key, "value", f"{table.name(key)} cannot be used: {error}")
        return None


def _is_each(value: Any) -> bool:
    try:
        return isinstance(value, str) and _each().Each.of(value) is not None
    except ValueError:
        return False


def _resources() -> Any:
    # Few tasks name any.
    from orch_tui.project.definitions import resource_fields

    return resource_fields


_CODECS: dict[ValueKind, _Codec] = {
    ValueKind.FLAG: _Codec(lambda table, key: table.flag(key, False), _own, FLAG),
    ValueKind.LENGTH: _Codec(lambda table, key: table.duration(key), duration_value, LENGTH),
    ValueKind.LIMIT: _Codec(lambda table, key: table.duration(key, zero=False), duration_value, LENGTH),
    ValueKind.SIZE: _Codec(lambda table, key: table.number(key, zero=False), _number, SECONDS),
    ValueKind.MEMORY: _Codec(lambda table, key: table.size(key, LEAST_MEMORY), write_size, BYTES),
    ValueKind.COUNT: _Codec(lambda table, key: table.integer(key, 1), _own, NUMBER),
    ValueKind.VARIABLES: _Codec(
        lambda table, key: read_task_variables(table.table(key)),
        dict,
        PAIRS,
        lambda variables: [f"{name}={value}" for name, value in variables.items()],
        lambda texts: dict(text.split("=", 1) for text in texts),
    ),
    ValueKind.ID: _Codec(lambda table, key: table.id(key), _own, ID),
    ValueKind.RESOURCES: _Codec(
        lambda table, key: None if table.raw(key) is None else _resources().read_resources(table, key),
        lambda value: _resources().resource_values(value),
        Kind(lambda value: bool(_resources().are_resources(value)), "resources of a machine"),
        lambda value: _resources().resource_text(value),
        lambda text: _resources().parse_resources(text),
    ),
    ValueKind.EACH: _Codec(
        _read_each,
        lambda each: each.value,
        Kind(_is_each, "what a task is run for"),
        lambda each: each.text,
        lambda text: _each().Each.of(text),
    ),
    ValueKind.NAMES: _Codec(read_names, list, TEXTS, list, tuple),
    ValueKind.IDS: _Codec(_read_ids, list, TEXTS, list, tuple),
}


def _are_failures(value: Any) -> bool:
    """What :func:`record_values` writes of the failures after which a task is tried again."""
    if not isinstance(value, list):
        return False
    try:
        return all(isinstance(text, str) and RetryOn.parse(text) is not None for text in value)
    except ValueError:
        return False


_BACKOFF = Kind(lambda value: value in [backoff.value for backoff in Backoff], "a kind of backoff")
# Older programs read journals as well: a retry keeps the keys that it had there from the beginning.
_RETRY_RECORD = (
    RecordField("retries", COUNT),
    RecordField("retry_delay", LENGTH),
    RecordField("retry_backoff", _BACKOFF),
    RecordField("retry_total", LENGTH, needed=False),
    RecordField("retry_on", Kind(_are_failures, "a list of failures"), needed=False),
    RecordField("retry_jitter", LENGTH, needed=False),
)
_FIELDS = tuple((field, kind) for field in fields(Task) if (kind := kind_of(field)) is not None)
_OPTIONS = tuple((field, kind) for field in fields(TaskOptions) if (kind := kind_of(field)) is not None)


def _flat(names: tuple[str, ...]) -> Iterator[tuple[Field[Any], ValueKind]]:
    """These fields of a task, with the options in the place of ``options``."""
    for field, kind in _FIELDS:
        if kind is ValueKind.OPTIONS:
            yield from _OPTIONS
        elif field.name in names:
            yield field, kind


OPTION_KEYS = frozenset(field.name for field, _ in _OPTIONS)
TASK_KEYS = frozenset({"id", "configuration"} | {field.name for field, _ in _flat(tuple(Task.__dataclass_fields__))})
_RECORDED = tuple(_flat(RUN_SETTINGS))
RECORD_SHAPE = tuple(
    RecordField(field.name, _CODECS[kind].shape, needed=False) for field, kind in _RECORDED if kind in _CODECS
)
"""What a journal may have of a task's fields, but for a retry."""


def read_options(table: Table | None, *, own_table: bool = True) -> TaskOptions:
    """Task options from ``[defaults]`` (``own_table``) or from among the keys of a task."""
    if table is None:
        return NO_OPTIONS
    options = TaskOptions(**{field.name: _read(table, field, kind) for field, kind in _OPTIONS})
    if own_table:
        table.finish()
    return options


def read_task(table: Table, task_id: str, configuration: str) -> Task:
    """A task whose id and configuration are known; problems are reported to the table's place."""
    return Task(task_id, configuration, **{field.name: _read(table, field, kind) for field, kind in _FIELDS})


def _read(table: Table, field: Field[Any], kind: ValueKind) -> Any:
    if kind is ValueKind.OPTIONS:
        return read_options(table, own_table=False)
    if kind is ValueKind.RETRY:
        return read_retry(table)
    if kind is ValueKind.FLAG:
        return table.flag(field.name, bool(field.default))
    return _CODECS[kind].read(table, field.name)


PHASE_OPTIONS = ("retry", "runs_on", "resources")
"""The options that a phase may set for its tasks."""


def read_phase_options(table: Table) -> Values:
    """What a phase sets of :data:`PHASE_OPTIONS`, by name."""
    return {field.name: _read(table, field, kind) for field, kind in _OPTIONS if field.name in PHASE_OPTIONS}


def read_retry(owner: Table) -> Retry | None:
    """The ``retry`` of a task, a phase or of defaults; what is wrong with it is reported."""
    table = owner.table("retry", 'a table like { attempts = 3, delay = "10s" }')
    if table is None:
        return None
    attempts = table.integer("attempts", 0)
    delay = table.duration("delay")
    backoff = table.choice("backoff", Backoff, Backoff.CONSTANT)
    total = table.duration("total", zero=False)
    failures = _read_failures(table)
    jitter = table.duration("jitter")
    if "attempts" not in table.data:
        table.error(None, "missing-key", f"{table.name('attempts')} is missing", "say how many more tries there are")
    table.finish()
    return Retry(attempts or 0, 10.0 if delay is None else delay, backoff, total, failures, jitter or 0.0)


def _read_failures(table: Table) -> tuple[RetryOn, ...]:
    failures: list[RetryOn] = []
    for text in table.strings("on"):
        try:
            failures.append(RetryOn.parse(text))
        except ValueError as error:
            table.error("on", "value", f"{table.name('on')} has {quote(text)}, which is no failure; {error}")
    return tuple(failures)


def task_values(task: Task) -> Values:
    """The keys of a task as a file has them; what is as it would be without them is left out."""
    return {"id": task.id, "configuration": task.configuration, **_written(task, _FIELDS)}


def option_values(options: TaskOptions) -> Values:
    """The keys of task options as a file has them; what is not set is left out."""
    return _written(options, _OPTIONS)


def _written(owner: Any, owned: tuple[tuple[Field[Any], ValueKind], ...]) -> Values:
    values: Values = {}
    for field, kind in owned:
        value = getattr(owner, field.name)
        if kind is ValueKind.OPTIONS:
            values |= option_values(value)
        elif _says_something(value, field):
            values[field.name] = retry_values(value) if kind is ValueKind.RETRY else _CODECS[kind].write(value)
    return values


def _says_something(value: Any, field: Field[Any]) -> bool:
    return value is not None and value != field.default and value != {}


def retry_values(retry: Retry) -> Values:
    """The keys of a retry as a file has them; what is not set is left out."""
    values: Values = {"attempts": retry.attempts, "delay": duration_value(retry.delay)}
    if retry.backoff is not Backoff.CONSTANT:
        values["backoff"] = str(retry.backoff)
    if retry.total is not None:
        values["total"] = duration_value(retry.total)
    if retry.on:
        values["on"] = [failure.text for failure in retry.on]
    if retry.jitter:
        values["jitter"] = duration_value(retry.jitter)
    return values


def record_values(task: PlannedTask) -> Values:
    """The fields of a task as the journal of a run keeps them.

    Whoever takes the run over goes on with what it was started with, however the definitions change.
    """
    values: Values = {}
    for field, kind in _RECORDED:
        value = getattr(task.options if field.name in OPTION_KEYS else task, field.name)
        if not _says_something(value, field):
            continue
        if kind is ValueKind.RETRY:
            values |= {
                "retries": value.attempts,
                "retry_delay": value.delay,
                "retry_backoff": value.backoff.value,
                "retry_total": value.total,
                "retry_on": [failure.text for failure in value.on] or None,
                "retry_jitter": value.jitter or None,
            }
        else:
            values[field.name] = _CODECS[kind].record(value)
    return values


def record_shape(values: Mapping[str, Any]) -> tuple[RecordField, ...]:
    """What must hold of a task's fields in a journal's record: of a retry, if there is any of it, all."""
    return (*RECORD_SHAPE, *_RETRY_RECORD) if any(part.key in values for part in _RETRY_RECORD) else RECORD_SHAPE


def recall(values: Mapping[str, Any]) -> Values:
    """The fields of a planned task out of a record that :func:`record_shape` holds for; those of older programs too,
    which knew fewer of them."""
    found: Values = {}
    options: Values = {}
    for field, kind in _RECORDED:
        if field.name in values:
            into = options if field.name in OPTION_KEYS else found
            into[field.name] = _CODECS[kind].recall(values[field.name])
    if "retries" in values:
        options["retry"] = _recalled_retry(values)
    if options:
        found["options"] = TaskOptions(**options)
    return found


def _recalled_retry(values: Mapping[str, Any]) -> Retry:
    return Retry(
        values["retries"],
        values["retry_delay"],
        Backoff(values["retry_backoff"]),
        values.get("retry_total"),
        tuple(map(RetryOn.parse, values.get("retry_on", ()))),
        values.get("retry_jitter", 0.0),
    )
