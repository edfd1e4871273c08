"""Keeps unsaved edits on disk in a thread of its own, one after another. No Textual."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from orch_tui.model.orchestration import Orchestration
from orch_tui.project.drafts import discard_draft, save_draft
from orch_tui.project.project import Project
from orch_tui.project.source import SourceText


class DraftKeeper:
    """``failed`` is called from the thread with a sentence when a draft could not be kept."""

    def __init__(
        self, project: Project, failed: Callable[[str], object], clock: Callable[[], float] = time.time
    ) -> None:
        self._project = project
        self._failed = failed
        self._clock = clock
        self._pool = ThreadPoolExecutor(1, "drafts")
        self._last: Future[None] | None = None

    def keep(self, value: Orchestration, base: SourceText | None) -> None:
        """Write the draft soon."""
        self._submit(lambda: save_draft(self._project, value, base, self._clock()))

    def drop(self, orchestration_id: str) -> None:
        """Remove the draft, after all that was asked before."""
        self._submit(lambda: discard_draft(self._project, orchestration_id))

    def wait(self) -> None:
        """Until all that was asked is done."""
        if self._last is not None:
            self._last.result()

    def _submit(self, work: Callable[[], None]) -> None:
        self._last = self._pool.submit(self._run, work)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, ValueError) as error:
            self._failed(f"The unsaved edits could not be kept as a draft: {error}. Save with s, or free some space.")
