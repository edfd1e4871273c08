"""The workbench's file without a screen: drafts, saving, leaving."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.files.source import SourceText
from orch_tui.project.project import Project, open_project
from orch_tui.project.saving.drafts import found_drafts
from orch_tui.project.saving.writer import save_orchestration
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

    async def work(self) -> None:
        """Let all go on at once that was asked to go on in the background."""
        begun, self.host.background = self.host.background, []
        await asyncio.gather(*(work() for work in begun))

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


async def test_saved_edits_leave_no_draft(project: Project) -> None:
    one = Open(project)
    one.disable("campaigns")
    one.file.keep_draft()
    one.file.save()
    await one.work()
    one.file.close()
    assert found_drafts(project, "campaigns") == ([], [])
    assert not one.bench.dirty and one.desk.marks == 1 and "Saved to" in one.host.said[0]
    # AND there is nothing to save a second time
    one.file.save()
    await one.work()
    assert one.host.said[-1] == "Everything is saved already."


class Slow:
    """Saving that goes on until the test lets it end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.begun, self.may_end = threading.Event(), threading.Event()
        monkeypatch.setattr("orch_tui.tui.workbench.plan.file.save_orchestration", self)

    def __call__(self, *arguments: Any, **more: Any) -> SourceText:
        self.asked += 1
        self.begun.set()
        assert self.may_end.wait(60)
        return save_orchestration(*arguments, **more)


async def test_edits_go_on_while_a_save_does(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a save that goes on
    slow, one = Slow(monkeypatch), Open(project)
    one.disable("campaigns")
    one.file.save()
    work = asyncio.ensure_future(one.work())
    await asyncio.to_thread(slow.begun.wait, 60)
    # WHEN the person edits on, and saves again
    saved, one_more = one.bench.value, "email-recipient-index"
    one.disable(one_more)
    one.file.save()
    again = asyncio.ensure_future(one.work())
    await asyncio.sleep(0)
    assert slow.asked == 1
    slow.may_end.set()
    await work
    # THEN what was there when the key was pressed is in the file first, then the rest
    assert one.bench.base is not None and one.bench.base.reads_as == saved
    await again
    assert slow.asked == 2 and not one.bench.dirty
    on_disk = open_project(project.root).orchestration("campaigns")
    assert on_disk == one.bench.value and not on_disk.locate()[one_more][1].enabled
    one.file.close()


async def test_who_leaves_while_a_save_goes_on_is_not_asked_about_what_it_saves(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, one = Slow(monkeypatch), Open(project)
    one.disable("campaigns")
    one.file.save()
    left: list[bool] = []
    # WHEN the screen is left before the save has even begun
    one.file.ask_to_leave(lambda: left.append(True))
    work = asyncio.ensure_future(one.work())
    await asyncio.to_thread(slow.begun.wait, 60)
    assert left == []
    slow.may_end.set()
    await work
    # THEN it is once all is saved
    assert left == [True] and one.host.dialogs == [] and found_drafts(project, "campaigns") == ([], [])


async def test_a_save_that_fails_keeps_the_draft_and_the_screen(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Open(project)
    one.disable("campaigns")
    one.file.keep_draft()
    monkeypatch.setattr("orch_tui.project.saving.writer.os.access", lambda *_: False)
    one.file.save()
    one.file.ask_to_leave(lambda: pytest.fail("left"))
    one.host.answers = [None]
    await one.work()
    assert "could not be saved" in one.host.said[0] and one.bench.dirty and len(one.host.dialogs) == 1
    one.file.close()
    assert [draft.orchestration for draft in found_drafts(project, "campaigns")[0]] == [one.bench.value]


async def test_what_another_program_wrote_is_asked_about_and_then_written_over(project: Project) -> None:
    one = Open(project)
    one.disable("campaigns")
    path = one.bench.path
    path.write_text(path.read_text() + "# theirs\n")
    one.host.answers = ["overwrite"]
    one.file.save()
    await one.work()
    await one.work()
    assert not one.bench.dirty and "# theirs" not in path.read_text()
    one.file.close()


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
