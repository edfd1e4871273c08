"""Looking at a project for what is to be told: whoever looks puts it into the outbox, each event once.

It is done at the end of every run, by the scheduler for what is late, and by ``orch-tui alerts send``. All that it
needs stands in journals and records, so that what one was killed over is found by the next.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from orch_tui.alerts.acknowledging import acknowledged
from orch_tui.alerts.ended_runs import News, read_news
from orch_tui.alerts.files import alerts_directory, looking
from orch_tui.alerts.judging import judge
from orch_tui.alerts.late_looks import late_alerts
from orch_tui.alerts.masking import project_redactor
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.remembering import recall, remember
from orch_tui.alerts.texts import command, run_alert, title_of
from orch_tui.alerts.texts import moment as shown_moment
from orch_tui.alerts.told import Item, Told, earliest
from orch_tui.alerts.values import Alert, Memory
from orch_tui.model.orchestration.alerts import AlertKind, AlertRule
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.masking.redactor import Redactor
from orch_tui.project.paths import make_private
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.secrets import Secrets
from orch_tui.scheduling.apart import each_apart
from orch_tui.scheduling.life import last_sign, scheduler_of
from orch_tui.scheduling.missed import project_schedules
from orch_tui.scheduling.outage import Moment

_AGAIN = 10.0
"""Seconds until those are looked at that could not be read for a moment."""
_GONE_FOR = 60.0
"""Seconds that a scheduler may take to come back."""


def has_alerts(project: Project) -> bool:
    """Whether any rule asks for anything."""
    return bool(project.settings.alerts) or any(value.alerts for _, value in _orchestrations(project) if value)


def _orchestrations(project: Project) -> Iterator[tuple[str, Orchestration | None]]:
    """All by id; None for what is damaged. Those are left out that cannot be read for a moment: runs that end meanwhile
    would count as looked at by rules that nobody knows now."""
    for name in project.orchestration_ids():
        try:
            yield name, project.orchestration(name)
        except DefinitionError as error:
            if not error.passes:
                yield name, None


class Lookout:
    """Looks at one project. What it was told of earlier looks it keeps on disk."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._paths = project.paths
        self._outbox = Outbox(project.paths)

    def look(self, moment: Moment) -> float | None:
        """Put into the outbox what is to be told; when to look again, in seconds since the epoch (None: not by itself).

        Raises: OSError; DefinitionError: orch.toml cannot be read now. Nothing is lost by it.
        """
        if self._project.settings_fault is not None:
            # Runs that end meanwhile would count as looked at by rules that nobody knows now.
            raise self._project.settings_fault
        if not has_alerts(self._project):
            return None
        with looking(self._paths):
            known = list(_orchestrations(self._project))
            looks: list[Callable[[], float | None]] = [
                partial(self._look_at, name, value, rules, moment)
                for name, value in known
                if (rules := (*self._project.settings.alerts, *(value.alerts if value is not None else ())))
            ]
            if len(known) < len(self._project.orchestration_ids()):
                looks.append(lambda: moment.now + _AGAIN)
            looks.append(lambda: self._look_for_scheduler(moment))
            return each_apart(looks, lambda look: look())

    def _look_at(
        self, name: str, value: Orchestration | None, rules: Sequence[AlertRule], moment: Moment
    ) -> float | None:
        before = recall(self._paths, name) or Memory(self._settled_before(name))
        news = read_news(self._paths, name, rules, before, moment.now)
        told = self._ended(name, rules, news, moment.now)
        late = late_alerts(self._project, value, rules, news, moment) if value is not None else Told(news.memory)
        self._tell(value, rules, [*told.alerts, *late.alerts], moment.now)
        memory = replace(told.memory, missed=late.memory.missed)
        if memory != before:
            remember(self._paths, name, memory)
        return earliest([news.wake, *late.wakes])

    def _ended(self, name: str, rules: Sequence[AlertRule], news: News, now: float) -> Told:
        memory, findings = judge(news.memory, rules, news.ends, acknowledged(self._paths, name), now)
        told = Told(memory)
        for finding in findings:
            directory = self._paths.run(name, finding.end.run)
            alert = run_alert(self._project.root, news.states[finding.end.run], directory, finding)
            told.add(alert, finding.channels)
        return told

    def _tell(
        self, value: Orchestration | None, rules: Sequence[AlertRule], alerts: Sequence[Item], now: float
    ) -> None:
        if not alerts:
            return
        redactor = project_redactor(self._project, Secrets(self._project.root), value, rules)
        for alert, channels in alerts:
            self._outbox.put(_masked(alert, redactor), channels, now)

    def _settled_before(self, name: str) -> float:
        """When the rules were written, or a moment later: what had ended then is history that nobody asked for."""
        return max(map(_changed, (self._paths.settings, self._paths.orchestration(name))))

    def _look_for_scheduler(self, moment: Moment) -> float | None:
        rules = [rule for rule in self._project.settings.alerts if AlertKind.SCHEDULER_GONE in rule.kinds]
        note = alerts_directory(self._paths) / "scheduler-gone.json"
        sign = last_sign(self._paths) if rules else None
        enabled = any(watched.schedule.enabled for watched in project_schedules(self._project)) if sign else False
        if sign is None or sign.ended or not enabled or scheduler_of(self._paths) is not None:
            note.unlink(missing_ok=True)
            return None
        since = _noted(note)
        if since is None:
            make_private(note.parent)
            replace_json(note, {"since": moment.now})
            return moment.now + _GONE_FOR
        if moment.now - since < _GONE_FOR:
            return since + _GONE_FOR
        last = shown_moment(sign.moment.now)
        text = (
            f"The scheduler of this project is not at work any more: its last sign of life is of {last}.\n"
            f"Until it is, nothing starts by schedule. Start it again: {command(self._project.root, 'scheduler')}"
        )
        title = title_of(self._project.settings.name, "the scheduler is gone")
        alert = Alert(f"scheduler gone {sign.moment.now:.0f}", AlertKind.SCHEDULER_GONE, moment.now, title, text)
        self._tell(None, rules, [(alert, rule.channels) for rule in rules], moment.now)
        return None


def _masked(alert: Alert, redactor: Redactor) -> Alert:
    details = {key: redactor.text(text) for key, text in alert.details.items()}
    return replace(alert, title=redactor.text(alert.title), text=redactor.text(alert.text), details=details)


def _changed(path: Path) -> float:
    try:
        return os.stat(path).st_mtime
    except FileNotFoundError:
        return 0.0


def _noted(path: Path) -> float | None:
    try:
        return float(parse_json(read_own(path))["since"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
