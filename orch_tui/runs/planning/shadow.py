"""Runs that repeat an earlier one: which versions of tables they need, and what a shadow run would have changed.

A shadow run leaves the tables that its tasks wrote in their attempts; here they are compared with the published ones.
Nothing is written into the storage.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.earlier import EarlierRun
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.attempts.results import read_result
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.run.plan import Decision, RunPlan
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.project.attempt_dir import attempt_directory, output_tables, scratch_folder
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project
from orch_tui.storage.difference import Difference, difference
from orch_tui.storage.duckdb import open_database, readable
from orch_tui.storage.opening import open_storage
from orch_tui.storage.publishing.merge import build_version
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication, TableInfo
from orch_tui.storage.versions import version_info


def versions_gone(project: Project, plan: RunPlan) -> list[str]:
    """A sentence for each version of a table that a plan which repeats a run needs, and that is not kept any more.

    Raises: StorageError.
    """
    earlier, storage = EarlierRun.of(project.paths, plan), open_storage(project.paths)
    if earlier is None:
        return []
    gone = []
    for task in plan.with_decision(Decision.RUN):
        needed: dict[tuple[str, int], str] = {}
        for one in earlier.repeated(task):
            with contextlib.suppress(PrepareError):
                # What is wrong with the task itself stands in the plan.
                for read in earlier.versions(one).items():
                    needed.setdefault(read, one.id)
        for (table, number), who in needed.items():
            if number not in {one.version for one in storage.versions(table)}:
                gone.append(f"{who} read version {number} of table {table}, which is not kept any more")
    return gone


@dataclass(frozen=True, slots=True)
class ShadowTable:
    """A table that a task of a shadow run would have published, and how it differs from the one that is published.

    ``difference`` is from the published table to the result; None where ``why_not`` says why there is none.
    """

    task: str
    table: str
    file: Path
    difference: Difference | None = None
    why_not: str = ""


def shadow_tables(project: Project, directory: Path, state: RunState) -> list[ShadowTable]:
    """What the tasks of a shadow run wrote, in their order, compared with what is published now."""
    storage = open_storage(project.paths)
    earlier = project.paths.run(state.header.orchestration, state.header.as_it_ran or "")
    found = []
    for task in state.units():
        if state.header.shadow and task.succeeded and task.attempts:
            attempt = attempt_directory(directory, task.id, task.attempts[-1].number)
            for told in _told_tables(attempt):
                found.append(_compared(storage, task, attempt, told, earlier))
    return found


def _told_tables(attempt: Path) -> list[Mapping[str, Any]]:
    """What the attempt says that it wrote, as far as it is in its directory."""
    told = read_result(attempt).get("tables")
    return [
        one
        for one in (told if isinstance(told, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("table"), str)
        and Path(str(one.get("file"))).parent == output_tables(attempt)
    ]


def _compared(storage: Storage, task: TaskState, attempt: Path, told: Mapping[str, Any], earlier: Path) -> ShadowTable:
    import duckdb

    item = Publication(
        told["table"],
        Path(told["file"]),
        WriteMode(str(told.get("mode", "full"))),
        tuple(str(column) for column in told.get("primary_key") or ()),
    )
    found = ShadowTable(task.id, item.table, item.path)
    scratch = scratch_folder(attempt)
    try:
        published = storage.get(item.table)
        if published is None:
            return replace(found, why_not="no such table is published")
        make_private(scratch)
        whole = _whole(storage, item, earlier, task, scratch)
        key = item.primary_key or published.primary_key
        return replace(found, difference=difference(storage.shown_file(published), whole, key, scratch))
    except duckdb.Error as error:
        return replace(found, why_not=readable(error))
    except (UserError, OSError, ValueError) as error:
        return replace(found, why_not=str(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _whole(storage: Storage, item: Publication, earlier: Path, task: TaskState, scratch: Path) -> Path:
    """The file of the whole table as it would be: with the rows that it had before the earlier run's task wrote it.

    Raises: UserError when these are not kept; OSError, duckdb.Error.
    """
    if item.mode is WriteMode.FULL:
        return item.path
    base = _before(storage, item.table, earlier, task)
    if base is None:
        return item.path
    storage.shown_file(base)
    target = scratch / "whole.parquet"
    with open_database(scratch) as connection:
        build_version(connection, item, base, target, lambda text: None)
    return target


def _before(storage: Storage, table: str, earlier: Path, task: TaskState) -> TableInfo | None:
    """The version that the earlier run's task added to; None where it was the first. Raises: UserError."""
    written = [
        one["version"]
        for attempt in sorted((earlier / "tasks" / task.id).glob("*"))
        for one in _entries(read_result(attempt).get("tables"))
        if one.get("table") == table and isinstance(one.get("version"), int)
    ]
    if not written:
        raise UserError(f"run {earlier.name} does not say which version of table {table} its task added to")
    older = [one.version for one in storage.versions(table) if one.version < written[-1]]
    if older and older[0] == written[-1] - 1:
        return version_info(storage, table, older[0])
    if written[-1] == 1:
        return None
    raise UserError(f"version {written[-1] - 1} of table {table}, which the task added to, is not kept any more")


def _entries(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def repeats_words(state: RunState) -> str:
    """In a few words, what a run repeats; empty for an ordinary one."""
    then = state.header.as_it_ran
    if then is None:
        return ""
    return f"run {then} as it ran{', as a shadow: nothing is published' if state.header.shadow else ''}"
