"""The first failure of a run: which task, its exit in words, its last lines, what ended because of it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.message import Message

from orch_tui.engine.attempts.lastlines import last_lines
from orch_tui.engine.attempts.results import read_result
from orch_tui.model.components.fault import Fault, read_fault
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.runs.words.ending import exit_in_words, failed_as_well, first_failure, phase_of, skipped_because
from orch_tui.runs.words.gates import Gate, gate_of, result_lines
from orch_tui.tui.actions import handed_on
from orch_tui.tui.actions import run as actions
from orch_tui.tui.task_names import name_first
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.sentence_rows import wrapped

LINES = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """What the card shows. ``lines`` are the last ones of the log; ``also`` and ``skipped`` are names of tasks;
    ``fault`` is where in its configuration the task failed, as far as it told.

    ``gate``: a check refused what it wrote.
    """

    task: str
    configuration: str
    title: str
    words: str
    lines: tuple[str, ...]
    also: tuple[str, ...]
    skipped: tuple[str, ...]
    fault: Fault
    gate: Gate | None = None


def read_failure(state: RunState, directory: Path) -> Failure | None:
    """The first failure as the state has it; None while there is none. Reads the end of a log."""
    task = first_failure(state)
    if task is None:
        return None
    lines: Sequence[str] = ()
    fault = None
    if task.attempts:
        attempt = attempt_directory(directory, task.id, task.attempts[-1].number)
        lines = last_lines(log_file(attempt), LINES)
        fault = read_fault(read_result(attempt))
    number, phase = phase_of(state, task)
    return Failure(
        task.id,
        task.configuration,
        f'{name_first(task.name)} in phase {number} "{safe_line(phase.name, 80)}"',
        exit_in_words(task),
        tuple(lines),
        _names(failed_as_well(state, task)),
        _names(skipped_because(state, task)),
        fault or Fault((), None, f"It failed: {exit_in_words(task)}"),
        gate_of(directory, task),
    )


def _names(tasks: Sequence[TaskState]) -> tuple[str, ...]:
    return tuple(name_first(task.name) for task in tasks)


class FailureCard(LineList):
    """Enter on a folded line unfolds it."""

    shows_place = False

    BINDINGS: ClassVar[list[BindingType]] = handed_on(actions.FAILURE)
    HELP = "The task that failed first. e edits its configuration, c runs again what did not succeed, l opens its log."

    @dataclass
    class Asked(Message):
        """A key of the card: ``edit``, ``continue``, ``log``, ``text``, ``command``, ``accept`` or ``discard``."""

        what: str
        failure: Failure

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.failure: Failure | None = None
        self._seen = ""
        self._changed: tuple[str, ...] = ()
        self._rows: list[Row] = []
        self._folds: dict[int, str] = {}
        self._open: set[str] = set()
        self._width = 0

    def show(self, failure: Failure | None, seen: str = "", changed: tuple[str, ...] = ()) -> None:
        """Show another failure, or none; ``seen`` says how often the same was seen before, and what cured it,
        ``changed`` what is different from the last run that worked."""
        if (failure, seen, changed) != (self.failure, self._seen, self._changed):
            self.failure, self._seen, self._changed = failure, seen, changed
            self._build()
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what waits can be accepted or discarded."""
        gate = self.failure.gate if self.failure is not None else None
        waits = gate is not None and bool(gate.candidate) and gate.decided is None
        return waits or action != "do" or parameters[0] not in ("failure.accept", "failure.discard")

    def _build(self) -> None:
        self._width = self.size.width
        self._rows, self._folds = self._made()
        self.reload()

    def _made(self) -> tuple[list[Row], dict[int, str]]:
        told = (self._seen, self._changed)
        return failure_rows(self.failure, told, self._width, self._open) if self.failure else ([], {})

    @on(events.Resize)
    def _fit_width(self) -> None:
        # Beside the list's own handler of it, which puts the cursor into view after this.
        if self.size.width != self._width:
            self._build()

    def count(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        return self._rows[index]

    def clicked(self, index: int, x: int) -> bool:
        key = self._folds.get(index)
        if key is not None:
            self._open ^= {key}
            self._build()
        return key is not None

    def action_choose(self) -> None:
        self.clicked(self.cursor, 0)

    def action_do(self, action_id: str) -> None:
        """What a key of the card asks for, by the id of its action."""
        if self.failure is not None:
            what = action_id.removeprefix("failure.").removeprefix("copy-")
            self.post_message(self.Asked(what, self.failure))


def failure_rows(
    failure: Failure, told: tuple[str, tuple[str, ...]], width: int, unfolded: Set[str]
) -> tuple[list[Row], dict[int, str]]:
    """The rows of a card of that width, and which of them unfold what. Nothing without a width.

    ``told``: how often it was seen, and what is different from the last run that worked.
    """
    seen, changed = told
    rows: list[Row] = []
    folds: dict[int, str] = {}
    if not width:
        return rows, folds
    rows += wrapped(failure.title, width, "error", limit=2)
    # The whole sentence: what to do is at its end, and the list scrolls.
    rows += wrapped(failure.words, width, limit=12)
    if seen:
        rows += wrapped(f"{seen[:1].upper()}{seen[1:]}", width, "accent", limit=2)
    for line in changed:
        rows += wrapped(safe_line(line, 300), width, "warning" if line.startswith(" ") else "dim", limit=2)
    for key, words, names in (
        ("skipped", "skipped because of it", failure.skipped),
        ("also", "failed as well", failure.also),
    ):
        if not names:
            continue
        folds[len(rows)] = key
        glyph = "▾" if key in unfolded else "▸"
        rows.append(Row((Part(f" {glyph} {counted(len(names), 'task')} {words}", "accent"),)))
        if key in unfolded:
            rows += [Row((Part(f"   {name}", "dim"),)) for name in names]
    if failure.gate is not None:
        return rows + gate_rows(failure.gate, width), folds
    if failure.lines and all(line.strip() in failure.words for line in failure.lines):
        # All that it wrote is what it failed with.
        return rows, folds
    last = f" its last {counted(len(failure.lines), 'line')}:" if failure.lines else " it wrote nothing"
    rows.append(Row((Part(last, "dim"),)))
    return [*rows, *(Row((Part(" │ ", "dim"), Part(text))) for text in failure.lines)], folds


def gate_rows(gate: Gate, width: int) -> list[Row]:
    """What each check expected and found, with rows that it refused, and what can be decided."""
    rows: list[Row] = []
    for result in gate.refused_by:
        about, *lines = result_lines(result)
        rows += wrapped(about, width, "warning", limit=2)
        rows += [Row((Part(" │ ", "dim"), Part(line.removeprefix("  ")))) for line in lines]
    if gate.decided is not None:
        return rows + wrapped(gate.decided.words, width, "accent", limit=4)
    if gate.candidate:
        rows += wrapped("Its tables are as before. What it wrote waits: a accepts it, x discards it", width, "dim")
    return rows
