"""How a status looks on the screen: one owner of glyph, word and colour, for lists and for running text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from orch_tui.model.run.plan import Decision
from orch_tui.model.status import Status
from orch_tui.runs.words.standing import Standing

if TYPE_CHECKING:
    from orch_tui.runs.live.head import Head

# By the ANSI names of model.status: the style of a list's part, and the theme's variable, which are the same colour.
_LOOKS = {
    "green": ("success", "$text-success"),
    "red": ("error", "$text-error"),
    "yellow": ("warning", "$text-warning"),
    "blue": ("heading", "$text-primary"),
    "magenta": ("marked", "$text-accent"),
    "bright_black": ("dim", "$text-muted"),
}
DECISIONS = {
    Decision.RUN: ("●", "heading"),
    Decision.REUSED: ("✔", "success"),
    Decision.SKIPPED: ("–", "dim"),
    Decision.BLOCKED: ("✘", "error"),
}
"""Glyph and list style of what a run would do with a task."""
REUSED_GLYPH, REUSED_STYLE = DECISIONS[Decision.REUSED]
"""A reused task looks as in the preview of its run."""


ODD = {Standing.INTERRUPTED: ("?", "warning"), Standing.STOPPED: ("!", "error"), Standing.SILENT: ("!", "error")}
"""Glyph and list style of a run whose status does not tell how it stands."""


def look_of(head: Head) -> tuple[str, str]:
    """Glyph and list style of how a run stands."""
    return ODD.get(head.standing) or (head.status.style.glyph, style_of(head.status))


def style_of(status: Status) -> str:
    """The name of a list's style for a status."""
    return _LOOKS[status.style.color][0]


def status_color(status: Status) -> str:
    """The theme variable for a status, a style for :class:`Content`."""
    return _LOOKS[status.style.color][1]


def status_text(status: Status, *, word: bool = True, ascii_only: bool = False) -> Content:
    """Glyph and word in the colour of the status; only the glyph where the word stands beside it."""
    style = status.style
    glyph = style.ascii if ascii_only else style.glyph
    return Content.styled(f"{glyph} {style.word}" if word else glyph, status_color(status))
