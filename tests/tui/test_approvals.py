"""A task that waits for a person, on the workbench: the card, and the answer with its fields."""

from __future__ import annotations

from pathlib import Path

from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.history import latest
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.dialogs.answer import Approve
from orch_tui.tui.workbench.run.approval_card import ApprovalCard

from tests.support.projects import make_project
from tests.tui.driving import said, text_of, until, workbench
from tests.tui.test_live import run_all, to_end

ASK = """name = "Publish?"
[parameters]
text = "Publish the newsletter of today?"
timeout = "2h"
[[parameters.fields]]
name = "limit"
type = "integer"
"""


def asking(root: Path) -> Project:
    ask = {"configuration": "approval/ask", "sets": ["limit"]}
    project = make_project(root, {"o": {"Question": {"ask": ask}, "After": {"after": "echo {{ limit }} > answer"}}})
    (project / "configurations" / "approval").mkdir()
    (project / "configurations" / "approval" / "ask.toml").write_text(ASK)
    return open_project(project)


def state(project: Project) -> RunState:
    newest = latest(project.paths, "o")
    assert newest is not None
    return read_run(newest.directory)


async def test_the_card_asks_and_an_answer_with_its_fields_lets_the_run_go_on(tmp_path: Path) -> None:
    # GIVEN a run that asks
    project = asking(tmp_path)
    async with workbench(project, "o", size=(120, 40)) as (pilot, screen):
        await pilot.press("A")
        assert "No run is shown" in said(pilot)
        await run_all(pilot, screen)
        card = screen.query_one(ApprovalCard)
        await until(pilot, lambda: "Publish the newsletter" in text_of(pilot), "the card")
        # THEN the card has the question, the field and the time that is left
        shown = text_of(pilot)
        assert "Waits for an approval" in shown and "Publish the newsletter of today?" in shown
        assert ("limit (integer)" in shown and "rejected in 1:59:" in shown) or "rejected in 2:00:" in shown
        # WHEN it is answered with what is no number
        await pilot.press("A")
        await until(pilot, lambda: pilot.app.focused is card, "the focus")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, Approve), "the answer")
        await pilot.press(*"many")
        await until(pilot, lambda: 'limit is a whole number, not "many"' in text_of(pilot), "the complaint")
        await pilot.press("enter", "enter")
        assert isinstance(pilot.app.screen, Approve)
        # AND then with one
        await pilot.press("shift+tab", "ctrl+u", "5", "enter", *"fine", "enter")
        await to_end(pilot, screen)
        # THEN the run went on with it
        assert not card.display
    assert (tmp_path / "answer").read_text() == "5\n"
    assert state(project).interventions.all[-1].note == "fine"


async def test_an_approval_is_rejected_with_a_reason_from_what_can_be_done_to_its_task(tmp_path: Path) -> None:
    project = asking(tmp_path)
    async with workbench(project, "o", size=(80, 24)) as (pilot, screen):
        await run_all(pilot, screen)
        shown = screen.run_shown
        assert shown is not None
        await until(pilot, lambda: shown.state.asking, "the question")
        screen.phase_tree.go_to("ask")
        await pilot.press("I")
        await until(pilot, lambda: "Approve" in text_of(pilot), "the choices")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "the reason")
        await pilot.press(*"no", "enter")
        await to_end(pilot, screen)
    task = state(project).tasks["ask"]
    assert task.status is Status.ERROR and task.reason.endswith(": no")
