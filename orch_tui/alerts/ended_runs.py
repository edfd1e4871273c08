"""The runs of an orchestration that have ended since somebody looked, read from their journals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orch_tui.alerts.judging import RunEnd, Verdict, verdict_on
from orch_tui.alerts.lateness import ended_at
from orch_tui.alerts.values import Memory
from orch_tui.model.orchestration.alerts import AlertRule
from orch_tui.model.run.runstate import RunState
from orch_tui.project.files.own_files import stat_own
from orch_tui.project.history import RunSummary, judge_by, run_ids
from orch_tui.project.journal.file import JOURNAL, BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths

_MOST = 500
"""So many runs are looked at; what is older than those is history."""
LEFT_FOR = 60.0
"""Seconds without a word and without an executor after which a run counts as interrupted, and not as handed over."""

_AGAIN = 10.0
"""Seconds until a run is looked at again that could not be read."""


@dataclass(slots=True)
class News:
    """``ends`` in the order in which they ended; ``states`` are theirs, by run; ``live`` are runs that go on.

    ``wake`` is when to look again, where it is a matter of time.
    """

    memory: Memory
    ends: list[RunEnd] = field(default_factory=list)
    states: dict[str, RunState] = field(default_factory=dict)
    live: list[RunSummary] = field(default_factory=list)
    wake: float | None = None


def read_news(paths: ProjectPaths, orchestration: str, rules: Sequence[AlertRule], memory: Memory, now: float) -> News:
    """What has ended since ``memory``; the news have the memory with it. Runs of runs are told by those.

    Raises: OSError: the runs cannot be listed. Of one that cannot be read now is told later.
    """
    known = run_ids(paths, orchestration)[:_MOST]
    pending = sorted({run for run in known if run > memory.seen} | {run for run in memory.open if run in known})
    news, left, broken = News(memory), [], set(memory.broken)
    for run in pending:
        try:
            summary = judge_by(paths.run(orchestration, run))
            if summary.broken is not None or summary.parent is not None:
                continue
            if summary.status.final:
                broken.discard(run)
                if ended_at(summary) >= memory.since:
                    _add(news, summary, rules, now)
                continue
            left.append(run)
            if summary.live:
                news.live.append(summary)
            elif run not in broken and (silent_from := _silent_from(summary.directory)) >= memory.since:
                if now - silent_from >= LEFT_FOR:
                    _add(news, summary, rules, now)
                    broken.add(run)
                else:
                    news.wake = min(silent_from + LEFT_FOR, news.wake or float("inf"))
        except (FileNotFoundError, BrokenJournal):
            continue
        except OSError:
            # How it ended is not known yet, and keeps no other from being told of.
            left += [run] if run not in left else []
            news.wake = min(now + _AGAIN, news.wake or float("inf"))
    news.ends.sort(key=lambda end: (end.at, end.run))
    seen = max([memory.seen, *pending])
    news.memory = replace(memory, seen=seen, open=tuple(left), broken=frozenset(broken & set(left)))
    return news


def _add(news: News, summary: RunSummary, rules: Sequence[AlertRule], now: float) -> None:
    state = read_run(summary.directory)
    interrupted = not state.finished
    scopes: Mapping[str, Verdict] = {
        rule.scope: Verdict.FAILED if interrupted else verdict_on(state, rule) for rule in rules
    }
    at = now if interrupted else state.ended or ended_at(summary)
    news.ends.append(RunEnd(summary.id, at, scopes, interrupted))
    news.states[summary.id] = state


def _silent_from(directory: Path) -> float:
    return stat_own(directory / JOURNAL).st_mtime
