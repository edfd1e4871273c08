"""The style sheet of a screen that opens is taken in, and nothing of other screens is styled again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.tui.textual_patches import sheets
from textual.app import App, ComposeResult
from textual.color import Color
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen
from textual.widgets import Static

RED, BLUE = Color.parse("red"), Color.parse("blue")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    kept = App.__dict__["_load_screen_css"]
    assert sheets.install() and sheets.install()
    yield
    App._load_screen_css = kept  # type: ignore[method-assign]


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The roots whose widgets all get their styles anew."""
    found: list[Any] = []
    update = Stylesheet.update

    def noted(self: Stylesheet, root: Any, animate: bool = False) -> None:
        found.append(root)
        update(self, root, animate)

    monkeypatch.setattr(Stylesheet, "update", noted)
    return found


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("below")


def _screen(tmp_path: Path) -> type[Screen[None]]:
    sheet = tmp_path / "one.tcss"
    sheet.write_text("Sheeted Static { color: red; }")

    class Sheeted(Screen[None]):
        CSS_PATH = sheet

        def compose(self) -> ComposeResult:
            yield Static("above")

    return Sheeted


async def test_what_it_says_holds_on_the_screen_and_nothing_else_is_styled(tmp_path: Path, updates: list[Any]) -> None:
    async with Bare().run_test() as pilot:
        below = pilot.app.screen.query_one(Static)
        before = below.styles.color
        updates.clear()
        # WHEN a screen with a sheet of its own opens
        await pilot.app.push_screen(_screen(tmp_path)())
        await pilot.pause()
        # THEN what it says is so there, and nobody went through the widgets of all
        assert pilot.app.screen.query_one(Static).styles.color == RED
        assert below.styles.color == before
        assert pilot.app not in updates


async def test_its_sheet_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    monkeypatch.setattr(Stylesheet, "read", lambda self, path: read.append(path))
    kind = _screen(tmp_path)
    async with Bare().run_test() as pilot:
        monkeypatch.setattr(Stylesheet, "has_source", lambda self, path, class_var="": path in map(str, read))
        # WHEN two screens of a kind are told to be loaded
        sheets.load(pilot.app, kind())
        sheets.load(pilot.app, kind())
        assert [Path(str(one)) for one in read] == [tmp_path / "one.tcss"]
        monkeypatch.undo()


async def test_a_screen_that_says_it_in_its_class_is_left_to_textual() -> None:
    class Inline(Screen[None]):
        CSS = "Inline Static { color: blue; }"

        def compose(self) -> ComposeResult:
            yield Static("above")

    async with Bare().run_test() as pilot:
        await pilot.app.push_screen(Inline())
        await pilot.pause()
        assert pilot.app.screen.query_one(Static).styles.color == BLUE


def test_all_that_is_parsed_is_kept() -> None:
    stylesheet = Stylesheet()
    sheets.keep_parsed(stylesheet)
    # WHEN more sheets are parsed than Textual would keep
    parsed = [stylesheet._parse_rules(f"A{number} {{ color: red; }}", ("", str(number))) for number in range(200)]
    # THEN each is there still
    again = [stylesheet._parse_rules(f"A{number} {{ color: red; }}", ("", str(number))) for number in range(200)]
    assert all(one is other for one, other in zip(parsed, again, strict=True))


def test_another_version_keeps_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    App._load_screen_css = sheets.ORIGINAL  # type: ignore[method-assign, assignment]
    monkeypatch.setattr(sheets, "is_version", lambda: False)
    assert not sheets.install()
    assert App.__dict__["_load_screen_css"] is sheets.ORIGINAL
