"""Two runs of an orchestration, task by task. Pure."""

from __future__ import annotations

from orch_tui.model.dataclass import dataclass
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status

SLOWER = 1.2


@dataclass(frozen=True, slots=True)
class Difference:
    """A task in both runs; None where a run does not have it. Seconds are of its last attempt.

    ``edited``: its configuration was another text. ``reused_before`` and ``reused_after``: it did not run there, since
    what it gave in an earlier run still held. ``verdict`` is in words, empty when nothing is worth one.
    """

    task: str
    name: str
    before: Status | None
    after: Status | None
    seconds_before: float | None
    seconds_after: float | None
    edited: bool
    verdict: str
    reused_before: bool = False
    reused_after: bool = False

    @property
    def change(self) -> float | None:
        """Seconds that it took longer."""
        if self.seconds_before is None or self.seconds_after is None:
            return None
        return self.seconds_after - self.seconds_before


def compare(older: RunState, newer: RunState) -> list[Difference]:
    """In the order of the newer run; tasks that it has no more come last."""
    ids = [*newer.tasks, *(task for task in older.tasks if task not in newer.tasks)]
    return [_difference(older.tasks.get(task), newer.tasks.get(task)) for task in ids]


def _difference(before: TaskState | None, after: TaskState | None) -> Difference:
    known = after or before
    if known is None:
        raise ValueError("a task of neither run")
    edited = before is not None and after is not None and bool(before.digest) and before.digest != after.digest
    return Difference(
        known.id,
        known.name,
        before.status if before else None,
        after.status if after else None,
        _seconds(before),
        _seconds(after),
        edited,
        _verdict(before, after),
        before is not None and before.reused,
        after is not None and after.reused,
    )


def _seconds(task: TaskState | None) -> float | None:
    return task.attempts[-1].seconds if task is not None and task.attempts else None


def _outcome(task: TaskState) -> Status:
    """What is reused is as good as done."""
    return Status.SUCCESS if task.reused else task.status


def _verdict(before: TaskState | None, after: TaskState | None) -> str:
    if before is None:
        return "new"
    if after is None:
        return "gone"
    was, now = _outcome(before), _outcome(after)
    if was is not now:
        if now is Status.SUCCESS:
            return "repaired" if was is Status.ERROR else "succeeded now"
        return "fails now" if now is Status.ERROR else f"{now.value} now"
    old, new = _seconds(before), _seconds(after)
    if old is None or new is None or abs(new - old) < 0.5:
        return ""
    return "slower" if new > old * SLOWER else "faster" if old > new * SLOWER else ""
