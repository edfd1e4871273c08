"""A terminal in memory: pyte, and what it lacks of those that people use."""

from __future__ import annotations

import pyte
from wcwidth import wcwidth


class TerminalScreen(pyte.Screen):
    """Repeats the last character (REP, ``CSI n b``), as xterm does. Makes texts of those lines alone that have changed
    since they were asked for: tests look at a whole screen after every few bytes."""

    _last = " "

    def __init__(self, columns: int, lines: int) -> None:
        self._texts: list[str] = []
        super().__init__(columns, lines)

    @property
    def display(self) -> list[str]:
        if len(self._texts) != self.lines:
            self._texts = [""] * self.lines
            self.dirty.update(range(self.lines))
        for y in self.dirty:
            if y < self.lines:
                self._texts[y] = self._text(y)
        self.dirty.clear()
        return list(self._texts)

    def _text(self, y: int) -> str:
        line = self.buffer[y]
        texts = []
        x = 0
        while x < self.columns:
            text = line[x].data
            texts.append(text)
            # Behind a wide character stands a cell without any.
            x += 2 if not text.isascii() and wcwidth(text[0]) == 2 else 1
        return "".join(texts)

    def draw(self, data: str) -> None:
        # What combines with the last character of the line above changes that one.
        self.dirty.add(max(self.cursor.y - 1, 0))
        super().draw(data)
        if data:
            self._last = data[-1]

    def repeat_character(self, count: int = 1) -> None:
        self.draw(self._last * (count or 1))


class TerminalStream(pyte.ByteStream):
    csi = {  # noqa: RUF012 (as its base has it)
        **pyte.ByteStream.csi,
        "b": "repeat_character",
    }
    events = pyte.ByteStream.events | {"repeat_character"}
