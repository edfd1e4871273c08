"""Secrets: the environment first, then the project's ``.env``."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from orch_tui.model.problem import Problem, Severity

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAX_INDEX_BYTES = 64 * 1024 * 1024


class Secrets:
    """Looks names up; ``.env`` is read once, when the environment does not have a name.

    Values appear in no ``repr`` and in no message.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file: dict[str, str] | None = None
        self._failure: Problem | None = None

    def __repr__(self) -> str:
        return f"Secrets({str(self._root)!r})"

    def get(self, name: str) -> str | None:
        """The value, or None. An empty text in the environment is a value."""
        value = os.environ.get(name)
        return value if value is not None else self._values().get(name)

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that have no value, sorted."""
        return sorted({name for name in names if self.get(name) is None})

    def problems(self) -> list[Problem]:
        """A ``.env`` that cannot be read, that others may read, or that git keeps."""
        self._values()
        found = [self._failure] if self._failure else []
        path = self._root / ".env"
        try:
            mode = path.stat().st_mode
        except OSError:
            return found
        if mode & _OTHERS:
            message = f".env holds secrets, but other users may open it (mode {stat.S_IMODE(mode):04o})"
            found.append(Problem(Severity.WARNING, "env-mode", message, "chmod 600 .env", ".env"))
        if _tracked_by_git(path):
            message = ".env holds secrets, but it is committed to git"
            remedy = "git rm --cached .env, add it to .gitignore, and change the secrets that were in it"
            found.append(Problem(Severity.WARNING, "env-tracked", message, remedy, ".env"))
        return found

    def _values(self) -> dict[str, str]:
        if self._file is None:
            self._file = {}
            path = self._root / ".env"
            if os.path.lexists(path):
                self._file = self._read(path)
        return self._file

    def _read(self, path: Path) -> dict[str, str]:
        from dotenv import dotenv_values

        try:
            values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "it cannot be opened"
            message, remedy = f".env cannot be read: {reason}", "check its permissions with ls -l .env"
        except UnicodeDecodeError:
            message, remedy = ".env cannot be read: it is not UTF-8 text", "save it as UTF-8"
        else:
            # A name with nothing behind it is a line of .env.example that nobody has filled in.
            return {name: value for name, value in values.items() if value}
        self._failure = Problem(Severity.ERROR, "env-unreadable", message, remedy, ".env")
        return {}


def _tracked_by_git(path: Path) -> bool:
    """Looks into the index of the repository around ``path`` for its name; no process is started.

    Entries of index versions 2 and 3 end with 16 bits of flags, whose lower 12 are the name's length, the name and a
    NUL byte (https://git-scm.com/docs/index-format). Version 4 shortens names and is not looked at.
    """
    for directory in path.resolve().parents:
        git = directory / ".git"
        try:
            if git.is_file():
                git = directory / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
            index = git / "index"
            if not git.is_dir():
                continue
            if index.stat().st_size > _MAX_INDEX_BYTES:
                return False
            data = index.read_bytes()
        except (OSError, UnicodeDecodeError):
            return False
        name = os.fsencode(path.resolve().relative_to(directory))
        entry = bytes([len(name) & 0xFF]) + name + b"\0"
        return len(name) < 256 and entry in data
    return False
