"""A terminal in memory: pyte, and what it lacks of those that people use."""

from __future__ import annotations

import pyte


class TerminalScreen(pyte.Screen):
    """Repeats the last character (REP, ``CSI n b``), as xterm does."""

    _last = " "

    def draw(self, data: str) -> None:
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
