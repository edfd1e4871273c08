"""A widget that is painted before it is styled or after it was removed ends nothing."""

from __future__ import annotations

import pytest
from orch_tui.tui.configuration.form.inputs import LongText
from orch_tui.tui.textual_patches import unstyled
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Input, TextArea

CROP = Region(0, 0, 10, 2)


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Input("text")
        yield TextArea("text")
        yield LongText(("body",), "text")


@pytest.mark.parametrize("kind", [Input, TextArea, LongText])
async def test_a_removed_widget_is_painted_as_nothing(kind: type[Widget]) -> None:
    unstyled.install()
    async with Host().run_test() as pilot:
        # GIVEN a widget that shows its text
        widget = pilot.app.query_one(kind)
        assert "text" in "".join(strip.text for strip in widget.render_lines(CROP))
        # WHEN a timer paints the screen while it is being removed
        await widget.remove()
        lines = widget.render_lines(CROP)
        # THEN there is room where it was, and no error
        assert [strip.text for strip in lines] == [" " * 10] * 2


async def test_a_widget_whose_class_names_no_parts_is_styled_always() -> None:
    async with Host().run_test():
        assert unstyled.is_styled(Widget())
