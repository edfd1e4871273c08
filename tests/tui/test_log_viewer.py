"""The log on screen: following, searching, selecting, attempts, and what leaves the program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.retry import Retry
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.status import Status
from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.log.search_line import LogSearch
from orch_tui.tui.log.view import LogView
from orch_tui.tui.log.viewer import LogViewerScreen, pager
from textual.geometry import Region
from textual.pilot import Pilot

from tests.tui.driving import said, text_of

_PATIENCE = 120.0


def log_text(count: int = 200) -> bytes:
    """Lines as programs write them: colours, errors, a progress bar, markup, one that is long."""
    lines = []
    for number in range(1, count + 1):
        line = f"14:02:{number % 60:02} INFO  wrote row {number} into out.c-main.campaigns"
        if number % 50 == 0:
            line = f"14:02:{number % 60:02} \x1b[1;31mERROR\x1b[0m [/usr/bin/load] [bold]row {number}: KeyError: 'id'"
        elif number % 20 == 9:
            line = f"14:02:{number % 60:02} \x1b[33mWARN\x1b[0m  slow query: select " + "campaign_id, " * 20
        elif number % 20 == 19:
            line = "\r".join(f"{percent:3} % loaded" for percent in range(0, 101, 20))
        lines.append(f"{line}\n")
    return "".join(lines).encode()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_bytes(log_text())
    return path


@asynccontextmanager
async def viewer(
    project: Project, *logs: Path, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[int], LogView]]:
    app = OrchApp(project)
    async with app.run_test(size=size) as pilot:
        attempts = [(f"attempt {number}", path) for number, path in enumerate(logs, 1)]
        await app.push_screen(LogViewerScreen(attempts, title="Adform · Campaigns"))
        await pilot.pause()
        yield pilot, app.screen.query_one(LogView)


async def until(true: Callable[[], bool]) -> None:
    """Let the program go on until it is so: what it waits for is a thread, or the next look at a file."""
    end = monotonic() + _PATIENCE
    while not true():
        assert monotonic() < end, "waited in vain"
        await asyncio.sleep(0.02)


async def test_the_end_is_shown_and_followed(project: Project, log: Path) -> None:
    async with viewer(project, log) as (pilot, view):
        # GIVEN a log, shown from its end, with its name, size and place above it
        assert "Adform · Campaigns" in text_of(pilot) and "200 lines · 100 %" in text_of(pilot)
        assert "row 200: KeyError" in text_of(pilot) and "● following" in text_of(pilot)
        # WHEN it grows
        with log.open("ab") as file:
            file.write(b"a new line\n")
        # THEN the end is shown again
        await until(lambda: "a new line" in text_of(pilot) and "201 lines" in text_of(pilot))
        # and when one goes up, it stays and counts what comes
        view.action_do("log.up")
        assert view.follow is False
        with log.open("ab") as file:
            file.write(b"another\n" * 7)
        await until(lambda: "held  +7 lines" in text_of(pilot))
        assert "another" not in text_of(pilot)
        # until one wants to follow it again
        await pilot.press("G")
        assert view.follow and "another" in text_of(pilot)


async def test_a_log_that_has_ended_is_not_followed_and_errors_stand_out(project: Project, tmp_path: Path) -> None:
    # GIVEN an attempt that failed, whose program has no colours of its own
    (tmp_path / "tasks" / "t" / "1").mkdir(parents=True)
    (tmp_path / "tasks" / "t" / "1" / "log").write_text("all is well\nERROR no such table\n")
    task = TaskState(PlannedTask("t", "command/one", "T", "p", Decision.RUN))
    task.attempts.append(AttemptState(1, 0.0, status=Status.ERROR))
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(LogViewerScreen.open_for_task(tmp_path, task))
        await pilot.pause()
        # THEN the last row does not promise more
        assert "■ its end" in text_of(pilot) and "following" not in text_of(pilot)
        # AND THEN the line with the error has its colour, the other one has not
        view = app.screen.query_one(LogView)
        colours = [
            {str(one.style.color) for one in view.render_line(y) if one.style and one.text.strip()} for y in (0, 1)
        ]
        assert colours[1] == {str(view.get_component_rich_style("log-view--error").color)} != colours[0]


async def test_following_can_be_set_from_outside(project: Project, log: Path) -> None:
    async with viewer(project, log) as (_, view):
        view.follow = False
        assert not view.state.view.follow
        view.action_do("log.start")
        view.follow = True
        assert view.state.view.follow and view.state.view.cursor == view.state.view.blocks.last


async def test_nothing_is_painted_when_nothing_has_changed(
    project: Project, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with viewer(project, log) as (pilot, view):
        await until(lambda: not view._pending and view._progress == view.state.progress)
        painted: list[Region] = []
        original = view.refresh

        def refresh(*regions: Region, **options: Any) -> LogView:
            painted.extend(regions or (view.region,))
            return original(*regions, **options)

        monkeypatch.setattr(view, "refresh", refresh)
        # WHEN the file is looked at, unchanged
        for _ in range(30):
            view._tick()
        assert painted == []
        # THEN a cursor that moves paints its rows and the last row at most
        view.action_do("log.up")
        view.action_do("log.up")
        await pilot.pause()
        assert {region.y for region in painted} <= {view.size.height - 1, *range(34, 37)} and painted


async def test_searching_by_keys(project: Project, log: Path) -> None:
    async with viewer(project, log) as (pilot, view):
        # WHEN one types what to search for
        await pilot.press("slash")
        assert isinstance(pilot.app.screen, LogSearch)
        await pilot.press(*"key", "enter")
        # THEN the nearest line upwards has the cursor, and all matches are counted
        await until(lambda: "/key  4 of 4 lines" in text_of(pilot))
        await pilot.press("N")
        await until(lambda: "/key  3 of 4 lines" in text_of(pilot) and "row 150: KeyError" in text_of(pilot))
        # and Escape ends the search first, then closes the log
        await pilot.press("escape")
        assert view.state.pattern is None and isinstance(pilot.app.screen, LogViewerScreen)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, LogViewerScreen)


async def test_a_wrong_expression_is_explained_where_it_is_typed(project: Project, log: Path) -> None:
    async with viewer(project, log) as (pilot, _):
        await pilot.press("slash", "slash", "left_parenthesis", "enter")
        await pilot.pause()
        assert "This is no regular expression" in text_of(pilot)


async def test_the_next_error_from_the_end_is_the_first_one(project: Project, log: Path) -> None:
    async with viewer(project, log) as (pilot, view):
        view.action_do("log.next-error")
        await until(lambda: "errors  1 of 4 lines" in text_of(pilot))
        assert "row 50: KeyError" in text_of(pilot) and "[/usr/bin/load] [bold]row 50" in text_of(pilot)


async def test_lines_are_selected_and_copied(project: Project, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with viewer(project, log) as (pilot, _):
        await pilot.press("v", "k", "y")
        await pilot.pause()
        # THEN it is said which way it went, and the file has it
        assert "2 lines are sent to the terminal's clipboard (OSC 52" in said(pilot)
        assert pilot.app.clipboard == (
            "14:02:19 INFO  wrote row 199 into out.c-main.campaigns\n"
            "14:02:20 ERROR [/usr/bin/load] [bold]row 200: KeyError: 'id'\n"
        ).replace("14:02:19 INFO  wrote row 199 into out.c-main.campaigns", "100 % loaded")
        (copied,) = (project.paths.state / "copied").iterdir()
        assert copied.read_text() == pilot.app.clipboard
        # and the whole log too
        await pilot.press("Y")
        assert pilot.app.clipboard.count("\n") == 200


async def test_the_mouse_selects_scrolls_and_jumps(project: Project, log: Path) -> None:
    async with viewer(project, log) as (pilot, view):
        # WHEN characters are dragged over
        await pilot.mouse_down(view, offset=(9, 35))
        await pilot.hover(view, offset=(12, 36))
        await pilot.mouse_up(view, offset=(12, 36))
        # THEN they are what is selected, and the view stays
        assert not view.follow
        rows = [row.line.shown for row in view.state.view.rows()]
        assert view.selected_text == f"{rows[35][9:]}\n{rows[36][:13]}"
        # and a click forgets it and puts the cursor there
        await pilot.click(view, offset=(3, 10))
        assert view.state.selection is None
        assert view.state.view.line(view.state.view.cursor).shown == rows[10]
        # and the bar at the right leads to a part of the file
        await pilot.click(view, offset=(119, 0))
        assert view.state.view.top.offset == 0


async def test_attempts_are_switched(project: Project, log: Path, tmp_path: Path) -> None:
    (tmp_path / "second").write_bytes(b"second\n")
    async with viewer(project, log, tmp_path / "second") as (pilot, _):
        # GIVEN the latest attempt
        assert "attempt 2  [ ]" in text_of(pilot) and "second" in text_of(pilot)
        await pilot.press("left_square_bracket")
        await until(lambda: "attempt 1" in text_of(pilot) and "row 200" in text_of(pilot))
        await pilot.press("left_square_bracket", "right_square_bracket")
        await until(lambda: "attempt 2" in text_of(pilot) and "row 200" not in text_of(pilot))


async def test_the_attempts_of_a_task(project: Project, tmp_path: Path) -> None:
    # GIVEN a task that was tried twice, and one that has not begun
    twice_more = TaskOptions(retry=Retry(2))
    tried = TaskState(PlannedTask("t", "command/one", "Load", "p", Decision.RUN, options=twice_more), Status.PROCESSING)
    tried.attempts = [AttemptState(1, 0.0, status=Status.ERROR), AttemptState(2, 5.0)]
    waiting = TaskState(PlannedTask("w", "command/one", "Wait", "p", Decision.RUN), Status.WAITING)
    log = tmp_path / "tasks" / "t" / "2" / "log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"again\n")
    app = OrchApp(project)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(LogViewerScreen.open_for_task(tmp_path, tried))
        await pilot.pause()
        assert "Load" in text_of(pilot) and "attempt 2 of 3, processing" in text_of(pilot) and "again" in text_of(pilot)
        app.pop_screen()
        await app.push_screen(LogViewerScreen.open_for_task(tmp_path, waiting))
        await pilot.pause()
        assert "○ no output yet" in text_of(pilot)
        # WHEN it begins THEN its output is there
        path = tmp_path / "tasks" / "w" / "1" / "log"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"first words")
        await until(lambda: "first words" in text_of(pilot))


async def test_another_program_that_cannot_be_shown_is_said(
    project: Project, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", "true")
    async with viewer(project, log) as (pilot, _):
        await pilot.press("o")
        assert "cannot be shown here; the log is" in said(pilot)


def test_the_pager_is_the_persons_own() -> None:
    assert pager({"PAGER": "less -S"}) == ["less", "-S"]
    with pytest.raises(ValueError):
        pager({"PAGER": "less '"})
    assert pager({}) in (["less", "-R", "+G"], ["more"], None)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["wide", "small"])
def test_how_it_looks(project: Project, log: Path, snap_compare: Any, size: tuple[int, int]) -> None:
    async def searched(pilot: Pilot[int]) -> None:
        attempts = [("attempt 1 of 2, error", log), ("attempt 2 of 2, processing", log)]
        await pilot.app.push_screen(LogViewerScreen(attempts, title="Adform · Campaigns"))
        view = pilot.app.screen.query_one(LogView)
        view.search("campaigns")
        await until(lambda: "of 176 lines" in text_of(pilot))
        view.action_do("log.up")
        view.action_do("log.select")
        view.action_do("log.up")
        view.action_do("log.up")
        await pilot.pause()

    assert snap_compare(OrchApp(project), terminal_size=size, run_before=searched)
