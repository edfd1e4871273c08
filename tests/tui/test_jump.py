"""Jumping to what is in view by its letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.project.project import Project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.dialogs.jump import JumpScreen, labels
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.driving import text_of, until, workbench


@given(st.integers(0, 600))
def test_labels_are_different_and_none_begins_another(count: int) -> None:
    found = labels(count)
    assert len(set(found)) == count
    assert len({len(label) for label in found}) <= 1


async def letters(pilot: Pilot[int]) -> dict[str, str]:
    """The labels that are shown, by the ids of what they lead to."""
    await pilot.press("ctrl+g")
    await until(pilot, lambda: isinstance(pilot.app.screen, JumpScreen))
    screen = pilot.app.screen
    assert isinstance(screen, JumpScreen)
    return {widget.id or "": label for label, widget in screen._targets.items()}


async def test_a_letter_leads_to_its_pane(project: Project) -> None:
    async with workbench(project, "alpha") as (pilot, screen):
        shown = await letters(pilot)
        # GIVEN a letter at every pane, which is drawn
        assert {"tree", "components", "configurations", "problems"} <= shown.keys()
        assert shown["problems"].upper() in text_of(pilot)
        # WHEN one is pressed THEN the focus is there, and nothing else happened
        await pilot.press(shown["problems"])
        await until(pilot, lambda: pilot.app.screen is screen and pilot.app.focused is not None)
        assert pilot.app.focused is not None and pilot.app.focused.id == "problems"
        assert not screen.bench.dirty


@pytest.mark.parametrize("key", ["escape", "1", "down", "ctrl+g"])
async def test_another_key_leaves_the_focus(project: Project, key: str) -> None:
    async with workbench(project, "alpha") as (pilot, screen):
        await letters(pilot)
        await pilot.press(key)
        if key == "ctrl+g":
            # It is on its way already
            await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert pilot.app.focused is screen.phase_tree


async def test_from_a_field_nothing_is_typed(project: Project) -> None:
    async with workbench(project, "alpha") as (pilot, _):
        # GIVEN a form with the focus in a field
        await pilot.press("O")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        dialog, field = pilot.app.screen, pilot.app.focused
        assert isinstance(field, Input)
        before = field.value
        # WHEN another one is jumped to
        shown = await letters(pilot)
        await pilot.press(shown["variables"])
        # THEN it has the focus, and no letter was typed
        await until(pilot, lambda: pilot.app.screen is dialog and pilot.app.focused is not field)
        assert pilot.app.focused is not None and pilot.app.focused.id == "variables"
        assert field.value == before


async def test_a_terminal_that_changes_its_size_takes_the_letters_away(project: Project) -> None:
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        home = app.screen
        await letters(pilot)
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: app.screen is home)
