"""Versions are kept as definitions change: around each save of the program.

What another program has written in between is kept when it is met: before it is saved over, and when a run uses it
(:mod:`orch_tui.project.kept.run_definitions`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.kept.versions import Change, Version, Versions, ref_of, state_on_disk
from orch_tui.project.project import Project


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why definitions are written. ``of`` is the version that is rolled back to, ``note`` what somebody said of it."""

    change: Change = Change.SAVED
    of: Version | None = None
    note: str = ""


SAVE = Occasion()


@contextmanager
def versions_kept(project: Project, file: Path, texts: Mapping[Path, str], occasion: Occasion = SAVE) -> Iterator[None]:
    """Around the writing of ``texts``, which belong to ``file``: the state before is kept, then the one after.

    Raises:
        OSError: before anything is written: a state cannot be kept.
    """
    refs = _definitions_of(project, file)
    if not refs:
        yield
        return
    versions = Versions(project.paths)
    for ref in refs:
        _note(project, versions, ref, Occasion(Change.FOUND))
    versions.keep({project.paths.relative(path): text for path, text in texts.items()})
    yield
    for ref in refs:
        # It is saved. That it is a version is found out at the next save, or by the next run.
        with contextlib.suppress(OSError):
            _note(project, versions, ref, occasion)


def note_moved(project: Project, old: Path, new: Path, occasion: Occasion) -> None:
    """A file was moved: from here to the trash, back, or to another name. What cannot be kept is left."""
    versions = Versions(project.paths)
    for file in (old, new):
        if (ref := ref_of(project.paths, file)) is not None:
            with contextlib.suppress(OSError):
                _note(project, versions, ref, occasion)


def note_found(project: Project, file: Path) -> None:
    """Keep what a file has now, before it goes. What cannot be kept is left."""
    if (ref := ref_of(project.paths, file)) is not None:
        with contextlib.suppress(OSError):
            _note(project, Versions(project.paths), ref, Occasion(Change.FOUND))


def _note(project: Project, versions: Versions, ref: str, occasion: Occasion) -> None:
    try:
        files = versions.keep(state_on_disk(project, ref))
    except DefinitionError:
        # It cannot be read, so it is no version either.
        return
    of = occasion.of.number if occasion.of is not None else 0
    versions.add(ref, files, occasion.change, of=of, note=occasion.note)


def _definitions_of(project: Project, file: Path) -> list[str]:
    """The definition whose file it is, or those configurations of its folder that name it."""
    if (ref := ref_of(project.paths, file)) is not None:
        return [ref]
    component = file.parent.name
    found = []
    for ref in project.configuration_refs() if file.parent.parent == project.paths.configurations else ():
        if ref.startswith(f"{component}/"):
            with contextlib.suppress(DefinitionError):
                if file in _named_texts(project, ref):
                    found.append(ref)
    return found


def _named_texts(project: Project, ref: str) -> Iterable[Path]:
    component, _, name = ref.partition("/")
    project.configuration(ref)
    return project.source(project.paths.configuration(component, name)).files
