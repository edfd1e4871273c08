"""The keys that work where the focus is, read from the live bindings."""

from __future__ import annotations

from textwrap import wrap
from typing import Any, NamedTuple

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from orch_tui.tui import text
from orch_tui.tui.actions import BY_ID, bindings
from orch_tui.tui.actions import app as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.keymap import shown_keys

_LAST = ("Moving about", "Program")
# As in the style sheet: the widest it gets; borders, paddings and the scrollbar.
_WIDTH, _FRAME = 108, 7


class Line(NamedTuple):
    """One action with the keys that reach it now."""

    group: str
    keys: str
    label: str
    tooltip: str
    enabled: bool


def live_keys(screen: Screen[Any]) -> list[Line]:
    """What has the focus first, the program last; a key that something nearer has taken is left out."""
    keys: dict[str, list[str]] = {}
    lines: dict[str, tuple[str, str, str, bool]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not binding.id or binding.system:
            continue
        action = BY_ID.get(binding.id)
        group = (action.group or action.context.capitalize()) if action else "More"
        keys.setdefault(binding.id, []).append(key)
        lines.setdefault(binding.id, (group, binding.description, binding.tooltip, active.enabled))
    return [
        Line(group, shown_keys(keys[name]), label, tooltip, enabled)
        for name, (group, label, tooltip, enabled) in lines.items()
    ]


def _rank(group: str) -> int:
    """What can be done here first, moving about and the program last."""
    return _LAST.index(group) + 1 if group in _LAST else 0


class HelpScreen(Dialog[None]):
    """Made when it is opened, for the screen below and what has the focus there."""

    CSS_PATH = "help.tcss"
    BINDINGS = bindings(actions.ACTIONS, "help")

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        self._lines = live_keys(below)
        about = [getattr(node, "HELP", None) for node in (below.focused, below) if node is not None]
        self._about = next((one for one in about if one), "")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog") as dialog:
            dialog.border_title = "Keys that work here"
            dialog.border_subtitle = "Esc closes · : finds any action by name"
            if self._about:
                yield Static(text.lines(self._about), id="about")
            yield Static(self._table(self.app.size.width), id="keys")

    def on_mount(self) -> None:
        self.query_one("#dialog").focus()

    def _table(self, columns: int) -> Content:
        """For a screen of this many columns."""
        width = min(20, max((len(line.keys) for line in self._lines), default=0))
        room = max(20, min(_WIDTH, columns * 96 // 100) - _FRAME - width - 18)
        parts: list[Content | str | tuple[str, str]] = []
        for group in sorted(dict.fromkeys(line.group for line in self._lines), key=_rank):
            parts.append((f"{group}\n", "bold $text-primary"))
            for line in self._lines:
                if line.group == group:
                    style = "$text" if line.enabled else "$text-muted"
                    parts += [
                        (f"  {line.keys:<{width}}", "bold $footer-key-foreground"),
                        (f"  {line.label:<14}", style),
                    ]
                    indent = " " * (width + 18)
                    tooltip = f"\n{indent}".join(wrap(line.tooltip, room) or [""])
                    parts.append((f"{tooltip}\n", "$text-muted"))
            parts.append("\n")
        return Content.assemble(*parts).rstrip()

    def action_scroll_down(self) -> None:
        self.query_one("#dialog").scroll_relative(y=1, animate=False)

    def action_scroll_up(self) -> None:
        self.query_one("#dialog").scroll_relative(y=-1, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
