"""Watching a run beside the plan: looks at its journal, folds what is new, and says that something is different."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from textual.message import Message
from textual.timer import Timer

from orch_tui.project.history import continued_by, newest_ids
from orch_tui.project.journal.file import BrokenJournal, is_executed
from orch_tui.project.project import Project
from orch_tui.runs.live.control import RunControl
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.nested import NestedRuns
from orch_tui.runs.live.view import RunModel, Written, read_written, read_written_by_parts, variables_set
from orch_tui.runs.past.cures import seen_of_run
from orch_tui.runs.people.responding import NoAnswer
from orch_tui.runs.planning.estimates import read_estimates, tasks_to_run
from orch_tui.tui.workbench.host import Asks, Opens, Posts, Times
from orch_tui.tui.workbench.run.failure_card import Failure, read_failure
from orch_tui.tui.workbench.shown import Shown

TICK = 0.5
"""Seconds between two looks at a run that goes on."""
_REST, _SLOWEST = 6.0, 3.0
"""The pause is so many times the processor time that the last look and its picture took; at most so many seconds."""
_IDLE_TICKS = 4
"""Looks for a new run are so many ticks apart while none goes on."""


class WatchHost(Asks, Posts, Times, Opens, Protocol):
    """Speaks, works in the background, and takes the messages of the watcher."""


@dataclass(slots=True)
class Results:
    """What the shown run has brought: its first failure, and what its tasks wrote.

    ``seen`` says how often the same failed before, and what cured it, in words; None until it was looked for.
    ``changed``: what is different from the last run that worked, in lines.
    ``written`` is by task; ``columns`` are (name, type) of tables, by the name of the table.
    """

    failure: Failure | None = None
    seen: str | None = None
    changed: tuple[str, ...] = ()
    written: dict[str, tuple[Written, ...]] = field(default_factory=dict)
    columns: dict[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    @property
    def items(self) -> list[Written]:
        """All that was written."""
        return [item for items in self.written.values() for item in items]


class RunWatcher:
    """Follows one run: the newest that goes on, or one that was opened from the history."""

    @dataclass
    class Opened(Message):
        """Another run is shown."""

    @dataclass
    class Changed(Message):
        """Something of the run is different now, or only the time; ``whole``: all of it, its plan too."""

        whole: bool

    @dataclass
    class Ended(Message):
        """The run that was followed has ended."""

        model: RunModel

    def __init__(
        self,
        project: Project,
        orchestration_id: str,
        control: RunControl,
        host: WatchHost,
        hidden: Callable[[], None],
    ) -> None:
        """``hidden`` is told at once when the plan takes the place of the run: what is typed next is meant for it."""
        self.shown = Shown()
        self.results = Results()
        self._project = project
        self._orchestration = orchestration_id
        self._control = control
        self._host = host
        self._hidden = hidden
        self._feed: RunFeed | None = None
        self._nested = NestedRuns(None)
        self._seen: str | None = None
        self._ticks = 0
        self._following = 0
        self._executor_said = ""
        self._looking: Timer | None = None
        self._on_top = True
        self._ended: Callable[[RunModel], None] | None = None

    @property
    def following(self) -> bool:
        """Whether it looks at a run again and again, or is about to."""
        return self._following > 0

    # Beginning and pausing

    async def begin(self, first: Path | None, *, newest: bool) -> bool:
        """Show the run ``first``, or the newest one if it goes on and is wanted; False when none is shown.

        From now on it looks for runs that others start.
        """
        latest = await asyncio.to_thread(self.newest)
        self._seen = latest.name if latest else None
        self._looking = self._host.set_interval(TICK * _IDLE_TICKS, self._look_for_a_run)
        if first is not None:
            self.follow(first, past=first != latest or not await asyncio.to_thread(is_executed, first))
            return True
        if newest and latest is not None and await asyncio.to_thread(is_executed, latest):
            self.follow(latest)
            return True
        return False

    def pause(self) -> None:
        """Another screen is on top: even a timer that does nothing makes Textual paint that one again."""
        self._on_top = False
        if self._looking is not None:
            self._looking.pause()

    def resume(self) -> None:
        """The screen is on top again."""
        self._on_top = True
        if self._looking is not None:
            self._looking.resume()

    def newest(self) -> Path | None:
        """The directory of the newest run. Reads files."""
        paths = self._project.paths
        newest = next(iter(newest_ids(paths, self._orchestration)), None)
        return paths.run(self._orchestration, newest) if newest else None

    # Following

    def follow(self, directory: Path, *, past: bool = False, then: Callable[[RunModel], None] | None = None) -> None:
        """Show a run and follow it. ``past``: as it ran, read only. ``then`` is told of its end."""
        self._ended = then
        self._host.in_background(partial(self._follow, directory, past), "run", "follow a run")

    def hide(self) -> None:
        """Back to the plan."""
        self._host.stop_background("run")
        self.shown, self._feed = Shown(), None
        self._hidden()

    async def _follow(self, directory: Path, past: bool) -> None:
        self._following += 1
        try:
            await self._follow_to_end(directory, past)
        finally:
            self._following -= 1

    async def _follow_to_end(self, directory: Path, past: bool) -> None:
        model = await self._open(directory, past)
        if model is None:
            return
        await self._look_at_nested()
        await self._look_at_results(model)
        self._tell(whole=True)
        pause, spent = TICK, time.thread_time()
        while self.shown.model is model and self.shown.moving:
            await asyncio.sleep(pause)
            await self._look(model)
            # The screen shares the interpreter with the executor: what is costly to show is shown less often.
            now = time.thread_time()
            pause, spent = min(max(TICK, _REST * (now - spent)), _SLOWEST), now
            if model.interrupted and not model.running():
                break
        if model.finished:
            self._host.post_message(self.Ended(model))
            if self._ended is not None:
                self._ended(model)

    async def _open(self, directory: Path, past: bool) -> RunModel | None:
        """Read a run and show it; None, and a sentence, when it cannot be read."""
        paths, clock = self._project.paths, self._host.orch_app.clock
        feed = RunFeed(directory, paths, clock)
        try:
            state, live = await asyncio.to_thread(feed.open)
        except (OSError, BrokenJournal) as error:
            self._host.say(f"Run {directory.name} cannot be shown: {error}", "error", seconds=12)
            return None
        estimates = await asyncio.to_thread(
            read_estimates, paths, self._orchestration, before=directory.name, tasks=tasks_to_run(state)
        )
        model = RunModel(directory, state, live=live, estimates=estimates, machine=clock)
        if state.finished:
            later = await asyncio.to_thread(continued_by, paths, self._orchestration, directory.name)
            model.continued = later[-1] if later else None
        self.shown, self.results, self._feed = Shown(model, past), Results(), feed
        self._nested = NestedRuns(paths)
        self._seen = max(self._seen or "", directory.name)
        self._host.post_message(self.Opened())
        return model

    async def _look(self, model: RunModel) -> None:
        """One look at the journals, in a thread; then say what is different."""
        feed = self._feed
        if feed is None:
            return
        running, pools = model.running(), model.pools_waited_for()
        try:
            batch = await asyncio.to_thread(feed.read, running, pools)
        except (OSError, BrokenJournal) as error:
            self._host.say(f"Run {model.directory.name} cannot be read any more: {error}", "error", seconds=12)
            self.hide()
            return
        self._tell_of_the_executor(model)
        before = model.no_answer
        different = model.take(batch)
        self._tell_of_no_answer(model, before)
        different |= await self._look_at_nested()
        self._ticks += 1
        if different:
            await self._look_at_results(model)
        if different or self._ticks % 2 == 0:
            self._tell(whole=batch.state is not None)

    def _tell(self, *, whole: bool) -> None:
        if self._on_top:
            self._host.post_message(self.Changed(whole))

    def _tell_of_the_executor(self, model: RunModel) -> None:
        """A journal that cannot be written cannot say so itself, and a fault of the program is in no journal."""
        here = self._control.active.get(model.directory.name)
        if here is None:
            return
        said = f"The run waits until its journal can be written: {here.blocked}" if here.blocked else ""
        if here.error is not None:
            said = f"The run was broken off by a fault of orch-tui ({type(here.error).__name__}: {here.error})."
        if said != self._executor_said:
            self._executor_said = said
            self._host.say(said or "The run goes on.", "error" if said else "information", seconds=12)

    def _tell_of_no_answer(self, model: RunModel, before: NoAnswer | None) -> None:
        """That the executor of another process does nothing for the run, or that it does again, once each."""
        if model.no_answer is not None and model.no_answer != before:
            self._host.say(f"Nothing goes on: {model.no_answer.sentence}.", "error", seconds=20)
        elif before is not None and model.no_answer is None and model.live and not model.finished:
            self._host.say("The process that executes the run goes on.")

    async def _look_at_nested(self) -> bool:
        """Find and follow the runs of nested orchestrations that have begun."""
        if self.shown.model is None or self._feed is None:
            return False
        return await asyncio.to_thread(self._nested.read, self.shown.model, self._feed)

    async def _look_at_results(self, model: RunModel) -> None:
        """The first failure, and what tasks wrote that have ended since the last look."""
        results = self.results
        results.failure = await asyncio.to_thread(read_failure, model.state, model.directory)
        if results.failure is not None and results.seen is None and model.finished:
            results.seen = await asyncio.to_thread(self._read_seen, model.directory)
            results.changed = await asyncio.to_thread(self._read_changes, model.directory)
        ended = [
            task
            for task in model.state.tasks.values()
            if task.attempts and task.status.final and task.id not in results.written
        ]
        if not ended:
            return
        attempts = [(task.id, task.attempts[-1].number) for task in ended if task.parts is None]
        results.written.update(await asyncio.to_thread(read_written, model.directory, attempts))
        for task in ended:
            if task.parts is not None:
                results.written[task.id] = await asyncio.to_thread(read_written_by_parts, model.directory, task)
            results.written[task.id] += variables_set(task)
        new = [item.name for item in results.items if item.is_table and item.name not in results.columns]
        if new:
            results.columns.update(await asyncio.to_thread(self._read_columns, new))

    def _read_seen(self, run: Path) -> str:
        try:
            return seen_of_run(self._project.paths, run.parent.name, run.name)
        except OSError:
            # Another user's history: what failed here is told all the same.
            return ""

    def _read_changes(self, run: Path) -> tuple[str, ...]:
        # Imported late: of a run that fails.
        from orch_tui.runs.past.why import change_lines, why

        try:
            found = why(self._project.paths, run)
        except (OSError, BrokenJournal):
            return ()
        return tuple(change_lines(found)) if found is not None else ()

    def _read_columns(self, tables: Sequence[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        # Imported late: nothing of it is needed before a task has written a table.
        from orch_tui.model.errors import UserError
        from orch_tui.storage.opening import open_storage

        storage = open_storage(self._project.paths)
        found = {}
        for table in tables:
            try:
                info = storage.get(table)
            except (UserError, OSError):
                continue
            if info is not None and info.problem is None:
                found[table] = info.columns
        return found

    # Runs of others

    def _look_for_a_run(self) -> None:
        """Somebody else may start a run: another terminal, cron."""
        if self._on_top and not self.shown.past and not self.following:
            self._host.in_background(self._find_a_run, "find", "look for a new run")

    async def _find_a_run(self) -> None:
        newest, model = await asyncio.to_thread(self.newest), self.shown.model
        if self.following:
            return
        if newest is not None and newest.name > (self._seen or ""):
            self._seen = newest.name
            self.follow(newest)
        elif model is not None and model.interrupted and await asyncio.to_thread(is_executed, model.directory):
            self.follow(model.directory)
