"""The sequence as boxes and arrows on the screen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.runs.sequence.values import Sequence, SequencePhase, SequenceTask
from orch_tui.tui.app import OrchApp
from orch_tui.tui.home.screen import HomeScreen
from orch_tui.tui.sequence.picture import SequencePicture
from orch_tui.tui.sequence.screen import SequenceScreen
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.tui.driving import said, text_of, until, workbench
from tests.tui.seed import sample_project


def task(id_: str, status: Status = Status.CREATED, seconds: float | None = None) -> SequenceTask:
    return SequenceTask(id_, id_.capitalize(), status, seconds)


def sequence(**states: Status) -> Sequence:
    names = {"extract": ("a", "b", "c"), "change": ("d",), "load": ("e", "f")}
    phases = tuple(
        SequencePhase(id_, id_.capitalize(), tuple(task(one, states.get(one, Status.CREATED)) for one in ids))
        for id_, ids in names.items()
    )
    return Sequence("Test", phases)


class OnePicture(App[None]):
    def __init__(self, picture: SequencePicture) -> None:
        super().__init__()
        self.picture = picture
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.picture

    def on_sequence_picture_chosen(self, event: SequencePicture.Chosen) -> None:
        self.chosen.append(event.id)


def drawn(pilot: Pilot[None]) -> list[str]:
    return text_of(pilot).splitlines()  # type: ignore[arg-type]


async def test_the_cursor_walks_over_phases_and_tasks() -> None:
    # GIVEN three boxes side by side
    picture = SequencePicture()
    app = OnePicture(picture)
    async with app.run_test(size=(100, 12)) as pilot:
        picture.focus()
        picture.show(sequence())
        await pilot.pause()
        assert picture.cursor == "extract"
        # WHEN each key is pressed THEN the cursor is there
        for key, where in (
            ("j", "a"), ("down", "b"), ("l", "d"), ("right", "e"), ("j", "f"), ("k", "e"), ("h", "d"), ("h", "a"),
            ("G", "f"), ("home", "extract"), ("up", "extract"), ("left", "extract"),
        ):  # fmt: skip
            await pilot.press(key)
            assert picture.cursor == where, key
        # AND Enter and a double click choose
        await pilot.press("l", "enter")
        await pilot.click(picture, offset=(3, 2), times=2)
        assert app.chosen == ["change", "b"]


async def test_only_lines_that_changed_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a picture
    picture = SequencePicture()
    async with OnePicture(picture).run_test(size=(100, 12)) as pilot:
        picture.show(sequence())
        await pilot.pause()
        refreshed: list[int] = []
        monkeypatch.setattr(picture, "refresh", lambda *regions, **_: refreshed.extend(one.y for one in regions))
        # WHEN one task ends THEN its line is drawn, and nothing for the same once more
        picture.show(sequence(b=Status.SUCCESS))
        picture.show(sequence(b=Status.SUCCESS))
        assert refreshed == [2]


async def test_it_follows_the_width_and_keeps_the_cursor() -> None:
    picture = SequencePicture()
    async with OnePicture(picture).run_test(size=(100, 30)) as pilot:
        picture.focus()
        picture.show(sequence(), "e")
        await pilot.pause()
        assert "──▶" in drawn(pilot)[1]
        # WHEN it becomes narrow THEN it is upright
        await pilot.resize_terminal(30, 30)
        await pilot.pause()
        assert "──▶" not in text_of(pilot) and "▼" in text_of(pilot)  # type: ignore[arg-type]
        assert picture.cursor == "e"
        # WHEN a phase is moved and its task is gone THEN it changes at once and the cursor is on something
        moved = sequence()
        picture.show(replace(moved, phases=(moved.phases[2], moved.phases[0])))
        await pilot.pause()
        assert drawn(pilot)[0].startswith("╭ 1 Load")
        picture.show(replace(moved, phases=moved.phases[:1]))
        assert picture.cursor == "extract"


async def test_a_long_list_is_shown_whole_when_asked_and_scrolls() -> None:
    # GIVEN a phase of 60 tasks on a low screen
    tasks = tuple(task(f"t{number}") for number in range(60))
    picture = SequencePicture()
    async with OnePicture(picture).run_test(size=(30, 20)) as pilot:
        picture.focus()
        picture.show(Sequence("Test", (SequencePhase("p", "P", tasks),)))
        await pilot.pause()
        assert "more" in text_of(pilot)  # type: ignore[arg-type]
        # WHEN
        await pilot.press("a", "G")
        # THEN the last one is in view
        assert picture.cursor == "t59"
        assert "T59" in text_of(pilot) and "more" not in text_of(pilot)  # type: ignore[arg-type]
        await pilot.press("home")
        assert drawn(pilot)[0].startswith("╭ 1 P")
        await pilot.press("pagedown")
        assert picture.cursor == "t19"


async def test_the_screen_is_live_and_leads_to_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN the screen over a run of which two looks tell
    states = iter([None, sequence(a=Status.PROCESSING), sequence(a=Status.ERROR)])
    answers: list[str | None] = []

    async def look() -> Sequence | None:
        return next(states, None)

    async def at_once(self: SequenceScreen, seconds: float) -> None:
        await asyncio.sleep(0.1)

    monkeypatch.setattr(SequenceScreen, "wait", at_once)
    app = OrchApp(sample_project(tmp_path))
    async with app.run_test(size=(100, 20)) as pilot:
        screen = SequenceScreen(sequence(), look, cursor="a")
        app.push_screen(screen, answers.append)
        # THEN the last state is drawn, with its sign explained below
        await until(pilot, lambda: screen.picture.sequence == sequence(a=Status.ERROR))
        assert "✘ A" in text_of(pilot) and "✘ error" in text_of(pilot)
        assert "Test" in drawn(pilot)[0] and "3 phases · 6 tasks" in drawn(pilot)[0]  # type: ignore[arg-type]
        # WHEN Enter THEN the task is the answer
        await pilot.press("enter")
        assert answers == ["a"]


async def test_an_orchestration_opens_with_what_it_takes_and_a_broken_one_says_why(tmp_path: Path) -> None:
    project = sample_project(tmp_path)
    project.paths.orchestration("broken").write_text("name = 'x\n")
    app = OrchApp(project)
    async with app.run_test(size=(120, 24)) as pilot:
        home = app.screen
        assert isinstance(home, HomeScreen)
        home.table.go(home.model.ids.index("campaigns"))
        await pilot.press("P")
        await until(pilot, lambda: isinstance(app.screen, SequenceScreen))
        assert "2 Transformation phase" in text_of(pilot) and "· Campaign Performance" in text_of(pilot)
        await pilot.press("l", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen))
        assert isinstance(app.screen, WorkbenchScreen)
        item = app.screen.phase_tree.item
        assert item is not None and item.id == "campaign-performance"
        await app.pop_screen()
        home.table.go(home.model.ids.index("broken"))
        await pilot.press("P")
        await pilot.pause()
        assert not isinstance(app.screen, SequenceScreen)
        assert "broken.toml" in said(pilot) or "TOML" in said(pilot)


async def test_it_changes_at_once_with_the_plan_that_is_edited(tmp_path: Path) -> None:
    # GIVEN the picture over a workbench, with the cursor where the tree has it
    async with workbench(sample_project(tmp_path), "campaigns") as (pilot, bench):
        bench.phase_tree.go_to("campaign-performance")
        await pilot.press("P")
        await until(pilot, lambda: isinstance(pilot.app.screen, SequenceScreen))
        screen = pilot.app.screen
        assert isinstance(screen, SequenceScreen)
        assert screen.picture.cursor == "campaign-performance"
        # WHEN its phase is moved up THEN the boxes are in the new order, and the cursor is on the task still
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert [phase.name for phase in screen.picture.sequence.phases][:2] == [
            "Transformation phase",
            "Extractor phase",
        ]
        assert "1 Transformation phase" in text_of(pilot)
        assert screen.picture.cursor == "campaign-performance"
        # WHEN it is disabled, then both are undone THEN that is seen too
        await pilot.press("x")
        await pilot.pause()
        assert "– Campaign Performance" in text_of(pilot)
        await pilot.press("u", "u")
        await pilot.pause()
        assert "1 Extractor phase" in text_of(pilot)
        # WHEN all are grouped in a dialog over it THEN that is seen when it closes
        await pilot.press("g")
        await pilot.pause()
        assert pilot.app.screen is not screen
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert len(screen.picture.sequence.phases) == 3
        # WHEN a task is chosen THEN the tree is at it
        await pilot.press("l", "enter")
        await until(pilot, lambda: pilot.app.screen is bench)
        assert bench.phase_tree.item is not None and bench.phase_tree.item.id == screen.picture.cursor


async def test_a_small_picture_stands_in_the_middle_where_that_is_asked_for() -> None:
    # GIVEN much more room than the picture takes
    picture = SequencePicture(centred=True)
    app = OnePicture(picture)
    async with app.run_test(size=(100, 25)) as pilot:
        picture.show(sequence())
        await pilot.pause()
        # THEN as much is blank above as below, and at the left as at the right
        rows = drawn(pilot)
        filled = [number for number, row in enumerate(rows) if row.strip()]
        assert abs(filled[0] - (24 - filled[-1])) <= 1
        first = rows[filled[0]].rstrip()
        assert abs(len(first) - len(first.lstrip()) - (100 - len(first))) <= 2
        # AND a click meets what is seen
        row = next(number for number in filled if " D" in rows[number])
        await pilot.click(picture, offset=(rows[row].index(" D") + 1, row))
        assert picture.cursor == "d"
