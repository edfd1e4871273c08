"""The line below the tree in which words are typed to find a task, a rule or a phase by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.message import Message
from textual.widgets import Input

from orch_tui.model.orchestration.orchestration import Phase
from orch_tui.model.orchestration.rules import rule_id
from orch_tui.runs.words.rule_words import label_of
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.filtering import filter_words, matches
from orch_tui.tui.workbench.catalog import Label
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree


def findable(phases: Sequence[Phase], label: Callable[[str], Label]) -> Iterator[tuple[str, str]]:
    """All rows that there are in their order, folded ones too: the id of each, and what it can be found by."""
    for phase in phases:
        yield phase.id, phase.name
        for task in phase.tasks:
            names = label(task.configuration)
            yield task.id, f"{names.configuration} {names.component} {task.id}"
        for number, rule in enumerate(phase.rules):
            yield rule_id(phase.id, number), label_of(rule)


class FindField(Input):
    """Not there until it is opened. The cursor of the tree is on what is found; Enter stays there, Escape goes back."""

    BINDINGS = bindings(actions.FIND)
    DEFAULT_CSS = "FindField.-textual-compact { height: 1; padding: 0 1; background: $panel; }"

    @dataclass
    class Told(Message):
        """How many rows have the words, and which of them has the cursor; nothing once it is closed."""

        text: str

    def __init__(self, tree: PhaseTree, *, id: str | None = None) -> None:
        super().__init__(placeholder="words of a task, a rule or a phase", id=id, compact=True)
        self.cursor_blink = self.display = False
        self._tree = tree
        self._began: str | None = None
        self._rows: Sequence[tuple[str, str]] = ()

    def open(self) -> None:
        """Show it, and let it have what is typed."""
        item = self._tree.item
        self._began = item.id if item is not None else None
        self._rows = [*findable(self._tree.outline.phases, self._tree.label)]
        # Neither by a class nor later: what is typed after the key must find the focus where it will be.
        self.display = True
        self.screen.set_focus(self)

    def _close(self) -> None:
        self.display = False
        self.value = ""
        self.post_message(self.Told(""))

    def _go(self, step: int = 0) -> None:
        """To what has the words: the first from where it began, or ``step`` further on."""
        words = filter_words(self.value)
        found = [one for one, text in self._rows if matches(text, words)] if words else []
        if not found:
            self.post_message(self.Told("nothing has these words" if words else ""))
            return
        order = {one: at for at, (one, _) in enumerate(self._rows)}
        here = self._began if step == 0 or self._tree.item is None else self._tree.item.id
        at = order.get(here or "", 0)
        if step < 0:
            behind = [one for one in found if order[one] < at]
            goal = behind[-1] if behind else found[-1]
        else:
            ahead = [one for one in found if order[one] >= at + (step > 0)]
            goal = ahead[0] if ahead else found[0]
        self._tree.go_to(goal)
        self.post_message(self.Told(f"{found.index(goal) + 1} of {len(found)} found"))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self._go()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.set_focus(self._tree)

    @on(events.Blur)
    def _left(self) -> None:
        self._close()

    def action_next(self) -> None:
        self._go(1)

    def action_previous(self) -> None:
        self._go(-1)

    def action_back(self) -> None:
        if self._began is not None:
            self._tree.go_to(self._began)
        self.screen.set_focus(self._tree)
