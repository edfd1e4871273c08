"""Orchestrations and configurations as a whole: create, duplicate, rename with all references, delete, restore.

Each works on the files as they are on disk, and has the project to itself meanwhile.
"""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.dataclass import dataclass
from orch_tui.model.edits.edits import replace_configuration
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.orchestration import Orchestration, Task
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.text import valid_id
from orch_tui.project.files.source import DefinitionError, SourceText, parse_toml
from orch_tui.project.kept.recording import SAVE, Occasion, note_found, note_moved
from orch_tui.project.kept.versions import Change
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project, text_file
from orch_tui.project.saving.configuration_text import texts_of_document
from orch_tui.project.saving.drafts import move_drafts
from orch_tui.project.saving.writer import SaveError, locked, save_configuration, save_orchestration, write_new
from orch_tui.project.toml.decode import quote


class InUse(OrchError):
    """What was to be deleted is used by tasks; ``users`` has them."""

    def __init__(self, ref: str, users: list[tuple[Orchestration, Task]]) -> None:
        self.users = users
        places = ", ".join(f"{quote(value.name)} (task {quote(task.id)})" for value, task in users[:5])
        more = f" and {len(users) - 5} more" if len(users) > 5 else ""
        super().__init__(f"{quote(ref)} is used by {places}{more}; remove these tasks first")


@dataclass(frozen=True, slots=True)
class Trashed:
    """A deleted file: where it is now and where it was. ``when`` is seconds since the epoch."""

    stored: Path
    original: Path
    when: float


def used_by(project: Project, ref: str) -> list[tuple[Orchestration, Task]]:
    """Every task that runs a configuration, with its orchestration; broken orchestration files are passed over."""
    users = []
    for orchestration_id in project.orchestration_ids():
        try:
            value = project.orchestration(orchestration_id)
        except DefinitionError:
            continue
        users += [(value, task) for task in value.tasks() if task.configuration == ref]
    return users


def create_orchestration(project: Project, orchestration: Orchestration) -> SourceText:
    """Write a new file. Raises: ChangedOnDisk when there is one already, DefinitionError, SaveError."""
    return save_orchestration(project, orchestration, None)


def create_configuration(project: Project, configuration: Configuration) -> SourceText:
    """Write a new file. Raises: ChangedOnDisk when there is one already, DefinitionError, SaveError."""
    return save_configuration(project, configuration, None)


def duplicate_orchestration(project: Project, orchestration_id: str, new_id: str, name: str) -> SourceText:
    """Copy a file with its comments under another id and name. Raises: as :func:`create_orchestration`."""
    old, new = project.paths.orchestration(orchestration_id), project.paths.orchestration(new_id)
    with locked(project, project.paths.relative(new)):
        _check_new(project, new, new_id)
        project.forget(old)
        value, base = project.orchestration(orchestration_id), project.source(old)
        write_new(project, new, base.text)
        # The name in the text is changed by an edit like any other, so that everything else stays as it is.
        return save_orchestration(project, replace(value, id=new_id, name=name), SourceText(base.text, base.digest))


def duplicate_configuration(project: Project, ref: str, new_id: str, name: str) -> SourceText:
    """Copy a configuration; texts in files of their own are copied too, so that the two can go separate ways.

    Raises: as :func:`create_configuration`.
    """
    component, old_id = split_ref(ref)
    old_path, path = project.paths.configuration(component, old_id), project.paths.configuration(component, new_id)
    with locked(project, project.paths.relative(path)):
        _check_new(project, path, new_id)
        project.forget(old_path)
        value, base = project.configuration(ref), project.source(old_path)
        text = base.text
        references = texts_of_document(parse_toml(text, project.paths.relative(old_path)), value)
        copies: dict[Path, str] = {}
        if references:
            text = _with_copied_texts(project, old_path, base, new_id, references, copies)
        for copy, content in copies.items():
            write_new(project, copy, content)
        source = write_new(project, path, text)
        copied = SourceText(source.text, source.digest, {**base.files, **copies})
        return save_configuration(project, replace(value, id=new_id, name=name), copied)


