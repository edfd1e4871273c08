"""Below the picture of the plan: what the task under the cursor of the tree does."""

from __future__ import annotations

from pathlib import Path

from orch_tui.model.components.configuration import Configuration, TableInput, TableOutput
from orch_tui.tui.widgets.line_tree import Row
from orch_tui.tui.workbench.plan.facts import task_rows

from tests.tui.driving import text_of, until, workbench
from tests.tui.seed import sample_project


def texts(rows: list[Row]) -> list[str]:
    return ["".join(part.text for part in row.left).rstrip() for row in rows]


def test_a_task_is_told_by_its_tables_and_the_text_that_it_runs() -> None:
    configuration = Configuration(
        "sql",
        "sums",
        "Sums",
        "What it is for.",
        {"sql": "-- one\nselect 1\n", "password": "in the clear"},
        (TableInput("in/a", "a"), TableInput("in/b", "b")),
        (TableOutput("out", "out/sums", primary_key=("id",)),),
    )
    rows = task_rows(configuration, 60)
    assert texts(rows) == [
        " What it is for.",
        " reads   in/a, in/b",
        " writes  out/sums (full, key id)",
        "",
        " 1  -- one",
        " 2  select 1",
    ]
    # Comments say less than what runs, and parameters that may be secrets are nowhere.
    assert [row.left[1].style for row in rows[-2:]] == ["dim", "text"]


async def test_it_follows_the_cursor_and_the_picture_marks_the_same_task(tmp_path: Path) -> None:
    # GIVEN a plan with room below its picture
    async with workbench(sample_project(tmp_path), size=(200, 50)) as (pilot, screen):
        await until(pilot, lambda: "2 tasks" in text_of(pilot), "what the phase has")
        await until(pilot, lambda: "writes  marketing/email_recipients" in text_of(pilot), "what its tasks do")
        # WHEN the cursor goes to a task of it
        await pilot.press("j")
        # THEN its tables stand there, and it is marked in the picture
        await until(pilot, lambda: "file-extractor/campaigns" in text_of(pilot), "what the task does")
        assert "writes  marketing/campaigns" in text_of(pilot) and "marketing/email_recipients" not in text_of(pilot)
        picture = screen.query_one("#picture").query_one("SequencePicture")
        assert picture.cursor == screen.phase_tree.item.id  # type: ignore[attr-defined, union-attr]
        # WHEN there is no such room any more
        await pilot.resize_terminal(80, 24)
        # THEN they are gone, and the tree is not
        await until(pilot, lambda: "writes" not in text_of(pilot) and "Campaigns · File" in text_of(pilot))
