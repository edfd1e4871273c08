"""What the palette finds besides actions: orchestrations, their tasks, configurations, stored tables and past runs."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.project import history
from orch_tui.project.project import DefinitionError, Project, open_project
from orch_tui.storage.opening import open_storage
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import StorageError
from orch_tui.tui.dialogs.pick import Choice

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

RUNS_EACH = 5
"""The latest runs of each orchestration that are offered: older ones are found in its history."""


class Place(Enum):
    """Kinds of places; the value stands at the right of the row and before the id of the choice."""

    ORCHESTRATION = "orchestration"
    TASK = "task"
    CONFIGURATION = "configuration"
    TABLE = "table"
    RUN = "run"

    def choice(self, parts: tuple[str, ...], label: str, detail: str) -> Choice:
        """``parts`` are the ids that lead there."""
        return Choice("\0".join((self.value, *parts)), label, detail, self.value)


def is_place(choice_id: str) -> bool:
    """Whether the id of a choice is one of a place, not of an action."""
    return "\0" in choice_id


def read_places(root: Path) -> Iterator[list[Choice]]:
    """All places of a project, in parts: what is there at once comes first. Reads files; for a thread of its own.

    Files that cannot be read are offered by their ids: their screens say what is wrong.
    """
    project = open_project(root, tolerant=True)
    storage = open_storage(project.paths)
    if not storage.place.far:
        yield _tables(storage)
    for orchestration_id in project.orchestration_ids():
        yield _of_orchestration(project, orchestration_id)
    for ref in project.configuration_refs():
        if not ref.startswith(f"{ORCHESTRATION_COMPONENT}/"):
            yield [_configuration(project, ref)]
    if storage.place.far:
        # A server is asked, and may not answer: the rest does not wait for it.
        yield _tables(storage)


def _tables(storage: Storage) -> list[Choice]:
    try:
        return [Place.TABLE.choice((info.table,), info.table, "") for info in storage.tables()]
    except StorageError:
        return []


def _of_orchestration(project: Project, orchestration_id: str) -> list[Choice]:
    try:
        orchestration = project.orchestration(orchestration_id)
    except DefinitionError:
        name, tasks = orchestration_id, []
    else:
        name = orchestration.name
        tasks = [
            Place.TASK.choice((orchestration_id, task.id), _name(project, task.configuration), f"{name} · {phase.name}")
            for phase in orchestration.phases
            for task in phase.tasks
        ]
    detail = orchestration_id if name != orchestration_id else ""
    runs = [
        Place.RUN.choice((orchestration_id, run), name, f"of {history.clock_of(run, None)}")
        for run in history.run_ids(project.paths, orchestration_id)[:RUNS_EACH]
    ]
    return [Place.ORCHESTRATION.choice((orchestration_id,), name, detail), *tasks, *runs]


def _configuration(project: Project, ref: str) -> Choice:
    name = _name(project, ref)
    return Place.CONFIGURATION.choice((ref,), name, ref if name != ref else "")


def _name(project: Project, ref: str) -> str:
    try:
        return project.configuration(ref).name
    except DefinitionError:
        return ref


def go(app: Application, choice_id: str) -> None:
    """Show a place that was picked."""
    kind, *ids = choice_id.split("\0")
    match Place(kind):
        case Place.ORCHESTRATION:
            app.open_workbench(ids[0])
        case Place.TASK:
            app.open_workbench(ids[0], focus=ids[1])
        case Place.CONFIGURATION:
            app.open_configuration(ids[0])
        case Place.RUN:
            app.open_run(ids[0], app.project.paths.run(ids[0], ids[1]))
        case Place.TABLE:
            from orch_tui.tui.data.storage import StorageScreen

            app.push_screen(StorageScreen(cursor=ids[0]))