def _with_copied_texts(
    project: Project,
    old_path: Path,
    base: SourceText,
    new_id: str,
    references: list[tuple[str, tuple[str | int, ...], Any]],
    copies: dict[Path, str],
) -> str:
    import tomlkit

    document: Any = tomlkit.parse(base.text.removeprefix("\ufeff").replace("\r\n", "\n"))
    names: dict[str, str] = {}
    for named, path, _ in references:
        source = text_file(project.root, old_path, named)
        if named not in names:
            names[named] = _free_name(old_path.parent, new_id, source.suffix, copies)
            copies[old_path.parent / names[named]] = base.files[source]
        table = document
        for part in path:
            table = table[part]
        table["file"] = names[named]
    return tomlkit.dumps(document)


def _free_name(directory: Path, stem: str, suffix: str, taken: dict[Path, str]) -> str:
    number, name = 1, f"{stem}{suffix}"
    while os.path.lexists(directory / name) or directory / name in taken or name.endswith(".toml"):
        number += 1
        name = f"{stem}-{number}{suffix if suffix != '.toml' else '.txt'}"
    return name


def rename_configuration(project: Project, ref: str, new_id: str) -> list[Path]:
    """Give a configuration another id; all tasks that run it follow.

    Returns: the files changed, the configuration's new one first.
    Raises:
        DefinitionError: the id is impossible or taken, or an orchestration that names it is broken.
        ChangedOnDisk, SaveError: see :func:`orch_tui.project.saving.writer.save_orchestration`.
    """
    component, old_id = split_ref(ref)
    old, new = project.paths.configuration(component, old_id), project.paths.configuration(component, new_id)
    with locked(project, project.paths.relative(old)):
        if not os.path.lexists(old):
            project.configuration(ref)
        _check_new(project, new, new_id)
        return [new, *_move_and_follow(project, old, new, ref, f"{component}/{new_id}")]


def rename_orchestration(project: Project, orchestration_id: str, new_id: str) -> list[Path]:
    """Give an orchestration another id; tasks that run it, its history and its draft follow.

    Returns and raises as :func:`rename_configuration`; DefinitionError too while a run of it is not finished.
    """
    old, new = project.paths.orchestration(orchestration_id), project.paths.orchestration(new_id)
    ref, new_ref = f"{ORCHESTRATION_COMPONENT}/{orchestration_id}", f"{ORCHESTRATION_COMPONENT}/{new_id}"
    with locked(project, project.paths.relative(old)):
        project.forget(old)
        value = project.orchestration(orchestration_id)
        _check_new(project, new, new_id)
        _refuse_while_running(project, orchestration_id)
        base = project.source(old)
        changed = _move_and_follow(project, old, new, ref, new_ref)
        if value.name == orchestration_id:
            # Without a name in the file the id is the name; the name stays what it was.
            save_orchestration(project, replace(value, id=new_id), base)
        runs = project.paths.runs(orchestration_id)
        if runs.exists() and not os.path.lexists(project.paths.runs(new_id)):
            runs.rename(project.paths.runs(new_id))
        move_drafts(project, orchestration_id, new_id)
    return [new, *changed]


def _move_and_follow(project: Project, old: Path, new: Path, ref: str, new_ref: str) -> list[Path]:
    """Renames the file, then edits the orchestrations; each is composed from what is on disk now."""
    _read_orchestrations_again(project)
    _refuse_broken_users(project, ref)
    users = {value.id: value for value, _ in used_by(project, ref)}
    bases = {user: project.source(project.paths.orchestration(user)) for user in users}
    _rename(project, old, new, Occasion(note=f"{ref} became {new_ref}"))
    changed = []
    for user, value in users.items():
        if project.paths.orchestration(user) == old:
            continue
        save_orchestration(project, replace_configuration(value, ref, new_ref), bases[user])
        changed.append(project.paths.orchestration(user))
    return changed


def _read_orchestrations_again(project: Project) -> None:
    """Another program may have made one use what is renamed or deleted here."""
    for orchestration_id in project.orchestration_ids():
        project.forget(project.paths.orchestration(orchestration_id))


def _refuse_broken_users(project: Project, ref: str) -> None:
    broken = []
    for orchestration_id in project.orchestration_ids():
        try:
            project.orchestration(orchestration_id)
        except DefinitionError as error:
            if ref in _text_of(project, orchestration_id):
                broken += error.problems
    if broken:
        raise DefinitionError(replace(problem, remedy=f"{problem.remedy}; then rename again") for problem in broken)


