"""The fields of the options of tasks: values to texts and back. Pure: no Textual."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from orch_tui.model.edits.base import check_ids, check_limit, check_names, check_options
from orch_tui.model.edits.edits import KEEP, EditError, Keep
from orch_tui.model.orchestration.each import Each
from orch_tui.model.orchestration.orchestration import Phase, Task, TaskOptions, ValueKind, kind_of
from orch_tui.model.orchestration.resources import parse_resources, resource_text
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryOn
from orch_tui.model.texts.durations import parse_duration, write_duration
from orch_tui.model.texts.sizes import parse_size, write_size
from orch_tui.model.texts.text import valid_id
from orch_tui.tui.dialogs.fields import (
    VARIABLES,
    Field,
    FormErrors,
    FormValues,
    read_text,
    read_variables,
    variables_text,
)
from orch_tui.tui.workbench.model import OptionChanges, PhaseChanges

MIXED = "the tasks differ"
_RETRY = ("retry_attempts", "retry_delay", "retry_backoff", "retry_jitter", "retry_total", "retry_on")


FIELDS = (
    Field("retry_attempts", "Retries", "more tries after a failed one"),
    Field("retry_delay", "Retry delay", "between tries, like 10s or 2m"),
    Field("retry_backoff", "Backoff", "constant, or doubling each time"),
    Field("retry_jitter", "Jitter", "each wait up to this longer"),
    Field("retry_total", "All tries", "together may take this, like 2h"),
    Field("retry_on", "Retry on", "timeout; exit: 75; contains: TEXT"),
    Field("timeout", "Timeout", "that a try may take, like 30m"),
    Field("delay", "Start delay", "after its turn has come"),
    Field("grace", "Grace time", "to stop by itself, then it is killed"),
    Field("max_log_mb", "Log limit", "MiB; what is longer is cut"),
    Field("pool", "Pool", "of orch.toml whose slots it takes"),
    Field("weight", "Weight", "how many slots of it; 1 if empty"),
    Field("memory", "Memory", "that it may have, like 2GB"),
    Field("runs_on", "Runs on", "a backend of orch.toml, or local"),
    Field("resources", "Resources", "cpus=4 time=2h gpus=1"),
    Field("max_parallel", "At once", "of all tasks; an array: of its parts"),
)
SETS = Field("sets", "Sets", "variables for later tasks: rows, day")
TOGETHER = Field("max_parallel", "At once", "so many of its tasks run together")
ROWS = Field("rows", "Rows", "ids of rows of its configuration; else all")
EACH = Field("each", "For each", 'data/*.csv; {{ list }}; ["de", "fr"]')
ALLOW_EMPTY = Field("allow_empty", "May be none", "of these: yes; else that fails")
TASK_FIELDS = (*FIELDS, SETS, ROWS, EACH, ALLOW_EMPTY)
PHASE_FIELDS = (TOGETHER, *(field for field in FIELDS if field.name in (*_RETRY, "runs_on", "resources")))
_SIMPLE = {
    option.name: kind
    for option in fields(TaskOptions)
    if (kind := kind_of(option)) is not None and kind is not ValueKind.RETRY
}
"""The options that one field of the form holds."""


def form_values(tasks: Sequence[Task], defaults: TaskOptions) -> FormValues:
    """What the form shows for these tasks. ``defaults`` are those of the orchestration over the project's."""
    each = [option_texts(task.options, task.max_parallel) | _own_texts(task) for task in tasks]
    variables = [variables_text(task.variables) for task in tasks]
    mixed = {name for name in each[0] if len({texts[name] for texts in each}) > 1}
    mixed |= {VARIABLES} if len(set(variables)) > 1 else set()
    texts = {name: "" if name in mixed else text for name, text in each[0].items()}
    own = option_texts(defaults, None) | dict.fromkeys((SETS.name, ROWS.name, EACH.name, ALLOW_EMPTY.name), "")
    return FormValues(
        texts,
        "" if VARIABLES in mixed else variables[0],
        frozenset(mixed),
        {name: MIXED if name in mixed else own[name] for name in texts},
    )


def _own_texts(task: Task) -> dict[str, str]:
    """What stands in the fields that tasks alone have."""
    return {
        SETS.name: ", ".join(task.sets),
        ROWS.name: ", ".join(task.rows),
        EACH.name: "" if task.each is None else task.each.text,
        ALLOW_EMPTY.name: "yes" if task.allow_empty else "",
    }


