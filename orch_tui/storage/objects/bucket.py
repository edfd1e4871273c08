"""Tables in a bucket: a :class:`~orch_tui.storage.place.Place` of objects.

======================================  ===============================================================================
``tables/<bucket>/<table>.toml``        the manifest (:mod:`.envelope`), changed by conditional PUTs
``data/<bucket>/<table>/000007-….parquet``  a version; its name is given once, its contents never change
``leases/<bucket>/<table>.toml``        who publishes the table now (:mod:`.lease`)
``intents/<id>.toml``                   that a set of tables is published; an empty one: that it never will be
======================================  ===============================================================================

A single table is published by one PUT of its manifest. Of a set, each manifest first gets what it is to be as *pending*
on an intent; the creation of the intent's object is the moment at which all of them are published, and readers judge
pending manifests by it. Who comes upon a pending manifest whose writer has lost its lease creates the intent's object
empty: only one of both can be created, so that a set is published or not, and never in part.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import valid_id
from orch_tui.project.definitions.storage_address import StorageAddress
from orch_tui.project.paths import make_private
from orch_tui.storage.objects.client import Keys, Objects, Overtaken, StoreError, Unknown
from orch_tui.storage.objects.copies import Copies
from orch_tui.storage.objects.envelope import Envelope, Pending
from orch_tui.storage.objects.lease import Lease, Renewing, acquire, elapsed, this_process
from orch_tui.storage.place import NotKnown, Read, Say

_DECIDE = 3600.0
"""Seconds in which a set that was begun has to be decided."""
_REFUSED_KEPT = 7 * 24 * 3600.0
"""Seconds for which it is remembered that a set will never be published: far longer than one may take."""
_AT_ONCE = 16
"""Manifests that are read at the same time."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A table that this process may publish: ``tag`` is that of its manifest, which only we change."""

    lease: Lease
    envelope: Envelope
    tag: str | None


