"""What is different in a run from another one that worked: eight things, in the order in which one would look.

:func:`read_facts` reads what a run left (for a thread); :func:`changes` compares the facts of two runs and is pure. No
value that may be a secret is among the facts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.earlier import tables_given
from orch_tui.engine.attempts.results import read_result
from orch_tui.model.dataclass import dataclass
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.sizes import size_text
from orch_tui.model.variables.references import looks_secret
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.history import runs
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.kept.objects import NotKept, Objects
from orch_tui.project.kept.run_definitions import used_by_run
from orch_tui.project.paths import ProjectPaths
from orch_tui.runs.words.ending import first_failure

_LONGER, _SECONDS = 2.0, 5.0
"""A task took longer when it took that many times as long, and that many seconds more: less is the weather."""
_LARGER, _BYTES = 1.5, 64 << 20
"""The same for the most memory that it had."""
_LOOK_AT = 200
"""Runs before that are looked through for one that worked."""


class Thing(StrEnum):
    """What may be different, in the order of the card."""

    TEXT = "text"
    VARIABLES = "variables"
    ENVIRONMENT = "environment"
    VERSIONS = "versions"
    INPUTS = "inputs"
    DURATION = "duration"
    MEMORY = "memory"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a task was given. ``own``: a task of the same run wrote it, so that its number says nothing."""

    version: int
    rows: int | None
    columns: tuple[tuple[str, str], ...]
    own: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one run. ``texts`` are digests by definition or file, ``tables`` by task and table, ``seconds`` and ``memory``
    (bytes) by task. ``known`` are the things that the run says anything of."""

    texts: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[tuple[str, str], Table] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    host: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[Thing] = frozenset(Thing)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``what`` names it; ``before`` and ``after`` are for people, empty where that is not told."""

    thing: Thing
    what: str
    before: str = ""
    after: str = ""

    @property
    def words(self) -> str:
        """``duckdb: 2.0.0 → 2.1.0``, or ``sql/orders: changed``."""
        if not (self.before or self.after):
            return f"{self.what}: changed"
        return f"{self.what}: {self.before or '(not there)'} → {self.after or '(not there)'}"


@dataclass(frozen=True, slots=True)
class Why:
    """``run`` compared with ``worked``, the newest run before it that did. ``same`` are the things without a change,
    ``unknown`` those of which one of the runs says nothing."""

    run: RunState
    worked: RunState
    changes: tuple[Change, ...]
    same: tuple[Thing, ...]
    unknown: tuple[Thing, ...]


def why(paths: ProjectPaths, directory: Path) -> Why | None:
    """What is different in a run from the last one that worked; None where none before it has.

    Raises: BrokenJournal, OSError.
    """
    state = read_run(directory)
    worked = last_that_worked(paths, state)
    if worked is None:
        return None
    before = read_facts(paths, paths.run(worked.header.orchestration, worked.header.id), worked)
    after = read_facts(paths, directory, state)
    found = tuple(changes(before, after))
    changed, known = {one.thing for one in found}, before.known & after.known
    same = tuple(thing for thing in Thing if thing in known and thing not in changed)
    return Why(state, worked, found, same, tuple(thing for thing in Thing if thing not in known))


def last_that_worked(paths: ProjectPaths, state: RunState) -> RunState | None:
    """The newest run before this one that succeeded, and in which the task that failed first here did its work.

    Not one that repeats another as it ran; and a part only for a run that is a part itself.
    """
    failed = first_failure(state)
    for summary in runs(paths, state.header.orchestration, None):
        if summary.id >= state.header.id or summary.status is not Status.SUCCESS or summary.broken is not None:
            continue
        try:
            worked = read_run(summary.directory)
        except (OSError, BrokenJournal):
            continue
        did = worked.tasks.get(failed.planned.array or failed.id) if failed is not None else None
        repeats = worked.header.as_it_ran is not None or (worked.header.partial and not state.header.partial)
        if not repeats and (failed is None or (did is not None and did.attempts)):
            return worked
    return None


def read_facts(paths: ProjectPaths, directory: Path, state: RunState) -> Facts:
    """What a run left of itself. What cannot be read is not known."""
    used = used_by_run(directory)
    around = _surroundings(paths, used[-1].surroundings if used else "")
    seconds, memory = dict(_seconds(state)), dict(_memory(state))
    tables = dict(_tables(directory, state))
    known = {Thing.VARIABLES, Thing.DURATION, Thing.INPUTS}
    known |= {Thing.TEXT} if used else set()
    known |= {Thing.ENVIRONMENT, Thing.VERSIONS, Thing.HOST} if around else set()
    known |= {Thing.MEMORY} if memory else set()
    return Facts(
        texts=used[-1].files if used else {},
        variables={name: "" if looks_secret(name) else value for name, value in state.header.variables.items()},
        environment=_texts(around.get("environment")),
        hidden=_texts(around.get("hidden")),
        versions=_texts(around.get("versions")),
        tables=tables,
        seconds=seconds,
        memory=memory,
        host=_texts(around.get("host")),
        known=frozenset(known),
    )