def phase_values(phase: Phase, defaults: TaskOptions, limit: int) -> FormValues:
    """What the form of a phase shows; ``defaults`` and ``limit`` are what holds where it sets nothing."""
    texts = option_texts(phase.options, phase.max_parallel)
    own = option_texts(defaults, limit)
    names = [field.name for field in PHASE_FIELDS]
    return FormValues({name: texts[name] for name in names}, "", frozenset(), {name: own[name] for name in names})


def option_texts(options: TaskOptions, max_parallel: int | None) -> dict[str, str]:
    """What stands in the fields for these options and this limit, by field; empty for what is not set."""
    retry = options.retry
    return {
        "retry_attempts": "" if retry is None else str(retry.attempts),
        "retry_delay": "" if retry is None else write_duration(retry.delay),
        "retry_backoff": "" if retry is None else str(retry.backoff),
        "retry_jitter": "" if retry is None or not retry.jitter else write_duration(retry.jitter),
        "retry_total": "" if retry is None else _duration_text(retry.total),
        "retry_on": "" if retry is None else failures_text(retry.on),
        **{name: _TEXTS[kind](getattr(options, name)) for name, kind in _SIMPLE.items()},
        "max_parallel": "" if max_parallel is None else str(max_parallel),
    }


def _id(text: str) -> str:
    if not valid_id(text.strip()):
        raise ValueError("this must be letters, digits and _ . -")
    return text.strip()


def _duration_text(seconds: float | None) -> str:
    return "" if seconds is None else write_duration(seconds)


_TEXTS: dict[ValueKind, Callable[[Any], str]] = {
    ValueKind.LENGTH: _duration_text,
    ValueKind.LIMIT: _duration_text,
    ValueKind.SIZE: lambda size: "" if size is None else f"{size:g}",
    ValueKind.MEMORY: lambda size: "" if size is None else write_size(size),
    ValueKind.COUNT: lambda count: "" if count is None else str(count),
    ValueKind.ID: lambda name: name or "",
    ValueKind.RESOURCES: resource_text,
}
_READERS: dict[ValueKind, Callable[[str], Any]] = {
    ValueKind.LENGTH: parse_duration,
    ValueKind.LIMIT: parse_duration,
    ValueKind.SIZE: float,
    ValueKind.MEMORY: parse_size,
    ValueKind.COUNT: int,
    ValueKind.ID: _id,
    ValueKind.RESOURCES: parse_resources,
}


def read_form(before: FormValues, texts: Mapping[str, str], variables: str) -> OptionChanges:
    """What was changed; fields that say what they said before stay as each task has them.

    Raises:
        FormErrors: a sentence for each field that cannot be taken.
    """
    errors: dict[str, str] = {}
    options, limit = read_options(before, texts, errors)
    sets: Any = KEEP
    if texts[SETS.name].strip() != before.texts[SETS.name]:
        sets = read_text(SETS.name, texts[SETS.name], read_names, errors) or ()
    rows: Any = KEEP
    if texts[ROWS.name].strip() != before.texts[ROWS.name]:
        rows = read_text(ROWS.name, texts[ROWS.name], read_ids, errors) or ()
    each: Any = KEEP
    if texts[EACH.name].strip() != before.texts[EACH.name]:
        each = read_text(EACH.name, texts[EACH.name], read_each, errors)
    allow_empty: Any = KEEP
    if texts[ALLOW_EMPTY.name].strip() != before.texts[ALLOW_EMPTY.name]:
        allow_empty = bool(read_text(ALLOW_EMPTY.name, texts[ALLOW_EMPTY.name], read_yes, errors))
    new_variables: Any = KEEP
    if variables.strip() != before.variables.strip():
        new_variables = read_text(VARIABLES, variables, read_variables, errors)
        new_variables = {} if new_variables is None else new_variables
    if errors:
        raise FormErrors(errors)
    return OptionChanges(options, new_variables, limit, sets, rows, each, allow_empty)


def read_phase(before: FormValues, texts: Mapping[str, str]) -> PhaseChanges:
    """What was changed. Raises: FormErrors, with a sentence for each field that cannot be taken."""
    errors: dict[str, str] = {}
    options, limit = read_options(before, texts, errors)
    if errors:
        raise FormErrors(errors)
    return PhaseChanges(limit, options)