class Bucket:
    """``root`` is the directory of this machine for copies. ``keys`` gives the values of the address' secrets."""

    far = True

    def __init__(self, root: Path, address: StorageAddress, keys: Keys) -> None:
        self.address = address
        self.objects = Objects(address, keys)
        # A renewal that comes too late is none.
        self._renewals = Objects(address, keys, patience=address.lease / 3)
        digest = hashlib.sha256(f"{address.endpoint} {address.url}".encode()).hexdigest()[:16]
        self._copies = Copies(root / ".objects" / digest)
        self._held: dict[str, _Held] = {}
        self._brought: set[tuple[str, str]] = set()

    # Reading

    def home(self, table: str) -> Path:
        return self._copies.home(table)

    def where(self, table: str) -> str:
        return f"{self.address.url}/{_manifest(table)}"

    def told(self, table: str, name: str) -> str:
        return f"{self.address.url}/{_data(table, name)}"

    def manifests(self) -> Iterator[tuple[str, Read]]:
        tables = sorted(table for one in self.objects.list("tables/") if (table := _table_of(one.key)) is not None)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from zip(tables, pool.map(self._manifest_or_error, tables), strict=True)

    def _manifest_or_error(self, table: str) -> Read:
        try:
            return self.read_manifest(table)
        except OSError as error:
            return error

    def read_manifest(self, table: str) -> str | None:
        if (held := self._held.get(table)) is not None:
            # Nobody else changes it, or the commit finds out.
            return held.envelope.manifest
        last = ""
        while True:
            found, tag = self._read(table)
            if found.pending is None:
                return found.manifest
            if (decided := self._decided(found.pending.intent)) is not None:
                return found.pending.manifest if decided else found.manifest
            # An intent goes once all of its manifests are what it says: this one may be it by now.
            if tag == last:
                return found.manifest
            last = tag or ""

    def names(self, table: str) -> list[str]:
        return [one.key.rpartition("/")[2] for one in self.objects.list(f"data/{table}/")]

    def has(self, table: str, name: str) -> bool:
        return self.objects.has(_data(table, name))

    def at_hand(self, table: str, name: str) -> Path:
        return self._copies.at_hand(table, name, lambda target: self.objects.fetch(_data(table, name), target))

    def give(self, table: str, name: str, target: Path) -> None:
        self._copies.give(table, name, lambda part: self.objects.fetch(_data(table, name), part), target)

    def retain(self, table: str, names: set[str], newest: int) -> None:
        self._copies.retain(table, names, newest)

    def remove(self, table: str, name: str) -> None:
        self.objects.delete(_data(table, name))
        self._copies.drop(table, name)

    # Holding

    @contextlib.contextmanager
    def held(self, tables: Iterable[str], say: Say, wait: float | None = None) -> Iterator[bool]:
        limit = None if wait is None else elapsed() + wait
        with contextlib.ExitStack() as stack:
            leases: list[Lease] = []
            stack.enter_context(Renewing(leases, self.address.lease))
            # In one order for all, so that no two wait for each other.
            for table in sorted(set(tables)):
                make_private(self.home(table))
                lease = acquire(self._renewals, table, this_process(), say, limit)
                if lease is None:
                    yield False
                    return
                stack.callback(self._give_back, table, lease, say)
                leases.append(lease)
                self._held[table] = self._enter(table, lease, say)
            yield True

    def _give_back(self, table: str, lease: Lease, say: Say) -> None:
        self._held.pop(table, None)
        try:
            lease.release()
        except StoreError as error:
            say(f'table "{table}" could not be given back and is free in {self.address.lease:g} s: {error}')

    def _enter(self, table: str, lease: Lease, say: Say) -> _Held:
        """The manifest as it holds, without anything pending, and out of reach of who held the table before."""
        while True:
            found, tag = self._read(table)
            settled = found
            if found.pending is not None:
                published = self._decide(found.pending.intent)
                settled = Envelope(found.pending.manifest if published else found.manifest, found.fence)
                what = "completed" if published else "undone"
                say(f'table "{table}": an interrupted publication of several tables is {what}')
            if lease.stolen:
                settled = replace(settled, fence=lease.number)
            if settled == found:
                return _Held(lease, found, tag)
            try:
                return _Held(lease, settled, self._write(table, settled, tag))
            except Overtaken:
                continue

    # Publishing

    def name_of(self, number: int) -> str:
        return f"{number:06d}-{secrets.token_hex(8)}.parquet"

    def bring(self, table: str, temporary: Path, name: str) -> None:
        if (table, name) in self._brought:
            return
        self._require([table])
        self.objects.put(_data(table, name), temporary)
        self._copies.keep(table, temporary, name)
        self._brought.add((table, name))

    def commit(self, body: Mapping[str, Any], owned: contextlib.ExitStack) -> str | None:
        items: Sequence[Mapping[str, Any]] = body["tables"]
        try:
            self._require([item["table"] for item in items])
            if len(items) == 1 and "candidate" not in body:
                self._publish(items[0])
                return None
            return self._publish_set(body)
        except NotKnown:
            raise
        except OSError:
            for item in items:
                with contextlib.suppress(OSError):
                    # The next writer of the table removes what cannot be removed now.
                    self.remove(item["table"], item["file"])
            raise

    def _publish(self, item: Mapping[str, Any]) -> None:
        table, held = item["table"], self._held[item["table"]]
        new = Envelope(item["manifest"], held.envelope.fence)
        try:
            self._held[table] = replace(held, envelope=new, tag=self._write(table, new, held.tag))
        except Overtaken as error:
            # An answer was lost, and another one has published since; or we were never heard.
            if not self._mentions(table, item["file"]):
                raise _fenced_off([table]) from error
        except Unknown as error:
            raise NotKnown(str(error)) from error

    def _publish_set(self, body: Mapping[str, Any]) -> str | None:
        items: Sequence[Mapping[str, Any]] = body["tables"]
        intent, began = f"{time.time_ns():020d}-{secrets.token_hex(8)}", elapsed()
        try:
            for item in items:
                held = self._held[item["table"]]
                pending = replace(held.envelope, pending=Pending(intent, item["manifest"]))
                self._held[item["table"]] = replace(held, tag=self._write(item["table"], pending, held.tag))
            self._require([item["table"] for item in items])
            if elapsed() - began > _DECIDE:
                raise StoreError("the set of tables took too long to be decided")
            self.objects.swap(_intent(intent), tomli_w.dumps(body).encode(), None)
        except OSError as error:
            published = self._undo(intent, items)
            if published:
                # The answer was lost.
                return intent
            if published is None and isinstance(error, Unknown):
                raise NotKnown(str(error)) from error
            if isinstance(error, Overtaken):
                raise _fenced_off([item["table"] for item in items]) from error
            raise
        with contextlib.suppress(OSError):
            # It is published, whatever comes now.
            for item in items:
                held = self._held[item["table"]]
                settled = Envelope(item["manifest"], held.envelope.fence)
                self._held[item["table"]] = replace(
                    held, envelope=settled, tag=self._write(item["table"], settled, held.tag)
                )
            if "candidate" not in body:
                self.forget(intent)
                return None
        return intent

    def _undo(self, intent: str, items: Sequence[Mapping[str, Any]]) -> bool | None:
        """Whether the set is published all the same; None when nobody can say. Who comes next tidies the rest."""
        try:
            if self._decide(intent):
                return True
        except OSError:
            return None
        with contextlib.suppress(OSError):
            for item in items:
                self._settle(item["table"], intent, published=False)
        return False

    def intents(self) -> list[str]:
        found, now = [], time.time()
        for one in self.objects.list("intents/"):
            if one.size:
                found.append(one.key.rpartition("/")[2].removesuffix(".toml"))
            elif now - one.changed.timestamp() > _REFUSED_KEPT:
                self.objects.delete(one.key)
        return sorted(found)

    def interrupted(self) -> bool:
        """Readers judge what is pending themselves."""
        return False

    def barred(self, tables: set[str]) -> bool:
        """Who got the hold has settled what was pending."""
        return False

    def read_intent(self, intent: str) -> str | None:
        found = self.objects.read(_intent(intent))
        return found.data.decode() if found is not None and found.data else None

    @contextlib.contextmanager
    def orphaned(self, intent: str, *, block: bool) -> Iterator[bool]:
        """All may carry it out at once: each step has its condition."""
        yield True

    def needs_hold(self) -> bool:
        return False

    def sweep(self) -> None:
        """What is old goes while intents are listed."""

    def settle_file(self, table: str, temporary: str, name: str) -> None:
        """It was there before the commit."""

    def replace_manifest(self, table: str, text: str, intent: str) -> None:
        self._settle(table, intent, published=True)

    def forget(self, intent: str) -> None:
        self.objects.delete(_intent(intent))

    def set_aside(self, intent: str) -> str:
        found = self.objects.read(_intent(intent))
        if found is not None:
            with contextlib.suppress(Overtaken):
                self.objects.swap(f"broken/{intent}.toml", found.data, None)
            self.forget(intent)
        return f"{self.address.url}/broken/{intent}.toml"

    def _settle(self, table: str, intent: str, *, published: bool) -> None:
        """Make the manifest what a decided intent makes of it. Raises: StoreError."""
        while True:
            found, tag = self._read(table)
            if found.pending is None or found.pending.intent != intent:
                return
            settled = Envelope(found.pending.manifest if published else found.manifest, found.fence)
            try:
                written = self._write(table, settled, tag)
            except Overtaken:
                continue
            if (held := self._held.get(table)) is not None:
                self._held[table] = replace(held, envelope=settled, tag=written)
            return

    def _decided(self, intent: str) -> bool | None:
        """Whether a set is published; None while that is open. Raises: StoreError."""
        found = self.objects.read(_intent(intent))
        return None if found is None else bool(found.data)

    def _decide(self, intent: str) -> bool:
        """Whether a set is published; if that is open, it never will be from now on. Raises: StoreError."""
        while (decided := self._decided(intent)) is None:
            with contextlib.suppress(Overtaken):
                self.objects.swap(_intent(intent), b"", None)
                return False
        return decided

    def _require(self, tables: Iterable[str]) -> None:
        """Raises: StoreError when another one may hold a table by now."""
        lost = [table for table in tables if (held := self._held.get(table)) is None or not held.lease.valid]
        if lost:
            raise _fenced_off(lost)

    def _mentions(self, table: str, name: str) -> bool:
        """Whether a version is, or was, that of the table. Raises: NotKnown."""
        try:
            found, _ = self._read(table)
        except StoreError as error:
            raise NotKnown(str(error)) from error
        return f'"{name}"' in (found.manifest or "")

    def _read(self, table: str) -> tuple[Envelope, str | None]:
        found = self.objects.read(_manifest(table))
        if found is None:
            return Envelope(None), None
        try:
            return Envelope.of(found.data), found.tag
        except (ValueError, KeyError) as error:
            raise StoreError(f"{self.where(table)} cannot be understood: {error}") from error

    def _write(self, table: str, envelope: Envelope, tag: str | None) -> str:
        return self.objects.swap(_manifest(table), envelope.data(), tag)


def _fenced_off(tables: Sequence[str]) -> StoreError:
    return StoreError(
        f"the lease of {', '.join(tables)} ran out while this task was not heard of, and another one may write; "
        "run the task again"
    )


def _manifest(table: str) -> str:
    return f"tables/{table}.toml"


def _data(table: str, name: str) -> str:
    return f"data/{table}/{name}"


def _intent(intent: str) -> str:
    return f"intents/{intent}.toml"


def _table_of(key: str) -> str | None:
    """The table whose manifest has this key; None when it is none."""
    parts = key.removeprefix("tables/").removesuffix(".toml").split("/")
    return "/".join(parts) if len(parts) == 2 and all(map(valid_id, parts)) and key.endswith(".toml") else None