def _text_of(project: Project, orchestration_id: str) -> str:
    """The text of a broken file, as far as it can be read."""
    try:
        return project.source(project.paths.orchestration(orchestration_id)).text
    except DefinitionError:
        return ""


def _refuse_while_running(project: Project, orchestration_id: str) -> None:
    from orch_tui.project.history import runs

    for run in runs(project.paths, orchestration_id, limit=20):
        if run.live:
            message = f"the orchestration {quote(orchestration_id)} is running ({run.id})"
            raise DefinitionError([Problem(Severity.ERROR, "running", message, "wait for its end, or cancel the run")])


def delete_orchestration(project: Project, orchestration_id: str, *, force: bool = False) -> Trashed:
    """Move the file to the trash; its history stays. Raises: InUse without ``force``, SaveError."""
    ref = f"{ORCHESTRATION_COMPONENT}/{orchestration_id}"
    return _delete(project, project.paths.orchestration(orchestration_id), ref, force=force)


def delete_configuration(project: Project, ref: str, *, force: bool = False) -> Trashed:
    """Move the file to the trash; texts in files beside it stay. Raises: InUse without ``force``, SaveError."""
    component, name = split_ref(ref)
    return _delete(project, project.paths.configuration(component, name), ref, force=force)


def _delete(project: Project, path: Path, ref: str, *, force: bool, now: Callable[[], float] = time.time) -> Trashed:
    with locked(project, project.paths.relative(path)):
        if not force:
            _read_orchestrations_again(project)
            users = [pair for pair in used_by(project, ref) if f"{ORCHESTRATION_COMPONENT}/{pair[0].id}" != ref]
            if users:
                raise InUse(ref, users)
        return _to_trash(project, path, now())


def _to_trash(project: Project, path: Path, when: float) -> Trashed:
    inside = path.relative_to(project.root)
    places = (project.paths.trash / f"{when:.6f}-{number}" / inside for number in itertools.count())
    stored = next(place for place in places if not place.exists())
    try:
        project.paths.make_state()
        make_private(stored.parent)
    except OSError as error:
        raise SaveError(project.paths.relative(path), error) from error
    _rename(project, path, stored, Occasion(Change.DELETED))
    return Trashed(stored, path, when)


def trashed(project: Project) -> list[Trashed]:
    """What can be restored, the newest first."""
    found = []
    for stored in project.paths.trash.glob("*/*/**/*.toml"):
        parts = stored.relative_to(project.paths.trash).parts
        try:
            when = float(parts[0].rpartition("-")[0])
        except ValueError:
            # Not put here by this program.
            continue
        found.append(Trashed(stored, project.root.joinpath(*parts[1:]), when))
    return sorted(found, key=lambda item: item.when, reverse=True)


def restore(project: Project, item: Trashed) -> Path:
    """Put a deleted file back. Raises: DefinitionError when its place is taken, SaveError."""
    with locked(project, project.paths.relative(item.original)):
        _check_new(project, item.original, item.original.stem)
        _rename(project, item.stored, item.original, Occasion(Change.RESTORED))
    return item.original


def _check_new(project: Project, path: Path, new_id: str) -> None:
    shown = project.paths.relative(path)
    if not valid_id(new_id):
        message, remedy = f"{quote(new_id)} cannot be an id", "use letters, digits, _ . and -, at most 100 characters"
    elif os.path.lexists(path):
        message, remedy = f"{quote(new_id)} exists already", "choose another id"
    else:
        return
    raise DefinitionError([Problem(Severity.ERROR, "invalid-id", message, remedy, shown)])


def _rename(project: Project, old: Path, new: Path, occasion: Occasion = SAVE) -> None:
    note_found(project, old)
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        _move(old, new)
    except OSError as error:
        raise SaveError(project.paths.relative(old), error) from error
    for path in (old, new):
        project.forget(path)
    note_moved(project, old, new, occasion)


def _move(old: Path, new: Path) -> None:
    """By a link, so that a file that appeared meanwhile is never replaced. Raises: OSError."""
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        # A file system without hard links.
        if os.path.lexists(new):
            raise FileExistsError(errno.EEXIST, "the file exists already") from error
        old.rename(new)
    else:
        old.unlink()
