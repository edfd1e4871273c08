"""Text for the screen. Whatever comes from outside passes through here: it is never parsed as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from orch_tui.model.texts.text import safe_line

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


def line(text: str, style: str = "", limit: int | None = None) -> Content:
    """One safe line from outside: no markup, no escape sequences, no line ends; cut to ``limit`` characters."""
    return Content.styled(safe_line(text, limit), style)


def lines(text: str, style: str = "") -> Content:
    """Several lines from outside, each made safe."""
    return Content.styled("\n".join(safe_line(one) for one in text.splitlines()), style)


def join(parts: Iterable[Content | str], separator: str = "  ") -> Content:
    """The parts that are not empty; plain strings are made safe."""
    safe = [part if isinstance(part, Content) else line(part) for part in parts]
    return Content(separator).join([part for part in safe if part.plain])


class StripControls(LineFilter):
    """The second guard: no control character reaches the terminal, whichever widget it came from."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(_CONTROLS.sub("", segment.text), segment.style, segment.control)
            if _CONTROLS.search(segment.text)
            else segment
            for segment in segments
        ]
