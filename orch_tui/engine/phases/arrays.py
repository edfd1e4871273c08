"""Arrays: what a task with ``each`` is run for, and the hold of its configuration that all of its parts have together.

The parts of an array run at once, with one configuration, which two tasks never do. So whoever begins an array takes
the lock of the configuration alone, writes its name there and shares it from then on; each part joins, and its process
inherits that. Nobody else gets the lock before the last of them is gone, and who takes the run over finds the name of
its own array there. Whoever finds another name waits.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orch_tui.engine.attempts.earlier import EarlierRun
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.record.recorder import Pen
from orch_tui.model.events import events
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.each import MOST_PARTS, Each, item_fault, list_items
from orch_tui.model.run.plan import PlannedTask, RunPlan
from orch_tui.model.run.promises import texts_now, why_unset
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.model.variables.references import MissingVariables, fill_variables, task_values
from orch_tui.project.attempt_dir import parts_record
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths


class Arrays:
    """The arrays of one run. ``directory`` is the run's; ``who`` is a task, by its id, in words."""

    def __init__(
        self, plan: RunPlan, pen: Pen, paths: ProjectPaths, directory: Path, who: Callable[[str], str]
    ) -> None:
        self._plan = plan
        self._pen = pen
        self._paths = paths
        self._directory = directory
        self._who = who
        self._held: dict[str, Lock] = {}

    def unfold(self, task: PlannedTask) -> list[PlannedTask]:
        """The turn of an array has come: what it is run for is written down, and its parts are what is left to do.

        Raises:
            PrepareError: it cannot be told what it is run for, or there is nothing.
            OSError: a folder cannot be read.
        """
        items = self._items(task)
        now, each = self._pen.now(), task.each.text if task.each is not None else ""
        if not items:
            reason = Reason.of(Cause.NO_ITEMS, each=each)
            if not task.allow_empty:
                raise PrepareError(f"{reason.sentence}; allow_empty = true makes that a success")
            self._pen.record(events.settled(now, task.id, Status.SUCCESS, reason))
            return []
        done = done_before(task, items, self._plan, self._paths)
        self._pen.record(events.unfolded(now, task.id, items, done, self._plan.rerun_of), durable=True)
        self._set_aside(task)
        parts = self._pen.state.tasks[task.id].parts
        return [part.planned for part in parts.states if not part.status.final] if parts is not None else []

    def _set_aside(self, task: PlannedTask) -> None:
        """Of an array that is repeated as it ran, those of its parts that did not run then."""
        earlier, parts = EarlierRun.of(self._paths, self._plan), self._pen.state.tasks[task.id].parts
        if earlier is None or parts is None:
            return
        reason = Reason.of(Cause.NOT_RUN_THEN, run=self._plan.as_it_ran)
        for part in parts.states:
            if earlier.last_attempt(part.planned) is None:
                self._pen.record(events.settled(self._pen.now(), part.id, Status.SKIPPED, reason))

    def _items(self, task: PlannedTask) -> Sequence[str]:
        if self._plan.as_it_ran is None:
            return find_items(task, self._pen.state, self._plan.variables, self._paths.root)
        try:
            then = read_run(self._paths.run(self._plan.orchestration, self._plan.as_it_ran)).tasks.get(task.id)
        except (FileNotFoundError, BrokenJournal) as error:
            raise PrepareError(f"run {self._plan.as_it_ran} cannot be read any more: {error}") from error
        return then.parts.items if then is not None and then.parts is not None else ()

    def hold(self, task: PlannedTask, *, far: bool) -> bool:
        """Have the configuration for an array, or for that of a part; False when others have it. ``far``: its parts run
        on other machines, which no lock reaches. Raises: OSError."""
        array = task.array or task.id
        if array in self._held:
            return True
        path, who = self._paths.configuration_lock(task.configuration), self._who(array)
        lock = Lock.acquire(path, who)
        if lock is not None:
            try:
                if not lock.share(who, parts_record(self._directory, array) if far else None):
                    return False
            except BaseException:
                lock.close()
                raise
        elif (lock := Lock.join(path, who)) is None:
            # An earlier executor of the run may have begun it, and its parts have it still.
            return False
        self._held[array] = lock
        return True

    def join(self, part: PlannedTask) -> Lock | None:
        """The hold of a part, for its process; None when the configuration was lost to others. Raises: OSError."""
        return Lock.join(self._paths.configuration_lock(part.configuration), self._who(part.array))

    def settle(self) -> None:
        """Give up the configurations of arrays that have ended."""
        for array in [array for array in self._held if self._pen.state.tasks[array].status.final]:
            self._held.pop(array).close()

    def leave(self) -> None:
        """Give up all of them; parts that run have theirs on."""
        while self._held:
            self._held.popitem()[1].close()


