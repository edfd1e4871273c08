"""The text of an orchestration's file after an edit: what was not edited stays byte for byte."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Container, Mapping, Set
from dataclasses import replace
from enum import StrEnum
from typing import Any, NamedTuple

from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Variable
from orch_tui.project.definitions.orchestrations import has_all_ids
from orch_tui.project.definitions.rules import rule_values
from orch_tui.project.definitions.task_fields import PHASE_OPTIONS, TASK_KEYS, option_values, task_values
from orch_tui.project.saving.changed_part import ROOT, changed_part, joined
from orch_tui.project.saving.starts_text import STARTS, edit_starts
from orch_tui.project.toml.blocks import PREAMBLE, Block, BlockKey, arrange, split_blocks
from orch_tui.project.toml.edit import TextEdit, VariableValue, edit_errors, edit_text
from orch_tui.project.toml.lines import comments_in
from orch_tui.project.toml.text import table_lines, value_text

Values = dict[str, Any]
Read = Callable[[str], tuple[Orchestration, Values]]
"""Reads a text: the value and the document. Raises DefinitionError."""


def _variable_value(variable: Variable) -> VariableValue:
    value = VariableValue()
    if variable.value is not None:
        value["value"] = variable.value
    if variable.description:
        value["description"] = variable.description
    return value


def root_values(value: Orchestration) -> Values:
    """The keys of the document itself, without the phases."""
    values: Values = {"name": value.name}
    if value.description:
        values["description"] = value.description
    if value.max_parallel is not None:
        values["max_parallel"] = value.max_parallel
    values["defaults"] = option_values(value.defaults)
    values["variables"] = {variable.name: _variable_value(variable) for variable in value.variables}
    return {key: item for key, item in values.items() if item != {}}


def phase_values(phase: Phase) -> Values:
    values: Values = {"id": phase.id, "name": phase.name}
    if phase.max_parallel is not None:
        values["max_parallel"] = phase.max_parallel
    values |= option_values(phase.options)
    if phase.rules:
        values["next"] = [rule_values(rule) for rule in phase.rules]
    return values


def house_text(value: Orchestration, raw: Mapping[str, Any] | None = None, root: str | None = None) -> str:
    """The whole file in the house style. ``raw`` is an earlier document whose unknown keys are kept.

    ``root`` is the text of everything but the phases when the caller has it already.
    """
    raw_phases, raw_tasks = _raw_items(raw or {})
    parts = [_root_text(value, raw or {}) if root is None else root]
    for phase in value.phases:
        parts.append(table_lines("[[phases]]", _over(raw_phases.get(phase.id), phase_values(phase), _PHASE_KEYS)))
        for task in phase.tasks:
            parts.append(table_lines("[[phases.tasks]]", _over(raw_tasks.get(task.id), task_values(task), TASK_KEYS)))
    return "\n".join(part for part in parts if part)


_ROOT_KEYS = {"name", "description", "max_parallel", "defaults", "variables", "phases"}
_PHASE_KEYS = {"id", "name", "max_parallel", *PHASE_OPTIONS, "next", "tasks"}


def _over(raw: Mapping[str, Any] | None, values: Values, known: Set[str]) -> Values:
    """``values`` and the keys of ``raw`` that are not ``known``."""
    return values | {key: item for key, item in (raw or {}).items() if key not in known}


def _root_text(value: Orchestration, raw: Mapping[str, Any]) -> str:
    values = _over(raw, root_values(value), _ROOT_KEYS)
    tables = {key: values.pop(key) for key in ("defaults", "variables") if key in values}
    parts = [table_lines("", values)]
    parts += [table_lines(f"[{key}]", {k: _short(v) for k, v in items.items()}) for key, items in tables.items()]
    return "\n".join(part for part in parts if part)


def _short(value: Any) -> Any:
    return value.short() if isinstance(value, VariableValue) else value


def _raw_items(raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables of phases and tasks by the ids that the file has in writing."""
    phases = {phase["id"]: phase for phase in raw.get("phases", []) if "id" in phase}
    tasks = {task["id"]: task for phase in raw.get("phases", []) for task in phase.get("tasks", []) if "id" in task}
    return phases, tasks


class Way(StrEnum):
    """How an edited text came about, the most careful way first. ``REWRITTEN``: all of it is in the house style."""

    UNCHANGED = "unchanged"
    BY_BLOCKS = "by blocks"
    IN_PLACE = "in place"
    NEW_PHASES = "new phases"
    REWRITTEN = "rewritten"


class Composed(NamedTuple):
    """The new text of a file, and which way it was made."""

    text: str
    way: Way


def new_text(value: Orchestration, extra: Mapping[str, Any] | None = None) -> str:
    """The text of a new file, with what starts it and its alerts, and ``extra`` keys. Raises: ValueError."""
    return edit_starts(house_text(value, extra), {}, replace(value, schedules=(), triggers=(), alerts=()), value)


