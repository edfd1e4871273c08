"""Reading the inbox: found in runs, in records of schedules and in the outbox of alerts; it needs no scheduler."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from orch_tui.alerts.acknowledging import acknowledged
from orch_tui.alerts.channels import channel_words
from orch_tui.alerts.lateness import slow_from
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.values import Entry, State
from orch_tui.inbox.values import Item, ItemKind
from orch_tui.model.checks.values import Verdict, of_verdict
from orch_tui.model.checks.words import summary_words
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.history import RunSummary, runs, when_of
from orch_tui.project.looked import read_looked
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.run_index import RunIndex
from orch_tui.runs.past.cures import seen_before
from orch_tui.runs.people.approvals import approvals_among
from orch_tui.runs.planning.estimates import read_estimates
from orch_tui.scheduling.life import last_sign, scheduler_of
from orch_tui.scheduling.missed import latest_by_schedule, missed_times, project_schedules, see
from orch_tui.scheduling.outage import Moment
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.takeover import TRIES, given_up
from orch_tui.scheduling.values import Outcome, Record, Why
from orch_tui.scheduling.words import why_words
from orch_tui.storage.opening import open_storage
from orch_tui.storage.place import PlaceError
from orch_tui.storage.publishing.candidates import candidates
from orch_tui.storage.tables import StorageError
from orch_tui.triggers.turns import Pulled, triggers_of

_RUNS = 200
_LONGER = 50.0
"""Per cent over the usual time from which on a run is late."""
_WIDTH = 300
_DAYS_LOOKED_AT = 7 * 86400.0
_WELL = (Status.SUCCESS, Status.WARNING)


def read_inbox(project: Project, moment: Moment) -> list[Item]:
    """All items, the latest first; acknowledged ones too.

    Raises: OSError, DamagedPauses.
    """
    reader = _Reader(project, moment)
    unsent = unsent_items(Outbox(project.paths).entries())
    items = [*reader.failing(), *reader.missed(), *reader.triggers(), *unsent, *reader.scheduler()]
    items += candidate_items(project.paths)
    named = [replace(item, name=reader.name(item.orchestration)) for item in items]
    return sorted((with_acknowledgement(project.paths, item, moment.now) for item in named), key=lambda one: -one.since)


def with_acknowledgement(paths: ProjectPaths, item: Item, now: float) -> Item:
    """The item with what somebody said of it, as long as that holds. Raises: OSError."""
    one = acknowledged(paths, item.orchestration)
    holds = one is not None and one.holds(item.since, now)
    return replace(item, acknowledged=one if holds else None)


def streak(latest: Iterable[RunSummary]) -> tuple[RunSummary, RunSummary, int] | None:
    """The last run that failed, the first of those without a success between them, and how many they are.

    ``latest`` are the runs of an orchestration, the newest first. None when the last one that counts went well: a run
    that people stopped, one that is part of another and a success of a part do not count.
    """
    last = first = None
    count = 0
    for run in latest:
        if run.live or run.parent is not None or run.broken is not None:
            continue
        whole = not run.partial or run.continues is not None
        if run.status in _WELL and whole:
            break
        if run.status is Status.ERROR or run.interrupted:
            last, first, count = last or run, run, count + 1
    return (last, first, count) if last is not None and first is not None else None


def failing_item(orchestration: str, latest: Iterable[RunSummary], looked: Mapping[str, str]) -> Item | None:
    """What fails of an orchestration; ``latest`` as for :func:`streak`, ``looked`` the runs that were seen."""
    if (found := streak(latest)) is None:
        return None
    last, first, count = found
    kind = ItemKind.INTERRUPTED if last.interrupted else ItemKind.FAILING
    reason = "its executor is gone, and nobody goes on with it" if last.interrupted else last.reason
    since = first.started if first.started is not None else when_of(first.id) or 0.0
    new = last.id > looked.get(orchestration, "")
    return Item(kind, since, safe_line(reason, _WIDTH), orchestration, run=last.id, count=count, new=new)


def repaired(orchestration: str, latest: Sequence[RunSummary], earlier: Iterable[RunSummary]) -> Item | None:
    """That it works again: ``latest`` are its runs down to the last success, ``earlier`` those before. None when it
    fails, and when it did not fail before."""
    if not latest or not _is_well(latest[-1]) or streak(latest) is not None:
        return None
    if (found := streak(earlier)) is None:
        return None
    (last, _, count), well = found, latest[-1]
    since = (well.started or when_of(well.id) or 0.0) + (well.seconds or 0.0)
    times = f"{count} times" if count > 1 else "once"
    said = f", the last time: {last.reason}" if last.reason else ""
    what = safe_line(f"works again; it had failed {times}{said}", _WIDTH)
    return Item(ItemKind.REPAIRED, since, what, orchestration, run=well.id, new=True)


def is_news(repair: Item, looked: Mapping[str, str], now: float) -> bool:
    """Whether nobody has looked since, on the screen, and it was not long ago."""
    return repair.run > looked.get(repair.orchestration, "") and now - repair.since < _DAYS_LOOKED_AT


def with_given_up(paths: ProjectPaths, item: Item, failed: RunSummary) -> Item:
    """Of an interrupted run that the scheduler goes on with no more, the item says so. Raises: OSError."""
    if given_up(paths, failed) is None:
        return item
    what = (
        f"its executor died {TRIES} times before a task had ended, and the scheduler goes on with it no more: "
        f"orch-tui run --resume {failed.id}"
    )
    return replace(item, kind=ItemKind.GIVEN_UP, what=what)


def unsent_items(entries: Iterable[Entry]) -> Iterator[Item]:
    """Alerts that were given up, or wait after a try that failed: one item for each channel and orchestration."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.state is State.FAILED or (entry.state is State.WAITING and entry.error):
            groups.setdefault((entry.alert.orchestration, channel_words(entry.channel)), []).append(entry)
    for (orchestration, channel), group in groups.items():
        given_up = sum(entry.state is State.FAILED for entry in group)
        what = f"{len(group) - given_up} wait, {given_up} given up" if given_up else f"{len(group)} wait"
        text = f"alerts do not arrive at {channel} ({what}): {group[-1].error}"
        yield Item(
            ItemKind.UNSENT, group[-1].made, safe_line(text, _WIDTH), orchestration, run=group[-1].alert.run,
            count=len(group),
        )  # fmt: skip


