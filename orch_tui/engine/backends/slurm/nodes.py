"""Nodes on which jobs died before they began: the next ones go elsewhere for a while."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

BACK_OFF = 600.0
"""Seconds for which a node is left out."""
_MOST = 20
"""Nodes that are left out at once: where everything fails, it is no node's fault."""
_SINGLE = re.compile(r"[A-Za-z0-9_.-]+")


class BadNodes:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self, nodes: str) -> None:
        """``nodes`` as the queue has them; only a single one can be blamed."""
        if _SINGLE.fullmatch(nodes):
            self._until[nodes] = self._clock() + BACK_OFF

    def forget(self) -> None:
        """Without them nothing can run."""
        self._until.clear()

    @property
    def names(self) -> tuple[str, ...]:
        now = self._clock()
        self._until = {node: until for node, until in self._until.items() if until > now}
        return tuple(sorted(self._until)[:_MOST])
