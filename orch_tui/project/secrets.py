"""Secrets: the environment first, then the project's ``.env``."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import is_secret_name
from orch_tui.project.files.given_files import read_given, real_path
from orch_tui.project.files.source import reading_remedy

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LINE_REMEDY = "write NAME=value; put a value with blanks or quotes into quotes, and close them"
_MAX_INDEX_BYTES = 64 * 1024 * 1024


class Secrets:
    """Looks names up; ``.env`` is read once, when the environment does not have a name.

    Values appear in no ``repr`` and in no message.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file: dict[str, str] | None = None
        self._wrong: list[Problem] = []
        self.refusal: OSError | None = None
        """What the system said when ``.env`` was there and was not given; it is asked again for the next name."""

    def __repr__(self) -> str:
        return f"Secrets({str(self._root)!r})"

    def get(self, name: str) -> str | None:
        """The value, or None. An empty text in the environment is a value."""
        value = os.environ.get(name)
        return value if value is not None else self._values().get(name)

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that have no value, sorted."""
        return sorted({name for name in names if self.get(name) is None})

    def names_in_file(self) -> list[str]:
        """The names in ``.env`` that a reference can have, sorted."""
        return sorted(filter(is_secret_name, self._values()))

    def problems(self) -> list[Problem]:
        """What :meth:`problems_of_file` says, and whether git keeps ``.env``."""
        found, path = self.problems_of_file(), self._root / ".env"
        if path.exists() and _tracked_by_git(path):
            message = ".env holds secrets, but it is committed to git"
            remedy = "git rm --cached .env, add it to .gitignore, and change the secrets that were in it"
            found.append(Problem(Severity.WARNING, "env-tracked", message, remedy, ".env"))
        return found

    def problems_of_file(self) -> list[Problem]:
        """A ``.env`` that cannot be read, or of which a line cannot be, or that other users may open."""
        self._values()
        try:
            mode = (self._root / ".env").stat().st_mode
        except OSError:
            return [*self._wrong]
        if not mode & _OTHERS:
            return [*self._wrong]
        message = f".env holds secrets, but other users may open it (mode {stat.S_IMODE(mode):04o})"
        return [*self._wrong, Problem(Severity.WARNING, "env-mode", message, "chmod 600 .env", ".env")]

    def _values(self) -> dict[str, str]:
        if self._file is None:
            self.refusal = None
            path = self._root / ".env"
            values = self._read(path) if os.path.lexists(path) else {}
            if self.refusal is not None:
                return values
            self._file = values
        return self._file

    def _read(self, path: Path) -> dict[str, str]:
        try:
            text = read_given(path).decode("utf-8-sig")
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            message, remedy = f".env cannot be read: {reason}", reading_remedy(error, "ls -l .env")
            self.refusal = error
        except UnicodeDecodeError:
            message, remedy = ".env cannot be read: it is not UTF-8 text", "save it as UTF-8"
        else:
            values, self._wrong = parse_env(text)
            # A name with nothing behind it is a line of .env.example that nobody has filled in.
            return {name: value for name, value in values.items() if value}
        self._wrong = [Problem(Severity.ERROR, "env-unreadable", message, remedy, ".env")]
        return {}


def parse_env(text: str) -> tuple[dict[str, str], list[Problem]]:
    """The names and values of a ``.env``, and what is wrong with its lines. No line is ever quoted: it may be a secret.

    The lines are read by python-dotenv (https://saurabh-kumar.com/python-dotenv/), whose own word of a broken one goes
    to standard error without the file's name.
    """
    from dotenv.parser import parse_stream

    values: dict[str, str] = {}
    wrong = []
    for binding in parse_stream(io.StringIO(text)):
        string = binding.original.string
        line = binding.original.line + string[: len(string) - len(string.lstrip())].count("\n")
        if binding.error:
            message, remedy = "this line is no NAME=value, and nothing of it is used", _LINE_REMEDY
            wrong.append(Problem(Severity.ERROR, "env-line", message, remedy, ".env", line))
        elif binding.key is not None:
            wrong += _name_problems(binding.key, line, values)
            values[binding.key] = binding.value or ""
    return values, wrong


def _name_problems(name: str, line: int, known: Container[str]) -> Iterator[Problem]:
    if not is_secret_name(name):
        message = f"{safe_line(name, 60)} cannot be the name of a secret, so nothing can refer to it"
        remedy = "take letters, digits and _, and no digit first"
        yield Problem(Severity.WARNING, "env-name", message, remedy, ".env", line)
    elif name in known:
        message = f"{name} stands here a second time; this value is the one that is used"
        yield Problem(Severity.WARNING, "env-twice", message, "take one of them out", ".env", line)


def _tracked_by_git(path: Path) -> bool:
    """Looks into the index of the repository around ``path`` for its name; no process is started.

    Entries of index versions 2 and 3 end with 16 bits of flags, whose lower 12 are the name's length, the name and a
    NUL byte (https://git-scm.com/docs/index-format). Version 4 shortens names and is not looked at.
    """
    try:
        real = real_path(path)
    except OSError:
        return False
    for directory in real.parents:
        git = directory / ".git"
        try:
            if git.is_file():
                git = directory / read_given(git).decode().removeprefix("gitdir:").strip()
            index = git / "index"
            if not git.is_dir():
                continue
            if index.stat().st_size > _MAX_INDEX_BYTES:
                return False
            data = index.read_bytes()
        except (OSError, UnicodeDecodeError):
            return False
        name = os.fsencode(real.relative_to(directory))
        entry = bytes([len(name) & 0xFF]) + name + b"\0"
        return len(name) < 256 and entry in data
    return False
