"""What is told of an attempt on another machine, by its files and by what its backend says: each thing once."""

from __future__ import annotations

import time

from orch_tui.engine.backends.backend import Left, Told
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.model.failure import FailureKind

_SAY_AGAIN = 30.0
"""Seconds for which a new reason to wait is held back: with each job that starts, those of the others change."""


class Telling:
    """``job`` is what it is called at its backend, ``begun`` and ``killing`` what people have been told already.
    ``begun_at`` is when an earlier executor saw it begin, on the run's clock."""

    def __init__(self, spec: AttemptSpec, left: Left | None) -> None:
        self._directory = spec.directory
        self.job = left.known.job if left is not None else ""
        self.begun_at = left.known.started if left is not None else None
        self.begun = self.begun_at is not None
        self.killing = left is not None and left.known.killing is not None
        self.obstacle = ""
        self._reason: str | None = None
        self._said_at = 0.0
        self._job_said = self.job

    def is_said(self, reason: str) -> bool:
        """Whether this is why people were told that it waits."""
        return reason == self._reason

    def queued(self, told: Told, reason: str) -> None:
        """Why it waits, as ``job``: what that is called is never held back, whoever goes on looks for it."""
        held_back = self.is_said(reason) or (self._reason and time.monotonic() - self._said_at < _SAY_AGAIN)
        if held_back and self.job == self._job_said:
            return
        self._reason, self._said_at, self._job_said = reason, time.monotonic(), self.job
        told.queued(self.job, reason)

    def look(self, told: Told, files: frozenset[str]) -> None:
        """Tell what its node has said by these files of its directory. Raises: OSError."""
        if handoff.NODE in files and not self.begun:
            self._started(told)
        if handoff.STOPPING in files and not self.killing:
            self._stopping(told)

    def _started(self, told: Told) -> None:
        node = handoff.read_node(self._directory)
        if node is not None and not node.refused:
            self.begun = True
            told.started(node=node.host, job=node.job or self.job)

    def _stopping(self, told: Told) -> None:
        said = handoff.told_stopping(self._directory)
        if said is not None:
            self.killing = True
            told.killing(*said)

    def stop(self, told: Told, why: FailureKind, grace: float) -> None:
        """Its node is about to be told."""
        if not self.killing:
            self.killing = True
            told.killing(why, grace)

    def unreachable(self, told: Told, error: OSError) -> None:
        """Its files cannot be reached now."""
        if (text := error.strerror or str(error)) != self.obstacle:
            self.obstacle = text
            told.note("warning", f"the files of {self._directory.parent.name} cannot be reached now ({text})")
