"""Going back to an older state of a definition: a new version with exactly its bytes, comments and all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.kept.commits import Commit, commits_of, find_commit, state_at
from orch_tui.project.kept.recording import Occasion
from orch_tui.project.kept.versions import Change, NoSuchVersion, Version, Versions, file_of, state_on_disk
from orch_tui.project.project import Project
from orch_tui.project.saving.writer import locked, write_texts

NOW = "now"
"""What the files hold, whether that is a version yet or not."""


class NothingToChange(OrchError):
    """The definition is in that state already."""


@dataclass(frozen=True, slots=True)
class State:
    """A state of a definition that is to be looked at: what it is called, and its texts by path relative to the
    project. One of ``version`` and ``commit`` is set, unless it is what the files hold now."""

    words: str
    texts: Mapping[str, str]
    version: Version | None = None
    commit: Commit | None = None


def commits_of_definition(project: Project, ref: str) -> list[Commit]:
    """Those that changed its file, or a text that a kept version of it names; the newest first."""
    file = file_of(project.paths, ref)
    texts = {path for version in Versions(project.paths).of(ref) for path in version.files}
    others = (project.root / text for text in sorted(texts))
    return commits_of(project.root, [file, *(other for other in others if other != file)])


def find_state(project: Project, ref: str, wanted: str) -> State:
    """By the number of a version, the beginning of a commit's id, or :data:`NOW`.

    Raises:
        NoSuchVersion: there is none.
        NotKept: its bytes are gone.
        DefinitionError: the files of now cannot be read.
    """
    if wanted == NOW:
        return State(f"{ref} now", state_on_disk(project, ref))
    versions = Versions(project.paths)
    # A number that is too large for a version may be how a commit's id begins.
    if wanted.isdecimal() and int(wanted) <= max(len(versions.of(ref)), 999):
        version = versions.get(ref, int(wanted))
        return State(f"{ref} version {version.number}", versions.texts(version), version)
    commit = find_commit(commits_of_definition(project, ref), wanted)
    if commit is None:
        raise NoSuchVersion(
            f'{ref} has neither a version nor a commit "{wanted}"; see orch-tui definitions versions {ref}'
        )
    return State(
        f"{ref} at {commit.id[:10]}", state_at(project.root, commit, file_of(project.paths, ref)), commit=commit
    )


def roll_back(project: Project, ref: str, state: State, note: str = "") -> list[Path]:
    """Write a state of a definition over what its files hold, which is kept as a version before; the files written.

    Raises:
        NothingToChange: they hold just that.
        NoSuchVersion: in that state the definition was deleted.
        SaveError: a file cannot be written; nothing was changed.
    """
    file = file_of(project.paths, ref)
    shown = project.paths.relative(file)
    if shown not in state.texts:
        raise NoSuchVersion(f"{state.words} has no file: it was deleted; delete it, if that is wanted")
    with locked(project, shown):
        try:
            now: Mapping[str, str] = state_on_disk(project, ref)
        except DefinitionError:
            # What cannot be read is written over: going back is how it is mended.
            now = {}
        changed = {project.root / path: text for path, text in state.texts.items() if now.get(path) != text}
        if not changed:
            raise NothingToChange(f"{ref} is as {state.words} already")
        told = note or (f"commit {state.commit.id[:10]}" if state.commit is not None else "")
        write_texts(project, file, changed, Occasion(Change.ROLLED_BACK, state.version, told))
    return list(changed)
