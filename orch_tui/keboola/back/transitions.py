"""Rules of ours as transitions of a flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orch_tui.keboola.flows.conditions import CONTINUE
from orch_tui.keboola.mapping.orchestrations import MappedOrchestration
from orch_tui.keboola.mapping.transitions import says_only_continue
from orch_tui.keboola.values import Body
from orch_tui.model.orchestration.orchestration import Orchestration, Phase
from orch_tui.model.orchestration.rules import END, After, Rule
from orch_tui.model.texts.text import safe_line


class TransitionWriter:
    """Writes ``next`` of each phase of one flow; ``before`` are its phases as they were there, by Keboola's ids."""

    def __init__(
        self,
        value: Orchestration,
        base: MappedOrchestration | None,
        before: Mapping[str, Body],
        phases: Mapping[str, Any],
        tasks: Mapping[str, Any],
        notes: list[str],
    ) -> None:
        self.value = value
        self.base = base.value if base is not None else None
        self.before = before
        self.phases = phases
        self.tasks = tasks
        self.notes = notes
        self.places = {phase.id: number for number, phase in enumerate(value.phases)}

    def after(self, number: int) -> list[Body] | None:
        """``next`` of a phase; None where there is none to be written."""
        phase = self.value.phases[number]
        following = self.value.phases[number + 1] if number + 1 < len(self.value.phases) else None
        old = self.before.get(str(self.phases[phase.id]), {})
        if self._is_as_it_was(phase, following):
            found: list[Body] | None = old.get("next")
            return found
        if not phase.rules:
            return self._in_order(phase, following)
        made: list[Body] = []
        for rule in phase.rules:
            if (one := self._rule(phase, rule, number, old.get("next") or ())) is not None:
                made.append({"id": f"{self.phases[phase.id]}-{len(made) + 1}", **one})
        complete = any("condition" not in one for one in made)
        if not complete:
            goto = self.phases[following.id] if following is not None else None
            made.append({"id": f"{self.phases[phase.id]}-{len(made) + 1}", "goto": goto})
        return made

    def _is_as_it_was(self, phase: Phase, following: Phase | None) -> bool:
        if self.base is None:
            return False
        places = {one.id: number for number, one in enumerate(self.base.phases)}
        if phase.id not in places:
            return False
        number = places[phase.id]
        was = self.base.phases[number]
        followed = self.base.phases[number + 1].id if number + 1 < len(self.base.phases) else None
        same_tasks = _tolerated(was) == _tolerated(phase) and {t.id for t in was.tasks} >= _tolerated(phase)
        targets = {str(rule.goto) for rule in phase.rules} - {END}
        forward = all(self.places.get(target, -1) > self.places[phase.id] for target in targets)
        here = following.id if following is not None else None
        return was.rules == phase.rules and followed == here and same_tasks and forward

    def _in_order(self, phase: Phase, following: Phase | None) -> list[Body] | None:
        if following is None:
            return None
        name, goto = self.phases[phase.id], self.phases[following.id]
        tolerated = [self.tasks[task.id] for task in phase.tasks if task.continue_on_failure]
        if not tolerated:
            return [{"id": f"{name}-1", "goto": goto}]
        condition = {"type": "operator", "operator": CONTINUE, "phase": name, "tasks": tolerated}
        return [{"id": f"{name}-1", "goto": goto, "condition": condition}, {"id": f"{name}-2", "goto": None}]

    def _rule(self, phase: Phase, rule: Rule, number: int, old: Sequence[Body]) -> Body | None:
        target = None if rule.goto == END else self.phases.get(rule.goto)
        place = f'phase "{safe_line(phase.name, 60)}"'
        if rule.goto != END and self.places.get(rule.goto, -1) <= number:
            self.notes.append(
                f'{place}: the rule "{safe_line(rule.title, 60)}" leads nowhere in Keboola, and is left out'
            )
            return None
        if rule.when is None and rule.on is After.SUCCESS:
            return {**({"name": rule.name} if rule.name else {}), "goto": target}
        condition = self._condition_of(phase, rule, old)
        if condition is None:
            self.notes.append(
                f'{place}: the rule "{safe_line(rule.title, 60)}" has no form in Keboola, and is left out'
            )
            return None
        return {**({"name": rule.name} if rule.name else {}), "goto": target, "condition": condition}

    def _condition_of(self, phase: Phase, rule: Rule, old: Sequence[Body]) -> Any:
        """The condition that this one was made of."""
        was = next((one for one in self.base.phases if one.id == phase.id), None) if self.base is not None else None
        if was is None or not old or says_only_continue({"id": self.phases[phase.id], "next": old}):
            return None
        for one, transition in zip(was.rules, old, strict=False):
            if (one.when, one.on) == (rule.when, rule.on) and one.when is not None:
                return transition.get("condition")
        return None


def _tolerated(phase: Phase) -> set[str]:
    return {task.id for task in phase.tasks if task.continue_on_failure}


def all_reached(phases: Sequence[Body]) -> None:
    """Give each phase but the first one that leads to it: Keboola wants a single one at the beginning.

    A phase that no run comes to is named after a transition that always holds, and is never tried.
    """
    targets = {str(one["goto"]) for phase in phases for one in phase.get("next") or () if one["goto"] is not None}
    for number, phase in enumerate(phases[1:]):
        if str(phase["id"]) in targets:
            continue
        before = phases[number]
        transitions = list(before.get("next") or [{"id": f"{before['id']}-end", "goto": None}])
        if all("condition" in one for one in transitions):
            transitions.append({"id": f"{before['id']}-end", "goto": None})
        before["next"] = [*transitions, {"id": f"{before['id']}-never-{phase['id']}", "goto": phase["id"]}]
        targets.add(str(phase["id"]))
