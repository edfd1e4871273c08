"""A widget learns its first size, whoever asked for it before."""

from __future__ import annotations

import pytest
from orch_tui.tui.textual_patches import first_size
from textual._compositor import Compositor
from textual.app import App
from textual.geometry import Size
from textual.widget import Widget

from tests.tui.driving import until


class _Told(Widget):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[Size] = []

    def on_resize(self) -> None:
        self.told.append(self.size)


async def test_a_widget_that_is_in_the_map_and_does_not_know_its_size_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Compositor, "reflow", first_size.ORIGINAL)
    assert first_size.install() and first_size.install()
    app: App[None] = App()
    async with app.run_test(size=(40, 10)) as pilot:
        new = _Told()
        await app.mount(new)
        await pilot.pause()
        assert new.told == [Size(40, 10)]
        # GIVEN what is so when the map was made anew between the mounting and the layout: it is in it, and was not told
        new._size = Size(0, 0)
        # WHEN the screen is laid out
        app.screen.refresh(layout=True)
        # THEN it is told, once
        await until(pilot, lambda: new.told == [Size(40, 10)] * 2, "its size")
        app.screen.refresh(layout=True)
        await pilot.resize_terminal(30, 8)
        await pilot.pause()
        assert new.told == [*[Size(40, 10)] * 2, Size(30, 8)]
