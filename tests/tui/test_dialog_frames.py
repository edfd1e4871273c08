"""Every dialog of the program has the one frame, by being a Dialog and not by standing in a list."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import orch_tui.tui
import pytest
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.widgets.bars import KeyBar
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

_NO_FRAME = {"LogSearch": "one line at the bottom of a log"}
_FRAME = ("border:", "border-title-color:", "border-title-style:")
_OTHER_FRAME = {"RunPreview": "stands at the bottom, so that the workbench is seen above it",
                "RehearsedInTree": "as RunPreview",
                "Pick": "a list that stands out less than a question", "HelpScreen": "as Pick"}  # fmt: skip


def _dialogs(base: type[Any] = Dialog) -> set[type[Any]]:
    for module in pkgutil.walk_packages(orch_tui.tui.__path__, "orch_tui.tui."):
        importlib.import_module(module.name)
    below = set(base.__subclasses__())
    return {cls for cls in below.union(*(_dialogs(cls) for cls in below)) if cls.__module__.startswith("orch_tui.")}


class _Anything(Dialog[None]):
    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("Anything")


async def test_a_new_dialog_has_the_frame_without_a_sheet_of_its_own() -> None:
    # GIVEN a dialog that nothing knows
    app: App[None] = App()
    async with app.run_test(size=(80, 24)):
        # WHEN it is shown
        await app.push_screen(_Anything())
        frame = app.screen.query_one("#dialog")
        # THEN it stands in the middle, in a frame
        assert frame.styles.border.top[0] == "round"
        assert app.screen.styles.align == ("center", "middle")
        assert frame.region.height < 24


def test_every_dialog_takes_the_frame_from_its_base() -> None:
    # GIVEN all dialogs of the program
    dialogs = {cls for cls in _dialogs() if cls.__name__ not in _NO_FRAME}
    assert len(dialogs) > 15
    # THEN each is one for the style sheets too (Textual looks at first bases only)
    assert {cls.__name__ for cls in dialogs if "Dialog" not in cls._css_type_names} == set()


@pytest.mark.parametrize("sheet", sorted(Path(orch_tui.tui.__path__[0]).rglob("*.tcss")), ids=lambda path: path.name)
def test_no_sheet_draws_the_frame_again(sheet: Path) -> None:
    # GIVEN the rules for containers of dialogs
    text = sheet.read_text(encoding="utf-8")
    blocks = [(before.rpartition("{")[0].split("}")[-1], rest.partition("}")[0])
              for before, _, rest in _around(text, "& #dialog {")]  # fmt: skip
    # THEN a border is only there where another one is meant
    again = {owner.strip().splitlines()[-1] for owner, rules in blocks if any(part in rules for part in _FRAME)}
    assert {name for name in again if name.split()[0].rstrip(",") not in _OTHER_FRAME} == set()


def _around(text: str, mark: str) -> list[tuple[str, str, str]]:
    places = [place for place in range(len(text)) if text.startswith(mark, place)]
    return [(text[:place], mark, text[place + len(mark) :]) for place in places]


async def test_the_last_row_has_the_keys_of_the_dialog() -> None:
    # GIVEN a dialog without a word on keys WHEN it is shown
    app: App[None] = App()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(_Anything())
        await pilot.pause()
        # THEN the last row is its own: what it lies over answers no key
        bar = app.screen.query_one(KeyBar)
        assert bar.region.y == 23
