"""The states of phases, of tasks, and of the parts of arrays within a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Self

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import STILL_HOLDS, Cause, Reason
from orch_tui.model.orchestration.approval import Question
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.rules import After, Rule, RuleDecision
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.status import Status
from orch_tui.model.variables.values import Value

if TYPE_CHECKING:
    from orch_tui.model.run.parts import Parts


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


@dataclass(slots=True)
class TaskState:
    """``planned`` is what the run was started with; the rest is what became of it. ``granted`` are attempts that people
    asked for beyond its retries; the time for all together counts from attempt ``total_from`` on, an index.

    ``parts`` are those of an array that has unfolded: its state is made of theirs, and its one attempt is all of them.
    """

    planned: PlannedTask
    status: Status = Status.CREATED
    because: Reason | None = None
    kind: str | None = None
    until: float | None = None
    cancelled_by: str | None = None
    attempts: list[AttemptState] = field(default_factory=list)
    granted: int = 0
    total_from: int = 0
    parts: Parts | None = None

    @classmethod
    def of(cls, planned: PlannedTask) -> Self:
        """Before the first event: what the plan skips or reuses is skipped already."""
        if planned.decision in (Decision.SKIPPED, Decision.REUSED):
            return cls(planned, Status.SKIPPED, planned.because)
        return cls(planned)

    @property
    def id(self) -> str:
        return self.planned.id

    @property
    def name(self) -> str:
        return self.planned.name

    @property
    def configuration(self) -> str:
        return self.planned.configuration

    @property
    def phase(self) -> str:
        return self.planned.phase

    @property
    def digest(self) -> str:
        return self.planned.digest

    @property
    def continue_on_failure(self) -> bool:
        return self.planned.continue_on_failure

    @property
    def options(self) -> TaskOptions:
        return self.planned.options

    @property
    def variables(self) -> Mapping[str, str]:
        return self.planned.variables

    @property
    def reason(self) -> str:
        """Why it waits or ended as it did, in words; empty where there is nothing to say."""
        return self.because.sentence if self.because is not None else ""

    @property
    def uncounted(self) -> int:
        """Attempts that use up no retry."""
        return sum(not attempt.counts for attempt in self.attempts)

    @property
    def max_attempts(self) -> int:
        """The number that its last attempt can have: never less than that of one that began, or is about to."""
        allowed = 1 + (self.options.retry.attempts if self.options.retry else 0) + self.granted + self.uncounted
        if self.parts is not None:
            return 1
        # A journal may have more than its task's options tell: of an older program, or edited by a person.
        begun = self.attempts[-1].number if self.attempts else 0
        # A question that waits for its answer is no try that failed.
        return max(allowed, begun + (self.status is Status.WAITING and self.question is None))

    def attempt_words(self, number: int) -> str:
        """``attempt 2 of 3``."""
        return f"attempt {number} of {max(number, self.max_attempts)}"

    @property
    def attempt(self) -> AttemptState | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def telling(self) -> TaskState:
        """Whose log says most of how it stands: its own, or that of one of its parts."""
        return (self.parts.telling() if self.parts is not None else None) or self

    @property
    def reused(self) -> bool:
        """Skipped, because what an earlier run gave still holds."""
        return self.status is Status.SKIPPED and self.because is not None and self.because.cause in STILL_HOLDS

    def ended_at(self) -> float:
        """When its last attempt ended, for the order of tasks; 0 for one without."""
        return (self.attempt.ended if self.attempt is not None else None) or 0.0

    def try_once_more(self) -> None:
        """People want it to start now: with an attempt beyond its retries if it had ended."""
        if self.status.final:
            self.granted += 1
            self.total_from = len(self.attempts)
            self.kind = self.cancelled_by = None

    @property
    def values(self) -> Mapping[str, Value]:
        """The variables that it set, in its last attempt or in the run that it is reused from."""
        return self.attempt.values if self.attempt is not None else self.planned.left

    @property
    def question(self) -> Question | None:
        """What it asks people now; None when it asks nothing, or nothing any more."""
        return None if self.status.final or self.attempt is None or self.attempt.ended else self.attempt.question

    @property
    def marked_done(self) -> bool:
        """It failed, and people said that it counts as done."""
        return self.because is not None and self.because.cause is Cause.MARKED_DONE

    @property
    def set_aside(self) -> bool:
        """People skipped it."""
        return self.because is not None and self.because.cause is Cause.SKIPPED_BY

    @property
    def succeeded(self) -> bool:
        """True when its last attempt did its work, with a warning or without, or people say that it is done."""
        if self.parts is not None:
            return self.status in (Status.SUCCESS, Status.WARNING) and self.kind is None
        last = self.attempt
        worked = last is not None and last.status in (Status.SUCCESS, Status.WARNING) and last.kind is None
        return worked or self.marked_done
