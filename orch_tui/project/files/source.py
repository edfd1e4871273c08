"""One definition file as it was read: its text, its digest, and what can go wrong before TOML begins."""

from __future__ import annotations

import errno
import hashlib
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.pattern import pattern
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.given_files import (
    NotRegular,
    TooLarge,
    again_when_stale,
    is_inside,
    read_descriptor,
    real_path,
)
from orch_tui.project.files.own_files import NotOwnFile, open_own

if TYPE_CHECKING:
    from orch_tui.model.orchestration.orchestration import Orchestration

_PLACE = pattern(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
# O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK

_PASSING = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EINTR}
)


class DefinitionError(OrchError):
    """Definitions that cannot be used. ``str()`` has one problem a line: ``file:line: message (remedy)``."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(describe(problem) for problem in self.problems)

    @property
    def passes(self) -> bool:
        """Whether a file could not be read for a moment, which says nothing of what is in it."""
        return isinstance(self.__cause__, OSError) and self.__cause__.errno in _PASSING


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of a file as read, line ends included, and the SHA-256 of its bytes in hex.

    ``files`` has the texts that a configuration names with ``{ file = "…" }``, by absolute path.
    ``reads_as`` is what the file of an orchestration means, where that is known and all ids are in writing: what is
    saved next is compared with it.
    """

    text: str
    digest: str
    files: Mapping[Path, str] = field(default_factory=dict, repr=False, hash=False)
    reads_as: Orchestration | None = field(default=None, repr=False, compare=False)


def describe(problem: Problem) -> str:
    """One line: place, message and remedy."""
    place = f"{problem.place}: " if problem.place else ""
    remedy = f" ({problem.remedy})" if problem.remedy else ""
    return safe_line(f"{place}{problem.message}{remedy}")


def digest_of(data: str | bytes) -> str:
    """SHA-256 in hex; text counts as its UTF-8 bytes."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def read_source(path: Path, root: Path, shown: str) -> SourceText:
    """Read a file of people's. ``shown`` is how messages name it, ``root`` the project it must stay inside.

    Raises:
        DefinitionError: it is missing, unreadable, no regular file, leads out of the project, is longer than
            5 MiB or not UTF-8.
    """
    return _source(lambda: _open(path, root, shown), shown)


def read_own_source(path: Path, shown: str) -> SourceText:
    """Read a file of the program's own, below ``.orch/``. ``shown`` is how messages name it.

    Raises:
        DefinitionError: it is missing, unreadable, not ours, longer than 5 MiB or not UTF-8.
    """
    return _source(lambda: open_own(path), shown)


def _source(open_file: Callable[[], int], shown: str) -> SourceText:
    try:
        data = again_when_stale(lambda: _read_bytes(open_file(), shown))
    except NotOwnFile as error:
        raise _refused(shown, "unreadable", f"the file is not read: {error.what}", error.remedy) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        code = "missing-file" if isinstance(error, FileNotFoundError) else "unreadable"
        remedy = "create it or correct the name" if code == "missing-file" else reading_remedy(error, "ls -l")
        raise _refused(shown, code, f"the file cannot be read: {reason}", remedy) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start}"
        raise _refused(shown, "encoding", message, "save it as UTF-8", line) from error
    return SourceText(text, digest_of(data))


def reading_remedy(error: OSError, look: str) -> str:
    """What to do about a file that is there and was not given; ``look`` is the command that shows its permissions."""
    if isinstance(error, PermissionError):
        return f"check its permissions with {look}"
    if isinstance(error, NotRegular):
        return "replace it by a text file"
    if isinstance(error, TooLarge):
        return "take out what does not belong there"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "raise the limit with ulimit -n"
    return "try again; if it stays so, look after its disk"


def _open(path: Path, root: Path, shown: str) -> int:
    try:
        return os.open(path, _FLAGS)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        target = real_path(path)
        if not is_inside(path, root):
            message = f'the file is a symbolic link that leads out of the project, to "{safe_line(str(target), 200)}"'
            raise _refused(shown, "symlink", message, "put a copy of the file into the project") from None
        return os.open(target, _FLAGS)


def _read_bytes(descriptor: int, shown: str) -> bytes:
    """All of it; the descriptor is closed."""
    try:
        return read_descriptor(descriptor)
    except NotRegular as error:
        raise _refused(shown, "unreadable", "this is no regular file", reading_remedy(error, "ls -l")) from None
    except TooLarge as error:
        message = f"the file {str(error).removeprefix('it ')}"
        raise _refused(shown, "huge", message, "move big texts into files of their own") from None


def parse_toml(text: str, shown: str) -> dict[str, Any]:
    """The document. A byte order mark at the start is allowed.

    Raises:
        DefinitionError: broken TOML, with the line.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError as error:
        message = "arrays or inline tables are nested too deeply"
        depths = [line.count("[") + line.count("{") for line in text.split("\n")]
        raise _refused(shown, "syntax", message, "write them as [tables]", depths.index(max(depths)) + 1) from error
    except ValueError as error:
        message = str(error)
        place = _PLACE.search(message)
        line = text.count("\n") + 1 if text and not text.endswith("\n") else max(1, text.count("\n"))
        where = " at the end of the file"
        if place is not None and place[1]:
            line, where = int(place[1]), f" in column {place[2]}"
        elif place is None:
            where = ""
        message = f"broken TOML: {_PLACE.sub('', message)}{where}"
        raise _refused(shown, "syntax", message, "correct the line; https://toml.io shows how", line) from error


def _refused(shown: str, code: str, message: str, remedy: str, line: int | None = None) -> DefinitionError:
    return DefinitionError([Problem(Severity.ERROR, code, message, remedy, shown, line)])
