"""The runs of an orchestration: each is summed up from the two ends of its journal, however long it is."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.event_shape import SHAPES
from orch_tui.model.events.events import EventType
from orch_tui.model.events.reasons import Reason, decode_reason
from orch_tui.model.events.record_fields import complaint
from orch_tui.model.run.runstate import ScheduledTime
from orch_tui.model.status import Status
from orch_tui.project.files.own_files import NotOwnFile, open_own
from orch_tui.project.journal.file import JOURNAL, BrokenJournal, is_executed, parse_records
from orch_tui.project.journal.head import read_header
from orch_tui.project.paths import ProjectPaths

_HEAD_BYTES = 8192
_TAIL_BYTES = 4096
_BOUNDARY = b"\n\n"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of the history.

    ``status`` is ``processing`` for a run that has not ended; ``live`` then says whether some process executes it:
    an unfinished run that nobody executes was interrupted. ``seconds`` is None until it ended. ``counts`` are of
    tasks and filled when it ended. ``broken`` is the reason why the journal could not be read. ``continues`` is the
    id of the run of which this one runs what did not succeed. ``parent`` is the task of another run whose own run this
    is: ``orchestration/run/task``. ``scheduled`` is the scheduled time that it was started for. ``because`` is the
    ``reason`` as a value.
    """

    id: str
    orchestration: str
    directory: Path
    status: Status
    reason: str = ""
    started: float | None = None
    seconds: float | None = None
    by: str = ""
    tasks: int = 0
    partial: bool = False
    live: bool = False
    counts: dict[Status, int] = field(default_factory=dict, hash=False)
    broken: str | None = None
    continues: str | None = None
    parent: str | None = None
    scheduled: ScheduledTime | None = None
    because: Reason | None = None

    @property
    def interrupted(self) -> bool:
        return self.broken is None and not self.status.final and not self.live

    @property
    def state(self) -> str:
        """The status word; ``interrupted`` or ``broken`` where no status would be honest."""
        return "broken" if self.broken else "interrupted" if self.interrupted else self.status.value


def run_ids(paths: ProjectPaths, orchestration: str) -> list[str]:
    """Newest first."""
    return list(newest_ids(paths, orchestration))


def newest_ids(paths: ProjectPaths, orchestration: str) -> Iterator[str]:
    """Newest first; of ten thousand runs, only those that are asked for are looked at."""
    directory = paths.runs(orchestration)
    for name in run_directories(paths, orchestration):
        if os.path.exists(f"{directory}/{name}/{JOURNAL}"):
            yield name


def run_directories(paths: ProjectPaths, orchestration: str) -> list[str]:
    """Names of directories that are runs, or are about to be: one may have no journal yet. Newest first."""
    try:
        with os.scandir(paths.runs(orchestration)) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except FileNotFoundError:
        return []
    names.sort(reverse=True)
    return names


def orchestrations_that_ran(paths: ProjectPaths) -> list[str]:
    """Those that have a history, also where their definition is gone. Raises: OSError."""
    return [path.name for path in _sorted_dirs(paths.state / "runs")]


def summarize(directory: Path) -> RunSummary:
    """Read at most a few kilobytes of the journal. Never raises for a broken one: the summary says so, also where it
    only cannot be read now. That is for people; whoever decides something asks :func:`judge_by`.

    Raises:
        FileNotFoundError: there is no such run (any more).
    """
    try:
        return judge_by(directory)
    except FileNotFoundError:
        raise
    except OSError as error:
        return _broken(directory, error)


def judge_by(directory: Path) -> RunSummary:
    """As :func:`summarize`, for what is decided by a run: one that cannot be read now is no broken one, and nothing is
    known of it.

    Raises:
        FileNotFoundError: there is no such run (any more).
        OSError: it cannot be read now.
    """
    try:
        head, tail = _ends(directory / JOURNAL)
        return _summary(directory, head, tail)
    except (BrokenJournal, NotOwnFile) as error:
        return _broken(directory, error)


def _broken(directory: Path, error: BrokenJournal | OSError) -> RunSummary:
    if isinstance(error, BrokenJournal):
        why = BrokenJournal(error.why, directory / JOURNAL, error.line).brief
    else:
        why = f"{JOURNAL}: {error.strerror or error}"
    return RunSummary(directory.name, directory.parent.name, directory, Status.ERROR, broken=why)


def _summary(directory: Path, head: str, tail: str) -> RunSummary:
    values = next((record.values for record in parse_records(head) if record.table == "run"), None)
    if values is None:
        raise BrokenJournal("it has no header")
    run = read_header(values)
    ended = next((record.values for record in parse_records(tail)[-1:] if record.table == "event"), {})
    if ended.get("type") != EventType.RUN_ENDED.value:
        ended = {}
    elif wrong := complaint(ended, SHAPES[EventType.RUN_ENDED.value]):
        raise BrokenJournal(f"in the event {EventType.RUN_ENDED}: {wrong}")
    return RunSummary(
        directory.name,
        run.orchestration,
        directory,
        Status(ended["status"]) if ended else Status.PROCESSING,
        ended.get("reason", ""),
        run.created,
        max(0.0, ended["seconds"]) if ended else None,
        run.by,
        values["tasks"],
        run.partial,
        not ended and is_executed(directory),
        {status: ended[f"count_{status}"] for status in Status if f"count_{status}" in ended},
        continues=run.rerun_of,
        parent=run.parent,
        scheduled=run.scheduled,
        because=decode_reason(ended.get("because"), ended.get("reason")),
    )


