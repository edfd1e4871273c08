"""Conditions that say the same whatever a run does: always yes, or never.

A condition that only compares facts with constants, and joins that by ``&&``, ``||``, ``!`` and ``? :``, depends on no
more than on which side of each constant the facts are. So it is asked about one value from each of these places, by the
library itself; one that cannot be taken apart like that is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise, product
from math import isfinite, prod
from typing import Any

from orch_tui.conditions.condition import ROOTS, Condition, UndecidedError, reference_of
from orch_tui.conditions.syntax import OTHER, Kind, Node
from orch_tui.model.orchestration.rules import After
from orch_tui.model.status import FINAL, Status

_MOST = 3000
"""So many combinations of values are asked about."""
_JOINED = frozenset(("_&&_", "_||_", "!_", "_?_:_"))
_COMPARED = frozenset(("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in"))
_SUCCEEDED = frozenset((Status.SUCCESS, Status.WARNING))
_Keys = tuple[str, tuple[str, ...]]


class Always(StrEnum):
    """What a condition says whatever a run does. ``NEVER`` is also one that cannot be answered."""

    HOLDS = "holds"
    NEVER = "never"


def always(condition: Condition, phase: str, on: After) -> Always | None:
    """What a condition says in every run that asks it after a phase (its id) with this outcome; None where that
    depends, or is not known."""
    # Lists: in a set, 1 and true would be one.
    found: dict[_Keys, list[object]] = {}
    if not condition.references:
        return _judged(condition, [{}])
    if not _compares(condition.tree, found):
        return None
    keys = list(found)
    if any(_within(one, other) for one in keys for other in keys if one != other):
        return None
    places = [_values(one, constants, phase, on) for one, constants in found.items()]
    if prod(map(len, places)) > _MOST:
        return None
    return _judged(condition, (dict(zip(keys, values, strict=True)) for values in product(*places)))


def _judged(condition: Condition, cases: Iterable[Mapping[_Keys, object]]) -> Always | None:
    said = set[bool | None]()
    for case in cases:
        try:
            said.add(condition.verdict(_facts(case)).holds)
        except UndecidedError:
            said.add(None)
        if True in said and len(said) > 1:
            return None
    return Always.HOLDS if said == {True} else Always.NEVER


def _facts(case: Mapping[_Keys, object]) -> dict[str, Any]:
    facts: dict[str, Any] = {root: {} for root in ROOTS if root != "now"}
    for (root, keys), value in case.items():
        inside = facts[root]
        for key in keys[:-1]:
            inside = inside.setdefault(key, {})
        inside[keys[-1]] = value
    return facts


def _within(one: _Keys, other: _Keys) -> bool:
    """Whether one fact is a part of another one: then they cannot be chosen each by itself."""
    return one[0] == other[0] and other[1][: len(one[1])] == one[1]


def _compares(node: Node, found: dict[_Keys, list[object]]) -> bool:
    """Whether it depends on comparisons with constants alone; these are put into ``found``, by fact."""
    if node.kind is Kind.CONSTANT:
        return isinstance(node.value, bool)
    if node.kind is Kind.CALL and node.text in _JOINED:
        return all(_compares(part, found) for part in node.parts)
    if node.kind is Kind.CALL and node.text in _COMPARED and len(node.parts) == 2:
        return _compared(node.parts, found)
    fact = _fact(node)
    if fact is None:
        return False
    found.setdefault(fact, []).extend((True, False))
    return True


def _compared(parts: Sequence[Node], found: dict[_Keys, list[object]]) -> bool:
    facts = [fact for part in parts if (fact := _fact(part)) is not None]
    constants = [value for part in parts for value in _constants(part)]
    if len(facts) != 1 or any(value is OTHER for value in constants) or not constants:
        return False
    found.setdefault(facts[0], []).extend(constants)
    return True


def _constants(node: Node) -> Iterator[object]:
    """The constants of one side of a comparison; :data:`OTHER` for what is neither a constant nor a fact."""
    if node.kind is Kind.CONSTANT:
        yield node.value
    elif node.kind is Kind.LITERAL:
        for part in node.parts:
            yield part.value if part.kind is Kind.CONSTANT else OTHER
    elif _fact(node) is None:
        yield OTHER


def _fact(node: Node) -> _Keys | None:
    """What is asked for, where it can be chosen: the time cannot, nor a whole map of facts."""
    reference = reference_of(node)
    if reference is None or not reference.keys or reference.root == "now":
        return None
    return reference.root, reference.keys


def _values(fact: _Keys, constants: Sequence[object], phase: str, on: After) -> list[object]:
    """One value from each place that the constants leave apart."""
    root, keys = fact
    if root in ("task", "phase") and keys[1:] == ("status",):
        return [status.value for status in _states(root, keys[0], phase, on)]
    values: list[object] = [None, True, False, "", 0]
    texts = sorted({value for value in constants if isinstance(value, str)})
    for text in texts:
        # Right behind it; the library would take NUL for its end.
        values += [text, f"{text}\x01"]
    numbers = sorted({value for value in constants if isinstance(value, int | float) and not isinstance(value, bool)})
    if any(not isfinite(number) for number in numbers):
        return []
    if numbers:
        values += [numbers[0] - 1, *numbers, *((one + other) / 2 for one, other in pairwise(numbers)), numbers[-1] + 1]
    return list({(type(value), value): value for value in values}.values())


def _states(root: str, name: str, phase: str, on: After) -> Iterable[Status]:
    """The states that a task or phase can be in when the rules after a phase are tried."""
    if root == "phase" and name == phase:
        failed = FINAL - _SUCCEEDED - {Status.SKIPPED}
        return {After.SUCCESS: _SUCCEEDED, After.FAILURE: failed, After.ANY: _SUCCEEDED | failed}[on]
    return Status
