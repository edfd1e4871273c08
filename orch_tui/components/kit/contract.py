"""What engine, runner and components agree on: the attempt directory, config.json, inputs and outputs.

Source: Keboola's common interface (https://developers.keboola.com/extend/common-interface/), with Parquet tables.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.model.checks.reading import parse_checks
from orch_tui.model.checks.values import Check
from orch_tui.model.components.configuration import TableInput, WriteMode
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.project.attempt_dir import config_file, output_tables
from orch_tui.project.files.own_files import read_own_text
from orch_tui.storage.tables import RowFilter

if TYPE_CHECKING:
    from orch_tui.storage.tables import Content


@dataclass(frozen=True, slots=True)
class Input:
    """A table to read, staged as a Parquet file. ``columns`` are (name, DuckDB type)."""

    name: str
    table: str
    path: Path
    rows: int
    columns: list[tuple[str, str]]
    version: int


@dataclass(frozen=True, slots=True)
class Output:
    """A table to write: the program puts its rows into the Parquet file ``path``; they are published later.

    ``deletes`` are stored rows that go before, see :class:`orch_tui.storage.tables.Publication`. Who wrote the file may
    say its ``content``: it need not be read to be published then.
    """

    name: str
    table: str
    mode: WriteMode
    primary_key: tuple[str, ...]
    path: Path
    deletes: tuple[tuple[RowFilter, ...], ...] = ()
    content: Content | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """``config.json`` of an attempt.

    ``writers`` says for a table which task would write it, in a sentence. ``action`` is ``run``, or the name of one
    of Keboola's synchronous actions (https://developers.keboola.com/extend/common-interface/actions/). Without
    ``publish`` it is a try: outputs and state stay in the data folder. ``checks`` are those of its outputs.

    ``row`` is the id of the configuration's row that it runs, or empty.

    ``versions`` are those of inputs that are not the newest, by table. ``as_it_ran`` is the directory of the attempt
    whose state it is given: it keeps none then.
    """

    data_dir: Path
    project: Path
    parameters: Mapping[str, Any]
    inputs: tuple[TableInput, ...]
    outputs: tuple[Output, ...]
    component: str = ""
    configuration: str = ""
    run: str = ""
    task: str = ""
    writers: Mapping[str, str] = field(default_factory=dict)
    action: str = "run"
    publish: bool = True
    checks: tuple[Check, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)
    as_it_ran: Path | None = None
    row: str = ""


def read_task_config(environment: Mapping[str, str] | None = None) -> TaskConfig:
    """The attempt that ``KBC_DATADIR`` and ``ORCH_PROJECT`` name.

    Raises:
        UserError: a variable is missing, or config.json cannot be read or understood.
    """
    env = os.environ if environment is None else environment
    if not env.get("KBC_DATADIR"):
        raise UserError("KBC_DATADIR is not set: components are started by `orch-tui run`, with a data folder each")
    data_dir = Path(env["KBC_DATADIR"]).absolute()
    project = Path(env.get("ORCH_PROJECT") or ".").absolute()
    path = config_file(data_dir)
    try:
        body = parse_json(read_own_text(path))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read: {safe_line(str(error))}; start the task with `orch-tui run`"
        ) from error
    try:
        return _parse(body, data_dir, project, env)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is not a task's config.json: {safe_line(str(error))}") from error


def _parse(body: Any, data_dir: Path, project: Path, env: Mapping[str, str]) -> TaskConfig:
    storage = body.get("storage") or {}
    read = (storage.get("input") or {}).get("tables") or []
    inputs = tuple(
        TableInput(table=_table(item["source"]), name=_name(item.get("destination") or item["source"].split("/")[-1]))
        for item in read
    )
    outputs = tuple(
        _output(item, output_tables(data_dir)) for item in (storage.get("output") or {}).get("tables") or []
    )
    _no_twins([stem(item.name) for item in inputs], "inputs are called")
    _no_twins([stem(item.name) for item in outputs], "outputs are called")
    _no_twins([item.table for item in outputs], "outputs go to table")
    about = body.get("orch_tui") or {}
    parameters = body.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise TypeError("parameters is not an object")
    return TaskConfig(
        data_dir=data_dir,
        project=project,
        parameters=parameters,
        inputs=inputs,
        outputs=outputs,
        component=str(about.get("component") or env.get("KBC_COMPONENTID", "")),
        configuration=str(about.get("configuration") or env.get("KBC_CONFIGID", "")),
        run=str(about.get("run") or env.get("ORCH_RUN", "")),
        task=str(about.get("task") or env.get("ORCH_TASK_ID", "")),
        writers=about.get("writers") or {},
        action=str(body.get("action") or "run"),
        publish=about.get("publish") is not False,
        checks=tuple(parse_checks(about.get("checks") or [], [item.table for item in outputs])),
        versions={str(item["source"]): int(item["version"]) for item in read if "version" in item},
        as_it_ran=Path(about["as_it_ran"]) if about.get("as_it_ran") else None,
        row=str(about.get("row") or ""),
    )


def _no_twins(names: list[str], what: str) -> None:
    if twin := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f'two {what} "{twin}"; give each its own')


def _output(item: Mapping[str, Any], folder: Path) -> Output:
    name = _name(item["source"])
    mode = WriteMode(item.get("mode") or ("incremental" if item.get("incremental") else "full"))
    key = tuple(str(column) for column in item.get("primary_key") or ())
    return Output(name, _table(item["destination"]), mode, key, folder / f"{stem(name)}.parquet")


def _table(text: Any) -> str:
    """Raises: ValueError when it is not "bucket/table", which would also be unsafe as a path."""
    bucket, _, name = str(text).partition("/")
    if not (valid_id(bucket) and valid_id(name)):
        raise ValueError(f'"{text}" is no table; write it "bucket/table" with letters, digits, "_", "." and "-"')
    return str(text)


def _name(text: Any) -> str:
    name = str(text)
    if not name or name.startswith(".") or "/" in name or not name.isprintable() or len(name.encode()) > 200:
        raise ValueError(f'"{name}" cannot be the name of a table inside a task; it becomes a file name')
    return name


def stem(name: str) -> str:
    """The table's name without an extension that people add by habit ("campaigns.csv" of Keboola's mappings)."""
    for extension in (".csv", ".parquet"):
        if name.endswith(extension) and len(name) > len(extension):
            return name.removesuffix(extension)
    return name


def missing_output(output: Output, file: str, folder: Path) -> UserError:
    """The error for an output whose ``file`` is not in ``folder``, with what is there instead."""
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    listed = ", ".join(safe_line(name, 60) for name in found[:10]) or "nothing"
    return UserError(
        f'the task did not write its output "{output.name}": out/tables/{file} is missing, there is {listed}; '
        "write the file, or take the output out of the configuration"
    )


def disk_problem(error: OSError) -> str | None:
    """A sentence when it is the disk's state that stopped the task, which is nothing a traceback explains."""
    remedies = {
        errno.ENOSPC: "make room on the disk",
        errno.EDQUOT: "the quota is used up; make room",
        errno.EROFS: "the file system is read-only; mount it for writing",
    }
    remedy = remedies.get(error.errno or 0)
    if remedy is None:
        return None
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror}; {remedy}, then run the task again (nothing was published)"


def use_utf8() -> None:
    """Standard output and error in UTF-8 whatever the locale says: a log line must never fail on a letter."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
