"""What may come next in a condition that is being typed: names of tasks, phases and variables, facts, functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from orch_tui.conditions.facts import PHASE_FACTS, RUN_FACTS, TASK_FACTS
from orch_tui.model.dataclass import dataclass
from orch_tui.model.status import Status

ROOTS = ('task["', 'phase["', "vars.", "run.", "now")
FUNCTIONS = ("size(", "has(", "int(", "double(", "string(", "timestamp(", "duration(", "null", "true", "false")
METHODS = ("startsWith(", "endsWith(", "contains(", "matches(", "exists(", "all(", "size()")
MOMENTS = ("getHours(", "getMinutes(", "getDayOfWeek(", "getDate(", "getMonth(", "getFullYear(")
"""What a time is asked for; a time zone may stand in the brackets."""

_TEXT = r"[\"']"
_ITEM = re.compile(rf"\b(task|phase)\[{_TEXT}([^\"']*)$")
_OWN = r"(?:\[[\"']([^\"']*)[\"']\]|\.([A-Za-z_]\w*))"
_FACT = re.compile(rf"\b(task|phase){_OWN}\.(\w*)$")
_OF_TASK = re.compile(rf"\btask{_OWN}\.variables\.(\w*)$")
_DOTTED = re.compile(r"\b(task|phase|vars|run|now)\.([\w]*)$")
_STATE = re.compile(rf"\b(?:task|phase){_OWN}\.status\s*(?:==|!=)\s*{_TEXT}(\w*)$")
_METHOD = re.compile(r"[\w\])]\.(\w*)$")
_WORD = re.compile(r"(?:^|[^\w.\"'])([A-Za-z_]\w*)$")
_BEFORE_OPERAND = "&|!(,?:=<>+-*/%"
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``tasks`` have the names of the variables that each says it sets; tasks and phases are given by their ids."""

    tasks: Mapping[str, Collection[str]]
    phases: Collection[str]
    variables: Collection[str]


@dataclass(frozen=True, slots=True)
class Completion:
    """``text`` is what stands there then, of which ``typed`` characters do already."""

    text: str
    typed: int

    @property
    def rest(self) -> str:
        """What is left to be inserted."""
        return self.text[self.typed :]


def completions(before: str, words: Vocabulary) -> list[Completion]:
    """What may stand at the end of ``before``, which is the text up to the cursor; the nearest first."""
    if (found := _ITEM.search(before)) is not None:
        ids = words.tasks if found[1] == "task" else words.phases
        quote = before[found.start(2) - 1]
        return _beginning(found[2], (f"{one}{quote}]" for one in ids), also_empty=True)
    if (found := _STATE.search(before)) is not None:
        return _beginning(found[3], (f"{state.value}{before[found.start(3) - 1]}" for state in Status), also_empty=True)
    if _within_text(before):
        return []
    if (found := _OF_TASK.search(before)) is not None:
        return _beginning(found[3], words.tasks.get(found[1] or found[2], ()), also_empty=True)
    if (found := _FACT.search(before)) is not None:
        return _beginning(found[4], TASK_FACTS if found[1] == "task" else PHASE_FACTS, also_empty=True)
    if (found := _DOTTED.search(before)) is not None:
        return _beginning(found[2], _after_dot(found[1], words), also_empty=True)
    if (found := _METHOD.search(before)) is not None:
        return _beginning(found[1], METHODS, also_empty=True)
    if (found := _WORD.search(before)) is not None:
        return _beginning(found[1], (*ROOTS, *FUNCTIONS))
    asks = not before.strip() or before.rstrip()[-1] in _BEFORE_OPERAND
    return [Completion(root, 0) for root in ROOTS] if asks else []


def _after_dot(root: str, words: Vocabulary) -> Iterable[str]:
    """What stands behind the dot of a root; ids with dashes cannot, they stand in brackets."""
    match root:
        case "task":
            return filter(_IDENTIFIER.fullmatch, words.tasks)
        case "phase":
            return filter(_IDENTIFIER.fullmatch, words.phases)
        case "vars":
            return filter(_IDENTIFIER.fullmatch, words.variables)
        case "run":
            return RUN_FACTS
        case _:
            return MOMENTS


def _beginning(typed: str, texts: Iterable[str], *, also_empty: bool = False) -> list[Completion]:
    if not typed and not also_empty:
        return []
    return [Completion(text, len(typed)) for text in texts if text.startswith(typed) and text != typed]


def _within_text(before: str) -> bool:
    """Whether the end is inside of quotes."""
    quote = ""
    escaped = False
    for char in before:
        if escaped:
            escaped = False
        elif quote and char == "\\":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
    return bool(quote)
