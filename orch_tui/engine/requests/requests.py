"""Requests to a run from any process: files in the run's directory, taken by whoever executes it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.event_shape import SHAPES
from orch_tui.model.events.events import EventType
from orch_tui.model.events.interventions import Intervention, with_id
from orch_tui.model.events.record_fields import complaint
from orch_tui.project.files.atomic import modified_ns
from orch_tui.project.files.own_files import NotOwnFile, read_own, replace_json
from orch_tui.project.paths import make_private
from orch_tui.project.who import who_am_i as who_am_i

_DIRECTORY = "control"
_TICK = 100_000_000
"""Nanoseconds within which two changes of a directory may have the same time."""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """``now`` leaves out the grace time; ``task`` stops one task only."""

    by: str
    now: bool = False
    task: str | None = None


Request = CancelRequest | Intervention


def ask(run_directory: Path, request: Request) -> Path:
    """Leave a request for the executor of a run; the file that is gone once it was taken. Raises: OSError.

    The id of an intervention is the stem of the file's name, unless it has one.
    """
    directory = run_directory / _DIRECTORY
    make_private(directory)
    # The clock may have been set back since an earlier request was left.
    path = directory / f"{_later(new_id(), waiting(run_directory))}.json"
    if isinstance(request, CancelRequest):
        body = {"action": "cancel", "by": request.by, "now": request.now, "task": request.task}
    else:
        # Without "now" nobody who knows only cancelling takes it for that.
        body = {"action": "intervene", **(request if request.id else with_id(request, path.stem)).values}
    replace_json(path, body)
    return path


def _later(request: str, before: list[Path]) -> str:
    """The id, or one that comes after those of all these in the order of texts."""
    last = before[-1].stem if before else ""
    if request > last:
        return request
    number, _, end = request.partition("-")
    head = last.partition("-")[0]
    return f"{int(head) + 1:0{len(number)}d}-{end}" if head.isdecimal() else f"{last}-{end}"


def waiting(run_directory: Path) -> list[Path]:
    """The requests that nobody has taken yet, in the order in which they were left. Raises: OSError."""
    directory = run_directory / _DIRECTORY
    try:
        # Not by a pattern, which finds nothing where the directory cannot be listed now.
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    # What begins with a dot is about to be written.
    return [directory / name for name in sorted(names) if name.endswith(".json") and not name.startswith(".")]


def new_id() -> str:
    """For a request: no other has it, and those that were made later come later in the order of texts."""
    return f"{time.time_ns():020d}-{os.urandom(4).hex()}"


def pending(run_directory: Path) -> list[Request]:
    """The requests that nobody has taken yet, in their order; they stay. Those that cannot be read are left out."""
    requests = []
    for path in waiting(run_directory):
        # Somebody may take it at this moment.
        with contextlib.suppress(OSError):
            if (request := _read_request(path)) is not None:
                requests.append(request)
    return requests


class Mailbox:
    """The executor's end: a poll opens the directory while nothing has come.

    It is opened, since a network file system may answer ``stat`` out of what it knew a minute ago (close-to-open
    consistency, nfs(5)).
    """

    def __init__(self, run_directory: Path) -> None:
        self._run_directory = run_directory
        self._directory = run_directory / _DIRECTORY
        self._seen: int | None = None
        self._handled: set[str] = set()

    def deliver(self, handle: Callable[[Request], None]) -> None:
        """Hand over the requests that came since the last call; each is removed only when it has been handled.

        What is no request is removed and passed over. Raises: OSError when it cannot be looked at now.
        """
        try:
            changed = modified_ns(self._directory)
        except FileNotFoundError:
            return
        if changed == self._seen:
            return
        for path in waiting(self._run_directory):
            if path.name not in self._handled and (request := _read_request(path)) is not None:
                handle(request)
            self._handled.add(path.name)
            # Nobody's request is a directory, and one must not keep those behind it from being taken.
            with contextlib.suppress(IsADirectoryError):
                path.unlink(missing_ok=True)
        # Another one may come within the same tick of the file system's clock, and then leave no other trace.
        settled = time.clock_gettime_ns(time.CLOCK_REALTIME) - changed > _TICK
        self._seen = changed if settled else None


def _read_request(path: Path) -> Request | None:
    """None for what is no request. Raises: OSError."""
    try:
        body = json.loads(read_own(path))
        if body["action"] == "intervene":
            shape = SHAPES[EventType.INTERVENED]
            said = {key: value for key, value in body.items() if value is not None}
            return Intervention.of(said) if complaint(said, shape) is None else None
        task = body["task"]
        return CancelRequest(str(body["by"]), bool(body["now"]), None if task is None else str(task))
    except (FileNotFoundError, NotOwnFile):
        return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
