"""The fields of task options: to texts and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.edits.edits import KEEP
from orch_tui.model.orchestration.orchestration import Phase, Task, TaskOptions
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryOn
from orch_tui.tui.dialogs.fields import FormErrors, FormValues, read_variables, variables_text
from orch_tui.tui.workbench.dialogs.task_options_form import (
    MIXED,
    failures_text,
    form_values,
    phase_values,
    read_failures,
    read_form,
    read_phase,
)
from orch_tui.tui.workbench.model import OptionChanges, PhaseChanges

from tests.support import strategies

PLAIN = Task("a", "x/a")
RETRY = Retry(3, 10.0, Backoff.DOUBLING, 7200.0, (RetryOn.parse("exit: 75"),), 5.0)
FULL = Task(
    "b",
    "x/b",
    options=TaskOptions(
        Retry(3, 10.0, Backoff.DOUBLING, 7200.0, (RetryOn.parse("exit: 75"),), 5.0), 1800.0, 5.0, 2.0, 50.0
    ),
    max_parallel=2,
    variables={"day": "today"},
    sets=("rows", "last-day"),
    rows=("orders", "17"),
)


def read(before: FormValues, variables: str | None = None, **typed: str) -> OptionChanges:
    return read_form(before, {**before.texts, **typed}, before.variables if variables is None else variables)


def test_values_are_shown_as_people_write_them() -> None:
    # GIVEN a task with all options WHEN the form shows it
    shown = form_values([FULL], TaskOptions())
    # THEN durations are in words, and nothing typed is nothing changed
    assert shown.texts == {
        "retry_attempts": "3",
        "retry_delay": "10s",
        "retry_backoff": "doubling",
        "retry_jitter": "5s",
        "retry_total": "2h",
        "retry_on": "exit: 75",
        "timeout": "30m",
        "delay": "5s",
        "grace": "2s",
        "max_log_mb": "50",
        "pool": "",
        "weight": "",
        "memory": "",
        "runs_on": "",
        "resources": "",
        "max_parallel": "2",
        "each": "",
        "allow_empty": "",
        "sets": "rows, last-day",
        "rows": "orders, 17",
    }
    assert shown.variables == "day = today"
    assert read(shown) == OptionChanges({})


def test_only_what_was_typed_is_a_change() -> None:
    # GIVEN two tasks that differ
    shown = form_values([PLAIN, FULL], TaskOptions(timeout=900.0))
    assert shown.defaults["timeout"] == MIXED
    # WHEN one field is typed THEN only that one changes
    assert read(shown, timeout="1h") == OptionChanges({"timeout": 3600.0})
    assert read(shown, variables="where = here").variables == {"where": "here"}
    # AND emptying takes a value away
    alone = form_values([FULL], TaskOptions())
    assert read(alone, timeout="", max_parallel="") == OptionChanges({"timeout": None}, KEEP, None)
    assert read(alone, variables="").variables == {}


def test_defaults_stand_in_empty_fields() -> None:
    # GIVEN a task without options THEN the default is what the field hints at
    assert form_values([PLAIN], TaskOptions(timeout=900.0)).defaults["timeout"] == "15m"


def test_a_retry_is_built_of_its_parts() -> None:
    # GIVEN a task without a retry WHEN parts of it are typed THEN the others take their defaults
    shown = form_values([PLAIN], TaskOptions())
    assert read(shown, retry_attempts="2").options["retry"] == Retry(2)
    typed = read(shown, retry_attempts="2", retry_delay="1m", retry_backoff="d")
    assert typed.options["retry"] == Retry(2, 60.0, Backoff.DOUBLING)
    assert read(shown, retry_attempts="9", retry_total="1h").options["retry"] == Retry(9, total=3600.0)
    # AND of a task with all of them one can go
    whole = form_values([FULL], TaskOptions())
    assert read(whole, retry_total="").options["retry"] == replace(RETRY, total=None)
    assert read(whole, retry_on="", retry_jitter="").options["retry"] == replace(RETRY, on=(), jitter=0.0)


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("timeout", "soon", "no duration"),
        ("timeout", "0", "more than 0"),
        ("max_parallel", "two", "whole number"),
        ("max_parallel", "0", "from 1 on"),
        ("retry_attempts", "-1", "0 or more"),
        ("retry_delay", "10s", "how many retries"),
        ("retry_backoff", "wild", "how many retries"),
        ("retry_total", "1h", "how many retries"),
        ("max_log_mb", "much", "a number"),
    ],
)
def test_each_error_stands_at_its_field(field: str, text: str, sentence: str) -> None:
    # GIVEN a plain task WHEN something impossible is typed
    shown = form_values([PLAIN], TaskOptions())
    with pytest.raises(FormErrors) as caught:
        read(shown, **{field: text})
    # THEN the sentence is about that field (what is missing for a retry is its number)
    place = "retry_attempts" if field.startswith("retry") else field
    assert sentence in caught.value.errors[place]


@pytest.mark.parametrize(("text", "sentence"), [("0", "more than 0"), ("0s", "more than 0"), ("soon", "no duration")])
def test_a_limit_for_all_tries_that_leaves_no_time_is_refused_at_its_field(text: str, sentence: str) -> None:
    with pytest.raises(FormErrors) as caught:
        read(form_values([PLAIN], TaskOptions()), retry_attempts="2", retry_total=text)
    assert sentence in caught.value.errors["retry_total"]


def test_bad_variables_are_told_by_their_line() -> None:
    # GIVEN a plain task WHEN a line is no variable THEN it is named
    shown = form_values([PLAIN], TaskOptions())
    for text, sentence in (("day today", "Line 1 has no ="), ("a = 1\na = 2", "second value"), ("1x = 1", "no name")):
        with pytest.raises(FormErrors, match=sentence):
            read(shown, variables=text)


def test_names_of_variables_that_tasks_set_are_read_and_the_tasks_that_differ_keep_theirs() -> None:
    # GIVEN a task that sets two WHEN others are typed
    shown = form_values([FULL], TaskOptions())
    assert shown.texts["sets"] == "rows, last-day"
    assert read(shown, sets=" rows,day  rows ").sets == ("rows", "day")
    # THEN an emptied field is none, a bad name is told, and what differs is left as each task has it
    assert read(shown, sets="").sets == ()
    with pytest.raises(FormErrors) as caught:
        read(shown, sets="1x")
    assert "is no name for a variable" in caught.value.errors["sets"]
    both = form_values([PLAIN, FULL], TaskOptions())
    assert both.defaults["sets"] == MIXED and read(both).sets is KEEP


def test_a_phase_has_its_limit_and_its_retry() -> None:
    # GIVEN a phase without anything of its own, of an orchestration that retries
    defaults = TaskOptions(RETRY)
    shown = phase_values(Phase("p", "P"), defaults, 10)
    assert set(shown.texts.values()) == {""} and shown.defaults["retry_on"] == "exit: 75"
    assert shown.defaults["max_parallel"] == "10"
    # WHEN nothing is typed THEN nothing is changed
    assert read_phase(shown, shown.texts) == PhaseChanges()
    # WHEN all of it is typed
    typed = {"retry_attempts": "2", "retry_on": "timeout; contains: reset", "retry_jitter": "5s", "retry_total": "1h"}
    changes = read_phase(shown, {**shown.texts, **typed, "max_parallel": "3"})
    on = (RetryOn.parse("timeout"), RetryOn.parse("contains: reset"))
    assert changes == PhaseChanges(3, {"retry": Retry(2, total=3600.0, on=on, jitter=5.0)})
    # AND emptied again it is gone; what is wrong is told at its field
    own = phase_values(Phase("p", "P", max_parallel=3, retry=RETRY), defaults, 10)
    assert read_phase(own, dict.fromkeys(own.texts, "")) == PhaseChanges(None, {"retry": None})
    with pytest.raises(FormErrors) as caught:
        read_phase(shown, {**shown.texts, "retry_on": "sometimes", "retry_attempts": "x", "max_parallel": "0"})
    assert set(caught.value.errors) == {"retry_on", "retry_attempts", "max_parallel"}


@given(strategies.variable_values())
def test_variables_survive_the_form(values: dict[str, str]) -> None:
    # GIVEN any variables WHEN they go through the text THEN they are the same
    assert read_variables(variables_text(values)) == values


@given(strategies.task_options(), st.none() | st.integers(1, 9))
def test_a_form_that_is_not_touched_changes_nothing(options: TaskOptions, limit: int | None) -> None:
    # GIVEN any task WHEN its form is accepted as it is THEN there is no change
    shown = form_values([Task("a", "x/a", options=options, max_parallel=limit)], TaskOptions())
    assert read(shown) == OptionChanges({})


@given(st.lists(strategies.retry_failures, max_size=4).map(tuple))
def test_any_failures_to_retry_on_come_back_out_of_their_text(failures: tuple[RetryOn, ...]) -> None:
    assert read_failures(failures_text(failures)) == failures


@pytest.mark.parametrize("text", ["sometimes", "exit: many", "contains:", '"contains: x', "cancel"])
def test_what_is_no_failure_is_told_at_its_field(text: str) -> None:
    # GIVEN a task with retries WHEN something is typed that is no failure
    with pytest.raises(FormErrors) as caught:
        read(form_values([FULL], TaskOptions()), retry_on=text)
    # THEN its field says what can stand there, and no other does
    assert set(caught.value.errors) == {"retry_on"}
