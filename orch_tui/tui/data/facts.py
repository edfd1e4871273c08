"""A dialog with facts: of a column, or the whole value of a cell."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from orch_tui.storage.browse import ColumnFacts
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import data as actions
from orch_tui.tui.data.cells import GridColumn, grouped
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line


class Facts(Dialog[None]):
    """``lines`` are shown as they are; a long one is wrapped."""

    BINDINGS = bindings(actions.DIALOGS, "facts")
    DEFAULT_CSS = """
    Facts {
        & #dialog { width: 72; max-width: 94%; max-height: 80%; }
        & VerticalScroll { height: auto; max-height: 100%; }
    }
    """

    def __init__(self, title: str, subtitle: str, lines: Sequence[Content]) -> None:
        super().__init__()
        self._title, self._subtitle, self._lines = title, subtitle, lines

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(self._title, limit=60)
            dialog.border_subtitle = line(self._subtitle, limit=60)
            with VerticalScroll():
                yield Static(Content("\n").join(self._lines), markup=False)

    def action_close(self) -> None:
        self.dismiss(None)


def column_facts(found: ColumnFacts, column: GridColumn) -> Facts:
    """Rows, nulls, distinct values, least and greatest."""

    def value(text: str | None) -> str:
        return "none" if text is None else grouped(text) if column.number else text

    share = f"{found.nulls / found.rows:.1%}" if found.rows else "0 %"
    facts = [
        ("type", found.kind),
        ("rows", grouped(str(found.rows))),
        ("nulls", f"{grouped(str(found.nulls))}, {share}"),
        ("distinct", "not counted here" if found.distinct is None else grouped(str(found.distinct))),
        ("least", value(found.least)),
        ("greatest", value(found.greatest)),
    ]
    lines = [Content.assemble((f"{name:<10}", "$text-muted"), line(text)) for name, text in facts]
    return Facts(found.name, "of the rows that are shown", lines)
