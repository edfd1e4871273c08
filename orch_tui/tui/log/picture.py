"""What a log view shows now, and which cells of it have to be painted again."""

from __future__ import annotations

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from orch_tui.tui.log.draw import draw
from orch_tui.tui.log.paint import changed, cost
from orch_tui.tui.log.state import LogState

STYLES = ("cursor", "match", "match-here", "selection", "note", "thumb", "track", "status", "state", "warning", "error")
_WHOLE_ROW = ("thumb", "track", "status")


class LogPicture:
    """Draws all rows and paints those cells that are others now.

    ``position``: whether the last row says where the view is.
    """

    def __init__(self, widget: Widget, state: LogState, *, position: bool) -> None:
        self._widget, self._state, self._position = widget, state, position
        self._strips: list[Strip] = []
        self._styles: dict[str, Style] = {}

    def strip(self, y: int) -> Strip:
        """A row of the view."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self._widget.size.width, self._widget.rich_style)

    def forget(self) -> None:
        """All is to be painted again."""
        self._strips = []

    def forget_styles(self) -> None:
        """The style sheet or the theme is another."""
        self._styles.clear()
        self.forget()

    def paint(self) -> int:
        """Have the widget paint what has changed; about how many bytes that takes."""
        widget = self._widget
        strips = draw(self._state, widget.size, widget.rich_style, self._style, position=self._position)
        old, self._strips = self._strips, strips
        if len(old) != len(strips):
            widget.refresh()
            return widget.size.width * widget.size.height
        pairs = enumerate(zip(old, strips, strict=True))
        regions = [region for y, (one, other) in pairs if (region := changed(one, other, y)) is not None]
        return self._paint_regions(regions)

    def _paint_regions(self, regions: list[Region]) -> int:
        if not regions:
            return 0
        self._widget.refresh(*regions)
        return sum(cost(self._strips[region.y], region) for region in regions)

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            partial = name not in _WHOLE_ROW
            self._styles[name] = self._widget.get_component_rich_style(f"log-view--{name}", partial=partial)
        return self._styles[name]
