"""Undo and redo: any sequence undone gives the first value again, and nothing is joined or forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from orch_tui.model.edits.undo import EditHistory, NothingToUndo
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import counted

from tests.support.strategies import Edit, apply_edit, edit_sequences, orchestrations


@given(orchestrations(2, 8, 2), edit_sequences())
def test_any_sequence_undone_gives_the_first_value_and_redone_the_last(
    first: Orchestration, sequence: list[Edit]
) -> None:
    # GIVEN a history of any edits
    history = EditHistory(first)
    values = [first]
    for edit in sequence:
        value = apply_edit(history.value, edit)
        if history.push(value, edit.kind):
            values.append(value)
    # WHEN all are undone and redone THEN every value comes by again, in both directions
    assert history.value == values[-1]
    backwards = [history.undo() for _ in values[1:]]
    assert backwards == values[-2::-1] if len(values) > 1 else not backwards
    assert history.value is first and not history.dirty and not history.can_undo
    assert [history.redo() for _ in values[1:]] == values[1:]
    assert not history.can_redo


class Model(RuleBasedStateMachine):
    """The history against two plain stacks."""

    def __init__(self) -> None:
        super().__init__()
        self.history = EditHistory(0)
        self.done: list[int] = []
        self.undone: list[int] = []
        self.current = self.saved = 0

    @rule(value=st.integers(0, 3))
    def push(self, value: int) -> None:
        assert self.history.push(value, f"edit {value}") == (value != self.current)
        if value != self.current:
            self.done.append(self.current)
            self.undone.clear()
            self.current = value

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        self.undone.append(self.current)
        self.current = self.done.pop()
        assert self.history.undo() == self.current

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        self.done.append(self.current)
        self.current = self.undone.pop()
        assert self.history.redo() == self.current

    @rule(value=st.none() | st.integers(0, 3))
    def save(self, value: int | None) -> None:
        if value is None:
            self.history.mark_saved()
            self.saved = self.current
        else:
            self.history.mark_saved_as(value)
            self.saved = value

    @invariant()
    def agree(self) -> None:
        history = self.history
        assert history.value == self.current
        assert history.dirty == (self.current != self.saved)
        assert (history.can_undo, history.can_redo) == (bool(self.done), bool(self.undone))
        assert history.undo_label == (f"Undo edit {self.current}" if self.done else None)
        assert history.redo_label == (f"Redo edit {self.undone[-1]}" if self.undone else None)


TestModel = Model.TestCase


def test_labels_read_as_actions() -> None:
    # GIVEN two edits WHEN one is undone THEN the labels name the edit that each action is about
    history = EditHistory("a")
    history.push("b", f"move of {counted(2, 'task')}")
    history.push("c", f"removal of {counted(1, 'phase')}")
    history.undo()
    assert (history.undo_label, history.redo_label) == ("Undo move of 2 tasks", "Redo removal of 1 phase")


def test_there_is_an_end_in_both_directions() -> None:
    # GIVEN a fresh history WHEN it is undone or redone THEN it says that there is nothing, and stays as it is
    history = EditHistory("a")
    with pytest.raises(NothingToUndo, match="nothing to undo"):
        history.undo()
    with pytest.raises(NothingToUndo, match="nothing to redo"):
        history.redo()
    assert history.value == "a"


def test_values_are_compared_by_what_they_are() -> None:
    # GIVEN a value that was edited, and an edit by hand that makes it what it was
    saved, again = Orchestration("o", "O"), Orchestration("o", "O")
    history = EditHistory(saved)
    # WHEN an equal value is pushed THEN it is no edit
    assert not history.push(again, "nothing")
    # WHEN it is edited and edited back THEN both can be undone and nothing is unsaved
    history.push(Orchestration("o", "Other"), "rename")
    assert history.dirty
    assert history.push(again, "rename")
    assert not history.dirty and history.undo_label == "Undo rename"
