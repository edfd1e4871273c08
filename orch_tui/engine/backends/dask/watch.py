"""What is known of all attempts of one executor at a scheduler: by their files, their locks, and the scheduler's word.

The scheduler is asked for all of them together, once in two seconds at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.backends.dask.link import Link
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.file_watch import FileWatch, Followed
from orch_tui.project.attempt_dir import log_file, queue_log
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.definitions.dask_settings import DaskSettings

LOOK = 2.0
"""Seconds between two questions to the scheduler, and two looks at locks, at least."""
_FIRST_LOOK = 0.5
_MUTE_AFTER = 2
"""Questions without an answer after which people are told."""


class Seen(Followed):
    """``state`` is the scheduler's word in its last answer, None where it knows of no such task; ``fresh``: it has
    answered since it was asked for it, and answers now. ``said`` is why it has given the task up.

    ``held``: somebody on its node has the lock of its log now, ``was_held``: that was seen once, so that locks reach
    this machine. ``free_since`` is when the first of the ``free`` looks came, one after the other, that found none.
    """

    def __init__(self, directory: Path, name: str, note: Callable[[str, str], None]) -> None:
        super().__init__(directory, name, note)
        self.state: str | None = None
        self.fresh = False
        self.misses = 0
        self.kept = False
        self.said = ""
        self.held = False
        self.was_held = False
        self.free = 0
        self.free_since = 0.0

    def take_state(self, state: str | None) -> None:
        changed = state != self.state or not self.fresh or state is None
        self.misses = self.misses + 1 if state is None else 0
        self.state, self.fresh = state, True
        if changed:
            self.changed.set()

    def take_lock(self, *, held: bool) -> None:
        if held:
            self.was_held, self.free = True, 0
        else:
            self.free_since = self.free_since if self.free else time.monotonic()
            self.free += 1
            self.changed.set()
        self.held = held


class Watch(FileWatch[Seen]):
    """Of one backend in one executor."""

    def __init__(self, backend: str, settings: DaskSettings) -> None:
        super().__init__()
        self._backend = backend
        self._settings = settings
        self._link: Link | None = None
        self._next_look = 0.0
        self._asked = 0
        self._answers: bool | None = None
        self._why = ""
        self._mute_said = False

    @property
    def why_mute(self) -> str | None:
        """Why the scheduler does not answer, in words; None when it does, or was not asked yet."""
        return self._why if self._answers is False else None

    def submit(self, seen: Seen, python: str, resources: Mapping[str, float]) -> None:
        """Ask for it. Raises: OSError, when there is no process for that."""
        message = {
            "submit": seen.name,
            "python": python,
            "directory": str(seen.directory),
            "resources": dict(resources),
        }
        self._talk(message)

    def drop(self, name: str) -> None:
        """A task that nobody wants any more. Where the scheduler cannot be told, the worker that takes it sees that it
        must not begin."""
        if self._link is not None and not self._link.gone:
            self._link.send({"drop": name})

    def _talk(self, message: Mapping[str, Any]) -> None:
        if self._link is None or self._link.gone:
            self._link = Link(self._settings, self._hear)
        self._link.send(message)

    def _begin(self) -> None:
        # What begins at once needs no reason why it waits.
        self._next_look = max(self._next_look, time.monotonic() + _FIRST_LOOK)

    async def _look_further(self, now: float) -> None:
        if now < self._next_look:
            return
        self._next_look = now + LOOK
        self._ask()
        begun = [seen for seen in self._seen.values() if seen.begun and handoff.END not in seen.files]
        locked = await asyncio.to_thread(_locked, [seen.directory for seen in begun])
        for seen, held in zip(begun, locked, strict=True):
            seen.take_lock(held=held)

    def _ask(self) -> None:
        if self._asked >= _MUTE_AFTER:
            self._say_mute()
        self._asked += 1
        try:
            self._talk({"states": list(self._seen)})
        except OSError as error:
            self._why = f"there is no process to ask it by: {error.strerror}"

    def _hear(self, message: Mapping[str, Any]) -> None:
        if "states" in message:
            self._asked = 0
            if not self._answers:
                self._take_answers(True, "")
            for name, state in message["states"].items():
                if (seen := self._seen.get(name)) is not None:
                    seen.take_state(state)
        elif "answers" in message:
            self._take_answers(message["answers"], message["said"])
        elif "gone" in message:
            self._take_answers(False, "the program that talks with it has ended")
        elif "kept" in message:
            if (seen := self._seen.get(message["kept"])) is not None:
                seen.kept = True
                seen.changed.set()
        elif (seen := self._seen.get(message["ended"])) is not None:
            seen.said = message["said"]
            seen.changed.set()

    def _take_answers(self, answers: bool, why: str) -> None:
        self._answers, self._why = answers, why
        if answers and self._mute_said and self._seen:
            self._mute_said = False
            self._note("info", f"the scheduler of {self._backend} answers again")
        for seen in self._seen.values():
            if not answers:
                seen.fresh, seen.misses = False, 0
            seen.changed.set()

    def _say_mute(self) -> None:
        self._take_answers(False, self._why or "no answer in time")
        if not self._mute_said:
            self._mute_said = True
            text = f"the scheduler of {self._backend} does not answer ({self._why}); tasks that run go on"
            self._note("warning", text)


def _locked(directories: list[Path]) -> list[bool]:
    """Whether each is carried: by its supervisor, or by what that has started."""
    return [_is_carried(directory) for directory in directories]


def _is_carried(directory: Path) -> bool:
    try:
        return is_locked(queue_log(directory)) or is_locked(log_file(directory))
    except OSError:
        # No answer: nothing is said by it.
        return True
