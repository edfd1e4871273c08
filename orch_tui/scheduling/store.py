"""The records of scheduled times on disk: one small file for each, made before anything is started.

``.orch/scheduling/records/<orchestration>/<schedule>/<time>.json`` is the record of a time, or of several that follow
each other and were not started (``<first>--<last>.json``); ``mark.json`` says how far all is settled. A file is made
exclusively, by a hard link, and under a lock of the project, so that no time ever gets two. Whoever claims a time holds
a lock on that very file until the run has its header: a claim without a lock is one whose holder is gone, and the run,
if it came to one, says in its header for which time it was started.

A missed time that is caught up later has a file of its own, also where a record of several times covers it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orch_tui.model.run.runstate import ScheduledTime
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.concurrent.locks import project_lock
from orch_tui.project.files.atomic import modified_ns, sync_directory
from orch_tui.project.files.given_files import again_when_stale
from orch_tui.project.files.own_files import open_own, read_own, replace_json
from orch_tui.project.history import judge_by, newest_ids
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.scheduling.values import Mark, Outcome, Record, Watched, Why

_STAMP = "%Y%m%dT%H%M%SZ"
_MARK = "mark.json"
_WAIT = 10.0
"""Seconds to wait for another program, which needs some milliseconds."""
_KEPT = 2000
"""Records of settled times of a schedule that are kept, at least."""
_AT_ONCE = 500
_RUNS_LOOKED_AT = 200


def scheduling_directory(paths: ProjectPaths) -> Path:
    """What scheduling keeps in a project."""
    return paths.state / "scheduling"


def recording(paths: ProjectPaths) -> AbstractContextManager[None]:
    """Nobody else adds or removes a record meanwhile. Raises: OSError when another program keeps it for long."""
    return project_lock(paths, "scheduling", _WAIT)


class FileLedger:
    """The records of one schedule. Methods raise OSError."""

    def __init__(self, paths: ProjectPaths, watched: Watched) -> None:
        self._paths = paths
        self._watched = watched
        self._directory = scheduling_directory(paths) / "records" / watched.orchestration / watched.id

    def mark(self) -> Mark | None:
        values = _read(self._directory / _MARK)
        try:
            return Mark(float(values["since"]), float(values["until"]), str(values["seen"])) if values else None
        except (KeyError, TypeError, ValueError):
            return None

    def set_mark(self, mark: Mark) -> None:
        self._make()
        replace_json(self._directory / _MARK, {"since": mark.since, "until": mark.until, "seen": mark.seen})
        self.prune(mark.until)

    def records(self, after: float) -> Sequence[Record]:
        return [record for _, record in self._found(after)]

    def changed(self) -> int:
        """Another number once a record has been added, or has become another one; 0 while there is none."""
        try:
            return modified_ns(self._directory)
        except FileNotFoundError:
            return 0

    def settle(self, record: Record) -> bool:
        self._make()
        with recording(self._paths):
            if any(one.at <= record.last and record.at <= one.last for _, one in self._found(record.at - 1)):
                return False
            path = self._directory / _name(record)
            # A claim whose holder is gone, and of which nothing came, gives way.
            path.unlink(missing_ok=True)
            (self._directory / _name(Record(record.at, Outcome.CLAIMED))).unlink(missing_ok=True)
            os.close(self._create(path, record))
            return True

    def drop_reasons(self, after: float) -> None:
        with recording(self._paths):
            for path, record in self._found(after):
                if record.outcome is not Outcome.NOT_STARTED:
                    continue
                path.unlink(missing_ok=True)
                if record.at <= after:
                    shorter = Record(record.at, record.outcome, after, record.count, "", record.why, record.detail)
                    os.close(self._create(self._directory / _name(shorter), shorter))

    def claim(self, at: float, *, again: bool = False, repeat: bool = False) -> Claim | None:
        """Take a scheduled time, to start it; None when it has a record, or somebody is about to start it.

        ``again``: one that was not started is taken all the same; ``repeat``: one that was started, too.
        """
        taken = (Outcome.NOT_STARTED, Outcome.STARTED) if repeat else (Outcome.NOT_STARTED,) if again else ()
        self._make()
        record = Record(at, Outcome.CLAIMED)
        path = self._directory / _name(record)
        with recording(self._paths):
            missed = None
            for _, one in self._found(at - 1):
                if one.covers(at):
                    if one.outcome not in taken:
                        return None
                    missed = one
            # One whose holder is gone is taken over as a new one: its run would have been found.
            path.unlink(missing_ok=True)
            newest = next(iter(newest_ids(self._paths, self._watched.orchestration)), "")
            extra = {"newest": newest, "missed": _values(missed) if missed else None}
            return Claim(path, at, self._create(path, record, {key: item for key, item in extra.items() if item}))

    def _make(self) -> None:
        self._paths.make_state()
        make_private(self._directory)

    def _create(self, path: Path, record: Record, extra: Mapping[str, Any] | None = None) -> int:
        """Make the file with its lock held, durably, under its name only when it is whole; its descriptor."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        fd = open_own(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(fd, json.dumps({**_values(record), **(extra or {})}).encode())
            os.fsync(fd)
            os.link(temporary, path)
            sync_directory(self._directory)
        except BaseException:
            os.close(fd)
            raise
        finally:
            temporary.unlink(missing_ok=True)
        return fd

    def _found(self, after: float) -> list[tuple[Path, Record]]:
        """The files of times later than ``after``, and what they say now; claims whose holder is gone are settled."""
        found = []
        for name in self._names():
            if _times(name)[1] <= after:
                continue
            path = self._directory / name
            record = self._now(path)
            if record is not None:
                found.append((path, record))
        return sorted(found, key=lambda item: item[1].at)

    def _names(self) -> list[str]:
        try:
            with os.scandir(self._directory) as entries:
                return [entry.name for entry in entries if entry.name[:1].isdigit() and entry.name.endswith(".json")]
        except FileNotFoundError:
            return []

    def _now(self, path: Path) -> Record | None:
        """What a file says; None for a claim that came to nothing."""
        try:
            values, held = again_when_stale(lambda: _look(path))
        except FileNotFoundError:
            return None
        record = _record(path.name, values)
        if record.outcome is not Outcome.CLAIMED or held:
            return record
        # The holder may have finished between the two looks.
        again = _record(path.name, _read(path))
        if again.outcome is not Outcome.CLAIMED:
            return again
        run = self._run_of(record.at, str(values.get("newest", "")))
        if run is None:
            missed = values.get("missed")
            return replace(_record(path.name, missed), count=1) if isinstance(missed, dict) else None
        record = Record(record.at, Outcome.STARTED, record.at, run=run)
        replace_json(path, _values(record))
        return record

    def _run_of(self, at: float, newest: str) -> str | None:
        """The run that was started for a time, among those that are later than ``newest``."""
        wanted = ScheduledTime(self._watched.id, at)
        for number, run in enumerate(newest_ids(self._paths, self._watched.orchestration)):
            if run <= newest or number >= _RUNS_LOOKED_AT:
                return None
            with contextlib.suppress(FileNotFoundError):
                if judge_by(self._paths.run(self._watched.orchestration, run)).scheduled == wanted:
                    return run
        return None

    def prune(self, until: float) -> None:
        """Remove old records of times that are settled, which all up to ``until`` are; some at once."""
        names = sorted(name for name in self._names() if _times(name)[1] <= until)
        if len(names) > _KEPT + _AT_ONCE:
            with recording(self._paths):
                for name in names[:-_KEPT]:
                    (self._directory / name).unlink(missing_ok=True)


