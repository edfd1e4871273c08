"""The state of a phase within a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import Reason
from orch_tui.model.orchestration.rules import After, Rule, RuleDecision
from orch_tui.model.status import Status


@dataclass(slots=True)
class PhaseState:
    """``known`` is what conditions may ask of a phase that is reused, as it was in the run that it is reused from."""

    id: str
    name: str
    tasks: list[str]
    max_parallel: int
    status: Status = Status.CREATED
    because: Reason | None = None
    started: float | None = None
    ended: float | None = None
    active: int = 0
    rules: tuple[Rule, ...] = ()
    decision: RuleDecision | None = None
    own_limit: bool = False
    known: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why it was passed over, in words; empty where there is nothing to say."""
        return self.because.sentence if self.because is not None else ""

    @property
    def taken(self) -> Rule | None:
        """The rule that was taken when it had ended."""
        if self.decision is None or self.decision.taken is None or self.decision.taken >= len(self.rules):
            return None
        return self.rules[self.decision.taken]

    @property
    def outcome(self) -> After | None:
        """After what its rules are tried; None before it has ended. What is decided after a phase that did not run is
        decided about one that is reused, which has succeeded."""
        if not self.status.final:
            return None
        return After.SUCCESS if self.started is None and self.decision is not None else After.of(self.status)

    @property
    def handled(self) -> bool:
        """A rule took care of its failure: for the run it is a warning."""
        return self.taken is not None and self.outcome is After.FAILURE
