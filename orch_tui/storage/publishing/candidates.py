"""Candidates: what a task made and a check refused, kept whole until somebody accepts or discards it.

``.quarantine/<id>/`` in the storage holds the Parquet files, each of them exactly what the version would have been,
and ``candidate.json``. It appears by one rename, made by who holds the locks of its tables.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orch_tui.model.checks.encoding import read_results_json
from orch_tui.model.checks.values import CheckResult
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.project.attempt_dir import decision_file
from orch_tui.project.files.atomic import sync_directory
from orch_tui.project.files.own_files import read_own, replace_json, require_own
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.storage.tables import StorageError, TableFiles, TableInfo

QUARANTINE = ".quarantine"
_FILE = "candidate.json"
_LIMIT = 16 << 20
_OLD = 3600.0
"""Seconds after which what is half written belongs to nobody."""


@dataclass(frozen=True, slots=True)
class CandidateTable:
    """A table of a candidate. ``base`` is the version that it was made from, 0 for none; ``file`` is whole."""

    table: str
    file: Path
    base: int
    rows: int
    bytes: int
    columns: tuple[tuple[str, str], ...]
    primary_key: tuple[str, ...]
    mode: WriteMode


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made a candidate. ``attempt`` is the directory of the attempt, relative to the project's ``.orch``; a row
    of a configuration has none: what is decided of one says nothing of the others."""

    component: str = ""
    configuration: str = ""
    run: str = ""
    task: str = ""
    attempt: str = ""
    row: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """``results`` are those of all its checks; ``state`` is what the configuration is to find in its next run, once
    the tables are accepted."""

    id: str
    created: datetime
    maker: Maker
    tables: tuple[CandidateTable, ...]
    results: tuple[CheckResult, ...]
    state: Mapping[str, Any] | None = None

    def outdated(self, storage: TableFiles) -> list[str]:
        """Its tables that have another version now than it was made from. Raises: StorageError."""
        found = []
        for one in self.tables:
            now = storage.read_unrecovered(one.table)
            if (now.version if now else 0) != one.base:
                found.append(one.table)
        return found


def new_candidate_id() -> str:
    """Later ones come later in the order of texts."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S%f}-{secrets.token_hex(2)}"


def keep_candidate(
    storage: TableFiles,
    files: Sequence[tuple[Path, TableInfo, int]],
    maker: Maker,
    results: Sequence[Mapping[str, Any]],
    state: Mapping[str, Any] | None,
    identity: str,
) -> None:
    """Make a candidate of temporary files (each with the version that it would be, and what that is made from).

    Needs the locks of the tables. ``results`` are in JSON, without secrets. Of earlier candidates of the same tables
    the newest stay, as many as versions of a table.

    Raises:
        OSError: nothing is there then.
    """
    folder = storage.root / QUARANTINE
    make_private(folder)
    _sweep(folder)
    temporary = folder / f".{identity}.tmp"
    make_private(temporary)
    try:
        tables = [_move(temporary, number, *file) for number, file in enumerate(files, 1)]
        body = {
            "created": datetime.now(UTC).replace(microsecond=0).isoformat(),
            "component": maker.component,
            "configuration": maker.configuration,
            "run": maker.run,
            "task": maker.task,
            "attempt": maker.attempt,
            "row": maker.row,
            "tables": tables,
            "results": list(results),
            "state": state,
        }
        replace_json(temporary / _FILE, body)
        sync_directory(temporary)
        temporary.rename(folder / identity)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_directory(folder)
    mine = {info.table for _, info, _ in files}
    same = [one for one in candidates(storage) if mine & {table.table for table in one.tables}]
    for one in same[storage.keep :]:
        with contextlib.suppress(OSError):
            remove_candidate(storage, one.id)


def _move(folder: Path, number: int, file: Path, info: TableInfo, base: int) -> dict[str, Any]:
    """Bring a file into the folder of its candidate; what ``candidate.json`` says of it. Raises: OSError."""
    name = f"{number}.parquet"
    file.rename(folder / name)
    return {
        "table": info.table,
        "file": name,
        "base": base,
        "rows": info.rows,
        "bytes": info.bytes,
        "columns": [list(column) for column in info.columns],
        "primary_key": list(info.primary_key),
        "mode": info.mode.value,
    }


def candidates(storage: TableFiles) -> list[Candidate]:
    """All of them, the newest first; what cannot be read is left out, with a line in the storage's log."""
    try:
        names = sorted(os.listdir(storage.root / QUARANTINE), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = []
    for name in names:
        if valid_id(name):
            try:
                found.append(read_candidate(storage, name))
            except FileNotFoundError:
                continue
            except StorageError as error:
                storage.log(str(error))
    return found


def read_candidate(storage: TableFiles, identity: str) -> Candidate:
    """Raises: FileNotFoundError when there is none; StorageError when it cannot be read."""
    home = storage.root / QUARANTINE / identity
    if not valid_id(identity):
        raise FileNotFoundError(home)
    try:
        return _candidate(identity, home, parse_json(read_own(home / _FILE, _LIMIT)))
    except FileNotFoundError:
        raise
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"candidate {identity} cannot be read: {home / _FILE}: {safe_line(str(error), 200)}; discard it and run "
            "its task again"
        ) from error


