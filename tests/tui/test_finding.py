"""Typing to find a row: keys count for what fits all the letters before them, however fast they come."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.tui.dialogs.pick import Choice, Pick
from textual import events
from textual.app import App
from textual.pilot import Pilot

_NAMES = ("alpha", "beta one", "beta two", "gamma")


async def _press(pilot: Pilot[None], keys: Sequence[str]) -> None:
    """All of them before any is handled."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await pilot.pause()


async def _picked(*keys: str) -> list[str | None]:
    picked: list[str | None] = []
    app: App[None] = App()
    async with app.run_test() as pilot:
        app.push_screen(Pick("Find", [Choice(name, name) for name in _NAMES]), picked.append)
        await pilot.pause()
        await _press(pilot, keys)
        while not picked:
            await pilot.pause()
    return picked


async def test_a_key_that_moves_the_cursor_moves_it_among_what_fits_the_letters_before_it() -> None:
    # WHEN letters, the key down and Enter are pressed faster than the field says that it has changed
    # THEN the second of those that fit is taken
    assert await _picked("b", "e", "down", "enter") == ["beta two"]
    # AND a letter after the key narrows the list anew: the cursor is on the first that fits
    assert await _picked("b", "down", "e", "enter") == ["beta one"]
