"""Edits of tasks: what each does and what it refuses."""

from __future__ import annotations

import pytest
from orch_tui.model.edits import edits
from orch_tui.model.edits.edits import EditError
from orch_tui.model.orchestration.orchestration import Task, TaskOptions, Variable
from orch_tui.model.orchestration.retry import Retry

from tests.support.sample import sample, shape, task


def test_new_tasks_go_to_the_given_phase_or_the_last_or_a_first_one() -> None:
    # GIVEN names for the ids
    names = {"sql/x": "Campaign Performance"}
    # WHEN a task is added with a phase, without one, and to nothing
    given = edits.add_tasks(sample(), ["sql/x"], "a", names)
    last = edits.add_tasks(sample(), ["sql/x"], names=names)
    first = edits.add_tasks(edits.new_orchestration("Empty"), ["sql/x"], names=names)
    # THEN each is where it is expected, with an id made of the name
    assert shape(given)["A"] == "a1 a2 a3 campaign-performance"
    assert shape(last)["C"] == "campaign-performance"
    assert shape(first) == {"New phase": "campaign-performance"}
    assert next(first.tasks()) == Task("campaign-performance", "sql/x")


def test_several_tasks_of_one_configuration_get_numbered_ids() -> None:
    # GIVEN an id that differs from the wanted one in case only WHEN the same configuration is added three times
    orch = edits.add_tasks(sample(), ["sql/A1"] * 3 + ["sql/a1-3", "sql/数据"])
    # THEN every id is new; a name without any letter for an id becomes "task"
    assert shape(orch)["C"] == "a1-2 a1-3 a1-4 a1-3-2 task"


@pytest.mark.parametrize(
    "ref", ["", "sql", "/x", "sql/", "a/b/c", "sql/x\x1b[2J", " sql/x", "sql/\ud800", "orchestration/sample"]
)
def test_what_is_no_configuration_to_run_is_refused(ref: str) -> None:
    # GIVEN something that is no reference, or the orchestration itself WHEN it is added THEN it is refused
    with pytest.raises(EditError):
        edits.add_tasks(sample(), [ref])
    with pytest.raises(EditError):
        edits.set_configuration(sample(), "a1", ref)
    with pytest.raises(EditError):
        edits.replace_configuration(sample(), "sql/a", ref)


def test_a_single_id_is_not_taken_for_its_letters() -> None:
    # GIVEN a text where a list of ids belongs WHEN it is used THEN it is one id
    assert shape(edits.remove_tasks(sample(), "a2"))["A"] == "a1 a3"


def test_flags_and_options_change_only_what_they_name() -> None:
    # GIVEN options
    options = TaskOptions(retry=Retry(2), timeout=60.0)
    # WHEN they and the flags are set on two tasks, then the limit alone
    orch = edits.set_enabled(sample(), ["a1", "b1"], False)
    orch = edits.set_continue_on_failure(orch, ["a1"], True)
    orch = edits.set_options(orch, ["a1"], options=options, variables={"day": "x"}, max_parallel=1)
    orch = edits.set_options(orch, ["a1"], max_parallel=None)
    # THEN nothing else did
    places = orch.locate()
    assert places["a1"][1] == Task("a1", "sql/a", False, True, options, None, {"day": "x"})
    assert places["b1"][1] == Task("b1", "sql/a", enabled=False)
    assert places["a2"][1] == task("a2")


@pytest.mark.parametrize(
    "options",
    [
        TaskOptions(timeout=0.0),
        TaskOptions(timeout=-1.0),
        TaskOptions(timeout=float("nan")),
        TaskOptions(delay=float("inf")),
        TaskOptions(grace=-0.5),
        TaskOptions(max_log_mb=0.0),
        TaskOptions(retry=Retry(-1)),
        TaskOptions(retry=Retry(1, -1.0)),
    ],
)
def test_numbers_that_no_run_can_use_are_refused(options: TaskOptions) -> None:
    # GIVEN such a number WHEN it is set on a task or as a default THEN it is refused
    with pytest.raises(EditError):
        edits.set_options(sample(), ["a1"], options=options)
    with pytest.raises(EditError):
        edits.set_defaults(sample(), options)


@pytest.mark.parametrize("limit", [0, -1, True])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    # GIVEN a limit that would let nothing run WHEN it is set anywhere THEN it is refused
    with pytest.raises(EditError):
        edits.set_options(sample(), ["a1"], max_parallel=limit)
    with pytest.raises(EditError):
        edits.set_phase_max_parallel(sample(), "a", limit)
    with pytest.raises(EditError):
        edits.set_max_parallel(sample(), limit)


@pytest.mark.parametrize("variables", [{"": "x"}, {"a b": "x"}, {"a}}": "x"}, {"a": "\0"}, {"a": "\udc80"}])
def test_variables_that_cannot_be_written_are_refused(variables: dict[str, str]) -> None:
    # GIVEN such a variable WHEN it is set on a task or declared THEN it is refused
    with pytest.raises(EditError):
        edits.set_options(sample(), ["a1"], variables=variables)
    with pytest.raises(EditError):
        edits.set_variables(sample(), [Variable(*pair) for pair in variables.items()])


def test_variables_of_a_task_are_a_copy() -> None:
    # GIVEN variables that the caller goes on changing
    mine = {"day": "1"}
    orch = edits.set_options(sample(), ["a1"], variables=mine)
    # WHEN the caller changes them THEN the value does not
    mine["day"] = "2"
    assert orch.locate()["a1"][1].variables == {"day": "1"}


