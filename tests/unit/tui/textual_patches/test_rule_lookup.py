"""Rules of style sheets are found without a call in Python for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from orch_tui.tui.textual_patches import rule_lookup
from textual.app import App, ComposeResult
from textual.css.model import RuleSet
from textual.widgets import Input, Label


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    kept = RuleSet.__dict__["__hash__"]
    yield
    RuleSet.__hash__ = kept  # type: ignore[method-assign]


class Two(App[None]):
    CSS = "Label { color: red; } .loud { color: green; } Input { width: 20; } #last { color: blue; }"

    def compose(self) -> ComposeResult:
        yield Label("first")
        yield Label("second", classes="loud")
        yield Label("third", classes="loud", id="last")
        yield Input("text")


async def colours() -> list[object]:
    async with Two().run_test() as pilot:
        found = [widget.styles.color for widget in pilot.app.query(Label)]
        field = pilot.app.query_one(Input)
        return [*found, field.styles.width, field.get_component_styles("input--cursor").color]


async def test_every_widget_looks_as_it_does_without() -> None:
    RuleSet.__hash__ = rule_lookup.ORIGINAL  # type: ignore[method-assign, assignment]
    before = await colours()
    # WHEN it is installed THEN two rules that say the same are still two, and each is found again
    assert rule_lookup.install() and rule_lookup.install()
    one, other = RuleSet(), RuleSet()
    assert one == other and {one, other} == {one, other} and len({one, other, one}) == 2
    # AND nothing looks different
    assert await colours() == before


def test_another_version_keeps_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    RuleSet.__hash__ = rule_lookup.ORIGINAL  # type: ignore[method-assign, assignment]
    monkeypatch.setattr(rule_lookup, "is_version", lambda: False)
    assert not rule_lookup.install()
    assert RuleSet.__dict__["__hash__"] is rule_lookup.ORIGINAL
