"""Changes that were made here, written into the directory that was pulled. What was not changed is not touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from orch_tui.keboola.back.configurations import write_configuration
from orch_tui.keboola.back.directory import Files, new_files, stored_files
from orch_tui.keboola.back.flows import Surroundings, write_flow
from orch_tui.keboola.back.schedules import schedule_changes
from orch_tui.keboola.exporting import Known, known_of
from orch_tui.keboola.mapping.configurations import map_configuration
from orch_tui.keboola.mapping.orchestrations import map_orchestration
from orch_tui.keboola.mapping.shared_code import shared_texts
from orch_tui.keboola.mapping.texts import without_open_secrets
from orch_tui.keboola.originals import original_path, original_text
from orch_tui.keboola.reading.directory import branch_directory, read_directory
from orch_tui.keboola.values import FLOW, Body, Brought, KeboolaError, Stored
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.texts.text import safe_line, slug
from orch_tui.project.files.atomic import write_atomic
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project


@dataclass(slots=True)
class Exported:
    """What an export writes. ``changed`` are our names of what was changed here; ``conflicts`` of what was changed in
    the directory as well, which is left alone; ``new`` are directories that ``kbc persist`` has to take in; ``notes``
    are sentences about what Keboola will not do; ``problems`` about what cannot be written."""

    files: Files = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Whether Keboola will have all that was changed here."""
        return not (self.conflicts or self.notes or self.problems)


def plan_export(project: Project, root: Path, branch: str | None = None, add: Iterable[str] = ()) -> Exported:
    """What is to be written into the pulled directory ``root``; ``add`` are orchestrations that were made here.

    Raises:
        KeboolaError: the directory cannot be read, or an original is damaged.
    """
    brought = read_directory(root, branch)
    exporter = _Exporter(project, branch_directory(root, branch), brought)
    for ref in project.configuration_refs():
        exporter.existing(ref)
    for orchestration_id in add:
        exporter.new(orchestration_id)
    return exporter.result


def write_export(project: Project, root: Path, exported: Exported, branch: str | None = None) -> None:
    """Write the files, and remember what was written as what things are in Keboola now.

    Raises: OSError, KeboolaError.
    """
    for path, text in exported.files.items():
        if text is None:
            path.unlink(missing_ok=True)
            _remove_empty(path.parent, root)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, text)
    brought = read_directory(root, branch)
    known = known_of(project)
    for ref in exported.changed:
        key = known.references.key_of(ref)
        for one in brought.stored:
            if one.key == key or any((parent.component, parent.id) == key for parent in one.parents):
                write_atomic(original_path(project, one.key), original_text(one, brought))


def _remove_empty(directory: Path, root: Path) -> None:
    while directory != root and directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
        directory = directory.parent


