"""Finding the facts that a trigger waits for, among files, tables and runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from orch_tui.model.orchestration.triggers import AfterOutcome, Trigger, TriggerKind
from orch_tui.model.status import Status
from orch_tui.project.files.patterns import find_paths
from orch_tui.project.history import judge_by, run_ids
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.opening import open_storage
from orch_tui.storage.place import PlaceError
from orch_tui.storage.tables import StorageError
from orch_tui.triggers.values import Facts, Found

_RUNS = 500
"""So many runs of the other orchestration are looked at."""
_OPEN = "open"
"""Of a run that has not ended yet, as far as could be read."""
_MAGIC = "*?["
_WELL = (Status.SUCCESS, Status.WARNING)


def present(paths: ProjectPaths, trigger: Trigger, tables: Facts) -> Facts:
    """All facts that there are now: they were there before anybody waited for them. ``tables`` are the versions of
    those that it waits for. Raises: OSError."""
    if trigger.kind is TriggerKind.FILES:
        return {path: stamp for path, stamp, _ in _files(paths, trigger.what)}
    if trigger.kind is TriggerKind.TABLES:
        return tables
    return dict.fromkeys(run_ids(paths, trigger.what)[:_RUNS], "before")


def find(paths: ProjectPaths, trigger: Trigger, seen: Facts, now: float, tables: Facts) -> Found:
    """What there is beyond ``seen``; ``tables`` as above. Raises: OSError."""
    if trigger.kind is TriggerKind.FILES:
        return _find_files(paths, trigger, seen, now)
    if trigger.kind is TriggerKind.TABLES:
        return _find_tables(trigger, seen, tables)
    return _find_ended(paths, trigger, seen)


def watched_places(paths: ProjectPaths, trigger: Trigger) -> Iterator[Path]:
    """The directories in which a change may be a fact."""
    if trigger.kind is TriggerKind.FILES:
        yield _fixed_part(paths, trigger.what)
    elif trigger.kind is TriggerKind.TABLES:
        for table in trigger.tables:
            yield from (paths.storage / table, paths.storage / table.partition("/")[0], paths.storage)
    else:
        yield paths.runs(trigger.what)
        # The journal of a run is closed when it has ended, or its executor is gone.
        yield from (paths.run(trigger.what, run) for run in run_ids(paths, trigger.what)[:3])


def _fixed_part(paths: ProjectPaths, pattern: str) -> Path:
    parts = Path(os.path.expanduser(pattern)).parts
    fixed = next((number for number, part in enumerate(parts) if any(sign in part for sign in _MAGIC)), len(parts) - 1)
    # Of an absolute one the first part is "/".
    return paths.root.joinpath(*parts[: max(fixed, pattern.startswith("/"))])


def _files(paths: ProjectPaths, pattern: str) -> Iterator[tuple[str, str, float]]:
    """Each file with what tells that it is another one now, and when it was changed last."""
    for name in find_paths(os.path.expanduser(pattern), paths.root):
        path = os.path.join(paths.root, name)
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(path)
            if not os.path.isdir(path):
                # That of its contents can be set, to years ago or ahead; that of its last change of any kind cannot.
                yield path, f"{status.st_mtime_ns} {status.st_size}", status.st_ctime


def _find_files(paths: ProjectPaths, trigger: Trigger, seen: Facts, now: float) -> Found:
    new, there, wakes = {}, {}, []
    for path, stamp, changed in _files(paths, trigger.what):
        if seen.get(path) == stamp:
            there[path] = stamp
        elif now - changed >= trigger.stable:
            new[path] = there[path] = stamp
        else:
            wakes.append(changed + trigger.stable)
            there |= {path: seen[path]} if path in seen else {}
    # One that went away and comes again is another one.
    return Found(new, there, min(wakes, default=None))


def versions_of(paths: ProjectPaths, tables: Sequence[str]) -> Facts:
    """The current version of each table that there is. Raises: OSError, PlaceError."""
    storage, found = open_storage(paths), {}
    for table in tables:
        try:
            info = storage.get(table)
        except StorageError as error:
            if isinstance(error.__cause__, PlaceError):
                # Not there, or not answering: only one of both is a fact.
                raise error.__cause__ from error
            continue
        if info is not None:
            found[table] = str(info.version)
    return found


def are_far(paths: ProjectPaths) -> bool:
    """Whether tables are kept on a server, which may not answer, and tells nobody of a change."""
    return open_storage(paths).place.far


def _find_tables(trigger: Trigger, seen: Facts, now: Facts) -> Found:
    complete = all(table in now and now[table] != seen.get(table) for table in trigger.tables)
    return Found(now if complete else {}, now if complete else seen)


def _find_ended(paths: ProjectPaths, trigger: Trigger, seen: Facts) -> Found:
    """The earliest run that ended as is waited for: each starts a run of its own."""
    known = run_ids(paths, trigger.what)[:_RUNS]
    there = {run: seen[run] for run in known if run in seen}
    oldest = min(there, default="")
    for run in reversed(known):
        if there.get(run, _OPEN) != _OPEN or run < oldest:
            continue
        # Those that began later may end before it does.
        there[run] = _OPEN
        try:
            summary = judge_by(paths.run(trigger.what, run))
        except FileNotFoundError:
            del there[run]
            continue
        except OSError:
            # That it cannot be read now says nothing of how it ended, and nothing of the others.
            continue
        if not summary.status.final:
            continue
        there[run] = summary.status.value
        if summary.parent is None and summary.broken is None and _is_wanted(trigger.outcome, summary.status):
            return Found({run: summary.status.value}, there)
    return Found({}, there)


def _is_wanted(outcome: AfterOutcome, status: Status) -> bool:
    if outcome is AfterOutcome.ANY:
        return True
    return (status in _WELL) if outcome is AfterOutcome.SUCCESS else status is Status.ERROR
