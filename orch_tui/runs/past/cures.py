"""What became of failures: whether the task that failed succeeded when it ran again, and was edited before."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from orch_tui.model.dataclass import dataclass
from orch_tui.model.status import Status
from orch_tui.project.history import RunSummary
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.line_cache import Line, LineCache, stamp_of
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.run_index import RunIndex
from orch_tui.runs.past.failures import (
    Cure,
    FailureGroup,
    failed_task,
    group_failures,
    has_failed,
    pattern_of,
    said_of,
    seen_words,
)

_WIDTH = 2


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Of a task in a run: ``digest`` says which text it ran, ``well`` whether it did its work; None: it did not run."""

    digest: str
    well: bool | None


class Cures:
    """Looks into the journals of failed runs and of those after them, once for each."""

    def __init__(self, paths: ProjectPaths, history: Iterable[RunSummary]) -> None:
        """``history`` has all runs of the orchestrations that are asked for, newest first."""
        self._paths = paths
        self._history: dict[str, list[RunSummary]] = {}
        for run in history:
            self._history.setdefault(run.orchestration, []).append(run)
        self._places = {(name, run.id): place for name, runs in self._history.items() for place, run in enumerate(runs)}
        self._outcomes: dict[str, _Outcomes] = {}

    def told(self, groups: Sequence[FailureGroup]) -> list[FailureGroup]:
        """The groups with what became of their failures."""
        found = [replace(group, cures=Counter(map(self.of, group.runs))) for group in groups]
        for name, outcomes in self._outcomes.items():
            outcomes.keep(len(self._history[name]))
        return found

    def of(self, failed: RunSummary) -> Cure:
        """What became of one failure."""
        task = failed_task(failed)
        name = failed.orchestration
        place = self._places.get((name, failed.id))
        if task is None or place is None:
            return Cure.NOT_YET
        if name not in self._outcomes:
            self._outcomes[name] = _Outcomes(self._paths, name)
        outcomes = self._outcomes[name]
        for run in reversed(self._history[name][:place]):
            if run.broken is not None or not run.status.final:
                continue
            after = outcomes.of(run, task[0])
            if after is None or after.well is None:
                continue
            if not after.well:
                return Cure.AGAIN
            before = outcomes.of(failed, task[0])
            same = before is not None and before.digest == after.digest
            return Cure.RERUN if same else Cure.EDITED
        return Cure.NOT_YET


def seen_before(paths: ProjectPaths, runs: Sequence[RunSummary], failed: RunSummary, now: float) -> str:
    """``seen 4 times since 3 Nov; a plain re-run cured 3``: of a failure among these runs, the newest first; empty for
    what was seen once. Reads journals."""
    if not has_failed(failed):
        return ""
    pattern = pattern_of(said_of(failed))
    same = [one for one in runs if has_failed(one) and pattern_of(said_of(one)) == pattern]
    groups = group_failures(same)
    return seen_words(Cures(paths, runs).told(groups)[0], now) if groups else ""


def seen_of_run(paths: ProjectPaths, orchestration: str, run: str, now: Callable[[], float] = time.time) -> str:
    """The same of a run by its id; empty while it goes on, and when it did not fail. Raises: OSError."""
    history = RunIndex(paths).runs(orchestration)
    failed = next((one for one in history if one.id == run), None)
    return seen_before(paths, history, failed, now()) if failed is not None and not failed.live else ""


class _Outcomes:
    """What is known of the tasks of an orchestration's runs, on disk beside the index of runs."""

    def __init__(self, paths: ProjectPaths, orchestration: str) -> None:
        # No id of an orchestration ends so.
        self._cache = LineCache(paths, f"{orchestration}.-outcomes", _WIDTH)
        self._known: Mapping[str, Line] = self._cache.read()
        self._new: dict[str, Line] = {}

    def of(self, run: RunSummary, task: str) -> _Outcome | None:
        """None when its journal cannot be read."""
        key = f"{run.id} {task}"
        try:
            stamp = stamp_of(str(run.directory))
            line = self._new.get(key) or self._known.get(key)
            if line is not None and line.stamp == stamp:
                digest, well = line.values
                return _Outcome(str(digest), well if isinstance(well, bool) else None)
            found = _read(run, task)
        except (OSError, BrokenJournal):
            return None
        if stamp is not None and run.status.final:
            self._new[key] = Line(stamp, [found.digest, found.well])
        return found

    def keep(self, runs: int) -> None:
        """Write down what was found."""
        self._cache.add(self._new, 2 * runs)


def _read(run: RunSummary, task: str) -> _Outcome:
    state = read_run(run.directory).tasks.get(task)
    if state is None or not state.attempts:
        return _Outcome("", None)
    return _Outcome(state.digest, state.succeeded and state.status in (Status.SUCCESS, Status.WARNING))
