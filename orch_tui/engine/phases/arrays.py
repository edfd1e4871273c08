"""Arrays: what a task with ``each`` is run for, and the hold of its configuration that all of its parts have together.

The parts of an array run at once, with one configuration, which two tasks never do. So whoever begins an array takes
the lock of the configuration alone, writes its name there and shares it from then on; each part joins, and its process
inherits that. Nobody else gets the lock before the last of them is gone, and who takes the run over finds the name of
its own array there. Whoever finds another name waits.

What an array is run for is looked for beside the event loop: a folder may have a hundred thousand files, and be on a
file system that does not answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orch_tui.engine.attempts.earlier import EarlierRun
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.processes.beside import beside
from orch_tui.engine.record.recorder import Pen
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events import events
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.orchestration.each import MOST_PARTS, Each, item_fault, list_items
from orch_tui.model.run.plan import PlannedTask, RunPlan
from orch_tui.model.run.promises import texts_now, why_unset
from orch_tui.model.status import Status
from orch_tui.model.variables.references import MissingVariables, fill_variables, task_values
from orch_tui.project.attempt_dir import parts_record
from orch_tui.project.concurrent.locks import Lock
from orch_tui.project.files.patterns import find_paths
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.project.paths import ProjectPaths


@dataclass(frozen=True, slots=True)
class Found:
    """What an array is run for, in order, and of these by their numbers (from 1) what is not run again, since it has
    succeeded, and what is left out, since it did not run in the run that is repeated."""

    items: Sequence[str]
    reused: Sequence[int] = ()
    left_out: Sequence[int] = ()


class Arrays:
    """The arrays of one run. ``directory`` is the run's; ``who`` is a task, by its id, in words."""

    def __init__(
        self,
        plan: RunPlan,
        pen: Pen,
        paths: ProjectPaths,
        directory: Path,
        who: Callable[[str], str],
        wake: Callable[[], object],
    ) -> None:
        """``wake`` is called on the loop when what an array is run for was found."""
        self._plan = plan
        self._pen = pen
        self._paths = paths
        self._directory = directory
        self._who = who
        self._wake = wake
        self._held: dict[str, Lock] = {}
        self._looking: dict[str, tuple[PlannedTask, asyncio.Future[Found]]] = {}

    def look_for(self, task: PlannedTask) -> None:
        """The turn of an array has come: begin to look for what it is run for, unless that goes on. Raises: OSError."""
        if task.id in self._looking:
            return
        texts = texts_now(self._pen.state, self._plan.variables)
        looking = beside(lambda: find(task, self._plan, self._paths, texts))
        self._looking[task.id] = (task, looking)
        looking.add_done_callback(lambda _: self._wake())

    def found(self) -> list[tuple[PlannedTask, asyncio.Future[Found]]]:
        """The arrays that it was found for, each once."""
        ready = [(task, looking) for task, looking in self._looking.values() if looking.done()]
        for task, _ in ready:
            del self._looking[task.id]
        return ready

    def unfold(self, task: PlannedTask, looked: asyncio.Future[Found]) -> list[PlannedTask]:
        """What it is run for is written down, and its parts are what is left to do.

        Raises:
            PrepareError: it cannot be told what it is run for, or there is nothing.
            OSError: a folder cannot be read.
        """
        try:
            found = looked.result()
        except MissingVariables as error:
            raise PrepareError("; ".join(why_unset(self._pen.state, name) for name in error.names)) from error
        items = found.items
        now, each = self._pen.now(), task.each.text if task.each is not None else ""
        if not items:
            reason = Reason.of(Cause.NO_ITEMS, each=each)
            if not task.allow_empty:
                raise PrepareError(f"{reason.sentence}; allow_empty = true makes that a success")
            self._pen.record(events.settled(now, task.id, Status.SUCCESS, reason))
            return []
        earlier = self._plan.rerun_of or self._plan.as_it_ran
        event = events.unfolded(now, task.id, items, found.reused, earlier, left_out=found.left_out)
        self._pen.record(event, durable=True)
        parts = self._pen.state.tasks[task.id].parts
        return [part.planned for part in parts.states if not part.status.final] if parts is not None else []

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
        for _, looking in self._looking.values():
            looking.cancel()
        self._looking.clear()
        while self._held:
            self._held.popitem()[1].close()


def find(task: PlannedTask, plan: RunPlan, paths: ProjectPaths, texts: Mapping[str, str]) -> Found:
    """What an array is run for now; ``texts`` are the variables of its run. Reads files: for a thread.

    Raises:
        MissingVariables: one that it is made of has no value.
        PrepareError: it cannot be told, or cannot be used; the text says why.
        OSError: a folder cannot be read.
    """
    if plan.as_it_ran is not None:
        return _found_then(task, EarlierRun(paths, paths.run(plan.orchestration, plan.as_it_ran)))
    items = items_of(task.each, texts, task.variables, paths.root) if task.each is not None else ()
    return Found(items, done_before(task, items, plan, paths))


def _found_then(task: PlannedTask, earlier: EarlierRun) -> Found:
    """The parts of an array that is repeated as it ran, without those that did not run then."""
    parts = earlier.parts(task)
    items = tuple(part.item.text for part in parts if part.item is not None)
    left_out = [number for number, part in enumerate(parts, 1) if earlier.last_attempt(part) is None]
    return Found(items, left_out=left_out)


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
    found = [path for path in find_paths(pattern, root) if (root / path).is_file()]
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
