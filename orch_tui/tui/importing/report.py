"""The report of an import, before anything is written: Enter writes it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from orch_tui.keboola.report import Mark, ReportLine
from orch_tui.tui.actions import app, bindings, home
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line

_COLORS = {
    Mark.EXACT: "$text-success",
    Mark.DIFFERS: "$text-warning",
    Mark.CANNOT_RUN: "$text-error",
    Mark.REFUSED: "$text-error",
}


class ImportReport(Dialog[bool | None]):
    """Dismissed with True to write what it says, with None on Escape. Without ``writes`` there is nothing to write."""

    CSS_PATH = "report.tcss"
    BINDINGS = bindings((*app.ACTIONS, *home.IMPORT_REPORT), "dialog", "import-report")

    def __init__(self, title: str, lines: Sequence[ReportLine], *, writes: bool) -> None:
        super().__init__()
        self._title, self._lines, self._writes = title, lines, writes

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="wide") as dialog:
            dialog.border_title = line(self._title)
            with VerticalScroll(id="report"):
                yield Static(Content("\n").join(map(_shown, self._lines)))
            keys = "Enter writes it, Esc leaves everything as it is" if self._writes else "Nothing is new; Esc closes"
            yield Static(line(keys), id="hint")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_take(self) -> None:
        """Write it."""
        self.dismiss(True if self._writes else None)

    def action_down(self) -> None:
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_up(self) -> None:
        self.query_one(VerticalScroll).scroll_up(animate=False)

    def action_page_down(self) -> None:
        self.query_one(VerticalScroll).scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        self.query_one(VerticalScroll).scroll_page_up(animate=False)


def _shown(one: ReportLine) -> Content:
    word = (one.mark.value, _COLORS[one.mark]) if one.mark is not None else ("", "")
    return Content.assemble("    " * one.depth, line(one.before), word, line(one.after))
