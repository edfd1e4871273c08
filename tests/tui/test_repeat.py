"""Runs that are repeated as they ran, and shadows of them, by the keys of the workbench and of the history."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.history import latest
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project
from orch_tui.storage.storage import Storage
from orch_tui.tui.data.table import TableScreen
from orch_tui.tui.runs.history import HistoryScreen
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.dialogs.run_preview import RunPart, RunPreview
from orch_tui.tui.workbench.dialogs.shadow_tables import ShadowTables
from textual.pilot import Pilot

from tests.support.engine_kit import run
from tests.support.tables import put
from tests.tui.driving import rows_of, said, text_of, until, workbench

DOUBLE = """
[parameters]
sql = "create table doubled as select id, v * 2 as v from numbers;"
[[inputs]]
table = "raw/numbers"
[[outputs]]
table = "out/doubled"
primary_key = ["id"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A transformation that has run once, whose input and text are others now."""
    (tmp_path / "orchestrations").mkdir()
    (tmp_path / "configurations" / "sql").mkdir(parents=True)
    (tmp_path / "configurations" / "command").mkdir()
    (tmp_path / "orch.toml").write_text('name = "P"\n')
    (tmp_path / "configurations" / "command" / "log.toml").write_text('[parameters]\ncommand = "true"\n')
    text = tmp_path / "configurations" / "sql" / "double.toml"
    text.write_text(DOUBLE)
    task = '[[phases.tasks]]\nid = "{0}"\nconfiguration = "{1}"\n'
    (tmp_path / "orchestrations" / "o.toml").write_text(
        'name = "O"\n[[phases]]\nname = "A"\n' + task.format("double", "sql/double") + task.format("log", "command/log")
    )
    opened = open_project(tmp_path)
    put(Storage(opened.paths.storage), "raw/numbers", "select range as id, range as v from range(3)")
    assert run(opened).status is Status.SUCCESS
    put(Storage(opened.paths.storage), "raw/numbers", "select range as id, 100 as v from range(5)")
    text.write_text(DOUBLE.replace("v * 2", "v * 3"))
    opened = open_project(tmp_path)
    assert run(opened).status is Status.SUCCESS
    return opened


async def _begin(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
    await pilot.press("enter")


def _newest(project: Project) -> RunState:
    summary = latest(project.paths, "o")
    assert summary is not None
    return read_run(summary.directory)


async def test_a_shadow_of_the_last_run_is_compared_and_publishes_nothing(project: Project) -> None:
    # GIVEN what the first run would give now, from the history
    published = Storage(project.paths.storage).versions("out/doubled")
    async with workbench(project, "o") as (pilot, _):
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen), "the history")
        history = pilot.app.screen
        assert isinstance(history, HistoryScreen)
        await until(pilot, lambda: len(history.list.runs) == 2, "its runs")
        first = history.list.runs[1].id
        # WHEN it is repeated as a shadow
        await pilot.press("down", "i")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPart), "how to repeat it")
        assert [row.split("  ")[0].strip() for row in rows_of(pilot.app.screen.query_one(RowList))] == ["i", "d"]
        await _begin(pilot, "d")
        # THEN what would differ is shown, and nothing was published
        await until(pilot, lambda: isinstance(pilot.app.screen, ShadowTables), "what it would have changed")
        assert "out/doubled" in text_of(pilot) and "0 added, 2 removed, 3 changed (v)" in text_of(pilot)
        state = _newest(project)
        assert state.header.shadow and state.header.as_it_ran == first
        assert Storage(project.paths.storage).versions("out/doubled") == published
        # AND the table can be looked at
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TableScreen), "the table")


async def test_marked_tasks_of_the_run_that_is_shown_are_repeated_as_they_ran(project: Project) -> None:
    async with workbench(project, "o") as (pilot, screen):
        # GIVEN the last run, shown, and one marked task
        await pilot.press("w")
        await until(pilot, lambda: screen.run_shown is not None, "the run")
        assert screen.run_shown is not None
        shown = screen.run_shown.directory.name
        screen.phase_tree.go_to("double")
        await pilot.press("space")
        # WHEN that is repeated
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPart), "the parts")
        await _begin(pilot, "i")
        await until(pilot, lambda: _newest(project).header.as_it_ran is not None and _newest(project).finished, "it")
        # THEN only that task of that run was
        state = _newest(project)
        assert (state.header.as_it_ran, state.header.shadow) == (shown, False)
        assert [task.id for task in state.tasks.values() if task.attempts] == ["double"]
        assert state.status is Status.SUCCESS


async def test_a_run_whose_tables_are_not_kept_any_more_is_refused_with_the_reason(project: Project) -> None:
    for number in range(4):
        put(Storage(project.paths.storage), "raw/numbers", f"select {number} as id, 1 as v")
    async with workbench(project, "o") as (pilot, _):
        await pilot.press("r", "i")
        await until(pilot, lambda: "read version 2 of table raw/numbers, which is not kept" in said(pilot), "why not")


async def test_what_has_never_run_cannot_be_repeated(tmp_path: Path, project: Project) -> None:
    (tmp_path / "orchestrations" / "new.toml").write_text((tmp_path / "orchestrations" / "o.toml").read_text())
    async with workbench(open_project(tmp_path), "new") as (pilot, _):
        await pilot.press("r", "d")
        assert "there is no run yet" in said(pilot)


def test_a_run_that_goes_on_cannot_be_repeated(project: Project) -> None:
    from orch_tui.runs.live.control import RunControl

    (project.root / "configurations" / "command" / "log.toml").write_text(
        '[parameters]\ncommand = "until test -e go; do sleep 0.02; done"\n'
    )
    control = RunControl(open_project(project.root))
    active = start_run(control.project, plan_run(control.project, RunRequest("o")), by="test")
    try:
        assert {part.refused for part in control.repeats("o", None, (), "")} == {"the last run has not ended"}
    finally:
        (project.root / "go").touch()
        assert active.wait(60) is Status.SUCCESS