def read_options(
    before: FormValues, texts: Mapping[str, str], errors: dict[str, str]
) -> tuple[dict[str, Any], int | Keep | None]:
    """The options that were changed, by their names, and the limit; what cannot be taken is put into ``errors``."""
    texts = {name: text.strip() for name, text in texts.items()}
    changed = {name for name, text in texts.items() if text != before.texts[name]}
    options: dict[str, Any] = {}
    for name, kind in _SIMPLE.items():
        if name in changed:
            options[name] = read_text(name, texts[name], _READERS[kind], errors)
    if changed & set(_RETRY):
        options["retry"] = _read_retry(before, texts, errors)
    limit: Any = KEEP
    if "max_parallel" in changed:
        limit = read_text("max_parallel", texts["max_parallel"], int, errors)
    _check(options, limit, errors)
    return options, limit


def _check(options: Mapping[str, Any], limit: Any, errors: dict[str, str]) -> None:
    for name, value in options.items():
        try:
            check_options(TaskOptions(**{name: value}))
        except EditError as error:
            errors.setdefault(_place(name, value), str(error))
    if isinstance(limit, int):
        try:
            check_limit(limit, "task")
        except EditError as error:
            errors.setdefault("max_parallel", str(error))


def _place(option: str, value: Any) -> str:
    """The field at which the error of an option stands."""
    if not isinstance(value, Retry):
        return option
    return "retry_total" if value.total == 0 else "retry_attempts"


def _read_retry(before: FormValues, texts: Mapping[str, str], errors: dict[str, str]) -> Retry | None:
    attempts, delay, backoff_text, jitter_text, total_text, on_text = (texts[name] for name in _RETRY)
    if not attempts:
        if "retry_attempts" in before.mixed:
            errors["retry_attempts"] = "The tasks differ here: type the number of retries for all of them."
        elif any(texts[name] for name in _RETRY):
            errors["retry_attempts"] = "Type how many retries there shall be, or empty the other fields of it too."
        return None
    number = read_text("retry_attempts", attempts, int, errors)
    seconds = read_text("retry_delay", delay, parse_duration, errors)
    backoff = read_text("retry_backoff", backoff_text, _backoff, errors) or Backoff.CONSTANT
    total = read_text("retry_total", total_text, parse_duration, errors)
    jitter = read_text("retry_jitter", jitter_text, parse_duration, errors) or 0.0
    failures = read_text("retry_on", on_text, read_failures, errors) or ()
    if number is None:
        return None
    retry = Retry(number, backoff=backoff, total=total, on=failures, jitter=jitter)
    return retry if seconds is None else replace(retry, delay=seconds)


def _backoff(text: str) -> Backoff:
    """Also from a beginning of the word."""
    for backoff in Backoff:
        if backoff.value.startswith(text.strip().lower()):
            return backoff
    raise ValueError("this must be constant or doubling")


def failures_text(failures: Sequence[RetryOn]) -> str:
    """``timeout; exit: 75``; one with a ``;`` or a quotation mark in it stands in quotes, as JSON writes it."""
    texts = (failure.text for failure in failures)
    return "; ".join(json.dumps(text, ensure_ascii=False) if _needs_quotes(text) else text for text in texts)


def _needs_quotes(text: str) -> bool:
    return ";" in text or '"' in text or not text.isprintable()


def read_failures(text: str) -> tuple[RetryOn, ...]:
    """What :func:`failures_text` gives. Raises: ValueError; the sentence says what can stand there."""
    failures: list[RetryOn] = []
    rest = text.strip()
    while rest:
        if rest.startswith('"'):
            try:
                one, end = json.JSONDecoder().raw_decode(rest)
            except ValueError as error:
                raise ValueError("a text in quotes does not end as it should") from error
            rest = rest[end:].lstrip().removeprefix(";").lstrip()
        else:
            one, _, rest = (part.strip() for part in rest.partition(";"))
        if one:
            failures.append(RetryOn.parse(one))
    return tuple(failures)


def read_ids(text: str) -> tuple[str, ...]:
    """Ids with commas or blanks between them. Raises: EditError."""
    return check_ids(text.replace(",", " ").split())


def read_each(text: str) -> Each:
    """Also words with commas between them, which no pattern of files has. Raises: ValueError."""
    if "," in text and not any(mark in text for mark in "*?[{/"):
        return Each.of([word.strip() for word in text.split(",") if word.strip()])
    return Each.of(text)


def read_yes(text: str) -> bool:
    """Raises: ValueError for what is neither yes nor no."""
    word = text.strip().lower()
    if word not in ("yes", "y", "no", "n"):
        raise ValueError("this must be yes or no")
    return word.startswith("y")


def read_names(text: str) -> tuple[str, ...]:
    """Names of variables with commas or blanks between them. Raises: EditError."""
    return check_names(text.replace(",", " ").split())
