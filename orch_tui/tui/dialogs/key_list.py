"""Actions with their keys, below the headings of their groups: what help and menus show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from orch_tui.model.texts.text import safe_line
from orch_tui.tui.filtering import matches
from orch_tui.tui.widgets.line_tree import LineList, Part, Row

_LAST = ("Marking", "View", "Moving about", "Program")
_KEYS, _LABEL = 20, 16


class Line(NamedTuple):
    """One action with the keys that reach it now."""

    id: str
    group: str
    keys: str
    label: str
    tooltip: str
    enabled: bool

    def fits(self, words: Sequence[str]) -> bool:
        """Whether all words are in what is shown of it."""
        return matches(f"{self.group} {self.keys} {self.label} {self.tooltip}", words)


def group_rank(group: str) -> int:
    """Where a group stands: what changes and starts things comes first, then marks, looking, going about and the
    program."""
    return _LAST.index(group) + 1 if group in _LAST else 0


class KeyList(LineList):
    """Actions below the headings of their groups; a heading cannot have the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.empty_text = " No key here has these words; : finds any action of the program by its name"
        self._rows: list[Line | str] = []
        self._width = 0

    def show(self, lines: Sequence[Line]) -> None:
        """Show these, the cursor on the first."""
        self._rows = []
        for group in sorted(dict.fromkeys(line.group for line in lines), key=group_rank):
            self._rows += [group, *(line for line in lines if line.group == group)]
        self._width = min(_KEYS, max((len(line.keys) for line in lines), default=0))
        self.cursor = 0
        self.reload()

    @property
    def chosen(self) -> Line | None:
        row = self._rows[self.cursor] if self.cursor < len(self._rows) else None
        return row if isinstance(row, Line) else None

    @property
    def lines(self) -> list[Line]:
        """The actions that are shown, in their order."""
        return [row for row in self._rows if isinstance(row, Line)]

    def count(self) -> int:
        return len(self._rows)

    def selectable(self, index: int) -> bool:
        return isinstance(self._rows[index], Line)

    def row(self, index: int) -> Row:
        row = self._rows[index]
        if isinstance(row, str):
            return Row((Part(f" {row}", "heading"),))
        label = Part(f"  {safe_line(row.label, _LABEL):<{_LABEL}}", "text" if row.enabled else "dim")
        keys = Part(f"   {safe_line(row.keys, self._width):<{self._width}}", "accent" if row.enabled else "dim")
        return Row((keys, label, Part(row.tooltip, "dim")))
