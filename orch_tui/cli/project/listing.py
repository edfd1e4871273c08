"""``orch-tui list``: orchestrations, configurations, components; broken ones among them, with the reason."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.errors import SUCCESS, CliError, os_sentence
from orch_tui.cli.shared.opening import json_option, open_it, project_option
from orch_tui.cli.shared.output import Output, print_table
from orch_tui.model.texts.durations import show_duration

if TYPE_CHECKING:
    from orch_tui.project.project import Project
    from orch_tui.scheduling.values import Pause

_KINDS = ("orchestrations", "configurations", "components")


@click.command("list")
@click.argument("kind", type=click.Choice(_KINDS), default="orchestrations")
@json_option
@project_option
def list_command(kind: str, as_json: bool, project: str | None) -> int:
    """List orchestrations (with their last run), configurations or components."""
    opened = open_it(project, tolerant=True)
    items = {"orchestrations": _orchestrations, "configurations": _configurations, "components": components}[kind](
        opened
    )
    out = Output(sys.stdout)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, items)
    elif items:
        {"orchestrations": _print_orchestrations, "configurations": _print_configurations}.get(kind, print_components)(
            out, items
        )
    unlisted = opened.unlisted()
    if unlisted:
        from orch_tui.project.project import DefinitionError

        raise CliError(str(DefinitionError(unlisted)))
    if not items and not as_json:
        Output(sys.stderr).line(f"the project has no {kind} yet")
    return SUCCESS


def _orchestrations(project: Project) -> list[dict[str, Any]]:
    from orch_tui.cli.shared.report import summary_json
    from orch_tui.model.events.events import write_time
    from orch_tui.project.history import latest
    from orch_tui.project.project import DefinitionError
    from orch_tui.scheduling.next_start import next_start_of
    from orch_tui.scheduling.pauses import held_pauses
    from orch_tui.scheduling.watching import schedules_of

    found, now, unreadable = [], time.time(), ""
    pauses = held_pauses(project.paths)
    for name in project.orchestration_ids():
        try:
            last = latest(project.paths, name)
        except OSError as error:
            # Another user's: the definitions are for all, the runs are not.
            last, unreadable = None, os_sentence(error)
        item: dict[str, Any] = {"id": name, "name": None, "phases": None, "tasks": None, "broken": None, "paused": None}
        following = None
        try:
            value = project.orchestration(name)
        except DefinitionError as error:
            item["broken"] = "; ".join(f"{p.place}: {p.message}" for p in error.problems)
        else:
            tasks = sum(len(phase.tasks) for phase in value.phases)
            item |= {"name": value.name, "phases": len(value.phases), "tasks": tasks}
            schedules = schedules_of(value, project.settings.timezone)
            following = next_start_of(schedules, pauses, now) if schedules else None
            item["paused"] = _paused(pauses, name, now) if schedules else None
        scheduled = None if following is None else write_time(following.at)
        found.append(item | {"last_run": summary_json(last) if last else None, "next_start": scheduled})
    if unreadable:
        Output(sys.stderr).line(f"the runs cannot be read: {unreadable}")
    return found


def _paused(pauses: tuple[Pause, ...], orchestration: str, now: float) -> str | None:
    """``paused until 2026-11-30 06:00:00 by me: migration``, while it is."""
    from orch_tui.cli.shared.output import local_time
    from orch_tui.scheduling.values import pause_at
    from orch_tui.scheduling.words import pause_words

    pause = pause_at(pauses, orchestration, now)
    return None if pause is None else pause_words(pause, local_time(pause.end))


def _print_orchestrations(out: Output, items: list[dict[str, Any]]) -> None:
    from orch_tui.cli.shared.output import local_time
    from orch_tui.model.events.events import read_time

    rows = []
    for item in items:
        last = item["last_run"]
        when = local_time(read_time(last["created"])) if last and last["created"] else ""
        state = [last["state"], when, show_duration(last["seconds"])] if last else ["", "", ""]
        name = item["name"] if item["broken"] is None else f"broken: {item['broken']}"
        following = local_time(read_time(item["next_start"])) if item["next_start"] else ""
        if item["paused"] is not None:
            following = f"{following}  {item['paused']}".strip()
        rows.append([item["id"], name, _number(item["phases"]), _number(item["tasks"]), *state, following])
    print_table(out, ["id", "name", "phases", "tasks", "last run", "when", "took", "next"], rows, right=(2, 3))


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _configurations(project: Project) -> list[dict[str, Any]]:
    from orch_tui.project.project import DefinitionError

    found = []
    for ref in project.configuration_refs():
        component = project.component(ref.partition("/")[0])
        item: dict[str, Any] = {"ref": ref, "name": None, "type": component.type.value if component else None}
        try:
            name, broken = project.configuration(ref).name, None
        except DefinitionError as error:
            name, broken = None, "; ".join(f"{p.place}: {p.message}" for p in error.problems)
        if broken is None and component is None:
            broken = f'there is no component "{ref.partition("/")[0]}"'
        found.append(item | {"name": name, "broken": broken})
    return found


def _print_configurations(out: Output, items: list[dict[str, Any]]) -> None:
    rows = [
        [
            item["ref"],
            item["type"] or "?",
            item["name"] or "" if item["broken"] is None else f"broken: {item['broken']}",
        ]
        for item in items
    ]
    print_table(out, ["configuration", "type", "name"], rows)


def components(project: Project) -> list[dict[str, Any]]:
    """Every component as JSON, built-in ones too."""
    counts: dict[str, int] = {}
    for ref in project.configuration_refs():
        owner = ref.partition("/")[0]
        counts[owner] = counts.get(owner, 0) + 1
    return [
        {
            "id": component.id,
            "name": component.name,
            "type": component.type.value,
            "description": component.description,
            "builtin": component.builtin,
            "configurations": counts.get(component.id, 0),
        }
        for component in sorted(project.components().values(), key=lambda one: one.id)
    ]


def print_components(out: Output, items: list[dict[str, Any]]) -> None:
    rows = [
        [
            item["id"],
            item["type"],
            "built in" if item["builtin"] else "project",
            str(item["configurations"]),
            item["name"],
            item["description"],
        ]
        for item in items
    ]
    print_table(out, ["id", "type", "origin", "used", "name", "description"], rows, right=(3,))
