"""What is wrong or suspicious in the orchestration as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from textual import events, on
from textual.message import Message

from orch_tui.model.problem import Problem, Severity
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.find_row import find_row
from orch_tui.tui.dialogs.pick import Choice
from orch_tui.tui.widgets.line_tree import LineList, Part, Row

_SHOWN = 500


class ProblemList(LineList):
    """Problems over several lines, since they are sentences; the cursor goes from problem to problem."""

    BINDINGS = bindings(actions.BELOW, "problems")
    shows_place = False

    @dataclass
    class Wrapped(Message):
        """It has other lines, perhaps more or fewer."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.problems: Sequence[Problem] = ()
        self._lines: list[tuple[int, int, str, str]] = []
        self._wrapped_at = 0
        self.empty_text = f" {Status.SUCCESS.style.glyph} No problems"

    def show(self, problems: Sequence[Problem]) -> None:
        """Show these, at most the first 500."""
        self.problems = problems
        self._wrap()

    def _wrap(self) -> None:
        self._wrapped_at = width = self.size.width
        if not width:
            return
        lines: list[tuple[int, int, str, str]] = []
        for number, problem in enumerate(self.problems[:_SHOWN]):
            text = safe_line(problem.message, 400)
            pieces = [(piece, "text") for piece in wrap(text[:1].upper() + text[1:], max(10, width - 4))]
            if problem.remedy:
                pieces += [(piece, "dim") for piece in wrap(safe_line(f"→ {problem.remedy}", 300), max(10, width - 4))]
            lines += [(number, line, piece, style) for line, (piece, style) in enumerate(pieces)]
        self._lines = lines
        self.reload()
        self.post_message(self.Wrapped())

    @property
    def lines_wanted(self) -> int:
        """Lines of the screen in which none of it would be hidden, with its frame."""
        return max(1, len(self._lines)) + self.gutter.height

    @on(events.Resize)
    def _fit_width(self) -> None:
        # Beside the list's own handler of it, which puts the cursor into view after this.
        if self.size.width != self._wrapped_at:
            self._wrap()

    def problem_at(self, index: int) -> Problem | None:
        """The problem that the line belongs to."""
        return self.problems[self._lines[index][0]] if index < len(self._lines) else None

    def action_find(self) -> None:
        """By a dialog."""
        first = (index for index in range(self.count()) if self.selectable(index))
        found = [
            Choice(str(index), str(one.severity), one.message)
            for index, one in zip(first, self.problems[:_SHOWN], strict=True)
        ]
        find_row(self, "Problems", found)

    def count(self) -> int:
        return len(self._lines)

    def selectable(self, index: int) -> bool:
        return self._lines[index][1] == 0

    def clicked(self, index: int, x: int) -> bool:
        first = next(at for at in range(index, -1, -1) if self.selectable(at))
        self.go(first)
        return True

    def row(self, index: int) -> Row:
        number, line, text, style = self._lines[index]
        severity = self.problems[number].severity
        status = Status.ERROR if severity is Severity.ERROR else Status.WARNING
        glyph = Part(f" {status.style.glyph} " if line == 0 else "   ", str(status.value))
        return Row((glyph, Part(text, style)))
