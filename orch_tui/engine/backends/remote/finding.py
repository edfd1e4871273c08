"""What became of an attempt on another machine, by its files."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.backends.backend import Finding, Verdict
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.processes.local import read_exit_file
from orch_tui.model.run.attempt_state import AttemptState


def inspect_files(directory: Path, known: AttemptState) -> Finding:
    """By the files alone, which any host sees: what the queue says is asked when somebody goes on with the run."""
    # Who has looked before may be told what was there then, unless it is listed first.
    handoff.names_in(directory)
    end, code = handoff.read_end(directory), read_exit_file(directory)
    if end is not None and end.exit.code is not None:
        code = end.exit.code
    if code is not None:
        return Finding(Verdict.FINISHED, code, f"finished with exit code {code}")
    if end is not None and (end.exit.unstarted or end.error is not None):
        return Finding(Verdict.UNSTARTED, None, end.exit.unstarted or "its node could not start it")
    if end is not None:
        return Finding(Verdict.LOST, None, end.exit.lost or "ended without an exit code")
    node = handoff.read_node(directory)
    if node is not None and not node.refused:
        return Finding(Verdict.RUNNING, None, f"begun on {node.host} (job {node.job} of {known.backend})")
    job = f"job {known.job}" if known.job else f"named {known.job_name}"
    return Finding(Verdict.QUEUED, None, f"sent to {known.backend} ({job}); it has not begun there")
