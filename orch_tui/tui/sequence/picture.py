"""Phases and tasks as boxes and arrows, with a cursor. Only the lines in view are ever drawn."""

from __future__ import annotations

import locale
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from orch_tui.model.status import Status
from orch_tui.runs.sequence.layout import MOST_ROWS, Box, Cell, Picture, RuleCell, lay_out
from orch_tui.runs.sequence.text import Kind, Piece, draw
from orch_tui.runs.sequence.values import Sequence
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import sequence as actions
from orch_tui.tui.status_look import style_of

_STYLES = ("text", "dim", "strong", "heading", "accent", "success", "warning", "error", "marked", "cursor", "place")
_PLAIN = {Kind.BLANK: "text", Kind.PHASE: "strong"}
_EMPTY = Sequence("")


class SequencePicture(ScrollView, can_focus=True):
    """Side by side, in rows or upright, as it is wide; the cursor is on a task or on the name of a phase."""

    BINDINGS = bindings(actions.PICTURE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"sequence--{name}" for name in _STYLES}
    DEFAULT_CSS = """
    SequencePicture {
        background: transparent;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .sequence--dim { color: $text-muted; }
        & > .sequence--strong { text-style: bold; }
        & > .sequence--heading { color: $text-primary; text-style: bold; }
        & > .sequence--accent { color: $text-accent; }
        & > .sequence--success { color: $text-success; }
        & > .sequence--warning { color: $text-warning; }
        & > .sequence--error { color: $text-error; }
        & > .sequence--marked { color: $text-accent; text-style: bold; }
        & > .sequence--cursor {
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        & > .sequence--place {
            background: $block-cursor-blurred-background;
            text-style: $block-cursor-blurred-text-style;
        }
    }
    """
    ALLOW_SELECT = False

    @dataclass
    class Moved(Message):
        """The cursor is on another task or phase, whose id it is."""

        picture: SequencePicture
        id: str

    @dataclass
    class Chosen(Message):
        """Enter or a double click on the task or phase."""

        picture: SequencePicture
        id: str

    def __init__(self, *, id: str | None = None, empty_text: str = " No phases yet", centred: bool = False) -> None:
        """``centred``: a picture that is smaller than its place stands in the middle of it."""
        super().__init__(id=id)
        self.shows_place = False
        """Whether the cursor is marked without the focus too: another pane moves it."""
        self._centred = centred
        self._origin = Offset()
        self.sequence = _EMPTY
        self.cursor = ""
        self.empty_text = empty_text
        self.ascii_only = "utf" not in locale.getpreferredencoding(False).lower()
        self._picture = Picture(_EMPTY, 0, 0, (), ())
        self._lines: list[list[Piece]] = []
        self._styles: dict[tuple[str, str], Style] = {}
        self._all = False

    # What it shows

    def show(self, sequence: Sequence, cursor: str | None = None) -> None:
        """Draw this one, where it differs from what is drawn. ``cursor`` is the id of a task or phase to go to."""
        if sequence != self.sequence:
            self.sequence = sequence
            self._lay_out()
        if cursor is not None:
            self.go(cursor)

    def _lay_out(self) -> None:
        # Before the first layout of the screen there is no width yet.
        if not self.size.width:
            return
        bar = self.scrollbar_size_vertical
        most = None if self._all else max(MOST_ROWS, self.size.height - 4)
        self._picture = lay_out(
            self.sequence, self.size.width - bar, ascii_only=self.ascii_only, most_rows=most, height=self.size.height
        )
        before, self._lines = self._lines, draw(self._picture)
        origin, self._origin = self._origin, self._place_of_picture(bar)
        if not self._box_of(self.cursor):
            self.cursor = next((box.phase.id for box in self._picture.boxes), "")
        size = Size(self.size.width - bar, len(self._lines))
        if size != self.virtual_size or origin != self._origin:
            self.virtual_size = size
            self.refresh()
            return
        width, top = self.size.width, round(self.scroll_y)
        apart = [y for y, (old, new) in enumerate(zip(before, self._lines, strict=True)) if old != new]
        rows = (self._origin.y + y - top for y in apart)
        regions = [Region(0, row, width, 1) for row in rows if 0 <= row < self.size.height]
        if regions:
            self.refresh(*regions)

    def lines_for(self, width: int, height: int) -> int:
        """How many lines the picture takes in ``width`` columns where there are ``height`` of them."""
        room = width - self.scrollbar_size_vertical
        most = max(MOST_ROWS, height - 4)
        return lay_out(self.sequence, room, ascii_only=self.ascii_only, most_rows=most, height=height).height

    def _place_of_picture(self, bar: int) -> Offset:
        """Where its upper left corner is, in cells of the widget."""
        if not self._centred:
            return Offset()
        free = Offset(self.size.width - bar - self._picture.width, self.size.height - len(self._lines))
        return Offset(max(0, free.x // 2), max(0, free.y // 2))

    def on_resize(self) -> None:
        self._lay_out()
        self._show_cursor()

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    # How it looks

    def _style(self, name: str, cursor: str = "") -> Style:
        """Laid over with that of the ``cursor``: ``cursor``, ``place``, or empty."""
        style = self._styles.get((name, cursor))
        if style is None:
            style = self.get_component_rich_style(f"sequence--{name}")
            if cursor:
                style += self.get_component_rich_style(f"sequence--{cursor}", partial=True)
            self._styles[name, cursor] = style
        return style

    def _segment(self, piece: Piece) -> Segment:
        match piece.kind:
            case Kind.MARK:
                name = style_of(piece.status)
            case Kind.FRAME:
                name = "dim" if piece.status is Status.CREATED else style_of(piece.status)
            case Kind.NAME:
                name = "dim" if piece.status is Status.SKIPPED else "text"
            case Kind.ARROW if piece.status is Status.SUCCESS:
                name = "success"
            case _:
                name = _PLAIN.get(piece.kind, "dim")
        here = bool(piece.owner) and piece.owner == self.cursor and piece.kind is not Kind.FRAME
        over = "cursor" if self.has_focus else "place" if self.shows_place else ""
        return Segment(piece.text, self._style(name, over if here else ""))

    def render_line(self, y: int) -> Strip:
        line, width = y - self._origin.y + round(self.scroll_y), self.size.width
        plain = self._style("text")
        if not 0 <= line < len(self._lines):
            text = self.empty_text if y == 0 and not self.sequence.phases else ""
            return Strip([Segment(text, self._style("dim"))]).crop_extend(0, width, plain)
        pieces = [Segment(" " * self._origin.x, plain)] if self._origin.x else []
        return Strip([*pieces, *map(self._segment, self._lines[line])]).crop_extend(0, width, plain)

    # The cursor

    def go(self, id: str) -> None:
        """Put the cursor on a task, rule or phase; nothing happens where it is not in the picture."""
        if id == self.cursor or self._box_of(id) is None:
            return
        old, self.cursor = self.cursor, id
        self._refresh_places(old, id)
        self._show_cursor()
        self.post_message(self.Moved(self, id))

    def _box_of(self, id: str) -> Box | None:
        """The box with this task, rule or phase; what is only counted belongs to its box as well."""
        return next((box for box in self._picture.boxes if id == box.phase.id or _is_in(box, id)), None)

    def _place(self, id: str) -> Region | None:
        box = self._box_of(id)
        if box is None:
            return None
        cell = next((cell for cell in _cells(box) if _id_of(cell) == id), None)
        return Region(cell.x, cell.y, cell.width, 1) if cell else Region(box.x, box.y, box.width, 1)

    def _refresh_places(self, *ids: str) -> None:
        top = round(self.scroll_y)
        places = [place.translate((0, -top)) for id in ids if (place := self._place(id)) is not None]
        seen = [place.translate(self._origin) for place in places]
        seen = [place for place in seen if 0 <= place.y < self.size.height]
        if seen:
            self.refresh(*seen)

    def _show_cursor(self) -> None:
        place = self._place(self.cursor)
        if place is None or not self.size.height:
            return
        top, height = round(self.scroll_y), self.size.height
        # With the frame around it; the first box with all above it.
        if place.y - 1 < top:
            self.scroll_to(y=max(0, place.y - 1), animate=False, immediate=True, force=True)
        elif place.y + 1 >= top + height:
            self.scroll_to(y=place.y + 2 - height, animate=False, immediate=True, force=True)

    def on_focus(self) -> None:
        self._refresh_places(self.cursor)

    def on_blur(self) -> None:
        self._refresh_places(self.cursor)

    def _stops(self) -> list[str]:
        """Everything that the cursor can be on, in the order of the sequence."""
        return [id for box in self._picture.boxes for id in _ids(box)]

    def _step(self, step: int) -> None:
        stops = self._stops()
        if stops:
            at = stops.index(self.cursor) if self.cursor in stops else 0
            self.go(stops[max(0, min(len(stops) - 1, at + step))])

    def _step_phase(self, step: int) -> None:
        """The task at the same height in the next box, or its last one."""
        boxes, box = self._picture.boxes, self._box_of(self.cursor)
        if box is None:
            return
        inside = list(_ids(box))
        row = inside.index(self.cursor) if self.cursor in inside else 0
        other = boxes[max(0, min(len(boxes) - 1, box.number - 1 + step))]
        if other is not box:
            ids = list(_ids(other))
            self.go(ids[min(row, len(ids) - 1)])

    def action_cursor_down(self) -> None:
        self._step(1)

    def action_cursor_up(self) -> None:
        self._step(-1)

    def action_next_phase(self) -> None:
        self._step_phase(1)

    def action_previous_phase(self) -> None:
        self._step_phase(-1)

    def action_first(self) -> None:
        if stops := self._stops():
            self.go(stops[0])

    def action_last(self) -> None:
        if stops := self._stops():
            self.go(stops[-1])

    def action_page_down(self) -> None:
        self._page(self.size.height)

    def action_page_up(self) -> None:
        self._page(-self.size.height)

    def _page(self, lines: int) -> None:
        place = self._place(self.cursor)
        if place is None:
            return
        # What is nearest to the line one page away; on the same line the one in the same column.
        wanted = place.y + lines
        stops = [
            (abs(there.y - wanted), abs(there.x - place.x), id) for id in self._stops() if (there := self._place(id))
        ]
        self.go(min(stops)[2])

    def action_all_tasks(self) -> None:
        self._all = not self._all
        self._lay_out()
        self._show_cursor()

    def action_choose(self) -> None:
        if self.cursor:
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = event.get_content_offset(self)
        if at is None:
            return
        x, y = at.x - self._origin.x, at.y - self._origin.y + round(self.scroll_y)
        box = next(
            (one for one in self._picture.boxes if Region(one.x, one.y, one.width, one.height).contains(x, y)), None
        )
        if box is None:
            return
        cell = next((one for one in _cells(box) if Region(one.x, one.y, one.width, 1).contains(x, y)), None)
        self.go(_id_of(cell) if cell else box.phase.id)
        if event.chain == 2:
            self.action_choose()


def _ids(box: Box) -> Iterator[str]:
    yield box.phase.id
    yield from (_id_of(cell) for cell in _cells(box))


def _cells(box: Box) -> list[Cell | RuleCell]:
    return [*box.cells, *box.rules]


def _id_of(cell: Cell | RuleCell) -> str:
    return cell.rule.id if isinstance(cell, RuleCell) else cell.task.id


def _is_in(box: Box, id: str) -> bool:
    return any(task.id == id for task in box.phase.tasks) or any(rule.id == id for rule in box.phase.rules)
