"""What all edits share: the refusal, the rules for names and ids, and finding the place of a phase or task."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.orchestration import (
    LEAST_MEMORY,
    Orchestration,
    Phase,
    Task,
    TaskOptions,
    ValueKind,
    kind_of,
    words_for,
)
from orch_tui.model.texts.sizes import write_size
from orch_tui.model.texts.text import one_line, safe_line, slug, unique, valid_id

_NAME_LIMIT = 200
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")

_TASK_FIELDS = {field.name: index for index, field in enumerate(fields(Task))}
_task_values = attrgetter(*_TASK_FIELDS)


class EditError(OrchError):
    """An edit that was refused and changed nothing; the text is a sentence for the person who tried it."""


def quoted(text: str) -> str:
    """Text from outside as a part of a message: one safe line in quotes, at most 60 characters."""
    return f'"{safe_line(text, 60)}"'


def name_key(name: str) -> str:
    """Equal for names that a reader cannot tell apart: case, blanks and Unicode forms do not count."""
    text = name.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(text.split())


def clean_name(name: str, what: str) -> str:
    """The name as typed, without blanks around it; ``what`` is "phase" or "orchestration".

    Raises:
        EditError: empty, too long, or with line breaks or characters that no screen can show.
    """
    name = name.strip()
    if not name:
        raise EditError(f"The name of the {what} is empty; type at least one letter.")
    if len(name) > _NAME_LIMIT:
        raise EditError(f"The name of the {what} has {len(name)} characters; {_NAME_LIMIT} are the limit.")
    if one_line(name) != name or not name_key(name):
        raise EditError(
            f"The name {quoted(name)} holds line breaks or invisible control characters; type it again without them."
        )
    return name


def check_text(text: str, what: str) -> str:
    """The text unchanged. Raises: EditError when a file or a terminal could not hold it (NUL, lone surrogates)."""
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise EditError(f"The {what} holds characters that cannot be saved; paste it again as plain text.")
    return text


def check_ref(orch: Orchestration, ref: str) -> str:
    """The reference unchanged. Raises: EditError when it is no reference, or is the orchestration itself."""
    try:
        component, configuration = split_ref(check_text(ref, "configuration"))
    except ValueError as error:
        raise EditError(
            f'{quoted(ref)} does not name a configuration; write it as "component-id/configuration-id".'
        ) from error
    if one_line(ref) != ref or ref != ref.strip():
        raise EditError(f"The configuration {quoted(ref)} has blanks or control characters in its name; remove them.")
    if component == ORCHESTRATION_COMPONENT and configuration == orch.id:
        raise EditError(f"The orchestration {quoted(orch.name)} cannot run itself; choose another configuration.")
    return ref


def check_limit(value: int | None, what: str) -> int | None:
    """A number of parallel tasks, or None for "not set". Raises: EditError below 1."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise EditError(f"The parallel limit of the {what} must be a whole number from 1 on; leave it empty for none.")
    return value


def check_options(options: TaskOptions) -> TaskOptions:
    """The options unchanged. Raises: EditError for numbers that no run can use."""
    numbers = [
        (getattr(options, option.name), words_for(option), kind_of(option) is ValueKind.LENGTH)
        for option in fields(options)
        if kind_of(option) in (ValueKind.LENGTH, ValueKind.LIMIT, ValueKind.SIZE)
    ]
    if options.retry is not None:
        retry = options.retry
        numbers += [(retry.delay, "retry delay", True), (retry.total, "time for all tries", False)]
        numbers += [(retry.jitter, "jitter", True)]
    for value, name, may_be_zero in numbers:
        if value is None:
            continue
        if not math.isfinite(value) or value < 0 or (value == 0 and not may_be_zero):
            least = "0 or more" if may_be_zero else "more than 0"
            raise EditError(f"The {name} must be {least}; leave it empty for the default.")
    if options.weight is not None and (not isinstance(options.weight, int) or options.weight < 1):
        raise EditError("The weight in its pool must be a whole number from 1 on; leave it empty for 1.")
    if options.memory is not None and (not isinstance(options.memory, int) or options.memory < LEAST_MEMORY):
        raise EditError(
            f"The memory limit must be {write_size(LEAST_MEMORY)} or more, like 2GB; leave it empty for none."
        )
    if options.pool is not None and not valid_id(options.pool):
        raise EditError("The name of a pool has letters, digits and _ . - in it; leave it empty for none.")
    if options.runs_on is not None and not valid_id(options.runs_on):
        raise EditError("The name of a backend has letters, digits and _ . - in it; leave it empty for the default.")
    if options.resources is not None:
        # Few tasks name any.
        from orch_tui.model.orchestration.resources import check_resources

        try:
            check_resources(options.resources)
        except ValueError as error:
            raise EditError(f"The resources cannot be taken: {error}.") from error
    if options.retry is not None and options.retry.attempts < 0:
        raise EditError("The number of retries must be 0 or more; leave it empty for the default.")
    return options


