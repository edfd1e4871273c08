"""Which rows the tree has."""

from __future__ import annotations

from dataclasses import replace

from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.orchestration.rules import Rule
from orch_tui.tui.widgets.row_painter import Part
from orch_tui.tui.workbench.tree.outline import NestedLine, Outline, PartRow

A, B, C = (Task(name, f"command/{name}") for name in "abc")
FIRST, SECOND = Phase("p", "First", (A, B)), Phase("q", "Second", (C,))


def ids(outline: Outline) -> list[str]:
    return [row.id for row in outline.rows]


def test_folding_hides_tasks_and_going_to_one_unfolds_its_phase() -> None:
    outline = Outline()
    assert not outline.show((FIRST, SECOND))
    outline.fold({"p"})
    assert ids(outline) == ["p", "q", "c"] and outline.index_of("a") is None
    assert outline.unfold_around("a") and not outline.unfold_around("a")
    assert ids(outline) == ["p", "a", "b", "q", "c"] and outline.index_of("a") == 1


def test_it_says_whether_there_are_as_many_rows_as_before() -> None:
    outline = Outline()
    outline.show((FIRST, SECOND))
    assert outline.show((SECOND, Phase("p", "First", (B, A))))
    assert ids(outline) == ["q", "c", "p", "b", "a"] and outline.numbers == {"q": 1, "p": 2}
    assert not outline.show((SECOND,))


def test_lines_of_a_nested_run_stand_below_their_task() -> None:
    outline = Outline()
    outline.show((FIRST, SECOND))
    lines = [NestedLine("a/1", (Part("one"),), ()), NestedLine("a/2", (Part("two"),), ())]
    assert outline.show_nested({"a": lines})
    assert ids(outline) == ["p", "a", "a/1", "a/2", "b", "q", "c"]
    # AND the same places with other texts are no reason to measure the tree anew
    assert not outline.show_nested({"a": [NestedLine("a/1", (Part("1"),), ()), lines[1]]})
    assert outline.show_nested({}) and ids(outline) == ["p", "a", "b", "q", "c"]


def test_a_row_knows_its_phase() -> None:
    outline = Outline()
    outline.show((FIRST, SECOND))
    assert [outline.phase_index(index) for index in range(5)] == [0, 0, 0, 3, 3]
    assert [outline.phase_of(index).id for index in range(5)] == ["p", "p", "p", "q", "q"]
    assert outline.next_phase(range(1, 5)) == 3 and outline.next_phase(range(4, 5)) is None
    assert Outline().phase_index(0) is None


def test_rules_stand_below_the_tasks_of_their_phase_and_fold_with_them() -> None:
    # GIVEN a phase with two rules, in a run whose first task has lines of its own
    outline = Outline()
    outline.show((replace(FIRST, rules=(Rule("q", "vars.a"), Rule("end"))), SECOND))
    outline.show_nested({"b": [NestedLine("b/1", (Part("one"),), ())]})
    # THEN they come last in it
    assert ids(outline) == ["p", "a", "b", "b/1", "p#0", "p#1", "q", "c"]
    assert [outline.phase_of(index).id for index in (4, 5)] == ["p", "p"]
    # AND going to one unfolds its phase
    outline.fold({"p"})
    assert ids(outline) == ["p", "q", "c"]
    assert not outline.unfold_around("p#2") and outline.unfold_around("p#1") and outline.index_of("p#1") == 5


def test_each_row_is_found_by_its_id_also_among_the_parts_of_arrays() -> None:
    # GIVEN two arrays, one of which is unfolded, between other tasks with a nested line
    outline = Outline()
    tasks = tuple(Task(key, f"c/{key}") for key in ("a", "load", "b", "send", "z"))
    outline.show((Phase("p", "P", tasks), Phase("q", "Q", (Task("y", "c/y"),))))
    outline.show_nested({"load": [NestedLine("load/pP", (), ())]})
    outline.show_parts(
        {
            task: [PartRow(f"{task}@{number}", task, str(number), "x") for number in (1, 2, 3)]
            for task in ("load", "send")
        }
    )
    for unfolded in ({"load"}, {"load", "send"}, set()):
        outline.unfold_parts(unfolded)
        # THEN each row is where it is said to be
        assert [outline.index_of(row.id) for row in outline.rows] == list(range(len(outline.rows)))
        # AND what is folded away, or is no part, is nowhere
        hidden = [f"{task}@1" for task in {"load", "send"} - unfolded]
        assert [outline.index_of(row) for row in (*hidden, "load@4", "load@0", "a@1", "other")] == [None] * (
            4 + len(hidden)
        )
    # AND in a folded phase no part is
    outline.unfold_parts({"load"})
    outline.fold({"p"})
    assert outline.index_of("load@1") is None and outline.index_of("y") == 2
