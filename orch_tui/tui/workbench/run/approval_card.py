"""What the run that is shown asks people: the question, its fields, who may answer, how long it waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events.interventions import InterventionKind
from orch_tui.model.orchestration.approval import OnTimeout
from orch_tui.model.texts.durations import show_duration
from orch_tui.runs.people.approvals import OpenApproval, field_words
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.task_names import name_first
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.widgets.row_list import GivenRows
from orch_tui.tui.widgets.sentence_rows import wrapped

_TEXT_ROWS = 12


class ApprovalCard(GivenRows):
    """Shows one question; its keys answer it."""

    shows_place = False

    BINDINGS: ClassVar[list[BindingType]] = bindings(actions.APPROVAL)
    HELP = "A task waits for a person. a approves, x rejects; what is filled in becomes variables of the run."

    @dataclass
    class Answered(Message):
        """A key of the card: to be approved or rejected."""

        kind: InterventionKind
        task: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.asking: str | None = None

    def ask(self, approval: OpenApproval | None, number: int, now: RunTime) -> None:
        """Show one of ``number`` questions, or none."""
        self.asking = None if approval is None else approval.task.id
        width = max(20, self.size.width)
        self.show([] if approval is None else approval_rows(approval, number, now, width))

    def _answer(self, kind: InterventionKind) -> None:
        if self.asking is not None:
            self.post_message(self.Answered(kind, self.asking))

    def action_approve(self) -> None:
        self._answer(InterventionKind.APPROVE)

    def action_choose(self) -> None:
        self._answer(InterventionKind.APPROVE)

    def action_reject(self) -> None:
        self._answer(InterventionKind.REJECT)


def approval_rows(one: OpenApproval, number: int, now: RunTime, width: int) -> list[Row]:
    """The rows of a card of that width."""
    question = one.question
    rows = wrapped(name_first(one.task.name), width, "warning", limit=2)
    for line in question.text.splitlines():
        rows += wrapped(line, width, limit=_TEXT_ROWS)
    for field in question.fields:
        rows += wrapped(f"· {field_words(field)}", width, "dim", limit=2)
    if question.approvers:
        rows += wrapped(f"to be answered by {', '.join(question.approvers)}", width, "dim", limit=2)
    if one.until is not None:
        becomes = "approved" if question.on_timeout is OnTimeout.APPROVE else "rejected"
        rows.append(Row((Part(f" {becomes} in {show_duration(max(0.0, one.until - now))}", "dim"),)))
    if number > 1:
        rows.append(Row((Part(f" {number - 1} more: put the cursor on its task", "dim"),)))
    return rows
