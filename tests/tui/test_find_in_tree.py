"""Finding a task in the tree of the workbench."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from tests.tui.driving import text_of, workbench
from tests.tui.seed import sample_project


async def test_words_lead_to_a_task_and_escape_back(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path)) as (pilot, screen):
        tree = screen.phase_tree
        # GIVEN all phases folded, and the cursor on the last one
        await pilot.press("C", "G")
        began = tree.item
        assert began is not None
        # WHEN words are typed THEN the cursor is on the first task with all of them, though it was folded away
        await pilot.press("slash", *"camp sql")
        assert tree.item is not None and tree.item.id == "campaign-performance"
        await pilot.pause()
        assert "1 of 2 found" in text_of(pilot)
        # AND the arrows go on, around and back
        await pilot.press("down")
        assert tree.item.id == "campaign-recipient"
        await pilot.press("down")
        assert tree.item.id == "campaign-performance"
        await pilot.press("up")
        assert tree.item.id == "campaign-recipient"
        # WHEN nothing has the words THEN it says so, and the cursor stays
        await pilot.press(*"zz")
        await pilot.pause()
        assert "nothing has these words" in text_of(pilot) and tree.item.id == "campaign-recipient"
        # WHEN Escape THEN the cursor is where it was
        await pilot.press("escape")
        assert tree.has_focus and tree.item.id == began.id and "words" not in text_of(pilot)
        # AND Enter stays at what was found; letters are keys then
        await pilot.press("slash", *"index", "enter")
        assert tree.has_focus and tree.item.id == "email-recipient-index"
        await pilot.press("space")
        assert screen.bench.marks == {"email-recipient-index"}


async def test_escape_leads_from_the_filter_to_the_components(tmp_path: Path) -> None:
    async with workbench(sample_project(tmp_path)) as (pilot, screen):
        # GIVEN the filter of the components with words in it
        await pilot.press("2", "slash", *"sql")
        field = screen.query_one("#filter", Input)
        assert field.has_focus and field.value == "sql"
        # WHEN Escape THEN all components are there, and have the focus
        await pilot.press("escape")
        assert field.value == "" and screen.focused is screen.query_one("#components")
        assert "Adform extractor" in text_of(pilot)
