"""Keeps unsaved edits on disk in a thread of its own, one after another. No Textual."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.concurrent.slots import Slot, Slots
from orch_tui.project.files.source import SourceText
from orch_tui.project.project import Project
from orch_tui.project.saving.drafts import draft_slots, draft_text


class DraftKeeper:
    """The draft of one screen: its own file among those of the orchestration, from the first edit on.

    ``failed`` is called from the thread with a sentence when a draft could not be kept. What is asked is done in its
    order; :meth:`wait` is until then.
    """

    def __init__(
        self,
        project: Project,
        orchestration_id: str,
        failed: Callable[[str], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._project = project
        self._failed = failed
        self._clock = clock
        self._by = who_am_i()
        self._slots: Slots = draft_slots(project, orchestration_id, self._by)
        self._slot: Slot | None = None
        self._pool = ThreadPoolExecutor(1, "drafts")
        self._last: Future[None] | None = None

    def others(self) -> list[str]:
        """Who keeps unsaved edits of the orchestration on another screen."""
        return self._slots.holders()

    def keep(self, value: Orchestration, base: SourceText | None) -> None:
        """Write the draft soon."""
        self._submit(lambda: self._write(draft_text(value, base, self._clock(), self._by)))

    def drop(self) -> None:
        """Remove this screen's draft, if it has one."""
        self._submit(lambda: self._slot.remove() if self._slot is not None else None)

    def adopt(self, found: Path) -> None:
        """Go on with a draft that was left behind: from now on it is this screen's."""
        self._submit(lambda: self._adopt(found))

    def discard(self, found: Path) -> None:
        """Remove a draft that was left behind."""
        self._submit(lambda: self._discard(found))

    def wait(self) -> None:
        """Until all that was asked is done."""
        if self._last is not None:
            self._last.result()

    def leave(self) -> None:
        """Let others find the draft, if there is one, and wait until all is done."""
        self._submit(self._release)
        self.wait()

    def _write(self, text: str) -> None:
        if self._slot is None:
            self._project.paths.make_state()
            self._slot = self._slots.new()
        self._slot.write(text)

    def _adopt(self, found: Path) -> None:
        slot = self._slots.take(found)
        if slot is not None:
            # An own one that was begun meanwhile is left to be found.
            self._release()
            self._slot = slot

    def _discard(self, found: Path) -> None:
        slot = self._slots.take(found)
        if slot is not None:
            slot.remove()
            slot.release()

    def _release(self) -> None:
        if self._slot is not None:
            self._slot.release()
            self._slot = None

    def _submit(self, work: Callable[[], None]) -> None:
        self._last = self._pool.submit(self._run, work)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, ValueError) as error:
            self._failed(f"The unsaved edits could not be kept as a draft: {error}. Save with s, or free some space.")