def check_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """A copy of the variables. Raises: EditError for a name or value that no run can use."""
    for name, value in variables.items():
        check_variable_name(name)
        check_text(value, f"value of the variable {name}")
    return dict(variables)


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of variables, each once. Raises: EditError for one that no variable can have."""
    for name in names:
        check_variable_name(name)
    return tuple(dict.fromkeys(names))


def check_ids(ids: Iterable[str]) -> tuple[str, ...]:
    """Ids, each once. Raises: EditError for what is none."""
    for one in ids:
        if not valid_id(one):
            raise EditError(f"{quoted(one)} is no id; write letters, digits and _ . -")
    return tuple(dict.fromkeys(ids))


def check_variable_name(name: str) -> None:
    """Raises: EditError for a name that cannot be written as ``{{ name }}``."""
    if not _VARIABLE_NAME.fullmatch(name):
        raise EditError(
            f"{quoted(name)} is no name for a variable; begin with a letter and go on with letters, digits and _ . -"
        )


class Ids:
    """Hands out ids that are free, also in file systems that do not tell upper from lower case."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {text.lower() for text in taken}
        self._next: dict[str, int] = {}

    def take(self, name: str, fallback: str) -> str:
        """A new id made of the name; ``fallback`` when nothing of the name can be in an id."""
        wanted = slug(name, fallback)
        # Counting goes on where it stopped: thousands of tasks of one configuration would make it quadratic.
        number = self._next.get(wanted, 0)
        if number == 0:
            found = unique(wanted, self._taken)
            tail = found[len(wanted) + 1 :]
            number = int(tail) if tail else 1
        else:
            while (found := f"{wanted}-{number}") in self._taken:
                number += 1
        self._next[wanted] = number + 1
        self._taken.add(found)
        return found


def phase_index(orch: Orchestration, phase_id: str) -> int:
    """Where the phase is, from 0. Raises: EditError when there is no such phase."""
    return phase_indexes(orch, [phase_id]).pop()


def phase_indexes(orch: Orchestration, ids: Iterable[str]) -> set[int]:
    """Where the phases are, from 0. Raises: EditError when one is not there."""
    places = {phase.id: index for index, phase in enumerate(orch.phases)}
    try:
        return {places[phase_id] for phase_id in ([ids] if isinstance(ids, str) else ids)}
    except KeyError as error:
        raise EditError(
            f"The orchestration {quoted(orch.name)} has no phase {quoted(error.args[0])}; it may have been removed."
        ) from error


def find_name(orch: Orchestration, name: str) -> int | None:
    """Where the phase of this name is, from 0; None when there is none."""
    key = name_key(name)
    return next((index for index, phase in enumerate(orch.phases) if name_key(phase.name) == key), None)


def new_phase_value(orch: Orchestration, name: str, tasks: tuple[Task, ...] = ()) -> Phase:
    """A phase with a free id. Raises: EditError for a bad name; the caller has checked that it is free."""
    name = clean_name(name, "phase")
    return Phase(id=Ids(phase.id for phase in orch.phases).take(name, "phase"), name=name, tasks=tasks)


def task_ids(orch: Orchestration, ids: Iterable[str]) -> frozenset[str]:
    """The ids as a set. Raises: EditError when it is empty or names a task that is not there."""
    wanted = frozenset([ids] if isinstance(ids, str) else ids)
    if not wanted:
        raise EditError("No task is chosen; mark one or more tasks first.")
    missing = set(wanted)
    for phase in orch.phases:
        if not missing:
            break
        missing.difference_update([task.id for task in phase.tasks])
    if missing:
        raise unknown_task(orch, min(missing))
    return wanted


def unknown_task(orch: Orchestration, task_id: str) -> EditError:
    """The refusal of an edit of a task that is not there."""
    return EditError(f"The orchestration {quoted(orch.name)} has no task {quoted(task_id)}; it may have been removed.")


def change_tasks(orch: Orchestration, wanted: frozenset[str], **changes: Any) -> Orchestration:
    """Other values for the named fields of the tasks; what stays as it is remains the same object."""
    current = attrgetter(*changes)
    target = next(iter(changes.values())) if len(changes) == 1 else tuple(changes.values())
    places = [(_TASK_FIELDS[name], value) for name, value in changes.items()]
    phases = []
    for phase in orch.phases:
        tasks = list(phase.tasks)
        changed = False
        for index, task in enumerate(tasks):
            if task.id not in wanted or current(task) == target:
                continue
            # dataclasses.replace takes twice as long, which is felt when one key changes all of 10,000 tasks.
            values = list(_task_values(task))
            for place, value in places:
                values[place] = value
            tasks[index] = Task(*values)
            changed = True
        phases.append(replace(phase, tasks=tuple(tasks)) if changed else phase)
    return with_phases(orch, phases)


def with_phases(orch: Orchestration, phases: Sequence[Phase]) -> Orchestration:
    """The orchestration with these phases; the same object when nothing is different."""
    result = tuple(phases)
    return orch if result == orch.phases else replace(orch, phases=result)


def clamp(position: int | None, length: int) -> int:
    """A place to insert at: None and anything beyond the end is the end, anything below 0 the start."""
    return length if position is None else max(0, min(position, length))
