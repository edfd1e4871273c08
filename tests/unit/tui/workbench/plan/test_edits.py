"""Editing without a screen: what an action does to the value, and what is said when it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.tui.workbench.dialogs.move_tasks import PhaseChoice
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.plan.edits import EditController

from tests.tui.seed import sample_project
from tests.unit.tui.workbench.doubles import Cursor, Desk, Host


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench.open(sample_project(tmp_path), "campaigns")


class Editing:
    """A controller with all that is around it."""

    def __init__(self, bench: Workbench) -> None:
        self.bench, self.rows, self.host, self.desk = bench, Cursor(bench), Host(), Desk()
        self.edit = EditController(bench, self.rows, self.host, self.desk)

    async def do(self, action: str, *answers: object) -> None:
        self.host.answers = list(answers)
        result = self.edit.actions[action]()
        if result is not None and hasattr(result, "__await__"):
            await result


async def test_an_edit_changes_the_value_and_tells_where_to_go(bench: Workbench) -> None:
    # GIVEN the cursor on the first task
    one = Editing(bench)
    one.rows.go_to("campaigns")
    # WHEN it is disabled, moved down and given a copy
    await one.do("tree.toggle-enabled")
    await one.do("tree.move-down")
    # THEN the value has it, and each edit was told with the task that the cursor follows
    assert [task.id for task in bench.value.phases[0].tasks] == ["email-recipient-index", "campaigns"]
    assert not bench.tasks_of(["campaigns"])[0].enabled
    assert one.desk.changes == [None, "campaigns"]
    # AND two undos bring everything back, and say what
    await one.do("workbench.undo")
    await one.do("workbench.undo")
    await one.do("workbench.undo")
    assert not bench.dirty and len(one.desk.changes) == 4
    assert "move" in one.host.said[0] and "undo" in one.host.said[-1].lower()


async def test_a_refused_edit_is_said_and_changes_nothing(bench: Workbench) -> None:
    one = Editing(bench)
    before = bench.value
    # WHEN a phase with tasks is renamed to the name of another, and one that is empty is made of no name
    await one.do("tree.rename", bench.value.phases[-1].name)
    await one.do("workbench.new-phase", "   ")
    # THEN nothing is different but what was said
    assert bench.value is before and one.desk.changes == []
    assert len(one.host.said) == 2 and bench.value.phases[-1].name in one.host.said[0]
    # AND what can be refused before a question is asked shows none
    one.rows.go(99)
    one.rows.cursor = 99
    await one.do("workbench.move-tasks")
    assert len(one.host.said) == 3 and len(one.host.dialogs) == 2


async def test_an_edit_of_a_run_goes_to_the_plan_first(bench: Workbench) -> None:
    # GIVEN a run on the screen
    one = Editing(bench)
    one.rows.go_to("campaigns")
    one.desk.run = True
    before = bench.value
    # WHEN a key would edit it, THEN nothing is edited and the plan is there
    await one.do("tree.delete")
    assert bench.value is before and not one.desk.run and one.desk.changes == []
    # AND the same key edits the plan
    await one.do("tree.delete")
    assert "campaigns" not in {task.id for task in bench.value.tasks()}


async def test_adding_to_a_run_says_that_it_was_not_added(bench: Workbench) -> None:
    one = Editing(bench)
    one.desk.run = True
    before = bench.value
    assert one.edit.add("sql/campaign-recipient") == "Nothing was added to the run; add it to the plan."
    assert bench.value is before
    assert one.edit.add("sql/campaign-recipient") is None
    assert len(list(bench.value.tasks())) == len(list(before.tasks())) + 1


async def test_marked_tasks_go_to_a_new_phase(bench: Workbench) -> None:
    # GIVEN two marked tasks
    one = Editing(bench)
    one.rows.go_to("campaigns")
    await one.do("tree.mark")
    await one.do("tree.mark")
    assert bench.marks == {"campaigns", "email-recipient-index"} and one.desk.marks == 2
    # WHEN they are moved to a name that is new
    await one.do("workbench.move-tasks", PhaseChoice(None, "Late"))
    # THEN the phase is last, and nothing is marked any more
    assert [task.id for task in bench.value.phases[-1].tasks] == ["campaigns", "email-recipient-index"]
    assert bench.value.phases[-1].name == "Late" and not bench.marks and not one.edit.unmark()


async def test_a_new_phase_gets_the_cursor(bench: Workbench) -> None:
    one = Editing(bench)
    await one.do("workbench.new-phase", "Between")
    assert bench.value.phases[1].name == "Between"
    assert one.rows.item is not None and one.rows.item.id == bench.value.phases[1].id
    # AND a dialog that was closed without an answer changes nothing
    before = bench.value
    await one.do("workbench.new-phase", None)
    assert bench.value is before
