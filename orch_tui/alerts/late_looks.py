"""What is late in an orchestration now, as its rules ask: found in its runs and in the records of its schedules."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from orch_tui.alerts.ended_runs import News
from orch_tui.alerts.lateness import (
    Due,
    deadline_after,
    deadlines,
    ended_at,
    expected_end,
    is_kept,
    last_success,
    slow_from,
)
from orch_tui.alerts.texts import command, moment, title_of
from orch_tui.alerts.told import Told
from orch_tui.alerts.values import Alert
from orch_tui.model.orchestration.alerts import AlertKind, AlertRule
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line, safe_lines
from orch_tui.project.history import RunSummary, newest_ids, runs, when_of
from orch_tui.project.project import Project
from orch_tui.project.schedules.time_zones import zone_of
from orch_tui.runs.people.approvals import approvals_among
from orch_tui.runs.planning.estimates import read_estimates
from orch_tui.scheduling.missed import Missed, missed_times, see
from orch_tui.scheduling.outage import Moment
from orch_tui.scheduling.pauses import held_pauses
from orch_tui.scheduling.values import pause_at
from orch_tui.scheduling.watching import schedules_of
from orch_tui.scheduling.words import why_words

_RUNS = 50
_SHOWN = 5
_TOO_OLD = 86400.0
"""Seconds after a deadline from which on it is history, and not told any more."""


def late_alerts(project: Project, value: Orchestration, rules: Sequence[AlertRule], news: News, moment: Moment) -> Told:
    """What is late at a moment. Raises: OSError."""
    look = _LateLook(project, value, news, moment)
    for rule in rules:
        for kind, tell in (
            (AlertKind.SLOW, look.slow),
            (AlertKind.DEADLINE, look.deadline),
            (AlertKind.QUIET, look.quiet),
            (AlertKind.MISSED, look.missed),
            (AlertKind.APPROVAL, look.approval),
        ):
            if kind in rule.kinds:
                tell(rule)
    return look.told


class _LateLook:
    def __init__(self, project: Project, value: Orchestration, news: News, moment: Moment) -> None:
        self._project = project
        self._paths = project.paths
        self._value = value
        self._news = news
        self._moment = moment
        self._now = moment.now
        self._pauses = held_pauses(project.paths)
        self._schedules = schedules_of(value, project.settings.timezone)
        self._usual: float | None = None
        self._asked = False
        self._missed: list[tuple[str, list[Missed]]] | None = None
        self.told = Told(news.memory)

    @property
    def usual(self) -> float | None:
        """How many seconds a run usually takes; None where earlier ones do not tell."""
        if not self._asked:
            self._asked = True
            self._usual = read_estimates(self._paths, self._value.id).run_median
        return self._usual

    def _tell(self, rule: AlertRule, kind: AlertKind, key: str, what: str, text: str, run: str = "") -> None:
        alert = Alert(
            key,
            kind,
            self._now,
            title_of(self._value.name, what),
            text,
            self._value.id,
            run,
            details={"name": self._value.name},
        )
        self.told.add(alert, rule.channels)

    def _command(self, *words: str) -> str:
        return command(self._project.root, *words)

    def slow(self, rule: AlertRule) -> None:
        for run in self._news.live:
            if run.partial or run.started is None or self.usual is None:
                continue
            begin = slow_from(run.started, self.usual, rule.slow)
            if begin > self._now:
                self.told.wakes.append(begin)
                continue
            took, usual = show_duration(self._now - run.started), show_duration(self.usual)
            text = (
                f"It has run for {took} since {moment(run.started)}; it usually takes {usual}.\n"
                f"Watch it: {self._command('watch', run.id)}"
            )
            what = f"takes longer than usual ({took}, usually {usual})"
            self._tell(rule, AlertKind.SLOW, f"run {self._value.id}/{run.id} slow", what, text, run.id)

    def deadline(self, rule: AlertRule) -> None:
        if rule.deadline is None:
            return
        latest = list(runs(self._paths, self._value.id, _RUNS))
        for due in self._dues(rule.deadline):
            if is_kept(due, latest) or self._now - due.at > _TOO_OLD or due.at < self._news.memory.since:
                continue
            likely = expected_end(due, latest, self.usual, self._now)
            if self._now >= due.at or (likely is not None and likely > due.at):
                self._tell_deadline(rule, due, latest, likely)
            else:
                # From then on it is too late to begin.
                last_begin = due.at - self.usual if self.usual is not None and not self._news.live else 0.0
                self.told.wakes += [at for at in (last_begin + 1, due.at) if at > self._now]

    def _dues(self, minutes: int) -> Sequence[Due]:
        if any(watched.schedule.enabled for watched in self._schedules):
            return list(deadlines(self._schedules, minutes, self._pauses, self._news.memory.since, self._now))
        zone = zone_of(self._project.settings.timezone)
        began = [(run.started, run.id) for run in self._news.live if run.started is not None]
        return [Due(begin, deadline_after(begin, minutes, zone), zone, run) for begin, run in began]

    def _tell_deadline(self, rule: AlertRule, due: Due, latest: Sequence[RunSummary], likely: float | None) -> None:
        clock = f"{datetime.fromtimestamp(due.at, due.zone):%H:%M %Z}"
        missed = self._now >= due.at
        live = next((run for run in latest if run.live and run.parent is None), None)
        going = f"Run {live.id} goes on since {moment(live.started or due.begin)}." if live else "No run of it goes on."
        lines = [f"It was to be done by {clock}." if missed else f"It is to be done by {clock}.", going]
        if not missed and likely is not None:
            lines.append(f"From earlier runs it is expected to end at {moment(likely)}.")
        words = ("watch", live.id) if live else ("run", self._value.id)
        lines.append(f"{'Watch' if live else 'Start'} it: {self._command(*words)}")
        what = f"not done by {clock}" if missed else f"will not be done by {clock}"
        key = f"deadline {self._value.id} {due.at:.0f}"
        self._tell(rule, AlertKind.DEADLINE, key, what, "\n".join(lines), live.id if live else "")

    def quiet(self, rule: AlertRule) -> None:
        if rule.quiet is None or pause_at(self._pauses, self._value.id, self._now) is not None:
            return
        success = last_success(runs(self._paths, self._value.id))
        last = max(ended_at(success) if success is not None else 0.0, self._news.memory.since)
        if last + rule.quiet > self._now:
            self.told.wakes.append(last + rule.quiet)
            return
        since = moment(last)
        text = (
            f"No run of it has succeeded since {since}"
            f"{f' (run {success.id})' if success is not None else ''}.\n"
            f"Its runs: {self._command('runs', self._value.id)}"
        )
        what = f"nothing succeeded for {show_duration(self._now - last)}"
        self._tell(rule, AlertKind.QUIET, f"quiet {self._value.id} {last:.0f}", what, text)

    def approval(self, rule: AlertRule) -> None:
        for one in approvals_among(runs(self._paths, self._value.id, _RUNS)):
            run, question = one.directory.name, one.question
            who = f"It may be answered by {', '.join(question.approvers)}.\n" if question.approvers else ""
            text = f"{safe_lines(question.text)}\n\n{who}Answer: {self._command('approve', run, one.task.id)}"
            key = f"approval {self._value.id}/{run}/{one.task.id}/{len(one.task.attempts)}"
            self._tell(rule, AlertKind.APPROVAL, key, f"asks: {safe_line(question.text, 120)}", text, run)

    def missed(self, rule: AlertRule) -> None:
        for schedule, group in self._newly_missed():
            last = group[-1]
            lines = [f"{moment(one.at)}: {why_words(one.why, one.detail)}" for one in group[:_SHOWN]]
            lines += [f"and {len(group) - _SHOWN} more"] if len(group) > _SHOWN else []
            lines += ["", f"Start them after all: {self._command('missed', self._value.id, '--catch-up')}"]
            times = f"{counted(len(group), 'scheduled time')} did not start"
            what = f"did not start at {moment(last.at)}" if len(group) == 1 else times
            key = f"missed {self._value.id}/{schedule} {last.at:.0f}"
            self._tell(rule, AlertKind.MISSED, key, what, "\n".join(lines))

    def _newly_missed(self) -> list[tuple[str, list[Missed]]]:
        """Of each schedule what was missed since the last look: only what follows a start, until it starts again."""
        if self._missed is not None:
            return self._missed
        see(self._paths, self._schedules, self._now)
        before = dict(self.told.memory.missed)
        groups: dict[str, list[Missed]] = {}
        for one in missed_times(self._paths, self._schedules, self._moment):
            if one.at > before.get(one.watched.id, self.told.memory.since):
                groups.setdefault(one.watched.id, []).append(one)
        self._missed = [
            (schedule, group)
            for schedule, group in groups.items()
            if schedule not in before or self._has_run_between(before[schedule], group[0].at)
        ]
        latest = {schedule: group[-1].at for schedule, group in groups.items()}
        memory = self.told.memory
        self.told.memory = replace(memory, missed={**before, **latest})
        return self._missed

    def _has_run_between(self, after: float, before: float) -> bool:
        begun = (when_of(run) for run in newest_ids(self._paths, self._value.id))
        inside = itertools.takewhile(lambda at: at is None or at > after, begun)
        return any(at is not None and at < before for at in inside)