def compose(text: str, new: Orchestration, read: Read, known: Orchestration | None = None) -> Composed:
    """The file's new text, after an edit of what ``text`` reads as.

    Where it is ``known`` what ``text`` reads as, and all ids are in writing, only the part that changes is looked at if
    it can be. Else what starts it and its alerts are edited first, and for the rest three ways are tried, the most
    careful one first. What was written anew has been read back and is equal to ``new``.

    Raises:
        ValueError: ``new`` holds something that no text can express.
        DefinitionError: ``text`` cannot be read.
    """
    # Under another id a file without a name reads otherwise.
    if known is not None and known.id == new.id:
        if known == new:
            return Composed(text, Way.UNCHANGED)
        edited = _by_changed_part(text, known, new, read)
        if edited is not None:
            return Composed(edited, Way.BY_BLOCKS)
    return _compose(text, *read(text), new, read)


def _by_changed_part(text: str, old: Orchestration, new: Orchestration, read: Read) -> str | None:
    """The new text, of which all but the part that changes stayed; None where it takes all of it to tell."""
    part = changed_part(text, old, new)
    if part is None:
        return None
    try:
        value, raw = read(part.text)
        if value.phases != part.old:
            return None
        wanted = replace(value, phases=part.new)
        if any(getattr(old, key) != getattr(new, key) for key in ROOT):
            if any(getattr(value, key) != getattr(old, key) for key in ROOT):
                return None
            wanted = replace(wanted, **{key: getattr(new, key) for key in ROOT})
        edited, way = _compose(part.text, value, raw, wanted, read)
    except edit_errors():
        # The way over the whole file says what is wrong, or does it.
        return None
    return joined(part, edited) if way in (Way.UNCHANGED, Way.BY_BLOCKS) else None


def _compose(text: str, old: Orchestration, raw: Values, new: Orchestration, read: Read) -> Composed:
    """``text`` reads as ``old`` and ``raw``. Raises: as :func:`compose`."""
    if old == new and has_all_ids(raw):
        return Composed(text, Way.UNCHANGED)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    bare = text.removeprefix("\ufeff")
    line_end = "\r\n" if "\r\n" in bare else "\n"
    if any(getattr(old, key) != getattr(new, key) for key in STARTS):
        bare, old, raw = _with_starts(bare, raw, old, new, read, line_end)
        if old == new and has_all_ids(raw):
            return Composed(mark + bare, Way.IN_PLACE)
    for way, edited in ((Way.BY_BLOCKS, _by_blocks), (Way.IN_PLACE, _in_place), (Way.NEW_PHASES, _by_new_phases)):
        try:
            candidate = edited(bare, raw, old, new, line_end)
            if candidate is not None:
                value, document = read(candidate)
                if value == new and _keeps_unknown(raw, document):
                    return Composed(mark + candidate, way)
        except edit_errors():
            # This way does not fit the shape of the file; the next one is coarser.
            continue
    candidate = with_comments(bare, house_text(new, raw))
    if read(candidate)[0] != new:
        raise ValueError("the orchestration cannot be written so that it reads back equal")
    return Composed(mark + candidate, Way.REWRITTEN)


def _with_starts(
    text: str, raw: Values, old: Orchestration, new: Orchestration, read: Read, line_end: str
) -> tuple[str, Orchestration, Values]:
    """The text with what starts it and its alerts as in ``new``, and what it reads as. Raises: as :func:`compose`."""
    wanted = replace(old, **{key: getattr(new, key) for key in STARTS})
    try:
        candidate = with_line_ends(edit_starts(text, raw, old, new), line_end)
        value, document = read(candidate)
    except edit_errors() as error:
        raise ValueError(
            "the schedules, triggers and alerts of this file are written in a way that cannot be edited here"
        ) from error
    if value != wanted or not _keeps_unknown(raw, document, STARTS):
        raise ValueError("the schedules, triggers and alerts cannot be written so that they read back equal")
    return candidate, value, document


def _keeps_unknown(before: Mapping[str, Any], after: Mapping[str, Any], edited: Container[str] = ()) -> bool:
    """Whether the document's keys that are not edited (schedules, notifications, …) are as they were."""
    others = (item for item in before.items() if item[0] not in _ROOT_KEYS and item[0] not in edited)
    return all(after.get(key) == value for key, value in others)


def _by_blocks(text: str, raw: Values, old: Orchestration, new: Orchestration, line_end: str) -> str | None:
    blocks = split_blocks(text, old)
    if blocks is None:
        return None
    known = {block.key: block for block in blocks}
    before: dict[BlockKey, Values] = {}
    for phase in old.phases:
        before["phase", phase.id] = phase_values(phase)
        before.update((("task", task.id), task_values(task)) for task in phase.tasks)
    lacking = _keys_without_id(raw, old)
    order: list[BlockKey] = [PREAMBLE]
    texts: dict[BlockKey, str] = {}
    for key, header, values in _wanted_blocks(new):
        order.append(key)
        if key not in known:
            texts[key] = with_line_ends(table_lines(header, values), line_end)
        elif before[key] != values or key in lacking:
            texts[key] = _edited_block(known[key], key in lacking, before[key], values, line_end)
    result = _edit_root(blocks, texts, root_values(old), root_values(new), line_end)
    return arrange(result, order, texts, line_end)


