"""After a shadow run: the tables that it would have published, compared with those that are."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.model.texts.text import safe_line
from orch_tui.runs.planning.repeating import shadow_words
from orch_tui.runs.planning.shadow import ShadowTable
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.layout import look


class ShadowTables(Dialog[str | None]):
    """Dismissed with a table to show, or None."""

    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.SHADOW)

    def __init__(self, run: str, tables: Sequence[ShadowTable]) -> None:
        super().__init__()
        self._run = run
        self._tables = tables

    def compose(self) -> ComposeResult:
        same = sum(one.difference is not None and one.difference.same for one in self._tables)
        said = f"{same} of {len(self._tables)} the same as published" if self._tables else "it wrote no table"
        with Vertical(id="dialog", classes="wide") as dialog:
            dialog.border_title = line("Shadow run: nothing was published")
            yield Static(line(f"{said}.", "bold"), id="counts")
            yield RowList([self._row(one) for one in self._tables], id="tables")
            hint = f"Rows and values: orch-tui diff TABLE --shadow {self._run}"
            yield Static(line(hint if self._tables else "", "$text-muted", limit=200))
        yield KeyBar()

    @staticmethod
    def _row(one: ShadowTable) -> Row:
        differs = one.difference is None or not one.difference.same
        words = Part(safe_line(shadow_words(one), 200), "warning" if differs else "dim")
        return Row((Part(f" {safe_line(one.table, 40)}  ", "strong"), words))

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "open" and not self._tables)

    def on_line_list_chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if self._tables:
            self.dismiss(self._tables[self.query_one(RowList).cursor].table)

    def action_close(self) -> None:
        self.dismiss(None)
