"""CEL expressions over what a run's journal knows, and conditions: those that say yes or no."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from orch_tui.conditions.facts import Asked
from orch_tui.conditions.syntax import Kind, Node, tree_of
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.events.events import write_time
from orch_tui.model.texts.text import counted

if TYPE_CHECKING:
    from cel_expr_python import cel

ROOTS = ("task", "phase", "vars", "run", "now")
"""The names that a condition may use."""

_SYNTAX_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_NO_KEY = re.compile(r'NOT_FOUND: Key not found in map : "?(.*?)"?$', re.DOTALL)


class ConditionError(OrchError):
    """What is wrong with the text of a condition or another expression. ``line`` and ``column`` count from 1, in it."""

    def __init__(self, sentence: str, line: int, column: int) -> None:
        super().__init__(sentence)
        self.line, self.column = line, column

    @property
    def place(self) -> str:
        """Where in the text it is, in words; the line only of a text that goes over several."""
        return f"line {self.line}, character {self.column}" if self.line > 1 else f"character {self.column}"


class UndecidedError(OrchError):
    """A condition that cannot be answered with the facts there are: what it asks for is missing or of another type."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One fact that a condition asks for: ``task["load"].rows`` has the root ``task`` and the keys ``load``, ``rows``.

    ``place`` is the offset of its root in the text. A key that is computed ends the keys.
    """

    root: str
    keys: tuple[str, ...]
    place: int

    @property
    def text(self) -> str:
        """As it is written in a condition; keys of tasks and phases in brackets, as they may have dashes."""
        first = [f"[{json.dumps(self.keys[0])}]"] if self.root in ("task", "phase") and self.keys else []
        rest = self.keys[len(first) :]
        return "".join(
            (self.root, *first, *(f".{key}" if key.isidentifier() else f"[{json.dumps(key)}]" for key in rest))
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """``seen`` are the facts that were asked for, by the text of the reference; a text, number, bool, list, map or
    None each."""

    holds: bool
    seen: Mapping[str, Any] = field(hash=False)


class Expression:
    """Compiled once; what it gives depends on the facts alone. ``asked`` are the tasks and phases that it needs."""

    def __init__(self, text: str) -> None:
        """
        Raises:
            ConditionError: it is not an expression, or uses a name that there is not.
        """
        self.text = text
        self._compiled = _compiled(text)
        self.tree = tree_of(self._compiled.serialize())
        found = _references(self.tree)
        self.references = tuple({(one.root, one.keys): one for one in reversed([*found])}.values())[::-1]
        # Asked for each time that it is evaluated.
        self._texts = [(one.text, one) for one in self.references]
        self.asked = Asked(self._keys_of("task"), self._keys_of("phase"))

    def place_of(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset in the text."""
        return _place(self.text, offset)

    def _keys_of(self, root: str) -> frozenset[str] | None:
        keys = [reference.keys for reference in self.references if reference.root == root]
        return frozenset(key[0] for key in keys) if all(keys) else None

    def seen(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts that it asks for, by the text of the reference; see :class:`Verdict`."""
        return {text: _value(facts, reference) for text, reference in self._texts}

    def value(self, facts: Mapping[str, Any]) -> Any:
        """What it gives with these facts, by root: a text, int, float, bool, list, map, None, or what else CEL has.

        Raises:
            UndecidedError: it gives nothing.
        """
        from cel_expr_python import cel

        answer = self._compiled.eval(data=facts)
        if answer.type() == cel.Type.ERROR:
            raise UndecidedError(self._undecided(str(answer.value()), facts, self.seen(facts)))
        return answer.plain_value()

    def _undecided(self, error: str, facts: Mapping[str, Any], seen: Mapping[str, Any]) -> str:
        if (found := _NO_KEY.match(error)) is not None:
            return f'there is no "{found[1]}"; {nearest(found[1], self._siblings(found[1], facts))}'
        missing = (_missing(facts, one) for text, one in self._texts if seen.get(text) is None)
        nothing = list(dict.fromkeys(one.text for one in missing if one is not None))
        words = _in_words(error)
        if nothing and words.startswith("no operation"):
            return f"{words}: there is no {' and no '.join(nothing)}; ask first, {nothing[0]} != null && …"
        return words

    def _siblings(self, missing: str, facts: Mapping[str, Any]) -> Iterable[str]:
        """The names that there are where a missing one was asked for."""
        for reference in self.references:
            if missing in reference.keys:
                parent = Reference(reference.root, reference.keys[: reference.keys.index(missing)], 0)
                return map(str, _mapping(facts, parent))
        return ()


class Condition(Expression):
    """An expression that says yes or no."""

    def fault(self) -> str:
        """Why it cannot be decided, whatever a run does; empty when that depends on the run, or when it can be."""
        if self.references:
            return ""
        try:
            self.verdict({})
        except UndecidedError as error:
            return error.sentence
        return ""

    def verdict(self, facts: Mapping[str, Any]) -> Verdict:
        """What it says with these facts, by root.

        Raises:
            UndecidedError: it says neither yes nor no.
        """
        value = self.value(facts)
        if not isinstance(value, bool):
            raise UndecidedError(f"it gives {_shown(value)}, which is neither true nor false")
        return Verdict(value, self.seen(facts))


def _compiled(text: str) -> cel.Expression:
    environment = _environment()
    try:
        return environment.compile(text)
    except RuntimeError as error:
        unknown = _unknown_name(text)
        if unknown is not None:
            raise unknown from None
        found = _SYNTAX_ERROR.search(str(error))
        if found is None:
            raise ConditionError(str(error).splitlines()[0] if str(error) else "not an expression", 1, 1) from error
        line, column = int(found[1]), int(found[2])
        raise ConditionError(_in_words(found[3]), line, max(1, column)) from None


def _unknown_name(text: str) -> ConditionError | None:
    try:
        tree = tree_of(_environment().compile(text, disable_check=True).serialize())
    except RuntimeError:
        return None
    for name in _free_names(tree, frozenset()):
        if name.text is not None and name.text not in ROOTS:
            line, column = _place(text, name.place)
            return ConditionError(_unknown(name.text, text, name.place), line, column)
    return None


def _unknown(name: str, text: str, place: int) -> str:
    dashed = re.search(r"\b(task|phase)\.([\w.]*(?:-[\w.]+)*-)$", text[:place])
    if dashed is not None:
        whole = dashed[2] + re.match(r"[\w-]*", text[place:])[0]  # type: ignore[index]
        return f'there is no "{name}"; an id with dashes stands in brackets: {dashed[1]}["{whole}"]'
    return f'there is no "{name}"; {nearest(name, ROOTS)}'


def nearest(name: str, known: Iterable[str]) -> str:
    """For a name that there is not: the one that was probably meant, else those that there are."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f'did you mean "{close[0]}"?'
    if not names:
        return "there are none"
    shown = ", ".join(names[:12])
    return f"there are {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _free_names(node: Node, bound: frozenset[str]) -> Iterator[Node]:
    if node.kind is Kind.NAME and node.text not in bound:
        yield node
    inside = bound | node.binds
    for number, part in enumerate(node.parts):
        # The range that a macro goes through does not see the names that it binds.
        yield from _free_names(part, bound if node.kind is Kind.MACRO and number == 0 else inside)


def _references(node: Node, bound: frozenset[str] = frozenset()) -> Iterator[Reference]:
    chain = _chain(node, bound)
    if chain is not None:
        yield chain
        return
    inside = bound | node.binds
    computed = _keyed(node)
    for number, part in enumerate(node.parts):
        scope = bound if node.kind is Kind.MACRO and number == 0 else inside
        if computed and number == 0 and (whole := _chain(part, scope)) is not None:
            yield whole
        else:
            yield from _references(part, scope)


def _keyed(node: Node) -> bool:
    return node.kind is Kind.SELECT or (node.kind is Kind.CALL and node.text == "_[_]")


def _chain(node: Node, bound: frozenset[str]) -> Reference | None:
    """The reference that a node is as a whole: a root with fields and constant keys; else None."""
    keys: list[str] = []
    while _keyed(node):
        key = node.text if node.kind is Kind.SELECT else node.parts[1].text
        if key is None or (node.kind is Kind.CALL and node.parts[1].kind is not Kind.CONSTANT):
            return None
        keys.append(key)
        node = node.parts[0]
    if node.kind is not Kind.NAME or node.text in bound or node.text not in ROOTS:
        return None
    return Reference(node.text, tuple(reversed(keys)), node.place)


def reference_of(node: Node) -> Reference | None:
    """The fact that a node asks for as a whole; None for one that asks for none, or for whether there is one."""
    return None if node.asks_has else _chain(node, frozenset())


def _value(facts: Mapping[str, Any], reference: Reference) -> Any:
    """The fact that is asked for, or None; of a list or map only how many items it has."""
    value = _found(facts, reference)
    if isinstance(value, datetime):
        return write_time(value.timestamp())
    return counted(len(value), "item") if isinstance(value, Mapping | list) else value


def _mapping(facts: Mapping[str, Any], reference: Reference) -> Mapping[str, Any]:
    value = _found(facts, reference)
    return value if isinstance(value, Mapping) else {}


def _found(facts: Mapping[str, Any], reference: Reference) -> Any:
    value: Any = facts.get(reference.root)
    for key in reference.keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _missing(facts: Mapping[str, Any], reference: Reference) -> Reference | None:
    """The part of a reference, from its root on, that is null already, since the rest cannot be asked for then; None
    where it asks for a part of what has none."""
    for number in range(1, len(reference.keys)):
        part = Reference(reference.root, reference.keys[:number], reference.place)
        value = _found(facts, part)
        if not isinstance(value, Mapping):
            return part if value is None else None
    return reference


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"INVALID_ARGUMENT: divide by zero"), "a division by zero"),
    (re.compile(r"INVALID_ARGUMENT: modulus by zero"), "a division by zero"),
    (re.compile(r"OUT_OF_RANGE: .*overflow.*"), "a number beyond 64 bits"),
    (
        re.compile(r"UNKNOWN: No matching overloads found : <jump_condition>.*"),
        "what stands before ? is not a condition",
    ),
    (re.compile(r"(?:UNKNOWN: )?No matching overloads found : (\S+?)\((.*)\)"), r"no operation \1 for \2"),
    (re.compile(r"found no matching overload for '(\S+)' applied to '\((.*)\)'"), r"no operation \1 for \2"),
    (re.compile(r"Syntax error: mismatched input '<EOF>'.*"), "the expression ends too early"),
    (re.compile(r"Syntax error: missing '(.)' at '<EOF>'.*"), r'the expression ends before its "\1"'),
    (re.compile(r"Syntax error: missing '(.)' at '(.*?)'.*"), r'"\1" is missing before "\2"'),
    (re.compile(r"Syntax error: token recognition error at: '= ?'.*"), "a comparison has two signs: =="),
    (re.compile(r"Syntax error: token recognition error at: '[\"'].*", re.DOTALL), "a text without its closing quote"),
    (re.compile(r"Syntax error: token recognition error at: '(.*)'"), r'"\1" cannot stand here'),
    (re.compile(r"Syntax error: (?:extraneous|mismatched) input '(.*?)' expecting .*"), r'"\1" cannot stand here'),
    (re.compile(r"undeclared reference to '(.*?)'.*"), r'there is no function "\1"'),
    (re.compile(r"INVALID_ARGUMENT: Invalid timezone.*"), "a time zone that there is not"),
    (re.compile(r"INVALID_ARGUMENT: cannot convert (\S+) to (\S+)"), r"a \1 that is no \2"),
    (re.compile(r"INVALID_ARGUMENT: String to Timestamp conversion failed"), "a text that is no time"),
    (
        re.compile(r"INVALID_ARGUMENT: String to Duration conversion failed"),
        "a text that is no duration, as 90s or 1h30m",
    ),
    (re.compile(r".*Applying SELECT to non-message type"), "no operation . for what has no fields"),
    (re.compile(r".*Invalid container type: '(\S+)'"), r"no operation [] for \1"),
    (re.compile(r"UNKNOWN: Index error: index=(-?\d+) size=(\d+)"), r"no item \1 in a list of \2"),
)
_OPERATORS = re.compile(r"_(\S+?)_")
_TYPES = {"int64": "int", "null_type": "null", "uint64": "uint"}


def _in_words(error: str) -> str:
    """The library's sentence in ours; one that is not known here without its capital code."""
    for pattern, sentence in _WORDS:
        if found := pattern.match(error):
            words = found.expand(sentence)
            for theirs, ours in _TYPES.items():
                words = words.replace(theirs, ours)
            return _OPERATORS.sub(r"\1", words).replace("no operation [_]", "no operation []")
    return re.sub(r"^[A-Z_]+: ", "", error)


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return "a list" if isinstance(value, list) else "a map" if isinstance(value, Mapping) else json.dumps(str(value))


@cache
def _environment() -> cel.Env:
    from cel_expr_python import cel

    anything = cel.Type.DYN
    types = dict.fromkeys(ROOTS, anything) | {"now": cel.Type.TIMESTAMP}
    return cel.NewEnv(variables=types)
