"""What checks found in the last runs of an orchestration, one after another. No Textual; reads files, for a thread."""

from __future__ import annotations

from orch_tui.model.checks.values import CheckResult
from orch_tui.model.dataclass import dataclass
from orch_tui.project.history import runs
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths

RUNS = 40
"""So many runs are looked at."""
_EIGHTHS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class CheckPast:
    """A check of a task; ``results`` has one entry for each run, the oldest first, None where it was not asked."""

    task: str
    key: tuple[str, str]
    results: tuple[CheckResult | None, ...]

    @property
    def last(self) -> CheckResult:
        return next(one for one in reversed(self.results) if one is not None)

    @property
    def spark(self) -> str:
        """A character for each run: as high as what was measured is to the most of it, ``·`` where there is nothing
        to measure, a blank where it was not asked."""
        sizes = [abs(one.measure) for one in self.results if one is not None and one.measure is not None]
        top = max(sizes, default=0.0) or 1.0

        def cell(one: CheckResult | None) -> str:
            if one is None:
                return " "
            return "·" if one.measure is None else _EIGHTHS[min(7, int(abs(one.measure) / top * 7.999))]

        return "".join(map(cell, self.results))


def check_history(paths: ProjectPaths, orchestration: str) -> list[CheckPast]:
    """Of all checks that were asked in the last runs, by task and in the order of the newest run that asked them."""
    found: list[dict[tuple[str, tuple[str, str]], CheckResult]] = []
    for summary in runs(paths, orchestration, RUNS):
        try:
            state = read_run(summary.directory)
        except (OSError, BrokenJournal):
            # Its own list says what is wrong with it.
            continue
        asked = {
            (task.id, result.key): result
            for task in state.tasks.values()
            if task.attempts
            for result in task.attempts[-1].checks
        }
        if asked:
            found.append(asked)
    keys = dict.fromkeys(key for asked in found for key in asked)
    return [CheckPast(*key, tuple(asked.get(key) for asked in reversed(found))) for key in keys]
