"""Fields at their default, folded into one line: a component may have thirty, of which three are set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Click
from textual.message import Message

from orch_tui.model.texts.text import counted
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.configuration.form.fields import Field, FieldPath
from orch_tui.tui.configuration.form.inputs import Drawn, Editor
from orch_tui.tui.configuration.form.rows import Row
from orch_tui.tui.text import line

FEWEST = 4
"""Fewer fields than these are not worth a fold."""


def can_fold(field: Field, texts: Mapping[FieldPath, str]) -> bool:
    """True when the field is at its default and neither needed nor made useful by a choice that somebody took."""
    if field.required or field.hidden or texts.get(field.path):
        return False
    return not any(texts.get((*field.path[:-1], one.name)) for one in field.depends)


class Fold(Drawn):
    """One line for all folded fields of a section."""

    CONTEXT = "fold"
    BINDINGS = bindings(ACTIONS, CONTEXT)

    class Opened(Message):
        """The fields are to be shown."""

        def __init__(self, section: int) -> None:
            super().__init__()
            self.section = section

    def __init__(self, section: int) -> None:
        super().__init__((), "")
        self._section = section
        self._titles: tuple[str, ...] = ()

    def show(self, titles: Sequence[str]) -> None:
        """The fields that are folded."""
        if tuple(titles) != self._titles:
            self._titles = tuple(titles)
            self.refresh()

    def render(self) -> Content:
        more = line(f"▸ {counted(len(self._titles), 'field')} more, at their defaults: ", "$text-primary")
        names = line(", ".join(self._titles), "$text-muted")
        return Content.assemble(more, names).truncate(max(1, self.size.width), ellipsis=True)

    def action_unfold(self) -> None:
        self.post_message(self.Opened(self._section))

    def on_click(self, event: Click) -> None:
        event.stop()
        self.action_unfold()


class FoldRow(Row):
    """The row of a fold; it holds no place of the form."""

    def __init__(self, section: int) -> None:
        super().__init__(line("These fields are at their defaults; Enter shows them."), "fold")
        self.fold = Fold(section)

    def compose(self) -> ComposeResult:
        yield self.fold

    def editors(self) -> Sequence[Editor]:
        return []

    def enter(self) -> None:
        self.fold.focus()
