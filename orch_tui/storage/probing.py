"""Whether the server that tables are kept on does what they need: tried with objects of its own, which go again."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator

from orch_tui.model.problem import Problem, Severity
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.objects.bucket import Bucket
from orch_tui.storage.objects.client import Objects, Overtaken, StoreError, Unknown
from orch_tui.storage.opening import place_of

_MOST_SKEW = 300.0
"""Seconds; Amazon S3 refuses requests that were signed 15 minutes before or after it gets them."""
_TAKE_ANOTHER = "keep tables in a store that does, as Amazon S3 or MinIO, or in the project's directory"


def probe_storage(paths: ProjectPaths) -> list[Problem]:
    """What is not fit, each with a remedy; nothing for a project with its tables in its directory. Asks the server."""
    place = place_of(paths)
    if not isinstance(place, Bucket):
        return []
    objects, key = place.objects, f"probe/{secrets.token_hex(8)}"
    found = []
    try:
        found = [_problem(place, *one) for one in _tried(objects, key)]
    except StoreError as error:
        # Nobody asks what became of an object that is for the probe alone.
        what, _, remedy = (error.why if isinstance(error, Unknown) else str(error)).rpartition("; ")
        found.append(Problem(Severity.ERROR, "storage", f"tables cannot be kept: {what}", remedy, "orch.toml"))
    finally:
        with contextlib.suppress(StoreError):
            objects.delete(key)
    return found


def _problem(place: Bucket, severity: Severity, message: str, remedy: str) -> Problem:
    return Problem(severity, "storage", f"{place.address.where} {message}", remedy, "orch.toml")


def _tried(objects: Objects, key: str) -> Iterator[tuple[Severity, str, str]]:
    """Raises: StoreError."""
    first = objects.swap(key, b"first", None)
    if not _is_refused(objects, key, b"again", None):
        yield (
            Severity.ERROR,
            "overwrites an object that was to be new (it does not heed If-None-Match), so that of two tasks that "
            "write a table one would be lost",
            _TAKE_ANOTHER,
        )
        return
    second = objects.swap(key, b"second", first)
    if second == first or not _is_refused(objects, key, b"late", first):
        yield (
            Severity.ERROR,
            "overwrites an object that was changed meanwhile (it does not heed If-Match), so that a task whose lease "
            "has run out could undo what others wrote",
            _TAKE_ANOTHER,
        )
        return
    if key not in [one.key for one in objects.list("probe/")]:
        yield Severity.ERROR, "does not list an object right after it was written", _TAKE_ANOTHER
    skew = objects.now().timestamp() - time.time()
    if abs(skew) > _MOST_SKEW:
        # Leases are judged by the server's clock alone; only the signatures of requests are not.
        ahead = "ahead of" if skew > 0 else "behind"
        message = f"has a clock that is {abs(skew) / 60:.0f} min {ahead} this machine's, and may refuse requests for it"
        yield Severity.WARNING, message, "set the clock of this machine, by NTP"
    objects.delete(key)
    if objects.read(key) is not None:
        yield Severity.ERROR, "still gives an object that was deleted", _TAKE_ANOTHER


def _is_refused(objects: Objects, key: str, data: bytes, tag: str | None) -> bool:
    try:
        objects.swap(key, data, tag)
    except Overtaken:
        return True
    return False
