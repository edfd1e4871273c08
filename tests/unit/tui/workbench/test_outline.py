"""Which rows the tree has, and which of them look different after an edit."""

from __future__ import annotations

from orch_tui.model.orchestration import Phase, Task
from orch_tui.tui.widgets.row_painter import Row
from orch_tui.tui.workbench.outline import NestedLine, Outline

A, B, C = (Task(name, f"command/{name}") for name in "abc")
FIRST, SECOND = Phase("p", "First", (A, B)), Phase("q", "Second", (C,))


def ids(outline: Outline) -> list[str]:
    return [row.id for row in outline.rows]


def test_folding_hides_tasks_and_going_to_one_unfolds_its_phase() -> None:
    outline = Outline()
    assert outline.show((FIRST, SECOND)) is None
    outline.fold({"p"})
    assert ids(outline) == ["p", "q", "c"] and outline.index_of("a") is None
    assert outline.unfold_around("a") and not outline.unfold_around("a")
    assert ids(outline) == ["p", "a", "b", "q", "c"] and outline.index_of("a") == 1


def test_only_rows_that_changed_are_drawn_again() -> None:
    outline = Outline()
    outline.show((FIRST, SECOND))
    # WHEN two tasks change their places THEN these two rows are others
    assert outline.show((Phase("p", "First", (B, A)), SECOND)) == [0, 1, 2]
    # WHEN phases of the same size change theirs THEN their numbers are others too
    outline.show((Phase("p", "First", (A,)), SECOND))
    assert outline.show((SECOND, Phase("p", "First", (A,)))) == [0, 1, 2, 3]
    # WHEN nothing is different THEN nothing is drawn; another number of rows is None
    assert outline.show(outline.phases) == []
    assert outline.show((SECOND,)) is None


def test_lines_of_a_nested_run_stand_below_their_task() -> None:
    outline = Outline()
    outline.show((FIRST, SECOND))
    lines = [NestedLine("a/1", Row(())), NestedLine("a/2", Row(()))]
    assert outline.show_nested({"a": lines})
    assert ids(outline) == ["p", "a", "a/1", "a/2", "b", "q", "c"]
    # AND the same places with other texts are no reason to measure the tree anew
    assert not outline.show_nested({"a": [NestedLine("a/1", Row(())), NestedLine("a/2", Row(()))]})
    assert outline.show_nested({}) and ids(outline) == ["p", "a", "b", "q", "c"]


def test_a_row_knows_its_phase() -> None:
    outline = Outline()
    outline.show((FIRST, SECOND))
    assert [outline.phase_index(index) for index in range(5)] == [0, 0, 0, 3, 3]
    assert outline.next_phase(range(1, 5)) == 3 and outline.next_phase(range(4, 5)) is None
    assert Outline().phase_index(0) is None
