"""Keys that arrive at once, as those of a paste: each goes where the ones before it lead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from orch_tui.tui.app import OrchApp
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.driving import until
from tests.tui.seed import big_project


def burst(app: OrchApp, keys: str) -> None:
    """All of them before the first one is looked at."""
    names = {"/": "slash", "?": "question_mark", ":": "colon"}
    for key in keys:
        app.post_message(Key(names.get(key, key), key if key.isprintable() else None))


def typed(app: OrchApp) -> str:
    """What stands in the text field that has the focus."""
    return app.focused.value if isinstance(app.focused, Input) else ""


async def home(pilot: Pilot[int]) -> None:
    await pilot.pause()


async def workbench(pilot: Pilot[int]) -> None:
    await pilot.press("enter")
    await until(pilot, lambda: "Workbench" in type(pilot.app.screen).__name__)
    await pilot.pause()


async def storage(pilot: Pilot[int]) -> None:
    await workbench(pilot)
    await pilot.press("D")
    await until(pilot, lambda: "Storage" in type(pilot.app.screen).__name__)
    await pilot.pause()


@pytest.mark.parametrize(
    ("place", "keys", "text"),
    [
        (home, "/words", "words"),
        (home, "nuse", "use"),
        (workbench, "/jkxq", "jkxq"),
        (workbench, "nxkj", "xkj"),
        (workbench, "axml", "xml"),
        (workbench, "?/und", "und"),
        (storage, "/dsv", "dsv"),
    ],
    ids=[
        "filter of home",
        "new orchestration",
        "filter",
        "new phase",
        "add tasks",
        "filter of help",
        "filter of tables",
    ],
)
async def test_what_follows_a_key_at_once_goes_where_it_leads(
    tmp_path: Path, place: Callable[[Pilot[int]], object], keys: str, text: str
) -> None:
    app = OrchApp(big_project(tmp_path, 20))
    async with app.run_test(size=(120, 40)) as pilot:
        await place(pilot)  # type: ignore[misc]
        # WHEN a key comes together with what is typed into the field that it opens
        burst(app, keys)
        # THEN the field has all of it
        await until(pilot, lambda: typed(app) == text)
