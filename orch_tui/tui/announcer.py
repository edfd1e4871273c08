"""The terminal's title says what runs and how it ended, and the bell rings: for whoever is in another window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orch_tui.model.status import STYLES, Status
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.history import RunSummary, judge_by
from orch_tui.runs.people.responding import ExecutorLook, NoAnswer
from orch_tui.tui.status_look import ODD

_LOOK_SECONDS = 1.0
_NAME = 60


class Announcer:
    """Follows runs from where they are seen first to their end, with one small read of each a second.

    ``write`` gets each new title; ``ring`` is called when a run has ended, and when its executor does nothing for it.
    """

    def __init__(self, write: Callable[[str], object], ring: Callable[[], object]) -> None:
        self._write, self._ring = write, ring
        self._followed: dict[Path, str] = {}
        self._looks: dict[Path, ExecutorLook] = {}
        self._unanswered: dict[Path, NoAnswer] = {}
        self._looking: asyncio.Task[None] | None = None
        # Whatever else hangs in the threads that screens share, how runs stand is told.
        self._thread = ThreadPoolExecutor(1, "announce")
        self._title = ""

    def follow(self, runs: Iterable[tuple[str, Path]]) -> None:
        """Names of orchestrations, and the directories of their runs that go on. Those that are known stay; one whose
        file was not read yet is called by its id, until its name is given."""
        for name, directory in runs:
            if directory not in self._followed:
                self._looks[directory] = ExecutorLook(directory)
            elif name == directory.parent.name:
                # Its file is being read anew.
                continue
            self._followed[directory] = name
        if not self._followed:
            return
        self._tell(self._what_runs())
        # What has broken the looking off need not be there the next time.
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on(), name="announce runs")

    def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _look_on(self) -> None:
        loop = asyncio.get_running_loop()
        while self._followed:
            await asyncio.sleep(_LOOK_SECONDS)
            for directory in [*self._followed]:
                try:
                    run = await loop.run_in_executor(self._thread, judge_by, directory)
                except FileNotFoundError:
                    # Deleted meanwhile: nobody knows how it ended.
                    name = self._forget(directory)
                    self._tell(self._what_runs() or safe_line(name, _NAME))
                    continue
                except OSError:
                    # That it cannot be read now is no end.
                    continue
                if not run.live:
                    name = self._forget(directory)
                    # One that others still run beside is told of by the bell alone.
                    self._tell(self._what_runs() or ended(name, run))
                    self._ring()
                    continue
                found = await loop.run_in_executor(self._thread, self._looks[directory].look)
                self._look_at_executor(directory, found)

    def _forget(self, directory: Path) -> str:
        """The name of its orchestration, as it is known now."""
        del self._looks[directory]
        self._unanswered.pop(directory, None)
        return self._followed.pop(directory)

    def _look_at_executor(self, directory: Path, found: NoAnswer | None) -> None:
        known = self._unanswered.pop(directory, None)
        if found is not None:
            self._unanswered[directory] = found
        self._tell(self._what_runs())
        if found is not None and known is None:
            self._ring()

    def _what_runs(self) -> str:
        running = self._those_that_run()
        for directory, silent in self._unanswered.items():
            # What is wrong goes first: a title is cut at its end.
            name = safe_line(self._followed[directory], _NAME)
            others = f", {running}" if len(self._followed) > 1 else ""
            return f"{ODD[silent.standing][0]} {name} {silent.standing.value}{others}"
        return running

    def _those_that_run(self) -> str:
        if len(self._followed) > 1:
            return f"{STYLES[Status.PROCESSING].glyph} {counted(len(self._followed), 'run')}"
        return "".join(
            f"{STYLES[Status.PROCESSING].glyph} {safe_line(name, _NAME)}" for name in self._followed.values()
        )

    def _tell(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self._write(title)


def ended(name: str, run: RunSummary) -> str:
    """``✔ Campaigns 5/5``: of how many tasks so many succeeded."""
    glyph = "?" if run.interrupted or run.broken else run.status.style.glyph
    good = sum(run.counts.get(status, 0) for status in (Status.SUCCESS, Status.WARNING))
    counts = f" {good}/{run.tasks}" if run.counts else ""
    return f"{glyph} {safe_line(name, _NAME)}{counts}"
