"""The commits of a project that is in a git work tree, as far as they changed a definition. Nothing is ever committed.

git is asked, and never given anything to write: no lock is taken, no index refreshed.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.project.definitions.configurations import file_reference
from orch_tui.project.files.given_files import MAX_BYTES
from orch_tui.project.project import text_file

_MOST = 200
"""Commits that are listed."""
_PATIENCE = 10.0
"""Seconds that git may take."""
_FIELD, _RECORD = "\x1f", "\x1e"
_FORMAT = _FIELD.join(("%H", "%an", "%at", "%s")) + _RECORD


@dataclass(frozen=True, slots=True)
class Commit:
    """``id`` is the whole name in hex, ``at`` seconds since the epoch, ``subject`` the first line of the message."""

    id: str
    author: str
    at: float
    subject: str


def is_work_tree(root: Path) -> bool:
    """Whether a project seems to be in a git work tree; no process is started."""
    return any(os.path.lexists(directory / ".git") for directory in (root, *root.parents))


def commits_of(root: Path, files: Sequence[Path]) -> list[Commit]:
    """The newest commits that changed one of these files, the newest first.

    None where the project is in no work tree, git is not installed, or it refuses (a work tree of another user).
    """
    if not is_work_tree(root):
        return []
    names = [str(path) for path in files]
    told = _git(root, "log", f"--max-count={_MOST}", f"--format={_FORMAT}", "--", *names)
    found = []
    for record in (told or b"").decode("utf-8", "replace").split(_RECORD):
        parts = record.strip("\n").split(_FIELD)
        if len(parts) == 4 and parts[2].isdecimal():
            found.append(Commit(parts[0], parts[1], float(parts[2]), parts[3]))
    return found


def find_commit(commits: Sequence[Commit], wanted: str) -> Commit | None:
    """The one whose id begins so (four characters at least); None where there is none, or several begin so."""
    fits = [one for one in commits if len(wanted) >= 4 and one.id.startswith(wanted.lower())]
    return fits[0] if len(fits) == 1 else None


def state_at(root: Path, commit: Commit, file: Path) -> dict[str, str]:
    """The texts of a definition at a commit, by path relative to the project: of its file and those that it names.

    Empty where the file was not there, or is no text.
    """
    text = _text_at(root, commit, file)
    if text is None:
        return {}
    texts = {str(file.relative_to(root)): text}
    for path in _named(root, file, text):
        other = _text_at(root, commit, path)
        if other is not None:
            texts[str(path.relative_to(root))] = other
    return texts


def _text_at(root: Path, commit: Commit, file: Path) -> str | None:
    # A blob as it is: no filter of the repository, which would be a program of somebody's, is run over it.
    data = _git(root, "cat-file", "blob", f"{commit.id}:./{file.relative_to(root)}")
    try:
        return None if data is None or len(data) > MAX_BYTES else data.decode()
    except UnicodeDecodeError:
        return None


def _named(root: Path, file: Path, text: str) -> Iterator[Path]:
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return
    for named in _references([document.get("parameters"), document.get("rows")]):
        try:
            yield text_file(root, file, named)
        except ValueError:
            continue


def _references(value: Any) -> Iterator[str]:
    if (named := file_reference(value)) is not None:
        yield named
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _references(item)


def _git(root: Path, *arguments: str) -> bytes | None:
    """What it answers; None where it cannot, or takes too long."""
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    # A monitor of files is a program that the repository's own settings name: it is not to be started.
    command = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
