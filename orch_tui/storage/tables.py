"""What a table is: immutable Parquet versions in a plain directory, and one small table.toml that names the current."""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.problem import Problem
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.project.files.own_files import NotOwnFile, require_own
from orch_tui.storage.directory import Directory
from orch_tui.storage.place import Place, PlaceError, Read

T = TypeVar("T")

DEFAULT_KEEP = 3
"""Versions of a table that are kept, the current one included."""
_MOST_DAYS = 36_500.0
_FILE = re.compile(r"(\d{6,})(?:-[0-9a-f]{8,64})?\.parquet")


class StorageError(UserError):
    """A table cannot be read or written; the text says which file and what to do."""


class Origin(StrEnum):
    """How a version became one, other than by a task that succeeded."""

    ACCEPTED = "accepted"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided that made a version: by whom, with which note. ``of``: the version that was restored."""

    origin: Origin
    by: str
    note: str = ""
    of: int = 0

    @property
    def words(self) -> str:
        """``accepted by ann: the shop was closed``."""
        of = f" from version {self.of}" if self.of else ""
        note = f": {safe_line(self.note, 300)}" if self.note else ""
        return f"{self.origin.value}{of} by {safe_line(self.by, 100)}{note}"

    def as_toml(self) -> dict[str, Any]:
        values = {"origin": self.origin.value, "by": self.by, "note": self.note}
        return values | ({"of": self.of} if self.of else {})


@dataclass(frozen=True, slots=True)
class TableVersion:
    """One version that is still on disk. ``bytes`` is the size of its file, ``run`` and ``task`` wrote it.

    ``primary_key`` is None in the files of older programs.
    """

    version: int
    file: str
    rows: int
    bytes: int
    created: datetime
    run: str = ""
    task: str = ""
    decision: Decision | None = None
    primary_key: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TableInfo:
    """The current version of a table. ``columns`` are (name, DuckDB type).

    When its table.toml cannot be understood, ``problem`` says so and everything but ``table`` is empty.
    """

    table: str
    version: int
    file: Path
    rows: int
    bytes: int
    columns: tuple[tuple[str, str], ...]
    primary_key: tuple[str, ...]
    mode: WriteMode
    created: datetime
    run: str = ""
    task: str = ""
    previous: tuple[TableVersion, ...] = ()
    problem: Problem | None = None
    decision: Decision | None = None

    @property
    def current(self) -> TableVersion:
        return TableVersion(
            self.version,
            self.file.name,
            self.rows,
            self.bytes,
            self.created,
            self.run,
            self.task,
            self.decision,
            self.primary_key,
        )


class Content(NamedTuple):
    """What is in a Parquet file: its rows, and its columns (name and DuckDB type) as DuckDB reads them there."""

    rows: int
    columns: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Rows whose text in ``column`` is one of ``values`` (null is the empty text), or none of them if ``negated``."""

    column: str
    values: tuple[str, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """A staged Parquet file ``path`` and the table that it goes to.

    ``deletes`` are stored rows that go before the new ones come, where those are added to them: each rule deletes the
    rows for which all of its filters hold. ``content``, where who wrote the file knows.
    """

    table: str
    path: Path
    mode: WriteMode = WriteMode.FULL
    primary_key: tuple[str, ...] = ()
    deletes: tuple[tuple[RowFilter, ...], ...] = ()
    content: Content | None = field(default=None, hash=False)

    @property
    def is_whole(self) -> bool:
        """Whether it becomes the new version as it is, without anybody looking into it."""
        return self.content is not None and self.mode is WriteMode.FULL and not self.primary_key


class TableFiles:
    """Where tables are, and what their table.toml says.

    ``root`` (``ProjectPaths.storage``) is the directory of this machine with all that is the storage's own; ``place``
    is where tables are kept, which is that directory when nothing else is said. ``log`` gets lines about waiting and
    repairs; ``keep`` is how many versions of a table stay, ``keep_days`` for how long all of them do (None: no longer
    than their number says).
    """

    def __init__(
        self,
        root: Path,
        *,
        keep: int | None = None,
        keep_days: float | None = None,
        log: Callable[[str], None] | None = None,
        place: Place | None = None,
    ) -> None:
        self.root = root
        self.place: Place = place or Directory(root)
        self.keep = max(1, keep if keep is not None else keep_from_environment())
        self.keep_days = keep_days if keep_days is not None else days_from_environment()
        self.log: Callable[[str], None] = log or (lambda text: None)

    def home(self, table: str) -> Path:
        """The directory of this machine for a table's files. Raises: UserError when ``table`` is not "bucket/table"."""
        bucket, _, name = table.partition("/")
        if not (valid_id(bucket) and valid_id(name)):
            raise UserError(f'"{safe_line(table, 200)}" is no table; write it "bucket/table"')
        return self.place.home(table)

    def retained(self, before: Sequence[TableVersion], now: datetime) -> tuple[TableVersion, ...]:
        """Of the versions before the current one, the newest first, those that are to be kept."""
        oldest = None if self.keep_days is None else now - timedelta(days=self.keep_days)
        return tuple(
            version
            for place, version in enumerate(before, 2)
            if place <= self.keep or (oldest is not None and version.created >= oldest)
        )

    def read_unrecovered(self, table: str) -> TableInfo | None:
        """The table as its table.toml says, for whoever holds its lock already. Raises: StorageError, UserError."""
        self.home(table)
        try:
            text: Read = self.place.read_manifest(table)
        except (OSError, UnicodeDecodeError) as error:
            text = error
        return self.understood(table, text)

    def understood(self, table: str, text: Read) -> TableInfo | None:
        """What a manifest says that was read already, or could not be. Raises: StorageError."""
        if isinstance(text, NotOwnFile):
            where = self.place.where(table)
            raise StorageError(f'table "{table}" is not read: {where}: {text.strerror}') from text
        if isinstance(text, PlaceError):
            raise StorageError(f'table "{table}" cannot be read: {text}') from text
        if isinstance(text, OSError | UnicodeDecodeError):
            raise StorageError(self._complaint(table, text)) from text
        if text is None:
            return None
        try:
            info = parse_manifest(table, self.home(table), text)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise StorageError(self._complaint(table, error)) from error
        # DuckDB opens it by its name, and would wait for a named pipe. Whoever misses the file says so.
        with contextlib.suppress(FileNotFoundError):
            try:
                require_own(info.file)
            except NotOwnFile as error:
                raise StorageError(f'table "{table}" is not read: {info.file}: {error.strerror}') from error
        return info

    def file_of(self, info: TableInfo) -> Path:
        """The file of a version on this machine, for reading only.

        Raises: FileNotFoundError: it is not kept any more; OSError: it cannot be had.
        """
        file = self.place.at_hand(info.table, info.file.name)
        self.place.retain(info.table, {info.file.name, *(one.file for one in info.previous)}, info.version)
        return file

    def shown_file(self, info: TableInfo) -> Path:
        """As :meth:`file_of`, with a sentence when it cannot be had. Raises: StorageError."""
        try:
            return self.file_of(info)
        except FileNotFoundError as error:
            raise StorageError(
                f'version {info.version} of table "{info.table}" is not kept any more; read it again'
            ) from error
        except OSError as error:
            raise StorageError(f'version {info.version} of table "{info.table}" cannot be read: {error}') from error

    def has(self, table: str, version: TableVersion) -> bool:
        """Whether its file is there. Raises: StorageError."""
        try:
            return self.place.has(table, version.file)
        except OSError as error:
            raise StorageError(f'version {version.version} of table "{table}" cannot be looked for: {error}') from error

    def refused(self, error: OSError) -> str:
        """What to say when the place of the tables cannot be written."""
        if isinstance(error, PlaceError):
            return f"the storage cannot be written: {error}"
        return f"the storage {self.root} cannot be written: {error}; check its owner, its mode and the disk"

    def _complaint(self, table: str, error: Exception) -> str:
        path = self.place.where(table)
        why = f"{error} is missing" if isinstance(error, KeyError) else safe_line(str(error), 200)
        return (
            f'table "{table}" cannot be read: {path}: {why}; repair the file, or delete it and run the task that '
            "writes the table again (its Parquet files stay)"
        )


def parse_manifest(table: str, home: Path, text: str) -> TableInfo:
    """table.toml as a value. Raises: tomllib.TOMLDecodeError, KeyError, TypeError, ValueError."""
    body = tomllib.loads(text)
    current = _version(body)
    columns = tuple((_typed(name, str), _typed(kind, str)) for name, kind in body["columns"])
    if not columns:
        raise ValueError("a table has at least one column")
    return TableInfo(
        table=table,
        version=current.version,
        file=home / current.file,
        rows=current.rows,
        bytes=current.bytes,
        columns=columns,
        primary_key=tuple(_typed(column, str) for column in body.get("primary_key", [])),
        mode=WriteMode(body.get("mode", "full")),
        created=current.created,
        run=current.run,
        task=current.task,
        previous=tuple(_version(item) for item in body.get("previous", [])),
        decision=current.decision,
    )


def number_of(name: str) -> int | None:
    """The number of the version whose file has this name; None when it is no such name."""
    found = _FILE.fullmatch(name)
    return int(found[1]) if found else None


def _version(body: dict[str, Any]) -> TableVersion:
    version = TableVersion(
        version=_typed(body["version"], int),
        file=_typed(body["file"], str),
        rows=_typed(body["rows"], int),
        bytes=_typed(body["bytes"], int),
        created=_typed(body["created"], datetime),
        run=_typed(body.get("run", ""), str),
        task=_typed(body.get("task", ""), str),
        decision=_decision(body["decision"]) if "decision" in body else None,
        primary_key=tuple(_typed(column, str) for column in body["primary_key"]) if "primary_key" in body else None,
    )
    if not _FILE.fullmatch(version.file):
        raise ValueError(f'"{version.file}" is no name of a version; it is like "000007.parquet"')
    return version


def _decision(body: dict[str, Any]) -> Decision | None:
    """None for one of a newer program."""
    if body["origin"] not in [origin.value for origin in Origin]:
        return None
    return Decision(
        Origin(body["origin"]),
        _typed(body["by"], str),
        _typed(body.get("note", ""), str),
        _typed(body.get("of", 0), int),
    )


def _typed(value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} should be {kind.__name__}")
    return value


def days_from_environment() -> float | None:
    """``ORCH_KEEP_VERSION_DAYS``; None when it is missing or no number of days."""
    try:
        days = float(os.environ.get("ORCH_KEEP_VERSION_DAYS", ""))
    except ValueError:
        return None
    return min(days, _MOST_DAYS) if days > 0 else None


def keep_from_environment() -> int:
    """``ORCH_KEEP_VERSIONS``; the default when it is missing or no number."""
    try:
        return int(os.environ.get("ORCH_KEEP_VERSIONS", ""))
    except ValueError:
        return DEFAULT_KEEP
