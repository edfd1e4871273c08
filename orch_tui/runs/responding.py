"""Whether the process that executes a run answers: one that was stopped holds the run and does nothing for it."""

from __future__ import annotations

from orch_tui.engine.process import boot_id, host, is_same, read_stat
from orch_tui.model.runstate import RunState
from orch_tui.model.text import safe_line

ANSWER = 10.0
"""Seconds in which an executor takes a request; it looks four times a second."""
_STOPPED = "Tt"


def stopped_executor(state: RunState) -> int | None:
    """The pid of the process that executes a run, if it is stopped (Ctrl-Z, SIGSTOP, a debugger).

    None too where that cannot be known: on another machine, or of a journal without an executor.
    """
    last = state.executors[-1] if state.executors else None
    if last is None or last["host"] != host() or last["boot_id"] != boot_id():
        return None
    pid = int(last["pid"])
    try:
        if not is_same(pid, (last["start"][0], last["start"][1]), last["boot_id"]):
            return None
        stat = read_stat(pid)
    except OSError:
        return None
    return pid if stat is not None and stat.state in _STOPPED else None


def stopped_words(run: str, pid: int) -> str:
    """What that means and what to do."""
    return (
        f"the process that executes it (pid {pid}) is stopped: nothing new starts, and nobody can cancel it. Let it go "
        f"on with: kill -CONT {pid}; or end it with: kill -KILL {pid}, and then: orch-tui cancel {run}"
    )


def silent_words(state: RunState) -> str:
    """The same of an executor that has not answered in time."""
    last = state.executors[-1] if state.executors else None
    run = state.header.id
    if last is None:
        return f"the process that executes run {run} does not answer"
    there = "" if last["host"] == host() else f" on {safe_line(str(last['host']), 100)}"
    return (
        f"the process that executes run {run} (pid {last['pid']}{there}) does not answer. If it hangs, end it{there} "
        f"with: kill -KILL {last['pid']}; then orch-tui cancel {run} stops what is left. The request is kept for it"
    )
