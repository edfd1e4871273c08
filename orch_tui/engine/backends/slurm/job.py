"""One attempt as a job of Slurm, from the question for it to its end.

Belief in a fixed order: how it ended, as its node says; its exit file; what the queue says of the job of its name; and
only when that has gone from the queue for a while, and the directory was listed again, it is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from dataclasses import replace

from orch_tui.engine.backends.backend import Left, NotStarted, Told
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.ending import Ending
from orch_tui.engine.backends.remote.file_watch import to_its_end
from orch_tui.engine.backends.remote.handoff import End, Node
from orch_tui.engine.backends.remote.telling import Telling
from orch_tui.engine.backends.remote.words import last_words, queue_words
from orch_tui.engine.backends.slurm.commands import (
    Submission,
    Submitted,
    cancel,
    still_submitting,
    submit,
)
from orch_tui.engine.backends.slurm.queue import Queue
from orch_tui.engine.backends.slurm.states import (
    BAD_NODE,
    ENDED_THERE,
    NEVER,
    OUT_OF_MEMORY,
    PENDING,
    is_over,
    why_over,
    why_pending,
)
from orch_tui.engine.backends.slurm.watch import Seen
from orch_tui.engine.processes.beside import beside
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, StopRequest
from orch_tui.engine.processes.local import read_exit_file
from orch_tui.model.failure import FailureKind
from orch_tui.model.memory import MemoryEnd

_GONE_AFTER = 6.0
"""Seconds for which the queue must not have known a job before that counts."""
_ANSWER = 8.0
"""Seconds that the answer of a job that is over may take through a network file system."""
_TOO_LATE = 10.0
"""Seconds after the grace time until the queue is asked to end what its node should have ended."""
_SLOW = 1.0
"""Seconds after which it is said that the queue has not answered yet."""
_LOOK = 1.0
_KILLED = (-9, 137, -15, 143)
"""Codes of what SIGKILL or SIGTERM has ended, seen from outside and by a shell."""
_MEMORY = re.compile(r"oom.?kill|out of memory|memory limit", re.IGNORECASE)
_SOME, _MANY, _ALWAYS = 5, 50, 1 << 30
"""How often something is tried again that never began: where a node may be at fault, where the question was lost, and
where there is no room now."""


class SlurmJob:
    """``left`` is what an earlier executor left of it, which has asked for it, or was about to."""

    def __init__(self, spec: AttemptSpec, name: str, queue: Queue, left: Left | None = None) -> None:
        self._spec = spec
        self._name = name
        self._queue = queue
        self._left = left
        self._directory = spec.directory
        self._telling = Telling(spec, left)
        self._ending = Ending(spec, self._telling)
        self._told_stop: tuple[FailureKind, bool] | None = None
        self._kill_at: float | None = None
        self._over_since: float | None = None

    async def wait(self, stop: StopRequest, told: Told) -> Exit:
        """See :class:`orch_tui.engine.backends.backend.Job`.

        Raises: NotStarted.
        """
        seen = Seen(self._directory, self._name, told.note)
        with self._queue.watch.attended(seen, stop):
            if self._left is not None:
                return await self._follow(stop, seen, told)
            async with self._queue.slots.one() as slot:
                if not await slot.take(stop, seen.changed, told):
                    return await self._ending.close_unasked(_unbegun(stop), stop, told)
                if (refused := await self._ask(seen, told)) is not None:
                    return await self._ending.close_unasked(refused, stop, told)
                return await self._follow(stop, seen, told)

    # -- until it is in the queue ------------------------------------------------------------------------------

    async def _ask(self, seen: Seen, told: Told) -> Exit | None:
        """Submit it; how it ends if that was all."""
        async with self._queue.submitting:
            bad = self._queue.bad_nodes
            asking = asyncio.ensure_future(submit(self._spec, self._name, self._queue.settings, bad.names))
            if not (await asyncio.wait({asking}, timeout=_SLOW))[0]:
                told.queued("", "the queue has not answered yet")
            answer = await asking
        seen.asked_at = time.monotonic()
        if answer.how is Submission.DONE:
            self._queue.watch.answered()
            self._telling.job = answer.job
            self._telling.queued(told, "")
        elif answer.how is Submission.UNKNOWN:
            # A job may have come of it all the same: it is looked for by its name before anything else is done.
            self._telling.queued(told, f"asked for it, and got no answer: {answer.said}")
        else:
            return self._refused(answer)
        return None

    def _refused(self, answer: Submitted) -> Exit:
        if answer.how is Submission.BUSY:
            return Exit(None, unstarted=f"the queue took no more: {answer.said}", again=_ALWAYS)
        if self._queue.bad_nodes.names:
            # Perhaps there are no others.
            self._queue.bad_nodes.forget()
            said = f"the queue refused it without nodes that had failed: {answer.said}"
            return Exit(None, unstarted=said, again=_SOME)
        return Exit(None, unstarted=f"the queue refused it: {answer.said}")

    # -- in the queue and on its node --------------------------------------------------------------------------

    async def _follow(self, stop: StopRequest, seen: Seen, told: Told) -> Exit:
        self._queue.watch.follow(seen)
        end = await to_its_end(
            seen, self._telling, told, lambda: self._look(stop, seen, told), lambda: self._pause(seen)
        )
        if end is None:
            self._queue.watch.drop(self._name)
            return Exit(None, stop.why, lost="lost: its directory is gone")
        return end

    def _pause(self, seen: Seen) -> float | None:
        """Seconds until it has to be looked again though nothing has changed; None without end."""
        timed = self._over_since is not None or self._kill_at is not None or seen.misses or self._telling.obstacle
        held_back = (
            seen.row is not None
            and seen.row.state in PENDING
            and not self._telling.is_said(why_pending(seen.row.reason))
        )
        return _LOOK if timed or held_back else None

    async def _look(self, stop: StopRequest, seen: Seen, told: Told) -> Exit | None:
        """One look at all that is known; how it ended once that is certain."""
        if handoff.END in seen.files and (said := handoff.read_end(self._directory)) is not None:
            return await self._ended(said, stop, seen)
        if stop.why is not None and (end := await self._stop(stop, seen, told)) is not None:
            return end
        if seen.row is not None:
            self._telling.job = seen.row.job
            if handoff.NODE not in seen.files and seen.row.state in PENDING:
                self._telling.queued(told, why_pending(seen.row.reason))
        return await self._settle(stop, seen) if self._is_over(seen) else None

    def _is_over(self, seen: Seen) -> bool:
        """Whether nothing of it will come from the queue any more."""
        if seen.row is not None:
            return is_over(seen.row.state)
        if not seen.misses:
            return False
        if handoff.NODE in seen.files:
            return seen.misses > 1 and time.monotonic() - seen.missing_since >= _GONE_AFTER
        # Somebody who was killed may have left a program that still asks for it, or did not come to that.
        never_asked = self._left is not None and not self._telling.job
        return (never_asked or seen.misses > 1) and not still_submitting(self._directory)

    async def _settle(self, stop: StopRequest, seen: Seen) -> Exit | None:
        """The queue has ended it, and its node has not said how; None while that may still come."""
        row = seen.row
        state, nodes = (row.state, row.nodes) if row is not None else ("", "")
        why = why_over(state, nodes) if row is not None else "the queue does not know it"
        reason = row.reason if row is not None else ""
        node = handoff.read_node(self._directory)
        if node is None and handoff.claim(self._directory, Node(refused=why)):
            node = Node(refused=why)
        if node is not None and (node.refused or (state in BAD_NODE and self._ending.take_back())):
            return await self._never_began(stop, why, state, reason, nodes)
        # Without a name somebody says in this moment who has it, or was killed over that.
        self._over_since = self._over_since or time.monotonic()
        if time.monotonic() - self._over_since < _ANSWER:
            return None
        if handoff.END in handoff.names_in(self._directory):
            return None
        if self._ending.take_back():
            return await self._never_began(stop, why, state, reason, nodes)
        return await self._without_answer(stop, state, why, nodes)

    async def _never_began(self, stop: StopRequest, why: str, state: str, reason: str, nodes: str) -> Exit:
        given_up = state == "CANCELLED" or reason in NEVER
        if state and not given_up:
            self._queue.bad_nodes.add(nodes)
        said = why_pending(reason) if reason in NEVER else why
        if state == "FAILED" and (words := last_words(self._directory)):
            said += f": {words}"
        if not state:
            self._queue.watch.drop(self._name)
        again = 0 if given_up else _SOME if state else _MANY
        return await self._ending.close(Exit(None, stop.why, unstarted=f"it had not begun: {said}", again=again))

    async def _without_answer(self, stop: StopRequest, state: str, why: str, nodes: str) -> Exit:
        code = read_exit_file(self._directory)
        if code is not None:
            return await self._ending.end(Exit(code), write=True)
        if self._ran_out_of_memory(state):
            return await self._ending.end(self._out_of_memory(Exit(-9)), write=True)
        if state in BAD_NODE:
            self._queue.bad_nodes.add(nodes)
        if stop.why is not None and self._telling.killing:
            return await self._ending.end(Exit(None, stop.why, killed=True), write=True)
        return await self._ending.lost(why)

    def _out_of_memory(self, end: Exit) -> Exit:
        return replace(end, oom=True, oom_by="Slurm", memory=MemoryEnd.EXCEEDED if self._spec.memory else None)

    def _ran_out_of_memory(self, state: str) -> bool:
        """Whether Slurm says so: where no control group counts, only on the node."""
        return state == OUT_OF_MEMORY or any(map(_MEMORY.search, queue_words(self._directory)))

    async def _ended(self, end: End, stop: StopRequest, seen: Seen) -> Exit:
        """Its node has said how it ended; where a signal did it that nobody here has sent, the queue may know better
        why: who ends a job there ends its processes at once."""
        if end.error is not None:
            raise NotStarted(*end.error)
        code, by_queue = end.exit.code, end.exit.stopped is FailureKind.CANCEL and stop.why is None
        told = end.exit.oom or end.exit.memory is MemoryEnd.EXCEEDED
        if by_queue or (code in _KILLED and not told and end.exit.stopped is None):
            state, nodes = await self._last_word(seen)
            if by_queue or state in ENDED_THERE or state in PENDING:
                why = why_over(state, nodes) if state else "the queue ended it"
                if state in PENDING and not await self._cancel():
                    # It would not begin, and wait there for that.
                    self._queue.watch.drop(self._name)
                return await self._ending.by_others(end, why)
            if self._spec.memory and self._ran_out_of_memory(state):
                return await self._ending.end(self._out_of_memory(end.exit), end.seconds)
        return await self._ending.end(end.exit, end.seconds)

    async def _last_word(self, seen: Seen) -> tuple[str, str]:
        """In which state the queue leaves it, and where: over, or to begin once more; empty when it does not say in
        time."""
        deadline = time.monotonic() + _ANSWER
        while time.monotonic() < deadline:
            if seen.row is not None and (is_over(seen.row.state) or seen.row.state in PENDING):
                return seen.row.state, seen.row.nodes
            self._queue.watch.hurry()
            seen.changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(seen.changed.wait(), _LOOK)
        return "", ""

    # -- stopping ----------------------------------------------------------------------------------------------

    async def _stop(self, stop: StopRequest, seen: Seen, told: Told) -> Exit | None:
        assert stop.why is not None
        if handoff.NODE not in seen.files and handoff.claim(self._directory, Node(refused="it was stopped")):
            return await self._out_of_queue(stop)
        node = handoff.read_node(self._directory)
        if node is not None and node.refused:
            # Somebody before has said so, and may have been killed before it came to the queue.
            return await self._out_of_queue(stop)
        why, now = stop.why, stop.now
        if self._told_stop != (why, now):
            grace = 0.0 if now else self._spec.grace
            self._telling.stop(told, why, grace)
            # In a thread: it waits for the disk.
            await beside(lambda: handoff.ask_to_stop(self._directory, why, now=now))
            self._told_stop, self._kill_at = (why, now), time.monotonic() + grace + _TOO_LATE
            await self._cancel(signal_batch=True)
        elif self._kill_at is not None and time.monotonic() > self._kill_at:
            self._kill_at = None
            await self._cancel()
        return None

    async def _cancel(self, *, signal_batch: bool = False) -> bool:
        """Whether the queue took it. To its end also when this is cancelled meanwhile: what was begun to be told to it
        is told."""

        async def tell() -> bool:
            async with self._queue.cancelling:
                return await cancel(self._name, signal_batch=signal_batch)

        return await asyncio.shield(asyncio.ensure_future(tell()))

    async def _out_of_queue(self, stop: StopRequest) -> Exit:
        self._ending.take_back()
        if not await self._cancel():
            self._queue.watch.drop(self._name)
        return await self._unwanted(stop)

    async def _unwanted(self, stop: StopRequest) -> Exit:
        return await self._ending.close(_unbegun(stop))


def _unbegun(stop: StopRequest) -> Exit:
    return Exit(None, stop.why, unstarted="it had not begun")
