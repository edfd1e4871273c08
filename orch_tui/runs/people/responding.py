"""Whether the process that executes a run answers: one that was stopped holds the run and does nothing for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.processes.process import boot_id, host, is_same, read_stat
from orch_tui.engine.requests.requests import waiting
from orch_tui.model.clocks.machine_clock import MACHINE, MachineClock
from orch_tui.model.clocks.run_time import BootTime
from orch_tui.model.dataclass import dataclass
from orch_tui.model.run.runstate import RunState
from orch_tui.model.texts.text import safe_line
from orch_tui.project.journal.executors import ExecutorReader
from orch_tui.project.journal.file import JOURNAL
from orch_tui.runs.words.standing import Standing

ANSWER = 10.0
"""Seconds in which an executor takes a request; it looks four times a second."""
_STOPPED = "Tt"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The executor of a run does nothing for it: its process is ``stopped`` (Ctrl-Z, SIGSTOP, a debugger), or it has
    not taken a request in :data:`ANSWER` seconds. ``pid`` is None if the journal names none; ``host`` is the machine
    that it is on, empty for this one."""

    run: str
    stopped: bool
    pid: int | None = None
    host: str = ""

    @property
    def standing(self) -> Standing:
        """How the run stands."""
        return Standing.STOPPED if self.stopped else Standing.SILENT

    @property
    def brief(self) -> str:
        """What to do, in a few words."""
        if self.stopped:
            return f"kill -CONT {self.pid} lets it go on"
        return "it takes no request" if self.pid is None else f"pid {self.pid} takes no request"

    @property
    def sentence(self) -> str:
        """What it means and what to do."""
        if self.stopped:
            return (
                f"the process that executes it (pid {self.pid}) is stopped: nothing new starts, and nobody can cancel "
                f"it. Let it go on with: kill -CONT {self.pid}; or end it with: kill -KILL {self.pid}, and then: "
                f"orch-tui cancel {self.run}"
            )
        if self.pid is None:
            return f"the process that executes run {self.run} does not answer"
        there = f" on {safe_line(self.host, 100)}" if self.host else ""
        return (
            f"the process that executes run {self.run} (pid {self.pid}{there}) does not answer. If it hangs, end "
            f"it{there} with: kill -KILL {self.pid}; then orch-tui cancel {self.run} stops what is left. The request "
            "is kept for it"
        )


def asked_words(silent: NoAnswer) -> str:
    """For a person who has just asked such an executor for something."""
    return f"Asked, but {silent.sentence}."


def stopped_executor(state: RunState) -> int | None:
    """The pid of the process that executes a run, if it is stopped.

    None too where that cannot be known: on another machine, or of a journal without an executor.
    """
    return _stopped(state.executors[-1]) if state.executors else None


def no_answer(state: RunState) -> NoAnswer:
    """Of an executor that has not answered in time."""
    return _no_answer(state.header.id, state.executors[-1] if state.executors else None)


def _no_answer(run: str, executor: Mapping[str, Any] | None) -> NoAnswer:
    if executor is None:
        return NoAnswer(run, stopped=False)
    there = "" if executor["host"] == host() else str(executor["host"])
    return NoAnswer(run, _stopped(executor) is not None, int(executor["pid"]), there)


def _stopped(executor: Mapping[str, Any]) -> int | None:
    if executor["host"] != host() or executor["boot_id"] != boot_id():
        return None
    pid = int(executor["pid"])
    try:
        if not is_same(pid, (executor["start"][0], executor["start"][1]), executor["boot_id"]):
            return None
        stat = read_stat(pid)
    except OSError:
        return None
    return pid if stat is not None and stat.state in _STOPPED else None


class ExecutorLook:
    """Looks again and again at the process that executes a run, and at the requests that wait for it. For a thread."""

    def __init__(self, directory: Path, machine: MachineClock = MACHINE) -> None:
        self._directory = directory
        self._machine = machine
        self._reader = ExecutorReader(directory / JOURNAL)
        self._asked: dict[str, BootTime] = {}

    def look(self) -> NoAnswer | None:
        """Of a run that some process executes: None while that one does its work, or nobody can tell."""
        try:
            executor = self._reader.last()
            silent = self._keeps_waiting()
        except OSError:
            return None
        if silent or (executor is not None and _stopped(executor) is not None):
            return _no_answer(self._directory.name, executor)
        return None

    def _keeps_waiting(self) -> bool:
        """Whether a request was not taken in time. Raises: OSError."""
        before, self._asked = self._asked, {}
        for path in waiting(self._directory):
            try:
                # The file's own time is believed once: somebody may set the clock.
                self._asked[path.name] = before.get(path.name) or self._machine.of_file(path.stat().st_mtime)
            except FileNotFoundError:
                continue
        return any(self._machine.uptime() - asked > ANSWER for asked in self._asked.values())
