"""The form of a rule after a phase: after which outcome and under which condition it goes where."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static, TextArea

from orch_tui.conditions.completion import Completion, Vocabulary, completions
from orch_tui.model.orchestration.orchestration import Phase
from orch_tui.model.orchestration.rules import After, Rule
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.configuration.form.inputs import Choice, Edited
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.dialogs.fields import Field
from orch_tui.tui.dialogs.option_rows import text_row
from orch_tui.tui.status_look import status_color
from orch_tui.tui.text import line
from orch_tui.tui.workbench.dialogs.rule_form import (
    OUTCOMES,
    Goal,
    label_among,
    outcome_label,
    read_rule,
)
from orch_tui.tui.workbench.layout import look

if TYPE_CHECKING:
    from orch_tui.conditions.condition import ConditionError

NAME, WHEN, ERROR, NEXT = "rule-name", "rule-when", "rule-error", "rule-next"
OUTCOME, GOAL = "rule-outcome", "rule-goal"
_SHOWN = 6
_ALWAYS = "Without a condition it always holds."


class ConditionText(TextArea):
    """A condition, with what may come next behind the cursor."""

    def __init__(self, text: str, words: Vocabulary) -> None:
        super().__init__(text, id=WHEN, compact=True, soft_wrap=True, tab_behavior="focus", highlight_cursor_line=False)
        self.cursor_blink = False
        self._words = words
        self._turn = 0
        self._seen = ""

    @property
    def offered(self) -> list[Completion]:
        """What may come next, the one first that the key → takes."""
        row, column = self.cursor_location
        behind = self.document.get_line(row)[column:]
        if behind[:1].isalnum() or behind[:1] == "_":
            return []
        before = self.document.get_text_range((0, 0), self.cursor_location)
        if before != self._seen:
            self._seen, self._turn = before, 0
        found = completions(before, self._words)
        at = self._turn % len(found) if found else 0
        return [*found[at:], *found[:at]]

    def update_suggestion(self) -> None:
        """Nothing is offered before anything is typed: it would read as if it stood there."""
        found = self.offered
        self.suggestion = found[0].rest if found and (found[0].typed or self._seen.strip()) else ""

    def turn(self) -> None:
        """Offer the next one."""
        self._turn += 1
        self.update_suggestion()


class RuleDialog(Dialog[Rule | None]):
    """Dismissed with the rule. What is wrong with its condition stands below it while it is typed."""

    CSS_PATH = look.DIALOG
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    BINDINGS = [*bindings(actions.DIALOGS, "options"), *bindings(actions.DIALOGS, "rule")]  # noqa: RUF012

    def __init__(self, phase: Phase, rule: Rule | None, goals: Mapping[str, Goal], words: Vocabulary) -> None:
        """``rule`` is None for a new one; ``goals`` are what it may lead to, by what that is called."""
        super().__init__()
        self._phase, self._rule, self._goals, self._words = phase, rule, goals, words
        self.condition = ConditionText((rule.when if rule is not None else None) or "", words)
        self.outcome = Choice((OUTCOME,), outcome_label(rule), [*OUTCOMES], "", blank=False)
        self.goal = Choice((GOAL,), label_among(goals, rule), [*goals], "", blank=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="medium") as dialog:
            what = "Rule after" if self._rule is not None else "New rule after"
            dialog.border_title = line(f"{what} {safe_line(self._phase.name, 50)}")
            dialog.border_subtitle = line("Ctrl-O takes it, Tab goes on, Esc cancels")
            with VerticalScroll(id="fields", can_focus=False):
                name = self._rule.name if self._rule is not None else ""
                yield from text_row(Field(NAME, "Name", "in logs, on the screen"), name, "the condition")
                yield self._choice("After", self.outcome, "what it has ended in")
                yield Static(line("When, a condition"), classes="area-label")
                yield self.condition
                yield Static(id=ERROR)
                yield Static(id=NEXT)
                yield self._choice("Goes to", self.goal, "past what is between")
            with Horizontal(id="buttons"):
                yield Button(line("Accept"), id="accept", compact=True, variant="primary")
                yield Button(line("Cancel"), id="cancel", compact=True)

    @staticmethod
    def _choice(label: str, choice: Choice, hint: str) -> Horizontal:
        return Horizontal(
            Static(line(label), classes="label"), choice, Static(line(hint), classes="beside"), classes="field"
        )

    def on_mount(self) -> None:
        self.condition.move_cursor(self.condition.document.end)
        self.set_focus(self.condition)
        self._look()

    # While it is typed

    def on_edited(self, event: Edited) -> None:
        """After another outcome a condition may never hold."""
        event.stop()
        self._look()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._look()

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        self._offer()

    def _offer(self) -> None:
        found = self.condition.offered
        shown = [one.text for one in found[:_SHOWN]]
        more = f"  and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        said = Content("")
        if shown:
            rest = line(f"  {'  '.join(shown[1:])}{more}")
            said = Content.assemble(("→ ", "$text-accent"), line(shown[0], "bold"), rest)
        self.query_one(f"#{NEXT}", Static).update(said)

    @work(group="condition", exclusive=True, description="check the condition")
    async def _look(self) -> None:
        """In a thread, as its library has to be loaded first; of what is typed fast only the last is checked."""
        self._offer()
        text, outcome = self.condition.text.strip(), OUTCOMES[self.outcome.text]
        said = line(_ALWAYS, "$text-muted")
        if text:
            status, words = await asyncio.to_thread(judged, text, self._words, self._phase.id, outcome)
            said = line(f"{status.style.glyph} {words}", status_color(status))
        if self.is_attached:
            self.query_one(f"#{ERROR}", Static).update(said)

    # Its end

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_accept()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "accept":
            self.action_accept()
        else:
            self.dismiss(None)

    def action_accept(self) -> None:
        """A name that there is not yet is taken, and a problem of the plan; what is no condition is not."""
        from orch_tui.conditions.condition import Condition, ConditionError

        text = self.condition.text.strip()
        if text:
            try:
                Condition(text)
            except ConditionError:
                self.set_focus(self.condition)
                self.notify("This is no condition; what is wrong stands below it.", severity="warning", markup=False)
                return
        name = self.query_one(f"#{NAME}", Input).value
        self.dismiss(read_rule(name, self.outcome.text, text, self._goals[self.goal.text]))

    def action_next(self) -> None:
        """Offer what else may come next."""
        self.condition.turn()
        self._offer()


def judged(text: str, words: Vocabulary, phase: str, outcome: After) -> tuple[Status, str]:
    """What is said of a condition below it: what is wrong, or that it says the same whatever a run does."""
    from orch_tui.conditions.condition import Condition
    from orch_tui.conditions.constant import Always, always

    fault = _fault_of(text, words)
    if fault is not None:
        return Status.ERROR, fault_words(fault, text)
    match always(Condition(text), phase, outcome):
        case Always.NEVER:
            return Status.WARNING, "it never holds, whatever a run does"
        case Always.HOLDS:
            return Status.WARNING, "it always holds, whatever a run does"
        case _:
            return Status.SUCCESS, "it can be asked"


def _fault_of(text: str, words: Vocabulary) -> ConditionError | None:
    """The first thing that is wrong with a condition: of its text, or of the names in it."""
    from orch_tui.conditions.condition import Condition, ConditionError
    from orch_tui.conditions.names import Names, condition_faults

    try:
        return next(condition_faults(Condition(text), Names(words.tasks, words.phases, words.variables)), None)
    except ConditionError as error:
        return error


def fault_words(fault: ConditionError, text: str) -> str:
    """What is wrong, and where."""
    where = f"line {fault.line}, character {fault.column}" if "\n" in text else f"character {fault.column}"
    return f"{safe_line(fault.sentence, 300)} ({where})"
