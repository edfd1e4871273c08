"""What a check refused, on the workbench: the card with both sides and rows, and the two decisions."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.project.project import Project, open_project
from orch_tui.storage.publishing.candidates import candidates
from orch_tui.storage.storage import Storage
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.runs.check_history import CheckHistory
from orch_tui.tui.runs.history import HistoryScreen
from orch_tui.tui.runs.run_list import RunList
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.run.failure_card import FailureCard

from tests.support.engine_kit import run
from tests.support.projects import make_project
from tests.support.tables import parquet_file
from tests.tui.driving import rows_of, said, text_of, until, workbench
from tests.tui.test_live import run_all, to_end

LOAD = """name = "Load"
[parameters]
command = 'cp rows.parquet "$KBC_DATADIR/out/tables/rows.parquet"'
[[outputs]]
table = "raw/rows"
[[checks]]
unique = ["id"]
"""


def _refused(root: Path) -> Project:
    project = make_project(root, {"o": {"Load": {"load": "true"}, "Use": {"use": "true"}}})
    (project / "configurations" / "command" / "load.toml").write_text(LOAD)
    parquet_file(project / "rows.parquet", "select 7 as id union all select 7")
    return open_project(project)


@pytest.mark.parametrize(("key", "words"), [("a", "accepted"), ("x", "discarded")])
async def test_the_card_shows_what_was_refused_and_its_keys_decide(tmp_path: Path, key: str, words: str) -> None:
    # GIVEN a run whose first task wrote a key twice
    project = _refused(tmp_path)
    async with workbench(project, "o", size=(120, 40)) as (pilot, screen):
        await run_all(pilot, screen)
        await to_end(pilot, screen)
        # THEN the card has the check, both sides and the key
        await until(pilot, lambda: "raw/rows: unique id" in text_of(pilot), "the card")
        shown = text_of(pilot)
        assert "no two rows with the same id" in shown and "1 row" in shown and "a accepts it" in shown
        # WHEN it is decided with a note
        pilot.app.screen.set_focus(screen.query_one(FailureCard))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "the note")
        await pilot.press(*"known", "enter")
        # THEN it is said, and the card has it instead of what could be decided
        await until(pilot, lambda: f"{words} by" in text_of(pilot), "the decision")
        await until(pilot, lambda: f"{words}: raw/rows" in said(pilot), "the words")
        assert "a accepts it" not in text_of(pilot)
    storage = Storage(project.paths.storage)
    info = storage.get("raw/rows")
    assert (info is not None, candidates(storage)) == (words == "accepted", [])
    assert info is None or (info.decision is not None and info.decision.note == "known")


async def test_the_history_shows_what_each_check_found(tmp_path: Path) -> None:
    # GIVEN a run that a check refused, and one that none did
    project = _refused(tmp_path)
    assert run(project).status is Status.ERROR
    parquet_file(project.root / "rows.parquet", "select 7 as id union all select 8")
    assert run(project).status is Status.SUCCESS
    async with workbench(project, "o") as (pilot, _):
        await pilot.press("H")
        await until(pilot, lambda: len(pilot.app.screen.query_one(RunList).runs) == 2, "the runs")
        # WHEN
        await pilot.press("K")
        await until(pilot, lambda: isinstance(pilot.app.screen, CheckHistory), "the checks")
        # THEN the check has a column for each, and in words what it found last
        (row,) = rows_of(pilot.app.screen.query_one(RowList))
        assert row.strip() == "█▁  raw/rows: unique id"
        assert "passed: expected no two rows with the same id" in text_of(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, HistoryScreen)
