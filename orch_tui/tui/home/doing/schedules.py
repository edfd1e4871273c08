"""What is done about schedules on the home screen: pausing them, and starting what was missed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.model.texts.times import future_time
from orch_tui.scheduling.missed import Missed, latest_by_schedule, missed_times, project_schedules
from orch_tui.scheduling.outage import this_moment
from orch_tui.scheduling.pauses import DamagedPauses, lift, pause, read_pauses
from orch_tui.scheduling.processes import start_detached
from orch_tui.scheduling.store import scheduling_directory
from orch_tui.scheduling.values import Pause
from orch_tui.scheduling.words import pause_words, why_words
from orch_tui.tui.dates import show_when
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.home.state.model import Entry

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_LISTED = 8
"""So many missed times are listed one by one."""


class _Which(StrEnum):
    """What a pause is of, and whether it is made or ended."""

    ONE = "one"
    ALL = "all"
    LIFT_ONE = "lift one"
    LIFT_ALL = "lift all"


async def pause_or_lift(app: Application, entry: Entry | None) -> bool:
    """Pause the schedules of one orchestration or of all, or end a pause; whether something was done."""
    paths, now = app.project.paths, app.clock.wall()
    value = entry.value if entry is not None else None
    starts = value is not None and (value.schedules or value.triggers)
    name = safe_line(entry.name, 40) if entry is not None and starts else ""
    try:
        held = [one for one in read_pauses(paths) if one.begin <= now and (one.end is None or one.end > now)]
        mine = next((one for one in held if entry is not None and one.orchestration == entry.id), None)
        everybody = next((one for one in held if not one.orchestration), None)
        which = await _which(app, name, mine, everybody)
        if which is None:
            return False
        orchestration = entry.id if entry is not None and which in (_Which.ONE, _Which.LIFT_ONE) else ""
        what = f"The schedules of {name}" if orchestration else "All schedules"
        if which in (_Which.LIFT_ONE, _Which.LIFT_ALL):
            lift(paths, orchestration, app.clock.wall())
            app.say(f"{what} go on.", seconds=4)
            return True
        new = await _new_pause(app, orchestration, what)
        if new is None:
            return False
        pause(paths, new)
        until = f" until {show_when(new.end, new.begin)}" if new.end is not None else ""
        app.say(f"{what} start nothing{until}; {app.key_of('home.pause')} lets them go on.", seconds=6)
    except DamagedPauses as error:
        app.say(str(error), "error")
        return False
    except OSError as error:
        app.say(f"The pause cannot be kept: {error.strerror or error}.", "error")
        return False
    return True


async def _which(app: Application, name: str, mine: Pause | None, everybody: Pause | None) -> _Which | None:
    choices: list[tuple[str, str, _Which]] = []
    if mine is not None:
        choices.append(("o", f"{name} goes on", _Which.LIFT_ONE))
    if everybody is not None:
        choices.append(("g", "All go on", _Which.LIFT_ALL))
    if mine is None and name:
        choices.append(("p", f"Pause {name}", _Which.ONE))
    if everybody is None:
        choices.append(("a", "Pause all", _Which.ALL))
    now = app.clock.wall()
    told = [
        f"{whose} {pause_words(one, show_when(one.end, now))}"
        for whose, one in ((f"{name} is", mine), ("All schedules are", everybody))
        if one is not None
    ]
    about = "While they are paused schedules and triggers start nothing; what goes on is not touched."
    return await app.push_screen_wait(Confirm("Schedules", choices, "\n".join([*told, about])))


async def _new_pause(app: Application, orchestration: str, what: str) -> Pause | None:
    """Ask until when and why; None when that was given up."""

    def wrong(text: str) -> str | None:
        try:
            future_time(text, app.clock.wall()) if text.strip() else None
        except ValueError as error:
            return f"{str(error)[:1].upper()}{str(error)[1:]}."
        return None

    title = f"{what} are paused until"
    hint = 'Like 2h, or "2026-11-30 06:00"; empty: until somebody lets them go on. Esc changes nothing'
    until = await app.push_screen_wait(Prompt(title, "", wrong, "for good", hint))
    if until is None:
        return None
    reason = await app.push_screen_wait(Prompt("Why", placeholder="for whoever wonders (may be empty)"))
    if reason is None:
        return None
    now = app.clock.wall()
    end = future_time(until, now) if until.strip() else None
    return Pause(orchestration, now, end, who_am_i(), safe_line(reason.strip(), 200))


async def catch_up(app: Application, entry: Entry | None) -> bool:
    """Show what was missed and start what is chosen, one after another; whether something is started."""
    try:
        missed = await asyncio.to_thread(_missed, app)
    except DamagedPauses as error:
        app.say(str(error), "error")
        return False
    except OSError as error:
        app.say(f"What was missed cannot be read: {error.strerror or error}.", "error")
        return False
    if not missed:
        app.say("No scheduled time was missed in the last seven days.", seconds=4)
        return False
    options = await app.push_screen_wait(_question(missed, entry, app.clock.wall()))
    if options is None:
        return False
    root = app.project.root
    command = [sys.executable, "-P", "-m", "orch_tui", "missed", *options, "--catch-up", "--yes"]
    try:
        log = scheduling_directory(app.project.paths) / "starts.log"
        started = start_detached([*command, "--project", os.fspath(root)], root, log)
    except OSError as error:
        app.say(f"It cannot be started: {error.strerror or error}.", "error")
        return False
    # It goes on by itself, also when this screen is left.
    started.returncode = 0
    app.say("They are started, the earliest first, one after another.", seconds=5)
    return True


def _missed(app: Application) -> Sequence[Missed]:
    return missed_times(app.project.paths, project_schedules(app.project), this_moment())


def _question(missed: Sequence[Missed], entry: Entry | None, now: float) -> Confirm[list[str]]:
    last = latest_by_schedule(missed)
    choices: list[tuple[str, str, list[str]]] = []
    mine = [one for one in missed if entry is not None and one.watched.orchestration == entry.id]
    if len(last) < len(missed):
        choices.append(("l", f"The last of each ({len(last)})", ["--last"]))
    choices.append(("a", f"All {len(missed)}" if len(missed) > 1 else "Start it", []))
    if entry is not None and mine and len(mine) < len(missed):
        choices.append(("o", f"{safe_line(entry.name, 20)} ({len(mine)})", [entry.id]))
    shown = [_line(one, now) for one in missed[-_LISTED:]]
    if len(missed) > len(shown):
        shown.insert(0, f"{len(missed) - len(shown)} earlier ones, and")
    return Confirm(f"{counted(len(missed), 'scheduled time')} without a run", choices, "\n".join(shown))


def _line(one: Missed, now: float) -> str:
    when = show_when(one.at, now)
    return safe_line(f"{when}  {one.watched.orchestration}  {why_words(one.why, one.detail)}", 66)
