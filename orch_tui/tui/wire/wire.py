"""A terminal, remembered: what was sent last is compared with what is to be seen."""

from __future__ import annotations

from collections.abc import Iterable

from orch_tui.tui.wire.encode import Capabilities, differences
from orch_tui.tui.wire.picture import Row
from orch_tui.tui.wire.scroll import encode_shift, find_shift, shifted

_CLEAR = "\x1b[m\x1b[2J"


class Wire:
    """Belongs to one terminal. Whoever writes to that terminal past it, or drops what it gave, calls :meth:`forget`."""

    def __init__(self, capabilities: Capabilities = Capabilities()) -> None:  # noqa: B008 - it is frozen
        self.capabilities = capabilities
        self._rows: list[Row] = []
        self._known = False
        self._width = 0

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the terminal, as of the last frame."""
        return self._width, len(self._rows)

    @property
    def known(self) -> bool:
        """Whether what the terminal shows is known."""
        return self._known

    def forget(self) -> None:
        """What the terminal shows is not known any more; the next frame is to bring all of it."""
        self._known = False

    def frame(self, pieces: Iterable[tuple[int, int, Row]], size: tuple[int, int]) -> str:
        """The bytes for cells at (column, line), in a terminal of ``size`` (columns, lines); empty if all are there.

        After :meth:`forget`, and when the size has changed, what no piece covers is blank.
        """
        begin = ""
        if not self._known or size != self.size:
            self._width = size[0]
            self._rows = [Row.blank(size[0]) for _ in range(size[1])]
            self._known = True
            begin = _CLEAR
        new: dict[int, Row] = {}
        for x, y, cells in pieces:
            if 0 <= y < size[1] and 0 <= x < size[0]:
                if y not in new:
                    new[y] = self._rows[y].copy()
                new[y].put(x, cells)
        text = differences(self.capabilities, self._rows, new, begin=begin)
        if self.capabilities.scroll and not begin:
            text = self._by_scrolling(new, text)
        for y, row in new.items():
            self._rows[y] = row
        return text

    def _by_scrolling(self, new: dict[int, Row], plain: str) -> str:
        """The same frame with lines that the terminal moves itself, where that is shorter."""
        shift = find_shift(self._rows, new)
        if shift is None:
            return plain
        moved = shifted(self._rows, shift)
        wanted = {y: new.get(y, self._rows[y]) for y in range(shift.top, shift.bottom + 1)}
        text = differences(self.capabilities, moved, {**new, **wanted}, begin=encode_shift(shift))
        return text if len(text.encode()) < len(plain.encode()) else plain
