"""The checks of an orchestration, each with what it found in the last runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.model.checks.values import CheckResult, Verdict
from orch_tui.model.checks.words import expected_words, found_words
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.past.check_history import CheckPast
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList

_STYLES = {Verdict.FAILED: "error", Verdict.WARNED: "warning", Verdict.PASSED: "success"}


def _style(result: CheckResult | None) -> str:
    return "dim" if result is None else _STYLES.get(result.verdict, "dim")


class CheckHistory(Dialog[None]):
    """Dismissed with nothing."""

    CSS_PATH = "runs.tcss"
    BINDINGS = bindings(actions.CHECKS)

    def __init__(self, checks: Sequence[CheckPast]) -> None:
        super().__init__()
        self._checks = checks

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="wide") as dialog:
            dialog.border_title = line("Checks in the last runs, the oldest first")
            yield RowList([self._row(one) for one in self._checks], id="checks")
            yield Static(id="about")
        yield KeyBar()

    def _row(self, one: CheckPast) -> Row:
        widest = max(len(other.spark) for other in self._checks)
        pairs = zip(one.spark.rjust(widest), [None] * (widest - len(one.results)) + list(one.results), strict=True)
        spark = [
            Part("".join(cell for cell, _ in group), style)
            for style, group in groupby(pairs, key=lambda pair: _style(pair[1]))
        ]
        table, label = one.key
        return Row((Part(" "), *spark, Part(f"  {safe_line(table, 40)}: {safe_line(label, 60)}")))

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))
        self._tell(0)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._tell(self.query_one(RowList).cursor)

    def _tell(self, index: int) -> None:
        last = self._checks[index].last
        found = found_words(last)
        words = f"{last.verdict.value}: expected {expected_words(last.check)}{f', found {found}' if found else ''}"
        self.query_one("#about", Static).update(line(words, "$text-muted", limit=300))

    def action_close(self) -> None:
        self.dismiss(None)
