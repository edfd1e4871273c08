"""The lists of phases and tasks: as they were in the file wherever that says what is wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from orch_tui.keboola.flows.ordering import CircleError, dependencies, goto_edges, in_order
from orch_tui.keboola.reading.phases import without_previous
from orch_tui.keboola.values import Body


def placed(before: Sequence[Any], wanted: Sequence[Body], groups: Sequence[Sequence[Body]] = ()) -> list[Body]:
    """``wanted`` in the order of the file, new ones last; in their own order where the file's would be another one.

    ``groups`` are parts of it whose order counts, tasks of a phase; without any the order of all of it does.
    """
    places = {str(one["id"]): number for number, one in enumerate(before)}
    kept = sorted(
        wanted, key=lambda one: places.get(str(one["id"]), len(places))
    )  # Sorting keeps the order of those that are new.
    if groups:
        number = {str(one["id"]): place for place, one in enumerate(kept)}
        fits = all(sorted(group, key=lambda one: number[str(one["id"])]) == list(group) for group in groups)
        return kept if fits else list(wanted)
    return kept if _runs_as(kept, wanted) else list(wanted)


def _runs_as(phases: Sequence[Body], wanted: Sequence[Body]) -> bool:
    """Whether phases in this order of the file are run in the wanted order."""
    ids = [str(phase["id"]) for phase in phases]
    resolved = without_previous(list(phases))
    legacy = any("dependsOn" in phase for phase in phases)
    try:
        before = dependencies(resolved) if legacy else goto_edges(resolved)
        if not all(names <= before.keys() for names in before.values()):
            return False
        return in_order(ids, before) == [str(phase["id"]) for phase in wanted]
    except (CircleError, KeyError):
        return False


def chained(phases: Sequence[Body], wanted: Sequence[Body], before_ids: Collection[str]) -> list[Body]:
    """Phases of an orchestrator with ``dependsOn`` that runs them in the wanted order: as it is where it does so.

    ``before_ids`` are the phases that were there before; of those that were not, each needs one that it waits for.
    """
    ids = {str(phase["id"]) for phase in phases}
    known = all(str(one) in ids for phase in without_previous(list(phases)) for one in phase.get("dependsOn") or ())
    waits = all("dependsOn" in one or str(one["id"]) in before_ids or one is wanted[0] for one in phases)
    if known and waits and _runs_as(phases, wanted):
        return list(phases)
    before: Body | None = None
    for phase in wanted:
        depends = [] if before is None else [before["id"]]
        resolved = next(one for one in without_previous(list(phases)) if str(one["id"]) == str(phase["id"]))
        if "dependsOn" not in phase or resolved.get("dependsOn") != depends:
            phase["dependsOn"] = depends
        before = phase
    return list(phases)
