"""One attempt as a task of a dask scheduler, from the question for it to its end.

The files say what became of it; the scheduler is only asked why it has not begun, and whether it ever will. What has
begun is followed without it: how it ended, as its node says; its exit file; and only when nobody on its node has held
the locks of its logs for a while, which must be seen from here, it is lost.
"""

from __future__ import annotations

import contextlib
import sys
import time

from orch_tui.engine.backends.backend import Left, NotStarted, Told
from orch_tui.engine.backends.dask.states import OVER, PROCESSING, why_waiting
from orch_tui.engine.backends.dask.watch import Seen, Watch
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.ending import Ending
from orch_tui.engine.backends.remote.file_watch import to_its_end
from orch_tui.engine.backends.remote.handoff import End, Node
from orch_tui.engine.backends.remote.slots import Slots
from orch_tui.engine.backends.remote.telling import Telling
from orch_tui.engine.backends.remote.words import last_words
from orch_tui.engine.processes.beside import beside
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.processes.local import read_exit_file
from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.resources import Resources
from orch_tui.project.definitions.dask_settings import DaskSettings

_GONE_AFTER = 6.0
"""Seconds for which nobody must have held the locks of an attempt before that counts."""
_ANSWER = 8.0
"""Seconds that the answer of an attempt that is over may take through a network file system."""
_LOOK = 1.0
_SOME, _MANY = 5, 50
"""How often something is tried again that never began: where a worker may be at fault, and where the scheduler has
forgotten it."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """What the attempts of a backend share."""

    settings: DaskSettings
    watch: Watch
    slots: Slots


class DaskJob:
    """``left`` is what an earlier executor left of it, which has asked for it, or was about to."""

    def __init__(self, spec: AttemptSpec, name: str, scheduler: Scheduler, left: Left | None = None) -> None:
        self._spec = spec
        self._name = name
        self._scheduler = scheduler
        self._watch = scheduler.watch
        self._left = left
        self._directory = spec.directory
        self._telling = Telling(spec, left)
        self._ending = Ending(spec, self._telling)
        self._takes = scheduler.settings.taken(spec.resources or Resources(), spec.memory)
        self._told_stop: tuple[FailureKind, bool] | None = None
        self._over_since: float | None = None

    async def wait(self, stop: StopRequest, told: Told) -> Exit:
        """See :class:`orch_tui.engine.backends.backend.Job`.

        Raises: NotStarted.
        """
        seen = Seen(self._directory, self._name, told.note)
        with self._watch.attended(seen, stop):
            if self._left is not None:
                return await self._follow(stop, seen, told)
            async with self._scheduler.slots.one() as slot:
                if not await slot.take(stop, seen.changed, told):
                    return await self._ending.close_unasked(_unbegun(stop), stop, told)
                try:
                    self._watch.submit(seen, sys.executable, self._takes)
                except OSError as error:
                    # Nothing was asked for: it is started anew once there is room for the program that asks.
                    with contextlib.suppress(OSError):
                        self._ending.take_back()
                    raise NotStarted(*error.args) from error
                return await self._follow(stop, seen, told)

    async def _follow(self, stop: StopRequest, seen: Seen, told: Told) -> Exit:
        self._watch.follow(seen)
        end = await to_its_end(
            seen, self._telling, told, lambda: self._look(stop, seen, told), lambda: self._pause(seen)
        )
        if end is None:
            self._watch.drop(self._name)
            return Exit(None, stop.why, lost="lost: its directory is gone")
        return end

    def _pause(self, seen: Seen) -> float | None:
        """Seconds until it has to be looked again though nothing has changed; None without end."""
        timed = self._over_since is not None or seen.misses or seen.free or self._telling.obstacle
        return _LOOK if timed or not seen.begun else None

    async def _look(self, stop: StopRequest, seen: Seen, told: Told) -> Exit | None:
        """One look at all that is known; how it ended once that is certain."""
        if handoff.END in seen.files and (said := handoff.read_end(self._directory)) is not None:
            return await self._ended(said, stop)
        if stop.why is not None and (end := await self._stop(stop, seen, told)) is not None:
            return end
        if not seen.begun:
            self._say_why_waiting(seen, told)
        return await self._settle(stop, seen) if self._is_over(seen) else None

    def _say_why_waiting(self, seen: Seen, told: Told) -> None:
        if seen.kept:
            self._telling.job = self._name
        if (mute := self._watch.why_mute) is not None:
            self._telling.queued(told, f"the scheduler does not answer: {mute}")
        elif seen.kept or seen.fresh:
            self._telling.queued(told, why_waiting(seen.state, self._takes))

    def _is_over(self, seen: Seen) -> bool:
        """Whether nothing of it will come any more."""
        if not seen.begun:
            # Somebody who was killed may not have come to ask for it.
            never_asked = self._left is not None and not self._telling.job
            return bool(seen.said) or seen.state in OVER or seen.misses > 1 or (never_asked and seen.misses > 0)
        node = handoff.read_node(self._directory)
        if node is not None and node.refused:
            return True
        gone = seen.free > 1 and time.monotonic() - seen.free_since >= _GONE_AFTER
        # Where no lock was ever seen, none may reach this machine: then the scheduler has to know it no more, too.
        return gone and (seen.was_held or (seen.fresh and seen.state != PROCESSING))

    async def _settle(self, stop: StopRequest, seen: Seen) -> Exit | None:
        """It is over, and its node has not said how; None while that may still come."""
        node = handoff.read_node(self._directory)
        why = seen.said or "the scheduler does not know it any more"
        if node is None and handoff.claim(self._directory, Node(refused=why)):
            node = Node(refused=why)
        if node is not None and node.refused:
            return await self._never_began(stop, seen, node.refused)
        # Without a name somebody says in this moment who has it, or was killed over that.
        where = node.host if node is not None else "its worker"
        self._over_since = self._over_since or time.monotonic()
        if time.monotonic() - self._over_since < _ANSWER or handoff.END in handoff.names_in(self._directory):
            return None
        if self._ending.take_back():
            return await self._never_began(stop, seen, f"what was to carry it on {where} was killed")
        code = read_exit_file(self._directory)
        if code is not None:
            return await self._ending.end(Exit(code), write=True)
        if stop.why is not None and self._telling.killing:
            return await self._ending.end(Exit(None, stop.why, killed=True), write=True)
        return await self._ending.lost(f"nothing of it runs on {where} any more")

    async def _never_began(self, stop: StopRequest, seen: Seen, why: str) -> Exit:
        ended = bool(seen.said) or seen.state in OVER
        said = f"{why}: {words}" if not seen.said and (words := last_words(self._directory)) else why
        self._watch.drop(self._name)
        unstarted = f"it had not begun: {said}"
        return await self._ending.close(Exit(None, stop.why, unstarted=unstarted, again=_SOME if ended else _MANY))

    async def _ended(self, end: End, stop: StopRequest) -> Exit:
        """Its node has said how it ended."""
        if end.error is not None:
            raise NotStarted(*end.error)
        if end.exit.stopped is FailureKind.CANCEL and stop.why is None:
            node = handoff.read_node(self._directory)
            where = f" on {node.host}" if node is not None and node.host else ""
            return await self._ending.by_others(end, f"somebody ended it{where} (SIGTERM)")
        return await self._ending.end(end.exit, end.seconds)

    # -- stopping ----------------------------------------------------------------------------------------------

    async def _stop(self, stop: StopRequest, seen: Seen, told: Told) -> Exit | None:
        assert stop.why is not None
        if not seen.begun and handoff.claim(self._directory, Node(refused="it was stopped")):
            return await self._out_of_queue(stop)
        node = handoff.read_node(self._directory)
        if node is not None and node.refused:
            # Somebody before has said so, and may have been killed before it came to the scheduler.
            return await self._out_of_queue(stop)
        why, now = stop.why, stop.now
        if self._told_stop != (why, now):
            self._telling.stop(told, why, 0.0 if now else self._spec.grace)
            # In a thread: it waits for the disk.
            await beside(lambda: handoff.ask_to_stop(self._directory, why, now=now))
            self._told_stop = (why, now)
        return None

    async def _out_of_queue(self, stop: StopRequest) -> Exit:
        self._watch.drop(self._name)
        return await self._unwanted(stop)

    async def _unwanted(self, stop: StopRequest) -> Exit:
        return await self._ending.close(_unbegun(stop))


def _unbegun(stop: StopRequest) -> Exit:
    return Exit(None, stop.why, unstarted="it had not begun")