class _Exporter:
    def __init__(self, project: Project, directory: Path, brought: Brought) -> None:
        self.project = project
        self.directory = directory
        self.brought = brought
        self.known: Known = known_of(project)
        self.known.references.add_all(brought)
        self.there = brought.by_key()
        self.result = Exported()

    def existing(self, ref: str) -> None:
        """What came from Keboola, if it was changed here."""
        key = next((key for key, name in self.known.links.items() if name == ref), None)
        original = self.known.originals.by_key().get(key) if key is not None else None
        if key is None or original is None or key not in self.there:
            return
        try:
            if ref.startswith(f"{ORCHESTRATION_COMPONENT}/"):
                self._orchestration(ref, original, self.there[key])
            else:
                self._configuration(ref, original, self.there[key])
        except KeboolaError as error:
            self.result.problems += error.sentences
        except DefinitionError as error:
            self.result.problems.append(f"{ref} cannot be read: {error.problems[0].message}")

    def _differs(self, ref: str, original: Stored, there: Stored) -> bool:
        """Whether it was changed in the directory since it was brought over."""
        if _comparable(original) == _comparable(there):
            return False
        self.result.conflicts.append(ref)
        return True

    def _configuration(self, ref: str, original: Stored, there: Stored) -> None:
        value = replace(self.project.configuration(ref), file=None)
        shared = shared_texts(original, self.known.originals)
        base = map_configuration(original, ref, shared).value
        if value == base or self._differs(ref, original, there):
            return
        written = write_configuration(value, base, there, shared)
        self._take(ref, stored_files(self.directory / there.path, there, written.stored), written.notes)

    def _orchestration(self, ref: str, original: Stored, there: Stored) -> None:
        value = self.project.orchestration(split_ref(ref)[1])
        base = self.known.base(value.id)
        edited = base is not None and any(self.known.configuration(one.ref) not in (None, one) for one in base.made)
        if base is None or (base.value == value and not edited) or self._differs(ref, original, there):
            return
        files: Files = {}
        brought, schedules, notes = schedule_changes(self.directory, there, self.brought, base.value, value)
        files.update(schedules)
        renamed = replace(
            there,
            name=value.name if value.name != base.value.name else there.name,
            description=value.description if value.description != base.value.description else there.description,
        )
        known = map_orchestration(there, value.id, self.known.references, self.brought)
        written = write_flow(value, renamed, known, self.known.references, brought, self._around(there))
        files.update(stored_files(self.directory / there.path, there, replace(renamed, body=written.body)))
        self._take(ref, files, (*notes, *written.notes))

    def _take(self, ref: str, files: Files, notes: Iterable[str]) -> None:
        self.result.files.update(files)
        self.result.changed.append(ref)
        self.result.notes += [f"{ref}: {note}" for note in notes]

    def _around(self, there: Stored) -> Surroundings:
        if not (self.directory / there.path / "phases").is_dir():
            return Surroundings(self.known.configuration, self.known.reference)
        return Surroundings(self.known.configuration, self._path_reference, _phase_directory, _task_directory, _moved)

    def _path_reference(self, ref: str) -> Body:
        """As ``kbc`` has it: the directory of the configuration below the branch."""
        key = self.known.references.key_of(ref)
        if key is not None and key in self.there:
            return {"configPath": self.there[key].path}
        return self.known.reference(ref)

    def new(self, orchestration_id: str) -> None:
        """An orchestration that was made here, as a new flow."""
        value = self.project.orchestration(orchestration_id)
        path = f"other/{FLOW}/{orchestration_id}"
        stored = Stored(FLOW, path, value.name, {}, value.description, place=orchestration_id, path=path)
        if (self.directory / path).exists():
            self.result.problems.append(f"{safe_line(path, 200)} is in the directory already")
            return
        try:
            around = Surroundings(self.known.configuration, self.known.reference)
            written = write_flow(value, stored, None, self.known.references, self.brought, around)
        except KeboolaError as error:
            self.result.problems += error.sentences
            return
        files = new_files(self.directory / path, replace(stored, body=written.body), self.brought.layout)
        self.result.files.update(files)
        self.result.new.append(path)
        self.result.notes += [f"{ORCHESTRATION_COMPONENT}/{orchestration_id}: {note}" for note in written.notes]


def _comparable(stored: Stored) -> Stored:
    """What counts of a stored configuration: not where it was read, nor what no original has."""
    rows = tuple(replace(row, body=without_open_secrets(row.body)) for row in stored.rows)
    return replace(stored, body=without_open_secrets(stored.body), rows=rows, place="", path="", parents=())


def _phase_directory(phase: Phase, number: int) -> str:
    return f"{number:03d}-{slug(phase.name, 'phase')}"


def _task_directory(task: Task, phase: str, number: int) -> str:
    return f"{phase}/{number:03d}-{slug(task.configuration.rpartition('/')[2], 'task')}"


def _moved(task: str, phase: str) -> str:
    return task if task.startswith(f"{phase}/") else f"{phase}/{task.rpartition('/')[2]}"


__all__ = ["Exported", "plan_export", "write_export"]
