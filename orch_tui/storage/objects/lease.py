"""Leases: who may publish a table, for as long as it is heard of.

A lease is a small object, ``leases/<bucket>/<table>.toml``, that changes by conditional PUTs only. Its number grows
with each holder and is the fence: who takes over a lease that ran out writes the number into the table's manifest, so
that a PUT of the holder before, whenever it arrives, finds another object than it expects. Whether a lease has run out
is judged by the server's clock alone, by which the server itself has noted when the lease was written.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta

import tomli_w

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.objects.client import Objects, Overtaken, Stored, StoreError, Unknown
from orch_tui.storage.place import Say

_MARGIN = 2.0
"""Seconds that a lease stays beyond its end: the server's times are cut to seconds."""
_POLL = 0.25
"""Seconds between two looks at a lease that another one holds, at first."""
_MOST_POLL = 1.0


def elapsed() -> float:
    """Seconds of a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a lease says. ``holder`` is for people, empty when nobody has it."""

    number: int
    holder: str
    token: str
    seconds: float

    def data(self) -> bytes:
        body = {"number": self.number, "holder": self.holder, "token": self.token, "seconds": self.seconds}
        return tomli_w.dumps(body).encode()

    @classmethod
    def of(cls, found: Stored) -> _Said:
        """Raises: StoreError."""
        try:
            body = tomllib.loads(found.data.decode())
            return cls(int(body["number"]), str(body["holder"]), str(body["token"]), float(body["seconds"]))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError("a lease of the storage cannot be understood; delete the object") from error


class Lease:
    """Of one table, held by this process until :meth:`release`, or until it was not renewed in time."""

    def __init__(self, objects: Objects, key: str, said: _Said, tag: str, began: float, stolen: bool) -> None:
        self._objects = objects
        self._key = key
        self._said = said
        self._tag = tag
        self._until = began + said.seconds
        self._lock = threading.Lock()
        self._unanswered: set[str] = set()
        self.stolen = stolen
        """Whether the holder before has not given it back: it may still be there, and write late."""

    @property
    def number(self) -> int:
        return self._said.number

    @property
    def valid(self) -> bool:
        """Whether nobody can have taken it over yet."""
        return elapsed() < self._until

    def renew(self) -> None:
        """Raises: Overtaken when it was taken over; StoreError."""
        with self._lock:
            began = elapsed()
            said = _Said(self._said.number, self._said.holder, secrets.token_hex(8), self._said.seconds)
            self._write(said)
            self._said, self._until = said, began + said.seconds

    def release(self) -> None:
        """Give it back; one that was taken over is somebody else's. Raises: StoreError."""
        with self._lock:
            free = _Said(self._said.number, "", secrets.token_hex(8), self._said.seconds)
            self._until = 0.0
            try:
                self._write(free)
            except Overtaken:
                return

    def _write(self, said: _Said) -> None:
        """Raises: Overtaken, StoreError."""
        try:
            try:
                self._tag = self._objects.swap(self._key, said.data(), self._tag)
            except Overtaken:
                # What overtook us may be a renewal of our own, whose answer never came.
                found = self._objects.read(self._key)
                if found is None or _Said.of(found).token not in self._unanswered:
                    raise
                self._tag = self._objects.swap(self._key, said.data(), found.tag)
        except Unknown:
            self._unanswered.add(said.token)
            raise
        self._unanswered.clear()


def acquire(
    objects: Objects, table: str, who: str, say: Say, limit: float | None, sleep: Callable[[float], None] = time.sleep
) -> Lease | None:
    """The lease of a table, waited for until ``limit`` (of :func:`elapsed`) at most; None then. Raises: StoreError."""
    key, seconds = f"leases/{table}.toml", objects.address.lease
    clock: tuple[datetime, float] | None = None
    told, pause = False, _POLL
    while True:
        found = objects.read(key)
        said = _Said.of(found) if found is not None else None
        stolen = False
        if found is not None and said is not None and said.holder:
            if clock is None:
                clock = objects.now(), elapsed()
            now = clock[0] + timedelta(seconds=elapsed() - clock[1])
            stolen = (now - found.changed).total_seconds() > said.seconds + _MARGIN
            if not stolen:
                if not told:
                    say(f'waiting for table "{table}", which {safe_line(said.holder, 100)} is writing')
                    told = True
                if limit is not None and elapsed() >= limit:
                    return None
                sleep(pause)
                pause = min(_MOST_POLL, pause * 1.5)
                continue
            say(f'table "{table}": {safe_line(said.holder, 100)} has not been heard of, its lease is taken over')
        new = _Said((said.number if said else 0) + 1, who, secrets.token_hex(8), seconds)
        began = elapsed()
        try:
            tag = objects.swap(key, new.data(), found.tag if found is not None else None)
        except Overtaken:
            continue
        return Lease(objects, key, new, tag, began, stolen)


class Renewing:
    """Renews leases from a thread of its own, until it is left; a lease that cannot be renewed runs out."""

    def __init__(self, leases: list[Lease], seconds: float) -> None:
        self._leases = leases
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def __enter__(self) -> Renewing:
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        lost: set[int] = set()
        while not self._ended.wait(self._seconds / 3):
            for place, lease in enumerate(self._leases):
                if place in lost:
                    continue
                try:
                    lease.renew()
                except Overtaken:
                    lost.add(place)
                except StoreError:
                    # The next turn tries again; when none comes in time, the commit finds it run out.
                    continue


def this_process() -> str:
    """For people who wait: the machine and the process."""
    return f"process {os.getpid()} on {os.uname().nodename}"
