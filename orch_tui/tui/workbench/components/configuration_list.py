"""The configurations of one component, each of which can be added as a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from orch_tui.model.status import Status
from orch_tui.tui.actions import bindings, handed_on
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.workbench.catalog import ConfigurationEntry

_PLUS_CELLS = range(0, 3)


class ConfigurationList(LineList, inherit_bindings=False):
    """``+ Campaigns   used by 2``; a click on the plus adds at once."""

    shows_place = False

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings((*actions.LIST, *actions.LIST_TOP)),
        *handed_on((action for action in actions.LISTS if action.context == "configurations"), "screen"),
    ]

    @dataclass
    class PlusClicked(Message):
        """A click on the plus of a row."""

        view: ConfigurationList
        index: int

    def __init__(self, uses: Callable[[str], int], *, id: str | None = None) -> None:
        """``uses`` tells how many tasks run a configuration, by its reference."""
        super().__init__(id=id)
        self._uses = uses
        self._entries: Sequence[ConfigurationEntry] = ()
        self._drawn_uses: dict[int, int] = {}

    def show(self, entries: Sequence[ConfigurationEntry], empty_text: str) -> None:
        """Show these; the cursor stays on its configuration while it is there, else it goes to the first."""
        here = self.chosen
        self._entries, self.empty_text = entries, empty_text
        refs = [entry.ref for entry in entries]
        self.cursor = refs.index(here.ref) if here is not None and here.ref in refs else 0
        self.reload()

    def show_uses(self) -> None:
        """Draw the rows again whose number of uses is different now."""
        top = round(self.scroll_y)
        for index in range(top, min(len(self._entries), top + self.size.height)):
            uses = self._uses(self._entries[index].ref)
            if self._drawn_uses.get(index) != uses:
                self.refresh_rows(index)

    @property
    def chosen(self) -> ConfigurationEntry | None:
        """The configuration under the cursor."""
        return self._entries[self.cursor] if self.cursor < len(self._entries) else None

    def count(self) -> int:
        return len(self._entries)

    def clicked(self, index: int, x: int) -> bool:
        if x not in _PLUS_CELLS:
            return False
        self.go(index)
        self.post_message(self.PlusClicked(self, index))
        return True

    def row(self, index: int) -> Row:
        entry = self._entries[index]
        left = [Part(" + ", "accent"), Part(entry.name)]
        if entry.problem:
            left.append(Part(f"  {Status.ERROR.style.glyph} {entry.problem}", "error"))
        uses = self._drawn_uses[index] = self._uses(entry.ref)
        return Row(tuple(left), (Part(f"used by {uses} " if uses else "unused ", "dim"),))
