"""Failures grouped by what they say, and whether a plain re-run cured them."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.reasons import Cause
from orch_tui.model.status import Status
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import RunSummary, when_of
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.runs.words.ending import first_failure

_GONE = "its executor is gone, and nobody went on with it"
_HEX = "[0-9a-f]"
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAYS = "mon|tue|wed|thu|fri|sat|sun"
# What differs from one time to the next: moments, ids, names of temporary files, numbers.
_CHANGING = re.compile(
    rf"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
    r"|\d{8}t\d{6}\.\d+z(?:-[0-9a-f]{2})?"
    r"|\d{4}-\d{2}-\d{2}(?:[t ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
    rf"|(?:\b(?:{_DAYS})[a-z]*,? )?(?:\b\d{{1,2}}\.? (?:{_MONTHS})[a-z]*|\b(?:{_MONTHS})[a-z]* \d{{1,2}})"
    r"(?:,? \d{4})?\b"
    r"|/(?:var/)?tmp/\S+"
    rf"|\b0x{_HEX}+|\b(?=[a-f]*\d){_HEX}{{8,}}\b"
    # Letters and digits in turns, as no word has them.
    r"|\b(?=[a-z]*\d+[a-z]+\d|\d+[a-z]+\d+[a-z])[0-9a-z]{8,}\b"
    r"|\d+(?:[.,]\d+)*"
)


class Cure(StrEnum):
    """What became of the task that failed when it was run the next time: ``RERUN``, it succeeded as it was; ``EDITED``,
    it succeeded after an edit; ``AGAIN``, it failed; ``NOT_YET``, it did not run again."""

    RERUN = "rerun"
    EDITED = "edited"
    AGAIN = "again"
    NOT_YET = "not-yet"


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures that say the same. ``text`` is what the latest said, ``pattern`` what all have in common.

    ``runs`` are the newest first; ``tasks`` are names. ``cures`` counts what became of them, once that is known.
    """

    pattern: str
    text: str
    runs: tuple[RunSummary, ...]
    tasks: tuple[str, ...]
    orchestrations: tuple[str, ...]
    cures: Counter[Cure]

    @property
    def count(self) -> int:
        return len(self.runs)

    @property
    def first(self) -> float:
        """When the first one began, in seconds since the epoch."""
        return started(self.runs[-1])

    @property
    def last(self) -> float:
        """When the latest one began."""
        return started(self.runs[0])


def started(run: RunSummary) -> float:
    """When a run began, in seconds since the epoch; 0 where nothing says so."""
    return run.started if run.started is not None else when_of(run.id) or 0.0


def has_failed(run: RunSummary) -> bool:
    """Whether it is told as a failure: runs within runs are by the outer one, damaged journals tell nothing."""
    return run.parent is None and run.broken is None and (run.status is Status.ERROR or run.interrupted)


def said_of(run: RunSummary) -> str:
    """What a failed run says of its failure, without the name of the task."""
    if run.interrupted:
        return _GONE
    because = run.because
    if because is not None and because.cause is Cause.TASK_FAILED:
        return because.fields["why"]
    return run.reason or run.status.value


def failed_task(run: RunSummary) -> tuple[str, str] | None:
    """Id and name of the task that failed first, where the run names one."""
    because = run.because
    if because is None or because.cause is not Cause.TASK_FAILED:
        return None
    return because.fields["task"], because.fields["name"]


def place_of_failure(failed: RunSummary) -> str:
    """``n17 · job 4711``: where the task ran of which the run failed; empty on this machine, and where its journal does
    not say. Reads it."""
    try:
        task = first_failure(read_run(failed.directory))
    except (OSError, BrokenJournal):
        return ""
    attempt = task.attempt if task is not None else None
    return attempt.place if attempt is not None else ""


def pattern_of(text: str) -> str:
    """The text without what differs each time: numbers, moments, ids. In small letters."""
    return " ".join(_CHANGING.sub("#", safe_line(text).casefold()).split())


def group_failures(failures: Iterable[RunSummary]) -> list[FailureGroup]:
    """Those of the runs that failed, the most frequent first; ``failures`` are newest first."""
    groups: dict[str, list[RunSummary]] = {}
    for run in failures:
        if has_failed(run):
            groups.setdefault(pattern_of(said_of(run)), []).append(run)
    found = [_group(pattern, runs) for pattern, runs in groups.items()]
    return sorted(found, key=lambda group: (-group.count, -group.last))


def _group(pattern: str, runs: Sequence[RunSummary]) -> FailureGroup:
    named = [task for task in map(failed_task, runs) if task is not None]
    return FailureGroup(
        pattern,
        said_of(runs[0]),
        tuple(runs),
        tuple(dict.fromkeys(name for _, name in named)),
        tuple(dict.fromkeys(run.orchestration for run in runs)),
        Counter(),
    )


def seen_words(group: FailureGroup, now: float) -> str:
    """``seen 4 times since 3 Nov; a plain re-run cured 3``; empty for what was seen once."""
    if group.count < 2:
        return ""
    words = f"seen {counted(group.count, 'time')} since {day_words(group.first, now)}"
    return f"{words}; {cured}" if (cured := cure_words(group)) else words


def cure_words(group: FailureGroup) -> str:
    """``a plain re-run cured 3, an edit 1``; empty where nothing did."""
    told = [
        f"{word} {group.cures[cure]}"
        for word, cure in (("a plain re-run cured", Cure.RERUN), ("an edit cured", Cure.EDITED))
        if group.cures[cure]
    ]
    return ", ".join(told)


def day_words(at: float, now: float) -> str:
    """``3 Nov``, or ``3 Nov 2025`` of another year; the time of today."""
    then, today = time.localtime(at), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%-d %b" if then.tm_year == today.tm_year else "%-d %b %Y", then)
