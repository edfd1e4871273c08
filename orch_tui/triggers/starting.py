"""A start by a trigger, in the process that executes the run: the scheduler found the facts, and named them."""

from __future__ import annotations

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.engine.runs.start import ActiveRun
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.starts import BACKFILL_PREFIX, TRIGGER_PREFIX, IfRunning
from orch_tui.project.project import Project
from orch_tui.scheduling.backfill import backfill_for
from orch_tui.scheduling.starting import Nothing, ScheduledStart, Starting, Turn
from orch_tui.scheduling.store import FileLedger
from orch_tui.triggers.store import read_seen
from orch_tui.triggers.turns import Pulled


class NoSuchTrigger(OrchError):
    """The orchestration has no trigger of this id."""


def start_for(project: Project, starting: Starting, wanted: ScheduledStart) -> ActiveRun | Nothing:
    """Start for a scheduled time, for an interval of a backfill, or for what a trigger found: these stand in the place
    of the schedule then.

    Raises: NoSuchTrigger, and as :meth:`Starting.start` does.
    """
    if wanted.schedule.startswith(BACKFILL_PREFIX):
        backfill = backfill_for(project, wanted.orchestration, wanted.schedule)
        return backfill.start(starting, wanted.at, repeat=wanted.again)
    if not wanted.schedule.startswith(TRIGGER_PREFIX):
        return starting.start(wanted)
    orchestration, name = wanted.orchestration, wanted.schedule.removeprefix(TRIGGER_PREFIX)
    one = next((one for one in project.orchestration(orchestration).triggers if one.id == name), None)
    if one is None:
        raise NoSuchTrigger(f'"{orchestration}" has no trigger "{name}"; was it taken out meanwhile?')
    seen = read_seen(project.paths, orchestration, name)
    if seen is None or seen.going is None or seen.going.at != wanted.at:
        return Nothing("these facts started a run already, or were never found")
    pulled = Pulled(orchestration, one)
    claim = FileLedger(project.paths, pulled.watched).claim(seen.going.at)
    if claim is None:
        return Nothing("these facts started a run already")
    variables = {**seen.going.variables, **one.variables}
    by = f"trigger {one.id} ({seen.going.words}), {who_am_i()}"
    return starting.take_turn(Turn(pulled.watched, claim, variables, by, late=one.if_running is IfRunning.WAIT))
