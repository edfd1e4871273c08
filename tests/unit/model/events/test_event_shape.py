"""What an event may hold, at the bounds of each kind of value."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from orch_tui.model.events import event_shape as shape
from orch_tui.model.events import record_fields as fields
from orch_tui.model.events.record_fields import Kind

NAN, INF = math.nan, math.inf
NUMBERS: tuple[Any, ...] = (True, "1", None, NAN, INF, [])

HOLDS: tuple[tuple[str, Kind, tuple[Any, ...], tuple[Any, ...]], ...] = (
    ("text", fields.TEXT, ("", "a", "é", "\ue000"), (1, None, b"a", "\ud800", "é\udfff")),
    ("id", fields.ID, ("a", "a-b.c_1", "a" * 100), ("", "a b", "a" * 101, 1, None)),
    ("flag", fields.FLAG, (True, False), (0, 1, "true", None)),
    ("time", fields.TIME, (0, 0.5, 253_000_000_000.0), (-0.5, 253_000_000_001.0, *NUMBERS)),
    ("seconds", fields.SECONDS, (0, -1e12, 1e12, -0.5), (-1e12 - 1, 1e12 + 1, -INF, *NUMBERS)),
    ("length", fields.LENGTH, (0, 0.5, 1e12), (-0.5, 1e12 + 1, *NUMBERS)),
    ("count", fields.COUNT, (0, 1, 2**31 - 1), (-1, 2**31, 1.0, *NUMBERS)),
    ("number", fields.NUMBER, (1, 2**31 - 1), (0, -1, 2**31, 1.0, *NUMBERS)),
    ("exit code", shape.EXIT_CODE, (0, 255, -9, -(2**31), 2**31 - 1), (2**31, -(2**31) - 1, 1.0, *NUMBERS)),
    ("ticks", fields.TICKS, ([0, 0], (1, 2), [2**63 - 1, 0]), ([1], [1, 2, 3], [-1, 0], [0, 2**63], [1, "2"], "12", 5)),
    ("pairs", fields.PAIRS, ([], ["A=1", "="], ["A=b=c"]), (["A"], "A=1", ["A=1", "B"], [1], ("A=1",))),
    ("texts", fields.TEXTS, (["a"], ["a", ""]), ([], "a", ["a", 1], ("a",), ["\ud800"])),
    ("object", shape.OBJECT, ("{}", '{"a": 1}'), ("[]", "{", "", '"x"', {}.keys(), 1, "[" * 100_000)),
    ("final status", shape.FINAL_STATUS, ("success", "error"), ("processing", "", 1, None, ["success"])),
    ("failure", shape.FAILURE, ("user", "timeout"), ("nothing", "", 1, None, ["user"])),
    ("values", shape.VALUES, ("{}", '{"day": "monday"}'), ("[]", "{", 1, None, "[" * 100_000)),
)


@pytest.mark.parametrize(
    ("kind", "value", "holds"),
    [
        pytest.param(kind, value, holds, id=f"{name} {str(value)[:20]!r} {holds}")
        for name, kind, good, bad in HOLDS
        for values, holds in ((good, True), (bad, False))
        for value in values
    ],
)
def test_a_value_is_of_a_kind_or_not(kind: Kind, value: Any, holds: bool) -> None:
    assert kind.holds(value) is holds


@pytest.mark.parametrize("value", ["{}", '{"a": 1}', {}, {"a": 1}])
def test_an_object_may_be_given_as_such_or_as_a_text(value: Any) -> None:
    assert shape.OBJECT.holds(value)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        *(([0, None, {}], True), ([3, True, {"a": 1}], True), ([3, False, {}], True), ([2**31 - 1, None, {}], True)),
        *(([-1, None, {}], False), ([2**31, None, {}], False), ([True, None, {}], False), ([0, 1, {}], False)),
        *(([0, "x", {}], False), ([0, None, []], False), ([0, None], False), ([0, None, {}, 1], False), ({}, False)),
    ],
)
def test_a_rule_that_was_tried_has_a_number_an_answer_and_what_it_saw(rule: Any, holds: bool) -> None:
    assert shape.TRIED.holds([rule]) is holds
    assert shape.TRIED.holds([json.dumps(rule)]) is holds
    assert shape.TRIED.holds([[0, None, {}], rule]) is holds
    assert not shape.TRIED.holds(rule if isinstance(rule, dict) else json.dumps(rule))


def test_no_rule_that_was_tried_is_a_list_as_well() -> None:
    assert shape.TRIED.holds([])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"task": "t", "attempt": 1}, None),
        ({"task": "gone", "attempt": 1}, "the run has no task 'gone'"),
        ({"task": "t", "attempt": 1, "phase": "p"}, None),
        ({"task": "t", "attempt": 1, "phase": "gone"}, "the run has no phase 'gone'"),
        ({"task": "gone", "attempt": 1, "phase": "gone"}, "the run has no task 'gone'"),
        ({"task": "gone", "phase": "gone"}, "it has no attempt"),
    ],
)
def test_an_event_is_about_a_task_and_a_phase_of_its_run(data: dict[str, Any], says: str | None) -> None:
    assert shape.event_complaint("spawning", data, {"t"}, {"p"}) == says
    # AND what a newer program means is never wrong
    assert shape.event_complaint("eclipse", data, set(), set()) is None
