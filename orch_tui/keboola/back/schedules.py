"""Schedules of ours as the schedulers of a flow in a pulled directory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orch_tui.keboola.back.directory import Files, new_files, stored_files
from orch_tui.keboola.mapping.starts import ZONE, schedules_of
from orch_tui.keboola.values import SCHEDULER, Brought, Parent, Stored
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.texts.text import slug, unique


def schedule_changes(
    directory: Path, stored: Stored, brought: Brought, before: Orchestration, value: Orchestration
) -> tuple[Brought, Files, tuple[str, ...]]:
    """What was read with the schedules of ``value``, the files that make it so, and sentences.

    Schedules are told apart by their order; one that is gone here is switched off there, and never deleted.
    """
    schedulers = schedules_of(stored, brought)
    if before.schedules == value.schedules or len(schedulers) != len(before.schedules):
        return brought, {}, ()
    files: Files = {}
    notes: list[str] = []
    changed: dict[tuple[str, str], Stored] = {}
    for number, one in enumerate(schedulers):
        now = value.schedules[number] if number < len(value.schedules) else None
        if now == before.schedules[number]:
            continue
        if now is None:
            notes.append(f'the schedule "{one.name}" is switched off in Keboola: delete it there')
        schedule = {**(one.body.get("schedule") or {}), **_schedule(now)}
        changed[one.key] = replace(one, body={**one.body, "schedule": schedule})
        files.update(stored_files(directory / one.path, one, changed[one.key]))
    stored_now = [changed.get(one.key, one) for one in brought.stored]
    taken = {one.slug for one in schedulers}
    for new in value.schedules[len(schedulers) :]:
        made = _new(stored, new, unique(slug(new.id or f"schedule-{new.cron}", "schedule"), taken))
        taken.add(made.slug)
        files.update(new_files(directory / made.path, made, brought.layout))
        notes.append(f"{made.path} is new: kbc persist takes it in")
        stored_now.append(made)
    return replace(brought, stored=tuple(stored_now)), files, tuple(notes)


def _schedule(schedule: Schedule | None) -> dict[str, str]:
    if schedule is None:
        return {"state": "disabled"}
    state = "enabled" if schedule.enabled else "disabled"
    return {"cronTab": schedule.cron, "timezone": schedule.timezone or ZONE, "state": state}


def _new(stored: Stored, schedule: Schedule, name: str) -> Stored:
    body = {"schedule": _schedule(schedule), "target": {"mode": "run"}}
    parent = Parent("schedulerFor", stored.component, stored.id)
    return Stored(SCHEDULER, name, name, body, path=f"{stored.path}/schedules/{name}", parents=(parent,))
