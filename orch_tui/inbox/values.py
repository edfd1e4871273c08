"""What waits for somebody: the items of the inbox."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from orch_tui.model.dataclass import dataclass

if TYPE_CHECKING:
    from orch_tui.alerts.values import Acknowledged


class ItemKind(StrEnum):
    """``FAILING``: the last run failed; ``REPAIRED``: it works again, and nobody has looked since; ``LATE``: a run
    takes longer than usual; ``APPROVAL``: it asks people; ``UNSENT``: alerts do not arrive; ``GIVEN_UP``: an
    interrupted run that the scheduler goes on with no more; ``TRIGGER``: what a trigger has found started nothing;
    ``CANDIDATE``: tables that a check refused, to be accepted or discarded.
    """

    FAILING = "failing"
    REPAIRED = "repaired"
    INTERRUPTED = "interrupted"
    LATE = "late"
    APPROVAL = "approval"
    CANDIDATE = "candidate"
    MISSED = "missed"
    UNSENT = "unsent"
    GIVEN_UP = "given-up"
    TRIGGER = "trigger"
    SCHEDULER_GONE = "scheduler-gone"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing. ``since`` is when it began (seconds since the epoch), ``count`` how often it happened since.

    ``orchestration`` is empty for what concerns the whole project; ``run`` is the last one, where there is one.
    ``seen`` says how often the same was seen before, and what cured it, in words. ``new``: it was not looked at on the
    screen yet. ``acknowledged`` is kept only as long as it holds.
    """

    kind: ItemKind
    since: float
    what: str
    orchestration: str = ""
    name: str = ""
    run: str = ""
    count: int = 1
    new: bool = False
    seen: str = ""
    acknowledged: Acknowledged | None = None