def _ends(path: Path) -> tuple[str, str]:
    """The first and the last complete record; empty texts where there is none."""
    fd = open_own(path)
    try:
        size = os.fstat(fd).st_size
        return _first_record(fd, size), _last_record(fd, size)
    finally:
        os.close(fd)


def _first_record(fd: int, size: int) -> str:
    for length in _lengths(_HEAD_BYTES, size):
        data = os.pread(fd, length, 0)
        end = data.find(_BOUNDARY)
        if end >= 0:
            return data[: end + 2].decode("utf-8", "replace")
    return ""


def _last_record(fd: int, size: int) -> str:
    """Behind it there may be one that is only half written."""
    for length in _lengths(_TAIL_BYTES, size):
        data = os.pread(fd, length, size - length)
        end = data.rfind(_BOUNDARY)
        start = data.rfind(_BOUNDARY, 0, max(0, end))
        if end >= 0 and (start >= 0 or length == size):
            return data[start + 2 if start >= 0 else 0 : end + 2].decode("utf-8", "replace")
    return ""


def _lengths(first: int, size: int) -> Iterator[int]:
    """How much of a file to look at: little at first, since records are short; in the end all of it."""
    length = first
    while length < size:
        yield length
        length *= 8
    yield size


def runs(
    paths: ProjectPaths,
    orchestration: str,
    limit: int | None = None,
    read: Callable[[Path], RunSummary] = summarize,
) -> Iterator[RunSummary]:
    """Newest first. Raises: what ``read`` does, except for a run that is gone."""
    for number, run in enumerate(newest_ids(paths, orchestration)):
        if limit is not None and number >= limit:
            return
        try:
            yield read(paths.run(orchestration, run))
        except FileNotFoundError:
            continue


def all_runs(paths: ProjectPaths) -> Iterator[RunSummary]:
    """The runs of all orchestrations, newest first."""
    known = (runs(paths, name) for name in orchestrations_that_ran(paths))
    return heapq.merge(*known, key=lambda run: run.id, reverse=True)


def latest(paths: ProjectPaths, orchestration: str) -> RunSummary | None:
    return next(runs(paths, orchestration, 1), None)


def continued_by(paths: ProjectPaths, orchestration: str, run: str) -> list[RunSummary]:
    """The runs that continue a run, the earliest first."""
    later = itertools.takewhile(lambda summary: summary.id > run, runs(paths, orchestration))
    return [summary for summary in later if summary.continues == run][::-1]


def when_of(run: str) -> float | None:
    """When a run began, in seconds since the epoch, as its id has it; None for an id that does not say."""
    try:
        return _second_of(run).timestamp()
    except ValueError:
        return None


def moment_of(run: str) -> int | None:
    """When a run began, in milliseconds since the epoch, as its id has it; None for an id that does not say."""
    try:
        if run[15:16] + run[19:20] != ".Z":
            return None
        at = _second_of(run) + timedelta(milliseconds=_number(run[16:19]))
    except ValueError:
        return None
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


def _second_of(run: str) -> datetime:
    """Of ``20261122T140213…``; ``strptime`` would do, and loads a module of its own for it. Raises: ValueError."""
    if run[8:9] != "T":
        raise ValueError(run)
    year, month, day, hour, minute, second = (
        _number(run[first:behind]) for first, behind in ((0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15))
    )
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _number(digits: str) -> int:
    """Raises: ValueError: there is anything but digits, as ``int`` would let pass."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(digits)
    return int(digits)


def newest_run_ids(paths: ProjectPaths, orchestration: str, now: float) -> Iterator[str]:
    """The newest run of an orchestration, and those of others that may be later than ``now`` says."""
    yield from itertools.islice(newest_ids(paths, orchestration), 1)
    with contextlib.suppress(FileNotFoundError), os.scandir(paths.state / "runs") as entries:
        for entry in entries:
            # A run that begins leaves its time in the directory; the clock may have been set back since.
            if entry.name != orchestration and entry.is_dir() and entry.stat().st_mtime >= now - 1:
                yield from itertools.islice(newest_ids(paths, entry.name), 1)


def clock_of(run: str, beside: float | None) -> str:
    """When a run began, for people, in the local time zone: ``14:02:13``, with the date when ``beside`` is on another
    day; its id where that does not say."""
    at = when_of(run)
    if at is None:
        return run
    same_day = beside is not None and time.localtime(at)[:3] == time.localtime(beside)[:3]
    return time.strftime("%H:%M:%S" if same_day else "%m-%d %H:%M:%S", time.localtime(at))


def find_run(paths: ProjectPaths, run: str, orchestration: str | None = None) -> Path | None:
    """The directory of a run by its id or by a beginning of it that is unique; ``last`` is the newest one.

    Raises:
        LookupError: several runs begin so.
    """
    known = [orchestration] if orchestration else orchestrations_that_ran(paths)
    if run == "last":
        newest = [(one, name) for one in known for name in itertools.islice(newest_ids(paths, one), 1)]
        found = max(newest, key=lambda item: item[1], default=None)
        return paths.run(*found) if found else None
    candidates = [(one, name) for one in known for name in run_ids(paths, one)]
    matches = [item for item in candidates if item[1] == run] or [i for i in candidates if i[1].startswith(run)]
    if len(matches) > 1:
        raise LookupError(f'"{run}" fits {len(matches)} runs: {", ".join(name for _, name in matches[:5])}')
    return paths.run(*matches[0]) if matches else None


def _sorted_dirs(path: Path) -> list[Path]:
    try:
        return sorted(entry for entry in path.iterdir() if entry.is_dir())
    except FileNotFoundError:
        return []
