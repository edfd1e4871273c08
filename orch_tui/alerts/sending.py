"""Sending what is in the outbox: one process at a time, each entry until it arrives or is given up.

A kill between the sending and the note of it sends an entry a second time: at least once, with an id by which a
receiver can tell. A channel that fails is not asked again in the same round, so that it holds up nobody.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable, Collection, Container, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from orch_tui.alerts.delivery import Undelivered, deliver
from orch_tui.alerts.files import outbox_directory, sending_lock
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.values import Entry, State
from orch_tui.model.orchestration.alerts import Channel, ChannelKind
from orch_tui.project.concurrent.locks import Lock, is_locked
from orch_tui.project.files.atomic import modified_ns
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.project.secrets import Secrets

PAUSES = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
"""Seconds from a try to the next; the last one for all further tries."""
GIVEN_UP_AFTER = 86400.0
"""Seconds in which an alert must have arrived; it is tried :data:`TRIES` times at least."""
TRIES = 8

_LOOK = 2.0
"""Seconds between two looks for what has come while something is being sent."""
_AT_ONCE = 8

Lane = Channel | None
"""What is sent one after another: all to one command, or all to addresses."""
Deliver = Callable[[Entry, Path, Callable[[str], str | None]], None]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: how many were sent, and which were not, given up or to be tried again. ``after`` is when the
    next try is due; None when nothing waits."""

    sent: int = 0
    failed: tuple[Entry, ...] = ()
    after: float | None = None


class Sender:
    """``now`` is the clock (seconds since the epoch)."""

    def __init__(
        self,
        paths: ProjectPaths,
        now: Callable[[], float] = time.time,
        hand_over: Deliver = deliver,
        only: Collection[str] = (),
    ) -> None:
        """``only`` are the ids of those that it sends; without any it sends all."""
        self._paths = paths
        self._outbox = Outbox(paths)
        self._now = now
        self._deliver = hand_over
        self._only = only

    def is_mine(self, entry: Entry) -> bool:
        """Whether it is one of those that it sends."""
        return not self._only or entry.id in self._only

    def round(self) -> Round | None:
        """Try all that is due; None when another process sends, which will see what is new. Raises: OSError."""
        self._paths.make_state()
        make_private(self._paths.locks)
        lock = Lock.acquire(sending_lock(self._paths), f"process {os.getpid()}")
        if lock is None:
            return None
        try:
            done = self._send_due()
            self._outbox.prune(self._now())
            return done
        finally:
            lock.free()

    def _send_due(self) -> Round:
        """Commands beside each other, addresses one after another: a command may take a minute, and an address seconds;
        what comes meanwhile for others does not wait for it."""
        tried, failing, busy = list[Entry](), set[Channel](), set[Lane]()
        ended: SimpleQueue[tuple[Lane, list[Entry] | BaseException]] = SimpleQueue()
        secrets = Secrets(self._paths.root)
        while True:
            for lane, entries in self._due(failing, busy).items():
                busy.add(lane)
                work = partial(self._send_one_by_one, lane, entries, secrets, ended)
                # Nobody waits for it when this process is to end.
                try:
                    threading.Thread(target=work, name="sends alerts", daemon=True).start()
                except RuntimeError as error:
                    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
            if not busy:
                break
            with contextlib.suppress(Empty):
                lane, found = ended.get(timeout=_LOOK)
                busy.remove(lane)
                if isinstance(found, BaseException):
                    raise found
                tried += found
                failing.update(entry.channel for entry in found if entry.state is not State.SENT)
        failed = tuple(entry for entry in tried if entry.state is not State.SENT)
        following = [
            max(due_at(entry, self._now()), self._pause_of(entry, failing))
            for entry in filter(self.is_mine, self._outbox.waiting())
        ]
        return Round(len(tried) - len(failed), failed, min(following, default=None))

    def _due(self, failing: Container[Channel], busy: Set[Lane]) -> Mapping[Lane, Sequence[Entry]]:
        """What is to be sent now, by lanes that are free."""
        now, found = self._now(), dict[Lane, list[Entry]]()
        for entry in filter(self.is_mine, self._outbox.waiting()):
            lane = entry.channel if entry.channel.kind is ChannelKind.COMMAND else None
            if due_at(entry, now) > now or entry.channel in failing or lane in busy:
                continue
            if lane in found or len(busy) + len(found) < _AT_ONCE:
                found.setdefault(lane, []).append(entry)
        return found

    def _send_one_by_one(
        self,
        lane: Lane,
        entries: Sequence[Entry],
        secrets: Secrets,
        ended: SimpleQueue[tuple[Lane, list[Entry] | BaseException]],
    ) -> None:
        tried, failing = list[Entry](), set[Channel]()
        try:
            for entry in entries:
                if entry.channel in failing:
                    continue
                after = self._try(entry, secrets, self._now())
                self._outbox.keep(after)
                tried.append(after)
                if after.state is not State.SENT:
                    failing.add(entry.channel)
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            ended.put((lane, error))
        else:
            ended.put((lane, tried))

    def _pause_of(self, entry: Entry, failing: set[Channel]) -> float:
        """One that was left out since its channel fails waits as one that was tried."""
        return self._now() + PAUSES[0] if entry.channel in failing else 0.0

    def _try(self, entry: Entry, secrets: Secrets, now: float) -> Entry:
        try:
            self._deliver(entry, self._paths.root, secrets.get)
        except Undelivered as error:
            tried, now = entry.tried + 1, self._now()
            if tried >= TRIES and now - entry.made >= GIVEN_UP_AFTER:
                return replace(entry, state=State.FAILED, tried=tried, error=str(error), ended=now)
            pause = PAUSES[min(tried, len(PAUSES)) - 1]
            return replace(entry, tried=tried, error=str(error), after=now + pause)
        return replace(entry, state=State.SENT, tried=entry.tried + 1, error="", ended=self._now())


def due_at(entry: Entry, now: float) -> float:
    """When it is tried next: now, if it would wait for longer than any does, for a clock that was set back since."""
    return entry.after if entry.after <= now + PAUSES[-1] else now


def is_sending(paths: ProjectPaths) -> bool:
    """Whether a process sends now. Raises: OSError."""
    return is_locked(sending_lock(paths))


def outbox_changed(paths: ProjectPaths) -> int:
    """A number that is another one once something was put into the outbox."""
    try:
        return modified_ns(outbox_directory(paths))
    except FileNotFoundError:
        return 0
