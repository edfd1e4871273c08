"""The turns of triggers: find new facts, make them an occurrence, and see to it that it comes to a run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.starts import TRIGGER_PREFIX, Schedule
from orch_tui.model.orchestration.triggers import Trigger, TriggerKind
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import DefinitionError, Project
from orch_tui.scheduling.decide import Start
from orch_tui.scheduling.outage import Moment
from orch_tui.scheduling.pauses import read_pauses
from orch_tui.scheduling.processes import Processes
from orch_tui.scheduling.store import FileLedger, scheduling_directory
from orch_tui.scheduling.values import Outcome, Record, Watched, Why, pause_at
from orch_tui.triggers.detecting import are_far, find, present, versions_of, watched_places
from orch_tui.triggers.far import FarTables
from orch_tui.triggers.store import keep_seen, read_seen
from orch_tui.triggers.values import Facts, Occurrence, Seen

_TRIES = 5
_AGAIN = 5.0
"""Seconds to the next try of a start that came to nothing; each further one waits so much longer."""
_SHOWN = 3
_LONGEST = 100_000
"""Characters of the list of files that a run is given."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A trigger of an orchestration."""

    orchestration: str
    trigger: Trigger

    @property
    def watched(self) -> Watched:
        """As those see it who keep records of starts: they know schedules."""
        one = self.trigger
        schedule = Schedule("@yearly", id=TRIGGER_PREFIX + one.id, if_running=one.if_running, variables=one.variables)
        return Watched(self.orchestration, schedule.id, schedule, UTC)

    @property
    def what(self) -> str:
        """What it waits for, as a text that is another one when it waits for something else."""
        one = self.trigger
        return "\n".join((one.kind, one.what, *sorted(one.tables), one.outcome))


def triggers_of(project: Project) -> list[Pulled]:
    """All of a project; those whose file cannot be read are left out."""
    found = []
    for name in project.orchestration_ids():
        try:
            found += [Pulled(name, trigger) for trigger in project.orchestration(name).triggers]
        except DefinitionError:
            continue
    return found


