"""Holding a run, deciding about its failed task, and going on, from the workbench."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from orch_tui.model.events.interventions import InterventionKind
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.history import latest
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import open_project
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.dialogs.intervene import Intervene
from textual.pilot import Pilot

from tests.support.projects import make_project
from tests.tui.driving import said, text_of, until, workbench
from tests.tui.test_live import run_all, to_end

GATE = 'until test -e "$ORCH_PROJECT/gate"; do sleep 0.05; done'


def _left(pilot: Pilot[int], screen: object) -> bool:
    return pilot.app.screen is not screen


async def intervene(pilot: Pilot[int], key: str, *, number: str = "", reason: str = "") -> None:
    """I, a letter, what is asked for, Enter."""
    await pilot.press("I")
    await until(pilot, lambda: isinstance(pilot.app.screen, Intervene), "the choices")
    await pilot.press(key)
    for text in ([number] if number else []) + [reason]:
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "the question")
        screen = pilot.app.screen
        if text == number and number:
            await pilot.press("ctrl+u")
        await pilot.press(*text, "enter")
        await until(pilot, partial(_left, pilot, screen), "its end")


async def test_a_held_run_is_decided_about_and_goes_on(tmp_path: Path) -> None:
    # GIVEN a run with a task that fails while another one runs
    root = make_project(tmp_path, {"o": {"One": {"slow": GATE, "bad": "test -e repaired"}, "Two": {"next": "true"}}})
    project = open_project(root)
    async with workbench(project, "o") as (pilot, screen):
        await pilot.press("I")
        assert "No run is shown" in said(pilot)
        await run_all(pilot, screen)

        def state() -> RunState:
            newest = latest(project.paths, "o")
            assert newest is not None
            return read_run(newest.directory)

        await until(pilot, lambda: state().tasks["bad"].status is Status.ERROR, "the failure")
        # WHEN it is held
        await intervene(pilot, "h", reason="wait")
        await until(pilot, lambda: "‖ held" in text_of(pilot), "the mark")
        assert state().interventions.all[0].note == "wait"
        # THEN it stays in its phase, and says what it waits for
        (root / "gate").touch()
        await until(pilot, lambda: "held: decide about bad" in text_of(pilot), "the word")
        # WHEN the task under the cursor is repaired and tried again, and the run may have three tasks at once
        (root / "repaired").touch()
        screen.phase_tree.go_to("bad")
        await intervene(pilot, "r", reason="repaired")
        await until(pilot, lambda: state().tasks["bad"].status is Status.WAITING, "the wish")
        await intervene(pilot, "n", number="3")
        # THEN what cannot be done now says why
        await pilot.press("I")
        await until(pilot, lambda: isinstance(pilot.app.screen, Intervene), "the choices")
        assert "has not failed: it waits" in text_of(pilot)
        await pilot.press("d")
        assert "Mark as done: task bad has not failed" in said(pilot)
        await pilot.press("escape")
        # AND released it goes on to its end
        await intervene(pilot, "h")
        await to_end(pilot, screen)
    assert state().status is Status.SUCCESS
    kinds = [InterventionKind.HOLD, InterventionKind.RETRY, InterventionKind.LIMIT, InterventionKind.RELEASE]
    assert [one.kind for one in state().interventions.all] == kinds


async def test_a_breakpoint_a_skipped_task_and_one_marked_as_done_are_seen_in_the_tree(tmp_path: Path) -> None:
    # GIVEN a run
    phases = {"One": {"slow": GATE, "bad": "exit 3"}, "Two": {"stop": "true", "drop": "true"}}
    root = make_project(tmp_path, {"o": phases})
    async with workbench(open_project(root), "o", size=(140, 40)) as (pilot, screen):
        await run_all(pilot, screen)
        # WHEN tasks of a later phase are held and skipped, and a failed one is marked as done
        screen.phase_tree.go_to("stop")
        await intervene(pilot, "b")
        screen.phase_tree.go_to("drop")
        await intervene(pilot, "s", reason="not today")
        screen.phase_tree.go_to("bad")
        shown = screen.run_shown
        assert shown is not None
        await until(pilot, lambda: shown.state.tasks["bad"].status is Status.ERROR, "the failure")
        await intervene(pilot, "d", reason="by hand")
        (root / "gate").touch()
        # THEN each says so
        await until(pilot, lambda: "– skipped" in text_of(pilot) and "‖ held" in text_of(pilot), "the marks")
        await until(pilot, lambda: shown.state.tasks["slow"].status.final, "the end of the phase")
        screen.phase_tree.go_to("stop")
        await intervene(pilot, "b")
        await to_end(pilot, screen)
        assert shown.state.status is Status.WARNING and "marked as done by" in shown.state.reason