def _wanted_blocks(value: Orchestration) -> list[tuple[BlockKey, str, Values]]:
    wanted: list[tuple[BlockKey, str, Values]] = []
    for phase in value.phases:
        wanted.append((("phase", phase.id), "[[phases]]", phase_values(phase)))
        wanted += [(("task", task.id), "[[phases.tasks]]", task_values(task)) for task in phase.tasks]
    return wanted


def _keys_without_id(raw: Values, old: Orchestration) -> set[BlockKey]:
    lacking: set[BlockKey] = set()
    for phase, raw_phase in zip(old.phases, raw.get("phases", []), strict=True):
        if "id" not in raw_phase:
            lacking.add(("phase", phase.id))
        for task, raw_task in zip(phase.tasks, raw_phase.get("tasks", []), strict=True):
            if "id" not in raw_task:
                lacking.add(("task", task.id))
    return lacking


def _edited_block(block: Block, lacks_id: bool, before: Values, after: Values, line_end: str) -> str:
    body = block.body
    if lacks_id:
        head = body[: block.header_end]
        head += "" if head.endswith("\n") else line_end
        body = f"{head}id = {value_text(after['id'])}{line_end}{body[block.header_end :]}"
    if before == after:
        return body
    path: tuple[str | int, ...] = ("phases", 0) if block.key[0] == "phase" else ("phases", "tasks", 0)
    return with_line_ends(edit_text(body, path, before, after), line_end)


def _edit_root(
    blocks: list[Block], texts: dict[BlockKey, str], before: Values, after: Values, line_end: str
) -> list[Block]:
    """Puts the edited preamble into ``texts``; a table that stands further down is edited where it is."""
    result = []
    for block in blocks:
        if block.key[0] == "root":
            inside = tomllib.loads(block.body).keys()
            old_part = {key: before[key] for key in before if key in inside}
            new_part = {key: after[key] for key in after if key in inside}
            if old_part != new_part:
                body = with_line_ends(edit_text(block.body, (), old_part, new_part), line_end)
                block = Block(block.key, block.number, body, block.tail)
            before = {key: before[key] for key in before if key not in inside}
            after = {key: after[key] for key in after if key not in inside}
        result.append(block)
    if before != after:
        first = result[0]
        body = with_line_ends(edit_text(first.body, (), before, after), line_end)
        if not first.body:
            # Nothing but comments, or nothing at all: the keys go below, away from the first phase.
            comments = first.tail.rstrip()
            body = f"{comments}{2 * line_end}{body}" if comments else body
            result[0] = Block(PREAMBLE, 0, body, line_end)
        texts[PREAMBLE] = body
    return result


def _in_place(text: str, raw: Values, old: Orchestration, new: Orchestration, line_end: str) -> str | None:
    """Edits of values only, in a file of any shape: inline arrays keep their comments."""
    if _skeleton(old) != _skeleton(new):
        return None
    edit = TextEdit(text)
    edit.change((), root_values(old), root_values(new))
    lacking = _keys_without_id(raw, old)
    for number, (before, after) in enumerate(zip(old.phases, new.phases, strict=True)):
        phase = _present(phase_values(before), ("phase", before.id) in lacking)
        edit.change(("phases", number), phase, phase_values(after))
        for place, (first, second) in enumerate(zip(before.tasks, after.tasks, strict=True)):
            task = _present(task_values(first), ("task", first.id) in lacking)
            edit.change(("phases", number, "tasks", place), task, task_values(second))
    return with_line_ends(edit.text(), line_end)


def _present(values: Values, lacks_id: bool) -> Values:
    return {key: value for key, value in values.items() if not (lacks_id and key == "id")}


def _skeleton(value: Orchestration) -> list[tuple[str, tuple[str, ...]]]:
    return [(phase.id, tuple(task.id for task in phase.tasks)) for phase in value.phases]


def _by_new_phases(text: str, raw: Values, old: Orchestration, new: Orchestration, line_end: str) -> str | None:
    """All phases written anew in the house style; the rest of the document stays as it is."""
    edit = TextEdit(text)
    edit.remove("phases")
    edit.change((), root_values(old), root_values(new))
    root = edit.text().rstrip() + "\n"
    return with_line_ends(with_comments(text, house_text(new, raw, root)), line_end)


def with_comments(text: str, candidate: str, *, at_end: bool = False) -> str:
    """``candidate`` with the comments of ``text`` that it lost, above its first phase or ``at_end``."""
    lost = Counter(comments_in(text)) - Counter(comments_in(candidate))
    if not lost:
        return candidate
    lines = "".join(f"{comment}\n" for comment in comments_in(text) if _take(lost, comment))
    start = 0 if at_end else candidate.find("\n[[phases]]\n") + 1
    return f"{candidate[:start]}{lines}\n{candidate[start:]}" if start else f"{candidate}\n{lines}"


def _take(counts: Counter[str], comment: str) -> bool:
    counts[comment] -= 1
    return counts[comment] >= 0


def with_line_ends(text: str, line_end: str) -> str:
    """``text`` with all its line ends as ``line_end``."""
    return text if line_end == "\n" else text.replace("\r\n", "\n").replace("\n", line_end)
