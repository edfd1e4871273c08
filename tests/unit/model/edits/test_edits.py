"""What no edit may ever do, whatever it is and whatever came before."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from orch_tui.model.edits import edits
from orch_tui.model.edits.edits import EditError, name_key
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import safe_line, valid_id

from tests.support.strategies import (
    ADDING,
    KEEPING,
    REMOVING,
    Edit,
    apply_edit,
    edit_sequences,
    orchestrations,
    play_edit,
    single_edits,
)


def ids_of(orch: Orchestration) -> Counter[str]:
    return Counter(item.id for item in orch.tasks())


@given(orchestrations(2, 8, 2), single_edits(tuple(KEEPING)))
def test_edits_that_do_not_add_or_remove_keep_every_task_and_its_id(orch: Orchestration, edit: Edit) -> None:
    # GIVEN any orchestration WHEN any edit is made that neither adds nor removes
    after = apply_edit(orch, edit)
    # THEN the same tasks are there, each once
    event(f"{edit.kind}: {'changed' if after is not orch else 'as before'}")
    assert ids_of(after) == ids_of(orch)


@given(orchestrations(2, 8, 2), edit_sequences())
def test_ids_and_names_stay_valid_and_apart_through_any_sequence(orch: Orchestration, sequence: list[Edit]) -> None:
    # GIVEN any orchestration WHEN any edits are made one after another
    for edit in sequence:
        orch = apply_edit(orch, edit)
        # THEN no two tasks have one id, no two phases one id or one name, and every id can be a file name
        for texts in (
            [item.id.lower() for item in orch.tasks()],
            [phase.id.lower() for phase in orch.phases],
            [name_key(phase.name) for phase in orch.phases],
        ):
            assert len(set(texts)) == len(texts), edit
        assert all(map(valid_id, [*[phase.id for phase in orch.phases], *[item.id for item in orch.tasks()]]))


@given(orchestrations(1, 8, 1), single_edits(tuple(ADDING)))
def test_adding_keeps_the_tasks_that_were_there_as_they_were(orch: Orchestration, edit: Edit) -> None:
    # GIVEN any orchestration WHEN tasks are added or duplicated
    after = apply_edit(orch, edit)
    # THEN the old ones are the same values in the same order, and the new ones are exactly as many as asked for
    fresh = edits.new_task_ids(orch, after)
    assert [item for item in after.tasks() if item.id not in fresh] == list(orch.tasks())
    if after is not orch:
        assert len(fresh) == (len(edit.refs) if edit.kind == "add tasks" else len(set(edit.tasks(orch))))


@given(orchestrations(1, 8, 1), single_edits(tuple(REMOVING)))
def test_removing_takes_exactly_the_named_tasks(orch: Orchestration, edit: Edit) -> None:
    # GIVEN any orchestration WHEN tasks or a phase are removed
    after = apply_edit(orch, edit)
    # THEN those are gone and all others are as they were
    if edit.kind == "remove tasks":
        gone = set(edit.tasks(orch))
    else:
        gone = {item.id for item in orch.phase(edit.phases(orch)[0]).tasks} if after is not orch else set()
    assert list(after.tasks()) == [item for item in orch.tasks() if item.id not in gone]


@given(orchestrations(2, 8, 2), single_edits())
def test_an_edit_without_effect_returns_the_same_object_and_phases_are_shared(orch: Orchestration, edit: Edit) -> None:
    # GIVEN any orchestration WHEN any edit is made
    after = apply_edit(orch, edit)
    # THEN an equal result is the same object, and so is each task that did not change
    assert (after == orch) == (after is orch)
    before = {item.id: item for item in orch.tasks()}
    assert all(before[item.id] is item for item in after.tasks() if before.get(item.id) == item)


@given(orchestrations(3, 8, 2), st.sets(st.integers(0, 7), min_size=1), st.integers(0, 4), st.integers(-1, 9))
def test_a_move_keeps_the_order_of_the_moved_tasks_and_of_the_others(
    orch: Orchestration, picks: set[int], to: int, position: int
) -> None:
    # GIVEN some tasks and a phase
    everything = [item.id for item in orch.tasks()]
    wanted = [task_id for index, task_id in enumerate(everything) if index in picks]
    assume(wanted)
    target = orch.phases[to % len(orch.phases)].id
    # WHEN they are moved there, named in any order
    after = edits.move_tasks(orch, reversed(wanted), phase_id=target, position=position)
    # THEN they are a block in that phase, in the order in which they stood, and no other task passed another
    inside = [item.id for item in after.phase(target).tasks]
    at = inside.index(wanted[0])
    assert inside[at : at + len(wanted)] == wanted
    assert at == max(0, min(position, len(inside) - len(wanted)))
    for phase in after.phases:
        rest = [item.id for item in phase.tasks if item.id not in wanted]
        assert rest == [item.id for item in orch.phase(phase.id).tasks if item.id not in wanted]


@given(orchestrations(0, 6, 1), st.sampled_from([*KEEPING, *REMOVING, *ADDING]), single_edits())
def test_ids_that_nobody_has_are_refused_by_every_edit_that_takes_one(
    orch: Orchestration, kind: str, edit: Edit
) -> None:
    # GIVEN an edit that names tasks and phases which are not there
    class Lost(Edit):
        def tasks(self, orch: Orchestration) -> list[str]:
            return ["~lost"]

        def phases(self, orch: Orchestration) -> list[str]:
            return ["~lost"]

    takes_no_id = {"replace configuration", "new phase", "drop empty phases", "group"}
    takes_no_id |= {"rename", "describe", "variables", "defaults", "limit"}
    assume(kind not in takes_no_id)
    lost = Lost(kind, edit.picks, "Z", 1, True, edit.refs, edit.options, edit.variables)
    # WHEN it is made THEN it is refused with a sentence that names it
    with pytest.raises(EditError, match="~lost"):
        play_edit(orch, lost)


@given(orchestrations(1, 6, 1), edit_sequences())
def test_refusals_are_one_safe_line(orch: Orchestration, sequence: list[Edit]) -> None:
    # GIVEN any edits, with names that hold escape sequences and line ends
    for edit in sequence:
        # WHEN one is refused THEN its sentence can be shown on a terminal
        try:
            orch = play_edit(orch, edit)
        except EditError as refusal:
            assert safe_line(str(refusal)) == str(refusal)
            assert str(refusal).endswith(".")