def find_candidate(storage: TableFiles, wanted: str) -> Candidate:
    """By its id, or by the name of a table: then the newest. Raises: UserError."""
    try:
        return read_candidate(storage, wanted)
    except FileNotFoundError:
        pass
    found = [one for one in candidates(storage) if wanted in [table.table for table in one.tables]]
    if found:
        return found[0]
    raise UserError(f'no candidate "{safe_line(wanted, 100)}" waits; see orch-tui gate')


def drop_outdated(storage: TableFiles, versions: Mapping[str, int]) -> None:
    """Remove the candidates that were made from older versions of these tables, whose locks the caller holds.

    Nobody can accept them any more.
    """
    if not os.path.isdir(storage.root / QUARANTINE):
        return
    for one in candidates(storage):
        if any(table.table in versions and table.base != versions[table.table] for table in one.tables):
            remove_candidate(storage, one.id)
            storage.log(f"candidate {one.id} is dropped: its tables have newer versions")


def remove_candidate(storage: TableFiles, identity: str) -> None:
    """It is gone at once, its files are after it. Needs the lock of one of its tables at least. Raises: OSError."""
    home = storage.root / QUARANTINE / identity
    gone = home.with_name(f".{identity}.gone")
    try:
        home.rename(gone)
    except FileNotFoundError:
        return
    shutil.rmtree(gone, ignore_errors=True)


def settle(storage: TableFiles, identity: str, told: Mapping[str, Any], *, accepted: bool) -> None:
    """What follows a decision: the state of the configuration, a note in the attempt, and the candidate is gone.

    Doing it again does no harm: what was interrupted is completed by whoever comes next. Raises: OSError.
    """
    try:
        candidate = read_candidate(storage, identity)
    except (FileNotFoundError, StorageError):
        remove_candidate(storage, identity)
        return
    maker, state = candidate.maker, storage.root.parent
    if accepted and candidate.state is not None and valid_id(maker.component) and valid_id(maker.configuration):
        file = ProjectPaths(state.parent).saved_state(maker.component, maker.configuration, maker.row)
        make_private(file.parent)
        replace_json(file, candidate.state)
    if not accepted:
        # A note of what did not happen would be worse than none.
        remove_candidate(storage, identity)
    attempt = state / maker.attempt
    if maker.attempt and ".." not in Path(maker.attempt).parts and attempt.is_dir():
        replace_json(decision_file(attempt), dict(told))
    if accepted:
        remove_candidate(storage, identity)


def _candidate(identity: str, home: Path, body: Mapping[str, Any]) -> Candidate:
    return Candidate(
        identity,
        datetime.fromisoformat(body["created"]),
        Maker(*(str(body.get(key, "")) for key in ("component", "configuration", "run", "task", "attempt", "row"))),
        tuple(_table(home, one) for one in body["tables"]),
        read_results_json(body["results"]),
        body.get("state"),
    )


def _table(home: Path, body: Mapping[str, Any]) -> CandidateTable:
    name = str(body["file"])
    if "/" in name or not name.endswith(".parquet"):
        raise ValueError(f"{name!r} is no file of a candidate")
    require_own(home / name)
    return CandidateTable(
        str(body["table"]),
        home / name,
        int(body["base"]),
        int(body["rows"]),
        int(body["bytes"]),
        tuple((str(column), str(kind)) for column, kind in body["columns"]),
        tuple(str(column) for column in body["primary_key"]),
        WriteMode(body["mode"]),
    )


def _sweep(folder: Path) -> None:
    """What died while it was written or removed, an hour ago at least."""
    for path in folder.glob(".*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _OLD:
                shutil.rmtree(path)
