"""Intents that make a set of tables change as one: each says which files become which versions of which tables.

Carrying one out again after a crash in the middle gives the same. Where intents and locks are kept is the place's
business (:mod:`orch_tui.storage.place`).
"""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.storage.publishing.candidates import settle
from orch_tui.storage.tables import StorageError, TableFiles, parse_manifest


@dataclass(frozen=True, slots=True)
class Settled:
    """What is decided of a candidate together with a publication; ``told`` is for the attempt that made it."""

    candidate: str
    told: Mapping[str, str]

    def as_toml(self) -> dict[str, Any]:
        return {"id": self.candidate, "told": dict(self.told)}


def lock_without_intents(storage: TableFiles, tables: Sequence[str], stack: contextlib.ExitStack) -> None:
    """Lock the tables at a moment when no interrupted publication of them is left.

    An intent may name tables that sort before these, so it is completed before these are locked, never while.
    """
    while True:
        with contextlib.ExitStack() as attempt:
            try:
                roll_forward(storage)
                attempt.enter_context(storage.place.held(tables, storage.log))
                if storage.place.barred(set(tables)):
                    continue
            except OSError as error:
                raise StorageError(storage.refused(error)) from error
            stack.push(attempt.pop_all())
            return


def _read_intent(storage: TableFiles, intent: str) -> dict[str, Any] | None:
    """What an intent says; None when it is gone. Raises: OSError, ValueError."""
    text = storage.place.read_intent(intent)
    if text is None:
        return None
    body = tomllib.loads(text)
    tables = body.setdefault("tables", [])
    if not all(isinstance(item.get(key), str) for item in tables for key in ("table", "temporary", "file", "manifest")):
        raise ValueError(f"{intent} is no intent")
    return body


def roll_forward(storage: TableFiles, wait: float | None = None) -> None:
    """Complete publications whose process died between the commit and the last table.toml.

    ``wait`` limits the seconds for the locks of the tables; None waits for the owner of an intent as well. A storage
    that cannot be written is left as it is: a reader then sees the state without the interrupted publication.
    """
    for intent in storage.place.intents():
        try:
            with storage.place.orphaned(intent, block=wait is None) as orphaned:
                if orphaned:
                    _complete(storage, intent, wait)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, UserError) as error:
            with contextlib.suppress(OSError):
                kept = storage.place.set_aside(intent)
                storage.log(f"{kept} cannot be understood and was set aside: {error}")
        except OSError as error:
            message = f"an interrupted publication cannot be completed: {error}; see {intent} of {storage.root}"
            if wait is None:
                raise StorageError(message) from error
            storage.log(message)


def _complete(storage: TableFiles, intent: str, wait: float | None) -> None:
    tables = [item["table"] for item in (_read_intent(storage, intent) or {}).get("tables", [])]
    place = storage.place
    with place.held(tables, storage.log, wait) if place.needs_hold() else contextlib.nullcontext(True) as held:
        if held:
            apply_intent(storage, intent)
            storage.log(f"completed the interrupted publication of {', '.join(tables)}")


def apply_intent(storage: TableFiles, intent: str) -> None:
    """Carry out an intent; doing it again after a crash in the middle gives the same. Needs the locks."""
    body = _read_intent(storage, intent)
    if body is None:
        # Who shares this place has carried it out meanwhile.
        return
    place, items = storage.place, body["tables"]
    for item in items:
        place.settle_file(item["table"], item["temporary"], item["file"])
    for item in items:
        new = parse_manifest(item["table"], storage.home(item["table"]), item["manifest"])
        # Whoever does not answer now says nothing against the intent: that error goes up as it is.
        current = storage.understood(item["table"], place.read_manifest(item["table"]))
        # The same one again where a crash came after it: some places know only then that it is whole.
        if current is None or current.version <= new.version:
            place.replace_manifest(item["table"], item["manifest"], intent)
    if said := body.get("candidate"):
        settle(storage, str(said["id"]), {str(key): str(value) for key, value in said["told"].items()}, accepted=True)
    place.forget(intent)
