"""Dragging a row with the mouse onto another one."""

from __future__ import annotations

from textual import events


class RowDrag:
    """Is told of the mouse's events with the row below the pointer."""

    def __init__(self) -> None:
        self._pressed: int | None = None
        self._dragging = False

    def take(self, event: events.MouseEvent, index: int | None) -> tuple[int, int] | None:
        """The row that was dragged and the one it was dropped on, once it was; ``index`` is None beside the rows."""
        match event:
            case events.MouseDown(button=1):
                self._pressed, self._dragging = index, False
            case events.MouseMove() if self._pressed is not None and event.button and index is not None:
                self._dragging |= index != self._pressed
            case events.MouseUp():
                source, self._pressed = self._pressed, None
                if self._dragging and source is not None and index is not None and source != index:
                    return source, index
            case events.Click() if self._dragging:
                # The click that ends a drag is none.
                self._dragging = False
                event.stop()
                event.prevent_default()
        return None

    @property
    def dragging(self) -> bool:
        """Whether the pointer has left the row that was pressed."""
        return self._dragging