def candidate_items(paths: ProjectPaths) -> Iterator[Item]:
    """Tables that a check refused and that can still be accepted. What cannot be read is left out."""
    storage = open_storage(paths)
    answers = True
    for one in candidates(storage):
        with contextlib.suppress(StorageError):
            try:
                if answers and one.outdated(storage):
                    continue
            except StorageError as error:
                if not isinstance(error.__cause__, PlaceError):
                    continue
                # It waits, whether it can be accepted or not: who tries is told why not.
                answers = False
            tables = ", ".join(table.table for table in one.tables)
            failed = of_verdict(one.results, Verdict.FAILED)
            what = f"{tables} waits to be accepted or discarded: {summary_words(failed)}; orch-tui gate show {one.id}"
            # The place of the attempt: runs/ORCHESTRATION/RUN/tasks/…
            orchestration = (*PurePosixPath(one.maker.attempt).parts, "", "")[1]
            yield Item(
                ItemKind.CANDIDATE, one.created.timestamp(), safe_line(what, _WIDTH), orchestration, run=one.maker.run
            )


def trigger_item(paths: ProjectPaths, one: Pulled, now: float) -> Item | None:
    """What a trigger has found that started nothing, since it started something last. Raises: OSError."""
    if not one.trigger.enabled:
        return None
    records = FileLedger(paths, one.watched).records(now - _DAYS_LOOKED_AT)
    failed: list[Record] = []
    for record in sorted(records, key=lambda record: -record.at):
        if record.outcome is Outcome.STARTED:
            break
        if record.outcome is Outcome.NOT_STARTED and record.why in (Why.FAILED, Why.REFUSED):
            failed.append(record)
    if not failed or failed[0].why is None:
        return None
    what = f'trigger "{one.trigger.id}" started nothing: {why_words(failed[0].why, failed[0].detail)}'
    return Item(ItemKind.TRIGGER, failed[-1].at, safe_line(what, _WIDTH), one.orchestration, count=len(failed))


