"""Why a task waits, was skipped, is reused or blocked, and why a run ended as it did: values, and their sentences.

A reason is a cause with fields. Code compares causes; what people read is made from them by :meth:`Reason.sentence`, in
one place. A journal keeps both: the value for programs, the sentence for people and for older programs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.pattern import pattern


class Cause(StrEnum):
    DISABLED = "disabled"
    NO_TASKS = "no-tasks"
    NO_TASK_TO_RUN = "no-task-to-run"
    NOT_SELECTED = "not-selected"
    REUSED = "reused"
    NOT_IN_RUN = "not-in-run"
    NOT_RUN_THEN = "not-run-then"
    ASKS_PEOPLE = "asks-people"
    SENDS_OUT = "sends-out"
    OTHER_CONFIGURATION = "other-configuration"
    UNSUCCESSFUL = "unsuccessful"
    EDITED = "edited"
    UNCHANGED = "unchanged"
    NEVER_SUCCEEDED = "never-succeeded"
    OTHER_VALUES = "other-values"
    OTHER_ITEMS = "other-items"
    NEWER_INPUT = "newer-input"
    OUTPUT_GONE = "output-gone"
    SOURCE_CHANGED = "source-changed"
    MADE_ANEW = "made-anew"
    AFTER_OTHERS = "after-others"
    INNER_STALE = "inner-stale"
    BLOCKED = "blocked"
    PHASE_BEFORE = "phase-before"
    RUN_CANCELLED = "run-cancelled"
    CANCELLED = "cancelled"
    CONFIGURATION_IN_USE = "configuration-in-use"
    DISK_FULL = "disk-full"
    SYSTEM_SHORT = "system-short"
    RETRY = "retry"
    DELAY = "delay"
    TASK_FAILED = "task-failed"
    PHASE_NOT_REACHED = "phase-not-reached"
    PHASE_NOT_FINISHED = "phase-not-finished"
    LIMIT = "limit"
    ABOUT_TO_START = "about-to-start"
    PASSED_OVER = "passed-over"
    ENDED_BY_RULE = "ended-by-rule"
    UNDECIDED = "undecided"
    HELD = "held"
    SKIPPED_BY = "skipped-by"
    MARKED_DONE = "marked-done"
    POOL = "pool"
    MEMORY = "memory"
    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"
    PARTS_ENDED = "parts-ended"
    NO_ITEMS = "no-items"
    SAID = "said"
    """Words from elsewhere: how an attempt ended (its kind and exit code are values beside it), what an error says."""


_FIELDS: dict[Cause, tuple[str, ...]] = {
    Cause.REUSED: ("run",),
    Cause.NOT_IN_RUN: ("run",),
    Cause.NOT_RUN_THEN: ("run",),
    Cause.ASKS_PEOPLE: ("run",),
    Cause.OTHER_CONFIGURATION: ("configuration", "run"),
    Cause.UNSUCCESSFUL: ("status", "run"),
    Cause.EDITED: ("run",),
    Cause.UNCHANGED: ("run",),
    Cause.OTHER_VALUES: ("names", "run"),
    Cause.OTHER_ITEMS: ("more", "fewer", "item", "run"),
    Cause.NEWER_INPUT: ("table", "was", "now", "run"),
    Cause.OUTPUT_GONE: ("table",),
    Cause.SOURCE_CHANGED: ("source", "by"),
    Cause.MADE_ANEW: ("what", "task"),
    Cause.AFTER_OTHERS: ("task",),
    Cause.INNER_STALE: ("task",),
    Cause.BLOCKED: ("why",),
    Cause.PHASE_BEFORE: ("phase", "name", "status"),
    Cause.RUN_CANCELLED: ("by",),
    Cause.CANCELLED: ("by",),
    Cause.CONFIGURATION_IN_USE: ("holder",),
    Cause.DISK_FULL: ("error",),
    Cause.SYSTEM_SHORT: ("what", "error"),
    Cause.TASK_FAILED: ("task", "name", "why", "others"),
    Cause.PHASE_NOT_REACHED: ("phase", "name"),
    Cause.PHASE_NOT_FINISHED: ("phase", "name", "left"),
    Cause.LIMIT: ("taken", "limit"),
    Cause.PASSED_OVER: ("phase", "name", "to", "rule"),
    Cause.ENDED_BY_RULE: ("phase", "name", "rule"),
    Cause.UNDECIDED: ("phase", "name", "rule", "why"),
    Cause.HELD: ("what", "by", "note"),
    Cause.SKIPPED_BY: ("by", "note"),
    Cause.MARKED_DONE: ("by", "note", "why"),
    Cause.POOL: ("pool", "taken", "size", "holders"),
    Cause.MEMORY: ("needed", "taken", "size", "holders"),
    Cause.APPROVED: ("by", "note"),
    Cause.REJECTED: ("by", "note"),
    Cause.PARTS_ENDED: ("number", "total", "status", "part", "why"),
    Cause.NO_ITEMS: ("each",),
    Cause.SAID: ("text",),
}
"""The names of the fields of a cause, in the order in which a journal has them; other causes have none."""

_SENTENCES: dict[Cause, str] = {
    Cause.DISABLED: "disabled",
    Cause.NO_TASKS: "no tasks",
    Cause.NO_TASK_TO_RUN: "no task to run",
    Cause.NOT_SELECTED: "not selected",
    Cause.REUSED: "reused from run {run}",
    Cause.NOT_IN_RUN: "not part of run {run}",
    Cause.NOT_RUN_THEN: "did not run in run {run}",
    Cause.ASKS_PEOPLE: "people answered it in run {run}",
    Cause.SENDS_OUT: "it sends to the outside, which a shadow run does not",
    Cause.OTHER_CONFIGURATION: "was {configuration} in run {run}",
    Cause.UNSUCCESSFUL: "{status} in run {run}",
    Cause.EDITED: "edited since run {run}",
    Cause.UNCHANGED: "unchanged since run {run}",
    Cause.NEVER_SUCCEEDED: "has not succeeded yet",
    Cause.OTHER_VALUES: "{names} had another value in run {run}",
    Cause.NEWER_INPUT: "{table} is version {now}, and version {was} was read in run {run}",
    Cause.OUTPUT_GONE: "table {table} is not there",
    Cause.SOURCE_CHANGED: "{source} has changed ({by})",
    Cause.MADE_ANEW: "{what} is made anew by {task}",
    Cause.INNER_STALE: "its task {task} is to be run again",
    Cause.AFTER_OTHERS: "it reads no table, and {task} before it runs",
    Cause.BLOCKED: "{why}",
    Cause.RUN_CANCELLED: "the run was cancelled by {by}",
    Cause.CANCELLED: "cancelled by {by}",
    Cause.CONFIGURATION_IN_USE: "configuration in use by {holder}",
    Cause.DISK_FULL: "disk full: {error}",
    Cause.SYSTEM_SHORT: "{what}: {error}",
    Cause.RETRY: "retry",
    Cause.DELAY: "delay",
    Cause.PHASE_NOT_REACHED: 'phase "{name}" not reached',
    Cause.PHASE_NOT_FINISHED: 'phase "{name}" not finished ({left} left)',
    Cause.LIMIT: "limit {taken} of {limit} taken",
    Cause.ABOUT_TO_START: "about to start",
    Cause.PASSED_OVER: 'phase "{name}" went on to "{to}": {rule}',
    Cause.ENDED_BY_RULE: 'phase "{name}" ended the run: {rule}',
    Cause.UNDECIDED: 'the rule "{rule}" after phase "{name}" cannot be decided: {why}',
    Cause.POOL: 'pool "{pool}", {taken} of {size} taken: {holders}',
    Cause.MEMORY: "memory, {needed} needed and {taken} of {size} taken: {holders}",
    Cause.ASKED: "waits for an approval",
    Cause.NO_ITEMS: "there is nothing to run it for: {each} gives none",
    Cause.SAID: "{text}",
}

_PARTS_ENDED = {
    "error": "failed",
    "terminated": "{be} stopped",
    "cancelled": "{be} cancelled",
    "warning": "ended in warning",
    "skipped": "{be} skipped",
}

STILL_HOLDS = frozenset((Cause.REUSED, Cause.UNCHANGED))
"""Why a task is not run since what it did holds."""
_BY_PEOPLE = {
    Cause.HELD: "{what} held by {by}",
    Cause.SKIPPED_BY: "skipped by {by}",
    Cause.MARKED_DONE: "it failed ({why}) and was marked as done by {by}",
    Cause.APPROVED: "approved by {by}",
    Cause.REJECTED: "rejected by {by}",
}
"""Sentences behind which stands what people said of it, if they did."""
_BRIEF = {
    Cause.REUSED: "reused",
    Cause.NOT_IN_RUN: "not part",
    Cause.NOT_RUN_THEN: "did not run",
    Cause.ASKS_PEOPLE: "people answered it",
    Cause.SENDS_OUT: "sends to the outside",
    Cause.OTHER_CONFIGURATION: "was {configuration}",
    Cause.UNSUCCESSFUL: "{status}",
    Cause.EDITED: "edited",
    Cause.UNCHANGED: "unchanged",
    Cause.OTHER_VALUES: "{names} had another value",
    Cause.NEWER_INPUT: "{table} is version {now}, read was {was}",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """``values`` are the fields that :data:`_FIELDS` names for the cause, as texts."""

    cause: Cause
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.values) != len(_FIELDS.get(self.cause, ())):
            raise ValueError(f"{self.cause.value} has the fields {_FIELDS.get(self.cause, ())}, not {self.values}")

    @classmethod
    def of(cls, cause: Cause, **fields: object) -> Reason:
        """Raises: ValueError for fields that the cause does not have, or lacks."""
        names = _FIELDS.get(cause, ())
        if set(fields) != set(names):
            raise ValueError(f"{cause.value} has the fields {names}, not {tuple(fields)}")
        return cls(cause, tuple(str(fields[name]) for name in names))

    @classmethod
    def said(cls, text: str) -> Reason:
        """Words that another program or an error gave."""
        return cls(Cause.SAID, (text,))

    @property
    def fields(self) -> dict[str, str]:
        return dict(zip(_FIELDS.get(self.cause, ()), self.values, strict=True))

    @property
    def sentence(self) -> str:
        """For people: a few words without a full stop."""
        fields = self.fields
        if self.cause is Cause.PHASE_BEFORE:
            word = "failed" if fields["status"] == "error" else f"was {fields['status']}"
            return f'phase "{fields["name"]}" {word}'
        if self.cause is Cause.TASK_FAILED:
            more = int(fields["others"])
            return f"{fields['name']}: {fields['why']}" + (f" (and {more} more)" if more else "")
        if self.cause is Cause.PARTS_ENDED:
            be = "was" if fields["number"] == "1" else "were"
            word = _PARTS_ENDED.get(fields["status"], fields["status"]).format(be=be)
            why = f": {fields['why']}" if fields["why"] else ""
            return f"{fields['number']} of {fields['total']} parts {word}; {fields['part']}{why}"
        if self.cause is Cause.OTHER_ITEMS:
            return _other_items(fields, f"in run {fields['run']}")
        if self.cause in _BY_PEOPLE:
            note = f": {fields['note']}" if fields["note"] else ""
            return _BY_PEOPLE[self.cause].format(**fields) + note
        return _SENTENCES[self.cause].format(**fields)

    @property
    def brief(self) -> str:
        """The sentence without the run that it is about, for where that is said once for all."""
        if self.cause is Cause.OTHER_ITEMS:
            return _other_items(self.fields, "then")
        return _BRIEF[self.cause].format(**self.fields) if self.cause in _BRIEF else self.sentence

    def encoded(self) -> list[str]:
        """For journals: the cause, then its fields in order."""
        return [self.cause.value, *self.values]


def _other_items(fields: Mapping[str, str], then: str) -> str:
    """What an array would be run for beside what it was run for ``then``."""
    numbers = [f"{fields[name]} {name}" for name in ("more", "fewer") if fields[name] != "0"]
    if not numbers:
        return f"what it is run for was another thing {then}"
    what = "item" if numbers[-1].startswith("1 ") else "items"
    return f"{' and '.join(numbers)} {what} than {then}, such as {fields['item']}"


def value_of(reason: Reason | None) -> dict[str, str] | None:
    """For JSON: the cause, and the fields that go with it."""
    return None if reason is None else {"cause": reason.cause.value, **reason.fields}


def decode_reason(encoded: Sequence[str] | None, sentence: str | None) -> Reason | None:
    """The reason of a record. A journal of an older program has only the sentence; a newer one may have causes that
    are not known here: then the sentence is what is known. None where there is neither. Thousands of tasks that end for
    one reason share it."""
    return _decoded(tuple(encoded or ()), sentence)


@lru_cache(maxsize=256)
def _decoded(encoded: tuple[str, ...], sentence: str | None) -> Reason | None:
    if encoded:
        try:
            return Reason(Cause(encoded[0]), encoded[1:])
        except ValueError:
            return Reason.said(sentence or encoded[0])
    return _of_sentence(sentence) if sentence else None


_OLD: tuple[tuple[re.Pattern[str], Cause, Mapping[str, str]], ...] = (
    (pattern(r"disabled"), Cause.DISABLED, {}),
    (pattern(r"not selected"), Cause.NOT_SELECTED, {}),
    (pattern(r"retry"), Cause.RETRY, {}),
    (pattern(r"delay"), Cause.DELAY, {}),
    (pattern(r"reused from run (?P<run>\S+)"), Cause.REUSED, {}),
    (pattern(r'phase "(?P<name>.*)" failed'), Cause.PHASE_BEFORE, {"phase": "", "status": "error"}),
    (pattern(r'phase "(?P<name>.*)" was (?P<status>[a-z]+)'), Cause.PHASE_BEFORE, {"phase": ""}),
    (pattern(r"the run was cancelled by (?P<by>.*)"), Cause.RUN_CANCELLED, {}),
    (pattern(r"configuration in use by (?P<holder>.*)"), Cause.CONFIGURATION_IN_USE, {}),
    (pattern(r"disk full: (?P<error>.*)"), Cause.DISK_FULL, {}),
)
"""The sentences of format 1, as programs wrote them before causes stood in journals."""


def _of_sentence(sentence: str) -> Reason:
    for old, cause, known in _OLD:
        if found := old.fullmatch(sentence):
            return Reason.of(cause, **known, **found.groupdict())
    return Reason.said(sentence)