class TriggerCompanion:
    """Beside one scheduler, whose lock makes it the only one."""

    failing = "triggers cannot be looked at now"

    def __init__(self, project: Project) -> None:
        self._project = project
        self._paths = project.paths
        self._processes = Processes(project.root, scheduling_directory(project.paths) / "starts.log")
        self._far = FarTables(partial(versions_of, self._paths))
        self._going: set[tuple[str, str]] = set()
        self._tries: dict[tuple[str, str], tuple[int, float]] = {}

    def turn(self, moment: Moment) -> float | None:
        """When the next turn is to be, in seconds since the epoch; None: not by itself. Raises: OSError, OrchError."""
        for (orchestration, trigger, _), _code in self._processes.ended():
            key = (orchestration, trigger)
            self._going.discard(key)
            count = self._tries.get(key, (0, 0.0))[0] + 1
            self._tries[key] = count, moment.up + _AGAIN * count
        triggers = triggers_of(self._project)
        if not triggers:
            return None
        self._far.heard()
        pauses = read_pauses(self._paths)
        wakes, faults = list[float | None](), list[OSError | OrchError]()
        for one in triggers:
            if one.trigger.enabled:
                paused = pause_at(pauses, one.orchestration, moment.now)
                if paused is not None:
                    wakes.append(paused.end)
                    continue
                # What cannot be looked at for one keeps no other from its turn.
                try:
                    wakes += self._look(one, moment)
                except (OSError, OrchError) as error:
                    faults.append(error)
        if faults:
            raise faults[0]
        return min((wake for wake in wakes if wake is not None), default=None)

    def _look(self, one: Pulled, moment: Moment) -> list[float | None]:
        """Look at one trigger; when to do that again. Raises: OSError, OrchError."""
        if one.trigger.kind is not TriggerKind.TABLES:
            return [self._look_at(one, moment, {})]
        tables = one.trigger.tables
        if not are_far(self._paths):
            return [self._look_at(one, moment, versions_of(self._paths, tables))]
        key = (one.orchestration, one.trigger.id, *tables)
        there, wakes = self._far.versions(key, tables, moment.up), list[float | None]()
        seen = read_seen(self._paths, one.orchestration, one.trigger.id)
        if there is not None or (seen is not None and seen.going is not None):
            # What is to be started waits for no answer.
            wakes.append(self._look_at(one, moment, there))
        due = self._far.next_look(key)
        return [*wakes, None if due is None else moment.now + due - moment.up]

    def _look_at(self, one: Pulled, moment: Moment, tables: Facts | None) -> float | None:
        """``tables`` are the versions of those that it waits for; None where they are not known now."""
        trigger, now = one.trigger, moment.now
        seen = read_seen(self._paths, one.orchestration, trigger.id)
        if seen is None or seen.what != one.what:
            if tables is None:
                return None
            # What is there now was there before it.
            settled = seen.settled if seen is not None else 0.0
            keep_seen(
                self._paths,
                one.orchestration,
                trigger.id,
                Seen(one.what, present(self._paths, trigger, tables), settled),
            )
            return None
        if seen.going is not None:
            if not self._is_settled(one, seen.going):
                return self._start(one, seen.going, moment)
            self._tries.pop((one.orchestration, one.watched.id), None)
            seen = replace(seen, settled=seen.going.at, going=None)
            keep_seen(self._paths, one.orchestration, trigger.id, seen)
            FileLedger(self._paths, one.watched).prune(seen.settled)
        if tables is None:
            return None
        found = find(self._paths, trigger, seen.facts, now, tables)
        # One that lies ahead is of a clock that was set back since, which says nothing of how long ago it was.
        if seen.settled <= now < seen.settled + trigger.cool_down:
            return seen.settled + trigger.cool_down
        if found.new:
            at = max(float(math.floor(now)), seen.settled + 1)
            going = Occurrence(at, _variables(trigger, found.new, at), _words(trigger, found.new))
            keep_seen(self._paths, one.orchestration, trigger.id, replace(seen, facts=found.all, going=going))
            self._start(one, going, moment)
        elif found.all != seen.facts:
            keep_seen(self._paths, one.orchestration, trigger.id, replace(seen, facts=found.all))
        return found.wake

    def _is_settled(self, one: Pulled, going: Occurrence) -> bool:
        """Whether it has come to a run, or to a reason why there is none."""
        records = FileLedger(self._paths, one.watched).records(going.at - 1)
        return any(record.covers(going.at) and record.outcome is not Outcome.CLAIMED for record in records)

    def _start(self, one: Pulled, going: Occurrence, moment: Moment) -> float | None:
        key = (one.orchestration, one.watched.id)
        if key in self._going:
            return None
        records = FileLedger(self._paths, one.watched).records(going.at - 1)
        if any(record.covers(going.at) for record in records):
            # A process that an earlier scheduler started waits for its turn.
            return moment.now + _AGAIN
        count, after = self._tries.get(key, (0, 0.0))
        if count >= _TRIES:
            FileLedger(self._paths, one.watched).settle(Record(going.at, Outcome.NOT_STARTED, why=Why.FAILED))
            return moment.now + 1
        if after > moment.up:
            return moment.now + after - moment.up
        self._processes.start(one.watched, Start(going.at))
        self._going.add(key)
        return None

    def directories(self) -> Iterator[Path]:
        """Where a change may be a fact."""
        for one in triggers_of(self._project):
            if one.trigger.enabled:
                yield from watched_places(self._paths, one.trigger)

    @property
    def descriptors(self) -> Sequence[int]:
        """Readable once a process that it started has ended, or a server has answered."""
        return [*self._processes.descriptors, *self._far.descriptors]

    def leave(self) -> None:
        """Let what was started go on by itself."""
        self._processes.leave()
        self._far.close()


def _variables(trigger: Trigger, new: Facts, at: float) -> dict[str, str]:
    names = list(new)
    values = {"trigger": trigger.id, "triggered_at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")}
    if trigger.kind is TriggerKind.FILES:
        while len(text := json.dumps(names, ensure_ascii=False)) > _LONGEST:
            names = names[: len(names) // 2]
        values["trigger_files"] = text
    elif trigger.kind is TriggerKind.TABLES:
        values["trigger_tables"] = json.dumps(names, ensure_ascii=False)
    else:
        values["trigger_run"] = names[0]
    return values


def _words(trigger: Trigger, new: Facts) -> str:
    names = list(new)
    if trigger.kind is TriggerKind.AFTER:
        return safe_line(f"run {names[0]} of {trigger.what} ({new[names[0]]})", 200)
    if trigger.kind is TriggerKind.FILES:
        names = [Path(name).name for name in names]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    noun = "file" if trigger.kind is TriggerKind.FILES else "table"
    return safe_line(f"{counted(len(names), noun)}: {', '.join(names[:_SHOWN])}{more}", 200)
