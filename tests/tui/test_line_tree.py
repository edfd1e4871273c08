"""Line-by-line lists: cursor, scrolling, drawing of single rows, text from outside."""

from __future__ import annotations

from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from textual.app import App, ComposeResult
from textual.geometry import Region

from tests.tui.driving import click_row, rows_of

HEADINGS = (0, 5)


class Numbers(LineList):
    """Rows with two headings, which the cursor passes over."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.rows = size
        self.drawn: list[tuple[Region, ...]] = []

    def on_mount(self) -> None:
        self.reload()

    def count(self) -> int:
        return self.rows

    def row(self, index: int) -> Row:
        return Row((Part(f"row {index}"),), (Part("right", "dim"),))

    def selectable(self, index: int) -> bool:
        return index not in HEADINGS

    def refresh_rows(self, *indexes: int) -> None:
        self.drawn.append(tuple(Region(0, index, 1, 1) for index in indexes))
        super().refresh_rows(*indexes)


class OneList(App[None]):
    def __init__(self, view: LineList) -> None:
        super().__init__()
        self.view = view
        self.messages: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        self.messages.append(("moved", event.index))

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        self.messages.append(("chosen", event.index))


async def test_the_cursor_passes_headings_and_stops_at_the_ends() -> None:
    # GIVEN a list whose rows 0 and 5 are headings
    view = Numbers(8)
    async with OneList(view).run_test(size=(30, 10)) as pilot:
        assert view.cursor == 1
        # WHEN it moves down over a heading and up again THEN it is never on one
        await pilot.press("down", "j", "j", "j")
        assert view.cursor == 6
        await pilot.press("up")
        assert view.cursor == 4
        # AND the ends hold
        await pilot.press("G", "down", "j")
        assert view.cursor == 7
        await pilot.press("g", "k")
        assert view.cursor == 1


async def test_a_cursor_move_draws_two_rows_and_nothing_else() -> None:
    # GIVEN ten thousand rows
    view = Numbers(10_000)
    async with OneList(view).run_test(size=(30, 10)) as pilot:
        view.drawn.clear()
        # WHEN the cursor moves by one
        await pilot.press("j")
        # THEN the old and the new row are drawn
        assert view.drawn == [(Region(0, 1, 1, 1), Region(0, 2, 1, 1))]
        # AND the last row is reached and in view at once
        await pilot.press("end")
        assert view.cursor == 9_999
        assert round(view.scroll_y) == 9_990
        await pilot.press("home")
        assert round(view.scroll_y) == 0


async def test_clicks_go_and_double_clicks_choose() -> None:
    # GIVEN a list
    view = Numbers(8)
    app = OneList(view)
    async with app.run_test(size=(30, 10)) as pilot:
        # WHEN a row is clicked, a heading is clicked, and a row is double-clicked
        await click_row(pilot, view, 3)  # type: ignore[arg-type]
        assert view.cursor == 3
        await click_row(pilot, view, 5)  # type: ignore[arg-type]
        assert view.cursor == 3
        await click_row(pilot, view, 6, times=2)  # type: ignore[arg-type]
        # THEN the list says so
        assert app.messages[-1] == ("chosen", 6)


async def test_rows_fit_their_width_whatever_is_in_them() -> None:
    # GIVEN texts with wide characters and too long ones
    class Texts(Numbers):
        texts = ("short", "数据管道" * 10, "🚀" * 30, "x" * 100)

        def row(self, index: int) -> Row:
            return Row((Part(self.texts[index]), Part(" more")), (Part("[red]"),))

        def selectable(self, index: int) -> bool:
            return True

    view = Texts(4)
    async with OneList(view).run_test(size=(30, 10)):
        strips = [view.painter.strip(view.row(index), 28, "") for index in range(4)]
        # THEN each line has exactly the width, the right part is whole, and cut text says so
        assert [strip.cell_length for strip in strips] == [28] * 4
        assert all(text.endswith("[red]") for text in rows_of(view))
        assert all("…" in text for text in rows_of(view)[1:])


async def test_a_text_that_is_cut_says_so_beside_the_scrollbar() -> None:
    # GIVEN more rows than fit, with texts that are too long
    class Texts(Numbers):
        def row(self, index: int) -> Row:
            return Row((Part("x" * 100),))

    view = Texts(50)
    async with OneList(view).run_test(size=(30, 10)) as pilot:
        await pilot.pause()
        # THEN the ellipsis is left of the bar, not below it
        assert view.scrollbar_size_vertical > 0
        assert all(row.rstrip().endswith("…") and row.endswith(" ") for row in rows_of(view))


async def test_fewer_rows_leave_the_cursor_on_the_last_one() -> None:
    # GIVEN the cursor at the end
    view = Numbers(100)
    async with OneList(view).run_test(size=(30, 10)) as pilot:
        await pilot.press("G")
        # WHEN most rows go
        view.rows = 5
        view.reload()
        # THEN the cursor is on the last one that is left
        assert view.cursor == 4
