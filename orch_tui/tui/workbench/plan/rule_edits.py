"""Editing rules in the workbench: from a key to the form of a rule, and from there to an edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from orch_tui.model.edits import edits
from orch_tui.model.orchestration.orchestration import Phase
from orch_tui.model.orchestration.rules import Rule, rule_id
from orch_tui.project.lint.check import declared_variables
from orch_tui.project.setters import sets_of
from orch_tui.tui.workbench.dialogs.rule import RuleDialog
from orch_tui.tui.workbench.dialogs.rule_form import goals_after, vocabulary
from orch_tui.tui.workbench.host import Asks, Rows
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.tree.rule_row import RuleRow, title_of_rule


class Attempt(Protocol):
    """Carries an edit out and shows it; False when it was refused."""

    def __call__(self, edit: Callable[[], object], focus: str | None = None) -> bool: ...


class RuleEdits:
    """``attempt`` carries out an edit."""

    def __init__(
        self,
        bench: Workbench,
        rows: Rows,
        host: Asks,
        attempt: Attempt,
    ) -> None:
        self._bench = bench
        self._rows = rows
        self._host = host
        self._attempt = attempt

    async def add(self) -> None:
        """A new rule after the phase of the cursor."""
        phase = self._bench.phase_of(self._rows.item)
        if phase is None:
            self._host.say("Put the cursor on a phase to add a rule after it.", "warning")
            return

        def take(rule: Rule | None) -> None:
            if rule is not None:
                new: list[str] = []
                if self._attempt(lambda: new.append(self._add(phase.id, rule))):
                    self._rows.go_to(new[0])

        await self._ask(phase, None, take)

    async def change(self, row: RuleRow) -> None:
        """The form of the rule under the cursor."""
        phase = self._bench.phase_of(row)
        if phase is None:
            return

        def take(rule: Rule | None) -> None:
            if rule is not None:
                self._attempt(lambda: self._change(row, rule), row.id)

        await self._ask(phase, row.rule, take)

    def _add(self, phase_id: str, rule: Rule) -> str:
        """The id of the row of the new rule."""
        bench = self._bench
        before, new = bench.value.phase(phase_id).rules, edits.add_rule(bench.value, phase_id, rule)
        bench.push(new, f"new {title_of_rule(rule)}")
        rules = new.phase(phase_id).rules
        at = next((at for at, (old, now) in enumerate(zip(before, rules, strict=False)) if old != now), len(before))
        return rule_id(phase_id, at)

    def _change(self, row: RuleRow, rule: Rule) -> None:
        new = edits.change_rule(self._bench.value, row.phase, row.index, rule)
        self._bench.push(new, f"editing of {title_of_rule(rule)}")

    async def _ask(self, phase: Phase, rule: Rule | None, take: Callable[[Rule | None], None]) -> None:
        value = self._bench.value
        project = self._bench.project
        words = vocabulary(value, declared_variables(project, value), sets_of(project))
        await self._host.push(RuleDialog(phase, rule, goals_after(value, phase.id, rule), words), take)