def _surroundings(paths: ProjectPaths, digest: str) -> Mapping[str, Any]:
    try:
        found: Any = parse_json(Objects(paths).read(digest)) if digest else {}
    except (NotKept, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _texts(values: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}


def _seconds(state: RunState) -> Iterator[tuple[str, float]]:
    for task in state.tasks.values():
        if task.attempts and (seconds := task.attempts[-1].seconds) is not None:
            yield task.id, seconds


def _memory(state: RunState) -> Iterator[tuple[str, int]]:
    for task in state.tasks.values():
        usage = task.attempts[-1].usage if task.attempts else None
        if usage is not None and usage.peak_memory is not None:
            yield task.id, usage.peak_memory


def _tables(directory: Path, state: RunState) -> Iterator[tuple[tuple[str, str], Table]]:
    began = [task for task in state.tasks.values() if task.attempts]
    places = {task.id: _place(directory, task) for task in began}
    written = {str(one.get("table")) for place in places.values() for one in _entries(read_result(place).get("tables"))}
    for task in began:
        given: Sequence[Mapping[str, Any]] = ()
        with contextlib.suppress(OSError):
            given = tables_given(places[task.id])
        for one in given:
            rows, columns = one.get("rows"), one.get("columns")
            yield (
                (task.id, one["table"]),
                Table(
                    one["version"],
                    rows if isinstance(rows, int) else None,
                    tuple((str(pair[0]), str(pair[1])) for pair in columns or () if len(pair) == 2),
                    own=one["table"] in written,
                ),
            )


def _place(directory: Path, task: TaskState) -> Path:
    return attempt_directory(directory, task.id, task.attempts[-1].number)


def _entries(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def changes(before: Facts, after: Facts) -> Iterator[Change]:
    """What is different, in the order of :class:`Thing`; only of things that both runs say something of."""
    known = before.known & after.known
    for thing, compare in _COMPARED.items():
        if thing in known:
            yield from compare(before, after)


def _pairs(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Keys whose values differ, with both; None where there is none."""
    for key in [*after, *(key for key in before if key not in after)]:
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _text_changes(before: Facts, after: Facts) -> Iterator[Change]:
    # What only one of them used belongs to a task that the other one had not: the orchestration's own text says so.
    for path, _, _ in _pairs(before.texts, after.texts):
        if path in before.texts and path in after.texts:
            yield Change(Thing.TEXT, path)


def _variable_changes(before: Facts, after: Facts) -> Iterator[Change]:
    for name, old, new in _pairs(before.variables, after.variables):
        yield Change(Thing.VARIABLES, name, old or "", new or "")


def _environment_changes(before: Facts, after: Facts) -> Iterator[Change]:
    for name, old, new in _pairs(before.environment, after.environment):
        yield Change(Thing.ENVIRONMENT, name, old or "", new or "")
    for name, _, _ in _pairs(before.hidden, after.hidden):
        yield Change(Thing.ENVIRONMENT, name)


def _version_changes(before: Facts, after: Facts) -> Iterator[Change]:
    for name, old, new in _pairs(before.versions, after.versions):
        yield Change(Thing.VERSIONS, name, old or "", new or "")


def _input_changes(before: Facts, after: Facts) -> Iterator[Change]:
    """Of tables that both had. What a run wrote itself has another number each time: its rows and columns count."""
    for key, new in after.tables.items():
        old = before.tables.get(key)
        if old is None:
            continue
        task, table = key
        what = f"{table} of {task}"
        if old.columns and new.columns and old.columns != new.columns:
            yield Change(Thing.INPUTS, f"{what}, columns", _columns(old, new), _columns(new, old))
        if old.rows != new.rows:
            yield Change(Thing.INPUTS, f"{what}, rows", str(old.rows), str(new.rows))
        elif old.columns == new.columns and old.version != new.version and not (old.own or new.own):
            yield Change(Thing.INPUTS, f"{what}, version", str(old.version), str(new.version))


def _columns(one: Table, other: Table) -> str:
    """Those that the other does not have so."""
    return ", ".join(f"{name} {kind}" for name, kind in one.columns if (name, kind) not in other.columns) or "fewer"


def _duration_changes(before: Facts, after: Facts) -> Iterator[Change]:
    for task, new in after.seconds.items():
        old = before.seconds.get(task)
        if old is not None and new > old * _LONGER and new > old + _SECONDS:
            yield Change(Thing.DURATION, task, show_duration(old), show_duration(new))


def _memory_changes(before: Facts, after: Facts) -> Iterator[Change]:
    for task, new in after.memory.items():
        old = before.memory.get(task)
        if old is not None and new > old * _LARGER and new > old + _BYTES:
            yield Change(Thing.MEMORY, task, size_text(old), size_text(new))


def _host_changes(before: Facts, after: Facts) -> Iterator[Change]:
    for name, old, new in _pairs(before.host, after.host):
        yield Change(Thing.HOST, name, old or "", new or "")


_COMPARED = {
    Thing.TEXT: _text_changes,
    Thing.VARIABLES: _variable_changes,
    Thing.ENVIRONMENT: _environment_changes,
    Thing.VERSIONS: _version_changes,
    Thing.INPUTS: _input_changes,
    Thing.DURATION: _duration_changes,
    Thing.MEMORY: _memory_changes,
    Thing.HOST: _host_changes,
}


def why_lines(found: Why) -> list[str]:
    """What failed, then what is different, then what is the same."""
    failed = first_failure(found.run)
    title = [] if failed is None else [f"{failed.name} ({failed.id}): {failed.reason or failed.status.value}"]
    return [*title, *change_lines(found)]


def change_lines(found: Why) -> list[str]:
    """What is different, then what is the same."""
    lines = [f"compared with run {found.worked.header.id}, the last that worked:"]
    lines += [f"  {one.thing.value}  {one.words}" for one in found.changes] or ["  nothing that is known is different"]
    if found.same:
        lines.append(f"the same: {', '.join(found.same)}")
    if found.unknown:
        lines.append(f"not known of both: {', '.join(found.unknown)}")
    return lines