class Claim:
    """A scheduled time that this process is about to start. Nobody else starts it while this is held."""

    def __init__(self, path: Path, at: float, fd: int) -> None:
        self.at = at
        self._path = path
        self._fd = fd

    def started(self, run: str) -> None:
        """It has come to a run, which has its header. Raises: OSError; the header says for which time it is, too."""
        self._end(Record(self.at, Outcome.STARTED, run=run))

    def not_started(self, why: Why, *, run: str = "", detail: str = "") -> None:
        """It comes to nothing; ``run`` is the run that went on. Raises: OSError."""
        self._end(Record(self.at, Outcome.NOT_STARTED, run=run, why=why, detail=detail))

    def _end(self, record: Record) -> None:
        try:
            replace_json(self._path, _values(record))
        finally:
            self.release()

    def release(self) -> None:
        """Let others have it; of no effect once it has come to something."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _name(record: Record) -> str:
    first, last = _stamp(record.at), _stamp(record.last)
    return f"{first}.json" if first == last else f"{first}--{last}.json"


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(_STAMP)


def _times(name: str) -> tuple[float, float]:
    """First and last time of a record's file; in the past of everything for one that is no record's."""
    first, _, last = name.removesuffix(".json").partition("--")
    try:
        times = [datetime.strptime(text, _STAMP).replace(tzinfo=UTC).timestamp() for text in (first, last or first)]
    except ValueError:
        return float("-inf"), float("-inf")
    return times[0], times[1]


def _values(record: Record) -> dict[str, Any]:
    values = {
        "outcome": record.outcome.value,
        "count": record.count if record.count != 1 else None,
        "run": record.run,
        "why": record.why.value if record.why else None,
        "detail": record.detail,
    }
    return {key: value for key, value in values.items() if value}


def _record(name: str, values: dict[str, Any]) -> Record:
    """What is not readable counts as a claim: its time is looked for among the runs."""
    first, last = _times(name)
    try:
        why = Why(values["why"]) if "why" in values else None
        outcome, count = Outcome(values["outcome"]), int(values.get("count", 1))
    except (KeyError, TypeError, ValueError):
        return Record(first, Outcome.CLAIMED)
    return Record(first, outcome, last, count, str(values.get("run", "")), why, str(values.get("detail", "")))


def _look(path: Path) -> tuple[dict[str, Any], bool]:
    """What a file says, and whether somebody has its lock. Raises: OSError."""
    fd = open_own(path)
    try:
        return _parse(os.read(fd, 65536)), not _is_free(fd)
    finally:
        os.close(fd)


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parse(read_own(path))
    except FileNotFoundError:
        return {}


def _parse(data: bytes) -> dict[str, Any]:
    try:
        values = parse_json(data)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _is_free(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True
