"""Accepting and discarding what a check refused, from the card of the failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

from orch_tui.model.errors import UserError
from orch_tui.project.paths import ProjectPaths
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.host import Asks
from orch_tui.tui.workbench.run.failure_card import Failure, read_failure
from orch_tui.tui.workbench.run.watcher import RunWatcher


class GateHost(Asks, Protocol):
    """Dialogs."""


class GateController:
    """Decides with a note; the card shows then what was decided."""

    def __init__(self, paths: ProjectPaths, watcher: RunWatcher, host: GateHost, changed: Callable[[], None]) -> None:
        """``changed`` shows the run anew."""
        self._paths = paths
        self._watcher = watcher
        self._host = host
        self._changed = changed

    def decide(self, what: str, failure: Failure) -> None:
        """``what`` is ``accept`` or ``discard``."""
        gate = failure.gate
        if gate is None or not gate.candidate:
            self._host.say("No check refused what this task wrote.", "warning")
        elif gate.decided is not None:
            self._host.say(f"It is decided: {gate.decided.words}.", "warning")
        else:
            self._host.in_background(
                partial(self._decide, what, gate.candidate), "gate", f"{what} what a check refused"
            )

    async def _decide(self, what: str, candidate: str) -> None:
        from orch_tui.runs.people.deciding import accept_candidate, discard_candidate, settled_words

        title = "Accept: publish what the check refused. Why?" if what == "accept" else "Discard what it wrote. Why?"
        note = await self._host.ask(Prompt(title, placeholder="It stays with the version; it may be empty"))
        if note is None:
            return
        do = accept_candidate if what == "accept" else discard_candidate
        try:
            settled = await asyncio.to_thread(do, self._paths, candidate, note.strip())
        except (UserError, OSError) as error:
            self._host.say(f"{error}.", "error", seconds=12)
            return
        self._host.say(f"{settled_words(settled)}.", seconds=10)
        model = self._watcher.shown.model
        if model is not None:
            self._watcher.results.failure = await asyncio.to_thread(read_failure, model.state, model.directory)
            self._changed()