class _Reader:
    def __init__(self, project: Project, moment: Moment) -> None:
        self._project = project
        self._paths = project.paths
        self._moment = moment
        self._looked = read_looked(project.paths)
        self._schedules = project_schedules(project)

    def name(self, orchestration: str) -> str:
        with contextlib.suppress(DefinitionError):
            return self._project.orchestration(orchestration).name if orchestration else self._project.settings.name
        return orchestration

    def failing(self) -> Iterator[Item]:
        for name in self._project.orchestration_ids():
            newest = runs(self._paths, name, _RUNS)
            latest = list(until_well(newest))
            if (repair := repaired(name, latest, newest)) and is_news(repair, self._looked, self._moment.now):
                yield repair
            if (item := failing_item(name, latest, self._looked)) is not None:
                yield self._told(item, latest)
            for one in approvals_among(latest):
                asks = safe_line(f"asks: {one.question.text}", _WIDTH)
                yield Item(ItemKind.APPROVAL, one.asked, asks, name, run=one.directory.name)
            yield from self._late(run for run in latest if run.live and run.parent is None)

    def _told(self, item: Item, latest: Iterable[RunSummary]) -> Item:
        """With how often the same was seen before, and whether the scheduler has given it up."""
        failed = next(run for run in latest if run.id == item.run)
        history = RunIndex(self._paths).runs(item.orchestration)
        seen = seen_before(self._paths, history, failed, self._moment.now)
        return replace(with_given_up(self._paths, item, failed), seen=seen)

    def triggers(self) -> Iterator[Item]:
        """Triggers whose last facts started nothing."""
        found = (trigger_item(self._paths, one, self._moment.now) for one in triggers_of(self._project))
        return (item for item in found if item is not None)

    def _late(self, live: Iterable[RunSummary]) -> Iterator[Item]:
        for run in live:
            if run.partial or run.started is None:
                continue
            usual = read_estimates(self._paths, run.orchestration).run_median
            if usual is not None and (begin := slow_from(run.started, usual, _LONGER)) <= self._moment.now:
                took = show_duration(self._moment.now - run.started)
                what = f"runs for {took}; it usually takes {show_duration(usual)}"
                yield Item(ItemKind.LATE, begin, what, run.orchestration, run=run.id)

    def missed(self) -> Iterator[Item]:
        see(self._paths, self._schedules, self._moment.now)
        for one, count in latest_by_schedule(missed_times(self._paths, self._schedules, self._moment)):
            newest = next(iter(runs(self._paths, one.watched.orchestration, 1)), None)
            if newest is None or newest.started is None or newest.started <= one.at:
                why = safe_line(why_words(one.why, one.detail), _WIDTH)
                yield Item(ItemKind.MISSED, one.at, f"did not start: {why}", one.watched.orchestration, count=count)

    def scheduler(self) -> Iterator[Item]:
        sign = last_sign(self._paths)
        enabled = any(watched.schedule.enabled for watched in self._schedules)
        if sign is not None and not sign.ended and enabled and scheduler_of(self._paths) is None:
            what = "the scheduler is gone: nothing starts by schedule"
            yield Item(ItemKind.SCHEDULER_GONE, sign.moment.now, what)


def until_well(latest: Iterable[RunSummary]) -> Iterator[RunSummary]:
    """No further than to the last success, behind which all is history."""
    for run in latest:
        yield run
        if _is_well(run):
            return


def _is_well(run: RunSummary) -> bool:
    return run.status in _WELL and run.parent is None and (not run.partial or run.continues is not None)
