"""Edits of phases and of the orchestration itself: what each does and what it refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from orch_tui.model.edits import edits
from orch_tui.model.edits.edits import EditError
from orch_tui.model.orchestration.orchestration import Orchestration, TaskOptions, Variable

from tests.support.sample import sample, shape
from tests.support.strategies import (
    TRICKY,
    orchestrations,
)


@pytest.mark.parametrize("name", ["A", "a", " A ", "Ａ", "", "  ", "x\ny", "x\x1b[31m", "x" * 201, "\u200b", "\ud800"])
def test_phase_names_that_are_taken_or_bad_are_refused(name: str) -> None:
    # GIVEN a name that looks like another phase's, or that no screen can show
    # WHEN a phase is made or renamed THEN it is refused
    with pytest.raises(EditError):
        edits.new_phase(sample(), name)
    with pytest.raises(EditError):
        edits.rename_phase(sample(), "b", name)


def test_a_rename_keeps_the_id_and_the_letters_as_typed() -> None:
    # GIVEN a phase WHEN only the case of its name changes, and when it is something tricky
    orch = edits.rename_phase(sample(), "b", "b")
    tricky = edits.rename_phase(orch, "b", ' [bold]"𝟚\\ 🚀 ')
    # THEN the name is as typed, without the blanks around it
    assert (orch.phases[1].id, orch.phases[1].name) == ("b", "b")
    assert (tricky.phases[1].id, tricky.phases[1].name) == ("b", '[bold]"𝟚\\ 🚀')


def test_new_phases_go_last_or_where_asked_with_ids_that_are_free() -> None:
    # GIVEN phases whose ids are taken, one of them under another name
    orch = edits.rename_phase(sample(), "b", "Other")
    # WHEN phases are made at the end, at the start and beyond both
    orch = edits.new_phase(orch, "B")
    orch = edits.new_phase(edits.new_phase(orch, "First", -5), "管道", 99)
    # THEN they are there
    assert [phase.id for phase in orch.phases] == ["first", "a", "b", "c", "b-2", "phase"]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"position": 0}, "b a c"),
        ({"position": 2}, "a c b"),
        ({"position": 99}, "a c b"),
        ({"before": "a"}, "b a c"),
        ({"before": "c"}, "a b c"),
        ({"before": "b"}, "a b c"),
        ({"after": "a"}, "a b c"),
        ({"after": "c"}, "a c b"),
    ],
)
def test_a_phase_moves_to_a_position_or_a_neighbour(place: dict[str, object], expected: str) -> None:
    # GIVEN the middle phase WHEN it is moved THEN it is where it was sent
    moved = edits.move_phase(sample(), "b", **place)  # type: ignore[arg-type]
    assert " ".join(phase.id for phase in moved.phases) == expected


@given(orchestrations(0, 3, 2), st.integers(0, 4), st.integers(0, 4))
def test_before_and_after_mean_what_they_say(orch: Orchestration, first: int, second: int) -> None:
    # GIVEN two different phases
    one, two = (orch.phases[index % len(orch.phases)].id for index in (first, second))
    assume(one != two)
    # WHEN one is moved before or after the other THEN they are neighbours in that order
    before = [phase.id for phase in edits.move_phase(orch, one, before=two).phases]
    after = [phase.id for phase in edits.move_phase(orch, one, after=two).phases]
    assert before[before.index(one) + 1] == two
    assert after[after.index(two) + 1] == one


def test_a_phase_steps_and_stops_at_the_edges() -> None:
    # GIVEN the middle phase WHEN it steps up THEN it is first, and another step is refused, as are two places
    orch = edits.move_phase_by(sample(), "b", -1)
    assert list(shape(orch)) == ["B", "A", "C"]
    with pytest.raises(EditError, match="number 1 of 3"):
        edits.move_phase_by(orch, "b", -1)
    with pytest.raises(EditError):
        edits.move_phase(orch, "b")
    with pytest.raises(EditError):
        edits.move_phase(orch, "b", 1, before="a")


def test_removing_a_phase_takes_its_tasks_unless_told_otherwise() -> None:
    # GIVEN a phase with tasks and one without WHEN they are removed THEN the flag protects the first
    assert shape(edits.remove_phase(sample(), "a")) == {"B": "b1", "C": ""}
    assert list(shape(edits.remove_phase(sample(), "c", only_if_empty=True))) == ["A", "B"]
    with pytest.raises(EditError, match="3 tasks"):
        edits.remove_phase(sample(), "a", only_if_empty=True)
    assert list(shape(edits.drop_empty_phases(sample()))) == ["A", "B"]


def test_a_merge_into_a_new_phase_takes_the_first_place_and_the_lowest_limit() -> None:
    # GIVEN phases B and A, marked from below WHEN they are merged under a new name
    orch = edits.merge_phases(sample(), ["c", "b"], into_name="All the rest")
    # THEN the new phase stands where the first of them stood
    assert shape(orch) == {"A": "a1 a2 a3", "All the rest": "b1"}
    assert (orch.phases[1].id, orch.phases[1].max_parallel) == ("all-the-rest", 2)


@pytest.mark.parametrize("into", [{"into_id": "b"}, {"into_name": "b"}])
def test_a_merge_into_an_existing_phase_keeps_that_one(into: dict[str, str]) -> None:
    # GIVEN phases of which the target is marked or not WHEN they are merged into it by id or name
    # THEN its id, name and limit stay, and the tasks stand in the order of the phases
    for marked in (["a"], ["b", "a"], ["a", "a"], "a"):
        orch = edits.merge_phases(sample(), marked, **into)
        assert shape(orch) == {"B": "a1 a2 a3 b1", "C": ""}
        assert (orch.phases[0].id, orch.phases[0].max_parallel) == ("b", 2)


@pytest.mark.parametrize(
    ("marked", "into"),
    [
        ([], {"into_id": "a"}),
        (["a"], {"into_id": "a"}),
        (["a"], {"into_name": "New"}),
        (["a", "b"], {}),
        (["a", "b"], {"into_id": "a", "into_name": "A"}),
        (["a", "b"], {"into_name": "x\ny"}),
        (["a", "lost"], {"into_name": "New"}),
    ],
)
def test_a_merge_that_makes_no_sense_is_refused(marked: list[str], into: dict[str, str]) -> None:
    # GIVEN fewer than two phases, no target or two, a bad name or an unknown phase WHEN merged THEN it is refused
    with pytest.raises(EditError):
        edits.merge_phases(sample(), marked, **into)


def test_new_and_duplicate_orchestrations_get_ids_that_are_free() -> None:
    # GIVEN ids that are taken WHEN orchestrations are made and copied
    new = edits.new_orchestration(" Campaigns to Mailchimp ", {"campaigns-to-mailchimp"})
    copy = edits.duplicate_orchestration(sample(), "Sample", ["other"])
    # THEN their ids are not among them, and a copy has all the phases and tasks
    assert (new.id, new.name, new.phases) == ("campaigns-to-mailchimp-2", "Campaigns to Mailchimp", ())
    assert (copy.id, copy.phases) == ("sample-2", sample().phases)


def test_the_orchestration_itself_is_edited() -> None:
    # GIVEN an orchestration WHEN name, description, variables, defaults and limit are set
    variables = (Variable("day", "today"), Variable("where"))
    orch = edits.describe(edits.rename(sample(), "Other"), "two\nlines")
    orch = edits.set_max_parallel(edits.set_defaults(orch, TaskOptions(timeout=5.0)), 4)
    orch = edits.set_variables(orch, variables)
    # THEN they are, and the id stays
    assert orch == Orchestration(
        "sample", "Other", "two\nlines", sample().phases, 4, TaskOptions(timeout=5.0), variables
    )


@pytest.mark.parametrize(
    "edit",
    [
        lambda o: edits.rename(o, " "),
        lambda o: edits.rename(o, "a\nb"),
        lambda o: edits.describe(o, "\0"),
        lambda o: edits.set_variables(o, [Variable("a"), Variable("a")]),
        lambda o: edits.new_orchestration(""),
        lambda o: edits.duplicate_orchestration(o, "", []),
        lambda o: edits.add_tasks(o, []),
        lambda o: edits.remove_tasks(o, []),
        lambda o: edits.move_task_across(o, "a1", 2),
    ],
)
def test_what_makes_no_sense_is_refused(edit: Callable[[Orchestration], Orchestration]) -> None:
    # GIVEN an edit without sense WHEN it is made THEN it is refused with a sentence
    with pytest.raises(EditError, match=r"\.$"):
        edit(sample())


@pytest.mark.parametrize("name", TRICKY)
def test_tricky_names_are_kept_as_they_are_or_refused(name: str) -> None:
    # GIVEN a name that tries to break out WHEN a phase gets it THEN it is exactly this name, or refused for controls
    if name.isprintable() or "\u200d" in name:
        assert edits.new_phase(sample(), name).phases[-1].name == name
    else:
        with pytest.raises(EditError, match="control characters"):
            edits.new_phase(sample(), name)


def test_what_stays_as_it_was_is_no_change() -> None:
    # GIVEN declared variables WHEN the same are declared once more THEN nothing has changed, also not for undo
    value = edits.set_variables(sample(), [Variable("day", "1"), Variable("country")])
    assert edits.set_variables(value, [Variable("day", "1"), Variable("country")]) is value
    assert edits.describe(value, value.description) is value


def test_ten_megabytes_are_the_least_that_a_task_may_be_given() -> None:
    value = edits.set_defaults(sample(), TaskOptions(memory=10_000_000))
    assert value.defaults.memory == 10_000_000
    with pytest.raises(EditError, match="10MB or more"):
        edits.set_defaults(sample(), TaskOptions(memory=9_999_999))
