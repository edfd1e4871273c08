"""The part of an orchestration's file that an edit changes, so that a save costs what was edited and not the file.

A file is a sequence of headers, ``[[phases]]`` and ``[[phases.tasks]]``, each with what belongs to it. The text of the
items before and after those that were edited stays, and only what is between is edited and read back: as a document of
its own, which it is, since a header begins a new item wherever it stands. Files of another shape, and edits of what
starts it, take the way over all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.texts.pattern import pattern
from orch_tui.project.saving.starts_text import STARTS
from orch_tui.project.toml.lines import STRING, comments_above

Item = Phase | Task
"""A phase stands for what it says itself; its tasks follow it."""

_TOKEN = pattern(rf"{STRING.pattern}|#[^\n]*|^[ \t]*\[(?P<header>[^\n]*)", re.DOTALL | re.MULTILINE)
_PHASE = pattern(r"\[phases\]\][ \t]*(?:#.*)?$")
_TASK = pattern(r"\[phases\.tasks\]\][ \t]*(?:#.*)?$")
_OF_TASK = pattern(r"\[?phases\.tasks\.")
_OF_PHASE = pattern(r"\[?phases\.")
_OF_DOCUMENT = pattern(r"\[?(?!phases[.\]])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\]\]?[ \t]*(?:#.*)?$")
ROOT = ("name", "description", "max_parallel", "defaults", "variables")
"""The fields of an orchestration that its file has besides phases and what starts it."""


class Part(NamedTuple):
    """``text`` is what stands between ``before`` and ``after`` in a file; ``old`` and ``new`` are the phases that it
    reads as and is to read as. Where it begins with a task, a phase is ``lent`` to it: its text, which goes again."""

    before: str
    text: str
    after: str
    old: tuple[Phase, ...]
    new: tuple[Phase, ...]
    lent: str = ""


class _Header(NamedTuple):
    """Where the text of an item begins, the comments directly above it included."""

    is_phase: bool
    start: int


def changed_part(text: str, old: Orchestration, new: Orchestration) -> Part | None:
    """The part of ``text`` that must change for it to read as ``new``; None where that is not known without all of it.

    ``text`` reads as ``old`` and has all ids in writing. One item on either side of what changes is in it: what stands
    between two items goes with neighbours. It begins at the top of the file where the first item changes, or what
    the file says besides phases.
    """
    if any(getattr(old, key) != getattr(new, key) for key in STARTS) or "\r" in text:
        return None
    before, after = _items(old), _items(new)
    # An alert may name phases and tasks; whether it still can is asked of all of the file.
    if not _ids_are_unique(after) or (old.alerts and _ids(before) != _ids(after)):
        return None
    headers, tables = _headers(text) or ((), ())
    if [header.is_phase for header in headers] != [isinstance(item, Phase) for item in before]:
        return None
    same_root = all(getattr(old, key) == getattr(new, key) for key in ROOT)
    first = _equal_at_start(before, after) if same_root else 0
    last = _equal_at_start(before[first:][::-1], after[first:][::-1])
    first, last = max(first - 1, 0), max(last - 1, 0)
    start = headers[first].start if first and headers else 0
    end = headers[len(before) - last].start if last else len(text)
    if not same_root and any(table >= end for table in tables):
        # What stands below may be the table that would be added above.
        return None
    return _part(text, start, end, before[first : len(before) - last], after[first : len(after) - last])


def _part(text: str, start: int, end: int, before: Sequence[Item], after: Sequence[Item]) -> Part:
    lent = Phase("lent", "lent")
    header = ""
    if start and isinstance(before[0], Task):
        before, after = [lent, *before], [lent, *after]
        header = '[[phases]]\nid = "lent"\nname = "lent"\n'
    return Part(text[:start], header + text[start:end], text[end:], _phases(before), _phases(after), header)


def joined(part: Part, edited: str) -> str | None:
    """The whole file with ``edited`` in the place of the part; None where what was lent is not found again."""
    if not edited.startswith(part.lent):
        return None
    return part.before + edited[len(part.lent) :] + part.after


def _items(value: Orchestration) -> list[Item]:
    items: list[Item] = []
    for phase in value.phases:
        items += (phase, *phase.tasks)
    return items


def _ids(items: Sequence[Item]) -> set[tuple[bool, str]]:
    return {(isinstance(item, Phase), item.id) for item in items}


def _ids_are_unique(items: Sequence[Item]) -> bool:
    return len(_ids(items)) == len(items)


def _phases(items: Sequence[Item]) -> tuple[Phase, ...]:
    """The first item is a phase."""
    phases: list[tuple[Phase, list[Task]]] = []
    for item in items:
        if isinstance(item, Phase):
            phases.append((item, []))
        else:
            phases[-1][1].append(item)
    return tuple(replace(phase, tasks=tuple(tasks)) for phase, tasks in phases)


def _equal_at_start(items: Sequence[Item], others: Sequence[Item]) -> int:
    """How many items at the start of both say the same."""
    for count, (one, other) in enumerate(zip(items, others, strict=False)):
        if one is not other and not _says_the_same(one, other):
            return count
    return min(len(items), len(others))


def _says_the_same(one: Item, other: Item) -> bool:
    if isinstance(one, Phase) and isinstance(other, Phase):
        return replace(one, tasks=()) == replace(other, tasks=())
    return one == other


def _headers(text: str) -> tuple[list[_Header], list[int]] | None:
    """The headers of phases and tasks, and where the document's other tables are; None where one cannot be told.

    An array may go on in a line that begins like a table of the document. Such a line is none of a phase or a task:
    ``phases`` without quotes is no value.
    """
    headers: list[_Header] = []
    tables: list[int] = []
    within: bool | None = None
    floor = 0
    for token in _TOKEN.finditer(text):
        name = token["header"]
        if name is None:
            if text[token.start()] != "#":
                floor = token.end()
            continue
        is_phase = _PHASE.match(name) is not None
        if is_phase or _TASK.match(name):
            headers.append(_Header(is_phase, comments_above(text, token.start(), floor)))
            within = is_phase
        elif _OF_DOCUMENT.match(name):
            tables.append(token.start())
            within = None
        elif within is None or not _OF_PHASE.match(name) or within == bool(_OF_TASK.match(name)):
            return None
        floor = token.end()
    return headers, tables
