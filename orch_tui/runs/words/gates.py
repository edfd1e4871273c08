"""What a check refused, as people see it: for the command line and for the screen."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.attempts.results import read_candidate_id, read_checks
from orch_tui.model.checks.values import CheckResult, Sample, Verdict, of_verdict
from orch_tui.model.checks.words import expected_words, found_words
from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import attempt_directory
from orch_tui.project.decided import Decided, read_decided

_CELL = 24


@dataclass(frozen=True, slots=True)
class Gate:
    """The attempt of a task that a check refused. ``decided`` is what people said, None while it waits."""

    candidate: str
    results: tuple[CheckResult, ...]
    decided: Decided | None

    @property
    def refused_by(self) -> list[CheckResult]:
        return of_verdict(self.results, Verdict.FAILED)


def gate_of(run_directory: Path, task: TaskState) -> Gate | None:
    """What was refused of the last attempt of a task; None when nothing was."""
    if task.kind != FailureKind.CHECK or task.attempt is None:
        return None
    attempt = attempt_directory(run_directory, task.id, task.attempt.number)
    # Without its result.json the journal still knows which checks failed.
    results = read_checks(attempt) or task.attempt.checks
    return Gate(read_candidate_id(attempt) or "", results, read_decided(attempt))


def result_lines(result: CheckResult) -> list[str]:
    """A check: what it is about, what it expected and found, and some of the rows that it refused."""
    check = result.check
    about = f"{check.table}: {safe_line(check.label, 80)}"
    lines = [about, f"  expected  {expected_words(check)}", f"  found     {found_words(result)}"]
    return [*lines, *(f"  {line}" for line in sample_lines(result.sample))]


def sample_lines(sample: Sample) -> list[str]:
    """The rows in columns, below their names."""
    if not sample.rows:
        return []
    table = [sample.columns, *([cell if cell is not None else "NULL" for cell in row] for row in sample.rows)]
    cut = [[cell if len(cell) <= _CELL else f"{cell[: _CELL - 1]}…" for cell in row] for row in table]
    widths = [max(len(row[at]) for row in cut) for at in range(len(sample.columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut]
