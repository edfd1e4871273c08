"""Sentences as rows of lists."""

from __future__ import annotations

from textwrap import wrap

from orch_tui.model.texts.text import safe_line
from orch_tui.tui.widgets.line_tree import Part, Row


def wrapped(text: str, width: int, style: str = "text", indent: str = " ", limit: int = 6) -> list[Row]:
    """A sentence over several rows, at most ``limit``."""
    pieces = wrap(safe_line(text, 1200), max(10, width - len(indent) - 1)) or [""]
    if len(pieces) > limit:
        pieces = [*pieces[: limit - 1], pieces[limit - 1][: max(0, width - len(indent) - 2)] + "…"]
    return [Row((Part(f"{indent}{piece}", style),)) for piece in pieces]