def find_items(task: PlannedTask, state: RunState, given: Mapping[str, str], root: Path) -> tuple[str, ...]:
    """What an array is run for now: none, or in a fixed order. ``given`` are the variables of the run.

    Raises:
        PrepareError: it cannot be told, or cannot be used; the text says why.
        OSError: a folder cannot be read.
    """
    if task.each is None:
        return ()
    try:
        return items_of(task.each, texts_now(state, given), task.variables, root)
    except MissingVariables as error:
        raise PrepareError("; ".join(why_unset(state, name) for name in error.names)) from error


def items_of(each: Each, given: Mapping[str, str], own: Mapping[str, str], root: Path) -> tuple[str, ...]:
    """What a task with ``each`` is run for, by these variables of its run and of its own: none, or in a fixed order.

    Raises:
        MissingVariables: one that it is made of has no value.
        PrepareError: it cannot be used; the text says why.
        OSError: a folder cannot be read.
    """
    if each.items:
        return each.items
    values = task_values(given, own)
    if each.variable:
        try:
            return list_items(fill_variables(f"{{{{ {each.variable} }}}}", values))
        except ValueError as error:
            raise PrepareError(f"the variable {each.variable} cannot be used as each: {error}") from error
    return _files(fill_variables(each.files, values), root)


def _files(pattern: str, root: Path) -> tuple[str, ...]:
    """The files that a pattern finds below the project, in order of their names; hidden ones only where it says so."""
    # A variable was filled in.
    if not pattern.isprintable():
        raise PrepareError(
            f"each = {json.dumps(pattern[:200])}: no file is looked for by a character that is not shown"
        )
    try:
        pattern = Each.of(pattern).files or pattern
    except ValueError as error:
        raise PrepareError(f'each = "{pattern[:200]}": {error}') from error
    found = sorted(path for path in glob.iglob(pattern, root_dir=root, recursive=True) if (root / path).is_file())
    if len(found) > MOST_PARTS:
        raise PrepareError(f'"{pattern}" finds {len(found)} files; a task has {MOST_PARTS} parts at most')
    for path in found:
        if (fault := item_fault(path)) is not None:
            raise PrepareError(f'"{pattern}" finds a file whose name {fault}; give it another name')
    return tuple(found)


def done_before(task: PlannedTask, items: Sequence[str], plan: RunPlan, paths: ProjectPaths) -> list[int]:
    """The numbers of the parts (from 1) that need not run again: those that succeeded in the run that this one
    continues, for the same item and with the configuration as it is now."""
    if plan.rerun_of is None:
        return []
    try:
        before = read_run(paths.run(plan.orchestration, plan.rerun_of)).tasks.get(task.id)
    except (FileNotFoundError, BrokenJournal):
        # It was deleted meanwhile: all of them run.
        return []
    if (
        before is None
        or before.parts is None
        or (before.configuration, before.digest) != (task.configuration, task.digest)
    ):
        return []
    held = {
        part.planned.item.text
        for part in before.parts.states
        if part.planned.item is not None and (part.succeeded or part.reused)
    }
    return [number for number, item in enumerate(items, 1) if item in held]
