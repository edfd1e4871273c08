"""A row of the tree at several widths: the name is whole for as long as anything else can give way."""

from __future__ import annotations

import pytest
from orch_tui.model.orchestration import Phase, Task
from orch_tui.model.problem import Severity
from orch_tui.tui.widgets.row_painter import Part, Row
from orch_tui.tui.workbench.catalog import Label
from orch_tui.tui.workbench.widgets.tree_rows import TreeRows

TASK = Task("t", "snowflake-extractor/index", continue_on_failure=True)


def rows() -> TreeRows:
    return TreeRows(lambda ref: Label("Snowflake extractor", "Email recipient index"))


def text(row: Row) -> str:
    return "".join(part.text for part in row.left).strip()


def behind(row: Row) -> str:
    return "".join(part.text for part in row.right).strip()


def test_the_name_comes_first_and_the_component_goes_first() -> None:
    # GIVEN a row with room for all, and one a column narrower than that
    look = rows()
    whole = look.task(TASK, 120)
    assert text(whole) == "Email recipient index · Snowflake extractor"
    needed = sum(len(part.text) for part in (*whole.left, *whole.right)) + 2
    assert text(look.task(TASK, needed)).endswith("Snowflake extractor")
    # THEN the component is gone as a whole, and the name is not touched
    assert text(look.task(TASK, needed - 1)) == "Email recipient index"


@pytest.mark.parametrize(("width", "flag"), [(120, "continues on failure"), (63, "goes on")])
def test_flags_are_shorter_where_it_is_narrow(width: int, flag: str) -> None:
    assert behind(rows().task(TASK, width)).endswith(flag)


def test_a_state_takes_the_place_of_the_flags() -> None:
    look = rows()
    look.states = {"t": (Part("● processing"),), "p": (Part("✔"),)}
    assert behind(look.task(TASK, 80)) == "● processing"
    assert behind(look.phase(Phase("p", "First", (TASK,)), 1, folded=False)) == "✔"


def test_marks_and_problems_stand_before_the_name() -> None:
    look = rows()
    look.marks, look.problems = frozenset({"t"}), {"t": Severity.ERROR}
    before = [part.text for part in look.task(TASK, 80).left[:2]]
    assert before == ["◆", "✘"]
    # AND a mark of a phase of the same id is another one
    assert [part.text for part in look.phase(Phase("t", "First"), 1, folded=True).left[:1]] == [" "]
    assert behind(look.phase(Phase("t", "First"), 1, folded=True)) == "no tasks"
