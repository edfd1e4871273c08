"""The workbench's file without a screen: drafts, saving, leaving."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.project.project import Project, open_project
from orch_tui.project.saving.drafts import found_drafts
from orch_tui.tui.draft_keeper import DraftKeeper
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.plan.file import FileController

from tests.tui.seed import sample_project
from tests.unit.tui.workbench.doubles import Cursor, Desk, Host


class Open:
    """The file of ``campaigns``, open on one screen."""

    def __init__(self, project: Project) -> None:
        self.bench = Workbench.open(project, "campaigns")
        self.host, self.desk, self.rows = Host(), Desk(), Cursor(self.bench)
        self.drafts = DraftKeeper(project, "campaigns", self.host.say)
        self.file = FileController(self.bench, self.rows, self.host, self.desk, self.drafts)

    def disable(self, task: str) -> None:
        self.rows.go_to(task)
        self.bench.toggle_enabled(self.rows.item)
        self.file.edited()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return sample_project(tmp_path)


def test_several_edits_are_one_draft_and_saving_removes_it(project: Project) -> None:
    # GIVEN two edits within the delay
    one = Open(project)
    one.disable("campaigns")
    one.disable("email-recipient-index")
    # THEN there is one timer; when it is over, the draft has both
    assert len(one.host.timers) == 1
    one.host.timers[0]()
    one.drafts.wait()
    one.drafts.leave()
    drafts, _ = found_drafts(project, "campaigns")
    assert [draft.orchestration for draft in drafts] == [one.bench.value]


def test_saved_edits_leave_no_draft(project: Project) -> None:
    one = Open(project)
    one.disable("campaigns")
    one.file.keep_draft()
    one.file.save()
    one.file.close()
    assert found_drafts(project, "campaigns") == ([], [])
    assert not one.bench.dirty and one.desk.marks == 1 and "Saved to" in one.host.said[0]
    # AND there is nothing to save a second time
    one.file.save()
    assert one.host.said[-1] == "Everything is saved already."


@pytest.mark.parametrize(("answer", "stays", "on_disk"), [("save", False, True), ("leave", False, False)])
async def test_leaving_asks_what_becomes_of_edits(project: Project, answer: str, stays: bool, on_disk: bool) -> None:
    one = Open(project)
    one.disable("campaigns")
    one.host.answers = [answer]
    assert await one.file.may_leave() is not stays
    again = open_project(project.root).orchestration("campaigns")
    assert (not next(iter(again.tasks())).enabled) is on_disk
    assert bool(found_drafts(project, "campaigns")[0]) is not on_disk


async def test_who_stays_has_left_nothing(project: Project) -> None:
    one = Open(project)
    one.disable("campaigns")
    one.host.answers = ["stay", None]
    assert not await one.file.may_leave()
    left: list[bool] = []
    one.file.ask_to_leave(lambda: left.append(True))
    assert left == [] and one.bench.dirty
    one.file.close()


def test_what_another_program_wrote_is_read_after_a_form_was_open(project: Project) -> None:
    # GIVEN a form that was opened for the task under the cursor
    one = Open(project)
    one.rows.go_to("campaigns")
    one.file.edit_configuration()
    assert one.host.forms == [one.bench.tasks_of(["campaigns"])[0].configuration]
    # WHEN the file is another one when the screen is on top again
    path = one.bench.path
    path.write_text(path.read_text().replace('name = "', 'name = "Other ', 1))
    one.file.come_back()
    # THEN it was read, and the definitions too; the next time nothing is
    assert one.bench.value.name.startswith("Other ") and not one.bench.dirty
    definitions = one.desk.definitions
    one.file.come_back()
    assert one.desk.definitions == definitions
    one.file.close()
