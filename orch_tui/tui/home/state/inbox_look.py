"""What the home screen knows of the inbox: what fails, what is not sent, and who takes care of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.sending import outbox_changed
from orch_tui.inbox.reading import (
    candidate_items,
    failing_item,
    is_news,
    repaired,
    trigger_item,
    unsent_items,
    until_well,
    with_acknowledgement,
    with_given_up,
)
from orch_tui.inbox.values import Item
from orch_tui.model.orchestration.triggers import Trigger
from orch_tui.model.status import Status
from orch_tui.project.files.atomic import modified_ns
from orch_tui.project.history import RunSummary, runs
from orch_tui.project.paths import ProjectPaths
from orch_tui.scheduling.store import FileLedger
from orch_tui.storage.publishing.candidates import QUARANTINE
from orch_tui.triggers.turns import Pulled

_NEWS = 14 * 86400.0
_RUNS = 20
"""So many runs are looked at for how long it has been failing."""


class InboxBoard:
    """Looks again and again; its method is for one thread at a time. ``now`` is seconds since the epoch."""

    def __init__(self, paths: ProjectPaths, now: Callable[[], float] = time.time) -> None:
        self._paths = paths
        self._now = now
        self._changed = 0
        self._unsent: tuple[Item, ...] = ()
        self._kept_back: tuple[int, tuple[Item, ...]] = (0, ())
        self._failing: dict[str, tuple[RunSummary, Item | None]] = {}
        self._pulled: dict[tuple[str, Trigger], tuple[int, Item | None]] = {}

    def read(
        self, last: Mapping[str, RunSummary], looked: Mapping[str, str], triggers: Sequence[tuple[str, Trigger]] = ()
    ) -> tuple[Item, ...]:
        """What waits, acknowledged or not; ``last`` are the newest runs by orchestration, ``triggers`` go with the id
        of theirs. What cannot be read is left out: another user's outbox is not ours to look at."""
        try:
            if (changed := outbox_changed(self._paths)) != self._changed:
                self._changed, self._unsent = changed, tuple(unsent_items(Outbox(self._paths).entries()))
            failing = (self._failing_of(name, run, looked) for name, run in last.items())
            pulled = (self._pulled_by(*one) for one in triggers)
            items = [*(item for item in (*failing, *pulled) if item is not None), *self._unsent]
            items += self._refused()
            return tuple(with_acknowledgement(self._paths, item, self._now()) for item in items)
        except OSError:
            return ()

    def _refused(self) -> tuple[Item, ...]:
        """Tables that wait to be accepted or discarded; read again when some came or went."""
        try:
            changed = modified_ns(self._paths.storage / QUARANTINE)
        except FileNotFoundError:
            return ()
        if changed != self._kept_back[0]:
            self._kept_back = changed, tuple(candidate_items(self._paths))
        return self._kept_back[1]

    def _failing_of(self, name: str, run: RunSummary, looked: Mapping[str, str]) -> Item | None:
        if run.live:
            return None
        if not (run.status is Status.ERROR or run.interrupted):
            return self._repaired(name, run, looked)
        known = self._failing.get(name)
        if known is None or known[0] != run:
            known = self._failing[name] = run, failing_item(name, runs(self._paths, name, _RUNS), looked)
        item = known[1]
        return with_given_up(self._paths, item, run) if item is not None and item.run == run.id else item

    def _repaired(self, name: str, run: RunSummary, looked: Mapping[str, str]) -> Item | None:
        """That it works again, unless it was looked at; asked of the disk once for each run."""
        # Of a run that ended long ago nobody needs to be told.
        if run.id <= looked.get(name, "") or self._now() - (run.started or 0.0) > _NEWS:
            return None
        known = self._failing.get(name)
        if known is None or known[0] != run:
            newest = runs(self._paths, name, _RUNS)
            known = self._failing[name] = run, repaired(name, list(until_well(newest)), newest)
        item = known[1]
        return item if item is not None and is_news(item, looked, self._now()) else None

    def _pulled_by(self, orchestration: str, trigger: Trigger) -> Item | None:
        """What a trigger has found that started nothing; looked for again when its records have changed."""
        one = Pulled(orchestration, trigger)
        changed = FileLedger(self._paths, one.watched).changed()
        known = self._pulled.get((orchestration, trigger))
        if known is None or known[0] != changed:
            known = self._pulled[orchestration, trigger] = changed, trigger_item(self._paths, one, self._now())
        return known[1]