@pytest.mark.parametrize("other", ["sql/0", "sql/a0", "sql/z", "sql/A", "python/a"])
def test_only_tasks_of_a_renamed_configuration_follow_it(other: str) -> None:
    # GIVEN a task whose configuration stands before or behind the renamed one
    orch = edits.set_configuration(sample(), "b1", other)
    # WHEN that is renamed THEN this task stays what it was
    changed = edits.replace_configuration(orch, "sql/a", "sql/new")
    assert next(one for one in changed.tasks() if one.id == "b1").configuration == other
    assert {one.configuration for one in changed.tasks()} == {"sql/new", other}


def test_a_renamed_configuration_is_followed_and_the_id_stays() -> None:
    # GIVEN two tasks of one configuration and one of another
    orch = edits.set_configuration(sample(), "b1", "sql/other")
    # WHEN the configuration is renamed
    orch = edits.replace_configuration(orch, "sql/a", "sql/new")
    # THEN its tasks follow
    assert [(item.id, item.configuration) for item in orch.tasks()] == [
        ("a1", "sql/new"),
        ("a2", "sql/new"),
        ("a3", "sql/new"),
        ("b1", "sql/other"),
    ]


def test_duplicates_stand_behind_their_originals_with_all_they_had() -> None:
    # GIVEN a task with variables WHEN it is duplicated
    orch = edits.set_options(sample(), ["a1"], variables={"day": "x"})
    orch = edits.duplicate_tasks(orch, ["a1", "b1"])
    # THEN the copy differs in its id only
    assert shape(orch) == {"A": "a1 a1-2 a2 a3", "B": "b1 b1-2", "C": ""}
    assert orch.locate()["a1-2"][1].variables == {"day": "x"}


def test_moving_to_a_name_finds_a_phase_or_makes_a_last_one() -> None:
    # GIVEN marked tasks of two phases WHEN they are moved to names as people type them
    known = edits.move_tasks(sample(), ["b1", "a2"], phase_name="  c ")
    fresh = edits.move_tasks(sample(), ["b1", "a2"], phase_name="Second Transformation Phase")
    # THEN a known name is that phase, and another one is a new last phase; emptied phases stay
    assert shape(known) == {"A": "a1 a3", "B": "", "C": "a2 b1"}
    assert list(shape(fresh).items())[-1] == ("Second Transformation Phase", "a2 b1")
    assert fresh.phases[-1].id == "second-transformation-phase"


def test_moving_where_all_the_tasks_are_changes_nothing_without_a_position() -> None:
    # GIVEN tasks of one phase WHEN they are moved to it THEN nothing changes; with a position they are reordered
    orch = sample()
    assert edits.move_tasks(orch, ["a1"], phase_id="a") is orch
    assert shape(edits.move_tasks(orch, ["a1"], phase_id="a", position=1))["A"] == "a2 a1 a3"


@pytest.mark.parametrize(
    "where", [{}, {"phase_id": "a", "phase_name": "A"}, {"phase_name": ""}, {"phase_name": "a\nb"}]
)
def test_a_move_needs_one_place_with_a_good_name(where: dict[str, str]) -> None:
    # GIVEN no place, two of them, or a bad name WHEN tasks are moved there THEN it is refused
    with pytest.raises(EditError):
        edits.move_tasks(sample(), ["a1"], **where)  # type: ignore[arg-type]


def test_a_task_steps_within_its_phase_and_stops_at_its_edge() -> None:
    # GIVEN the first task WHEN it steps down twice THEN it is last, and a third step is refused
    orch = edits.move_task_by(edits.move_task_by(sample(), "a1", 1), "a1", 1)
    assert shape(orch)["A"] == "a2 a3 a1"
    with pytest.raises(EditError, match="number 3 of 3"):
        edits.move_task_by(orch, "a1", 1)


def test_a_task_crosses_all_phases_and_back() -> None:
    # GIVEN the first task of all
    orch, seen = sample(), []
    # WHEN it goes down until it is refused
    with pytest.raises(EditError, match="last one"):
        while True:
            seen.append(shape(orch))
            orch = edits.move_task_across(orch, "a1", 1)
    # THEN it went place by place, at the start of each next phase
    assert [list(item.values()) for item in seen] == [
        ["a1 a2 a3", "b1", ""],
        ["a2 a1 a3", "b1", ""],
        ["a2 a3 a1", "b1", ""],
        ["a2 a3", "a1 b1", ""],
        ["a2 a3", "b1 a1", ""],
        ["a2 a3", "b1", "a1"],
    ]
    # WHEN it goes up as often THEN it passes the same places
    for expected in reversed(seen[:-1]):
        orch = edits.move_task_across(orch, "a1", -1)
        assert shape(orch) == expected
    with pytest.raises(EditError, match="first one"):
        edits.move_task_across(orch, "a1", -1)


def test_options_without_anything_to_set_change_nothing() -> None:
    # GIVEN a form that was left as it was WHEN it is confirmed THEN the value is the same object
    orch = sample()
    assert edits.set_options(orch, ["a1", "b1"]) is orch


def test_tasks_that_have_the_value_already_stay_the_same_objects() -> None:
    # GIVEN one task that is disabled WHEN it and another are disabled THEN only the other one is a new value
    orch = edits.set_enabled(sample(), ["a1"], False)
    after = edits.set_enabled(orch, ["a1", "a2"], False)
    assert after.phases[0].tasks[0] is orch.phases[0].tasks[0]
    assert after.phases[1] is orch.phases[1]
    assert not after.phases[0].tasks[1].enabled
