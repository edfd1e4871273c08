"""Conditions: what they see, what they say, and what is wrong with them in words and with a place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.conditions.condition import Condition, ConditionError, UndecidedError
from orch_tui.conditions.names import Names, condition_faults, unknown_names

FACTS: dict[str, Any] = {
    "task": {
        "load": {"status": "error", "rows": 0, "seconds": 1.5, "error": None, "metrics": {"late": 3}},
        "e-mail": {"status": "skipped", "rows": None, "seconds": None, "error": None, "metrics": None},
    },
    "phase": {"first": {"status": "success"}},
    "vars": {"limit": 3, "day": "2026-01-31", "full": True},
    "run": {"by": "cron"},
    "now": datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
}

_NEVER = "it cannot be decided, whatever a run does"


@pytest.mark.parametrize(
    ("text", "holds", "seen"),
    [
        ('task["load"].rows == 0', True, {'task["load"].rows': 0}),
        ("task.load.rows > vars.limit", False, {'task["load"].rows': 0, "vars.limit": 3}),
        ('task["load"].metrics["late"] >= 3.0', True, {'task["load"].metrics.late': 3}),
        ('task["e-mail"].rows == null', True, {'task["e-mail"].rows': None}),
        ('task["e-mail"].rows != null && task["e-mail"].rows > 1', False, {'task["e-mail"].rows': None}),
        ("has(vars.nothing) && vars.nothing > 3", False, {"vars.nothing": None}),
        ('task.exists(t, task[t].status == "error")', True, {"task": "2 items"}),
        ('phase["first"].status in ["success", "warning"]', True, {'phase["first"].status': "success"}),
        # One hour after the night of the clock change: it is 1:30 in Prague.
        ('now.getHours("Europe/Prague") == 1', True, {"now": "2026-03-29T00:30:00.000Z"}),
        ("vars.full ||\n  1 / 0 == 1", True, {"vars.full": True}),
        ("true", True, {}),
    ],
)
def test_it_says_yes_or_no_with_what_it_saw(text: str, holds: bool, seen: dict[str, Any]) -> None:
    verdict = Condition(text).verdict(FACTS)
    assert (verdict.holds, verdict.seen) == (holds, seen)


@pytest.mark.parametrize(
    ("text", "sentence", "line", "column"),
    [
        ('task["load"].rows = 0', "a comparison has two signs: ==", 1, 19),
        ('task["load"].rows == ', "the expression ends too early", 1, 22),
        ("((vars.limit", "the expression ends too early", 1, 13),
        ("(true", 'the expression ends before its ")"', 1, 6),
        ("true &&\n  tosk == 1", 'there is no "tosk"; did you mean "task"?', 2, 3),
        ("tasks.load.rows == 0", 'there is no "tasks"; did you mean "task"?', 1, 1),
        ("task.exists(t, task[t].status == x)", 'there is no "x"; there are now, phase, run, task, vars', 1, 34),
        ("task.e-mail.rows > 1", 'there is no "mail"; an id with dashes stands in brackets: task["e-mail"]', 1, 8),
        ("count(vars.limit) > 1", 'there is no function "count"', 1, 6),
        ('1 + "a" == 2', "no operation + for int, string", 1, 3),
        ('vars.day == "2026', "a text without its closing quote", 1, 13),
        ("vars.day == #", '"#" cannot stand here', 1, 13),
    ],
)
def test_what_is_wrong_with_the_text_has_a_place(text: str, sentence: str, line: int, column: int) -> None:
    with pytest.raises(ConditionError) as caught:
        Condition(text)
    assert (caught.value.sentence, caught.value.line, caught.value.column) == (sentence, line, column)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("vars.limit", 'it gives "3", which is neither true nor false'),
        ("vars.limt == 3", 'there is no "limt"; did you mean "limit"?'),
        ('task["laod"].rows == 0', 'there is no "laod"; did you mean "load"?'),
        ('task["load"].metrics.soon == 0', 'there is no "soon"; there are late'),
        (
            'task["e-mail"].rows > 1',
            'no operation > for null, int: there is no task["e-mail"].rows; '
            'ask first, task["e-mail"].rows != null && …',
        ),
        (
            'task["e-mail"].rows.x == 1',
            'no operation . for what has no fields: there is no task["e-mail"].rows; '
            'ask first, task["e-mail"].rows != null && …',
        ),
        ('task["load"].rows.x == 1', "no operation . for what has no fields"),
        ("vars.limit / 0 == 1", "a division by zero"),
        ("vars.limit % 0 == 1", "a division by zero"),
        ("9223372036854775807 + vars.limit > 1", "a number beyond 64 bits"),
        ("vars.day > 3", "no operation > for string, int"),
        ('now.getHours("Europe/Prag") == 1', "a time zone that there is not"),
        ("vars.limit ? true : false", "what stands before ? is not a condition"),
    ],
)
def test_what_cannot_be_decided_is_never_guessed(text: str, sentence: str) -> None:
    with pytest.raises(UndecidedError) as caught:
        Condition(text).verdict(FACTS)
    assert caught.value.sentence == sentence


@pytest.mark.parametrize(
    ("text", "tasks", "phases"),
    [
        ('task["a"].rows == task["b"].rows', {"a", "b"}, set()),
        ('task.exists(t, task[t].rows == 0) && task["a"].rows == 1', None, set()),
        ("task[vars.day].rows == 0", None, set()),
        ('[1].exists(task, task == 1) && phase["p"].status == "error"', set(), {"p"}),
        ('"task[1]" == vars.day', set(), set()),
        ('{"task": [phase["q"].status]}["task"][0] == "error"', set(), {"q"}),
    ],
)
def test_only_what_it_asks_for_is_needed(text: str, tasks: set[str] | None, phases: set[str] | None) -> None:
    asked = Condition(text).asked
    assert (asked.tasks, asked.phases) == (tasks, phases)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ('task["a"].rows == 0 && phase["one"].status == "error" && vars.day == "x" && run.by == "y"', []),
        ('task["aa"].rows == 0', ['there is no task "aa"; did you mean "a"?']),
        ('task["a"].row == 0', ['a task has no "row"; did you mean "rows"?']),
        ('phase["two"].status == "x"', ['there is no phase "two"; there are one']),
        ('phase["one"].rows == 0', ['a phase has no "rows"; there are error, seconds, status']),
        ('vars.dya == "x"', ['no variable "dya" is declared, and no task says that it sets it; did you mean "day"?']),
        ("run.user == 1", ['a run has no "user"; there are by, id, name, orchestration, partial, seconds']),
        ("task.all(t, task[t].rows == 0)", []),
        ("1 / 0 == 1", [f"{_NEVER}: a division by zero"]),
        ("'yes'", [f'{_NEVER}: it gives "yes", which is neither true nor false']),
        ("duration('x') > duration('1s')", [f"{_NEVER}: a text that is no duration, as 90s or 1h30m"]),
        ("1 < 2 || 1 / 0 == 1", []),
    ],
)
def test_names_are_checked_before_anything_runs(text: str, sentences: list[str]) -> None:
    names = Names(tasks={"a"}, phases={"one"}, variables={"day"})
    assert [error.sentence for error in condition_faults(Condition(text), names)] == sentences


def test_the_place_of_an_unknown_name_is_that_of_what_asks_for_it() -> None:
    condition = Condition('vars.day == "é"\n  && task["b"].rows == 0')
    (error,) = unknown_names(condition, Names({"a"}, (), {"day"}))
    assert (error.line, error.column) == (2, 6)


@given(st.text(max_size=40) | st.text("task[]\"load.rows=0 &|!()<>?:'1,{}\n", max_size=40))
def test_any_text_is_a_condition_or_is_refused_with_a_place_in_it(text: str) -> None:
    try:
        condition = Condition(text)
    except ConditionError as error:
        lines = text.split("\n")
        assert error.sentence
        assert 1 <= error.line <= len(lines) and 1 <= error.column <= max(map(len, lines)) + 2
        return
    try:
        condition.verdict(FACTS)
    except UndecidedError as error:
        assert error.sentence
