"""What a run that is gone on with has done already: what need not be done again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from orch_tui.engine.runs.previous import to_previous
from orch_tui.model.events import events
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, decision_file
from orch_tui.project.decided import DecidedAs, told_of
from orch_tui.project.paths import ProjectPaths, make_private

T = 1_790_000_000.0


def _failed(kind: FailureKind) -> RunState:
    """A run whose only task failed so."""
    task = PlannedTask("t", "command/t", "T", "p", Decision.RUN)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 1),))
    state = initial_state(RunHeader("r", "o", "O", T, "ann"), plan)
    for event in (
        events.phase_started(T, "p"),
        events.spawning(T, "t", 1),
        events.ended(T + 1, "t", 1, Status.ERROR, "refused", kind=kind, exit_code=1),
    ):
        state.apply(event)
    return state


@pytest.mark.parametrize(
    ("kind", "verdict", "held"),
    [
        (FailureKind.CHECK, DecidedAs.ACCEPTED, True),
        *((FailureKind.CHECK, one, False) for one in (*DecidedAs, None) if one is not DecidedAs.ACCEPTED),
        (FailureKind.USER, DecidedAs.ACCEPTED, False),
    ],
)
def test_tables_that_a_check_refused_are_done_when_somebody_accepted_them(
    tmp_path: Path, kind: FailureKind, verdict: DecidedAs | None, held: bool
) -> None:
    # GIVEN a task that failed, and what somebody has decided of what it wrote
    paths = ProjectPaths(tmp_path)
    attempt = attempt_directory(paths.run("o", "r"), "t", 1)
    make_private(attempt)
    if verdict is not None:
        told = told_of(verdict, "ann", "", datetime.fromtimestamp(T, UTC))
        decision_file(attempt).write_text(json.dumps(told))
    # WHEN the run is gone on with THEN only what was accepted counts as done, for conditions too
    previous = to_previous(paths, _failed(kind)).tasks["t"]
    assert previous.succeeded is held
    assert (previous.known.get("status"), previous.known.get("error", "")) == (
        ("success", None) if held else (None, "")
    )
