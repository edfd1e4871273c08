"""Tables that are kept on a server, looked at in threads: one that does not answer delays no schedule."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orch_tui.model.errors import OrchError
from orch_tui.model.texts.text import safe_line
from orch_tui.triggers.values import Facts

_AFTER = 30.0
"""Seconds between two looks at the tables of one trigger, at least: nothing tells of a change of theirs."""
_AFTER_FAULT = 10.0


Key = tuple[str, ...]


@dataclass(slots=True)
class _Look:
    """One that began at ``up``. ``fault`` is kept until another look has come to its end, and then said no more."""

    up: float
    over: bool = False
    taken: bool = False
    facts: Facts | None = None
    fault: OSError | OrchError | None = None

    @property
    def next(self) -> float:
        return self.up + (_AFTER if self.fault is None else _AFTER_FAULT)


class FarTables:
    """``versions_of`` asks the server for the versions of tables, which may take any time, and raises OSError or
    OrchError."""

    def __init__(self, versions_of: Callable[[Sequence[str]], Facts]) -> None:
        self._versions_of = versions_of
        self._looks: dict[Key, _Look] = {}
        self._faults: dict[Key, OSError | OrchError] = {}
        self._told: int | None = None
        self._telling = threading.Lock()

    def versions(self, key: Key, tables: Sequence[str], up: float) -> Facts | None:
        """What a look has found that has ended since the last call; None where none has, and one goes on or is not due.

        ``key`` is who asks, ``up`` how long the machine is up, in seconds. Raises: OSError, OrchError, as the last look
        did.
        """
        look = self._looks.get(key)
        if look is None or (look.taken and look.next <= up):
            look = _Look(up)
            # One that could not begin is not waited for.
            self._begin(tables, look)
            self._looks[key] = look
        elif look.over and not look.taken:
            look.taken = True
            if look.fault is None:
                self._faults.pop(key, None)
                return look.facts
            self._faults[key] = look.fault
        if (fault := self._faults.get(key)) is not None:
            raise fault
        return None

    def next_look(self, key: Key) -> float | None:
        """When the next one is due, as ``up`` has it; None while one goes on, whose end is told."""
        look = self._looks.get(key)
        return look.next if look is not None and look.taken else None

    @property
    def descriptors(self) -> Sequence[int]:
        """Readable once a look has ended. Empty before the first one."""
        return [] if self._told is None else [self._told]

    def heard(self) -> None:
        """What was told is dealt with now."""
        if self._told is not None:
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._told)

    def close(self) -> None:
        """Nobody asks any more. Looks that go on end by themselves."""
        with self._telling:
            told, self._told = self._told, None
            if told is not None:
                os.close(told)

    def _begin(self, tables: Sequence[str], look: _Look) -> None:
        """Raises: OSError, when the system has no descriptor or thread for it now."""
        if self._told is None:
            self._told = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        # A thread of its own for each, which nobody waits for: what hangs keeps no other one.
        try:
            threading.Thread(target=self._carry_out, args=(tables, look), name="tables", daemon=True).start()
        except RuntimeError as error:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error

    def _carry_out(self, tables: Sequence[str], look: _Look) -> None:
        try:
            look.facts = self._versions_of(tables)
        except (OSError, OrchError) as error:
            look.fault = error
        except BaseException as error:  # noqa: BLE001 - of the library that asks, say: it is told as any other
            look.fault = OrchError(f"tables cannot be looked at: {type(error).__name__}: {safe_line(str(error), 300)}")
        look.over = True
        with self._telling:
            if self._told is not None:
                os.eventfd_write(self._told, 1)
