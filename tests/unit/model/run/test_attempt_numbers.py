"""``attempt 2 of 1``: no journal, whoever wrote it, makes a task say that it had more attempts than it can have."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from orch_tui.cli.follow.narrate import Narrator
from orch_tui.cli.shared.output import Output
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.retry import Retry
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState
from orch_tui.model.status import Status
from orch_tui.runs.words.ending import exit_in_words

T = 1_790_000_000.0
_OF = re.compile(r"attempt (\d+) of (\d+)")

_numbers = st.integers(1, 5)
_events = st.one_of(
    _numbers.map(lambda number: events.spawning(T, "t", number)),
    st.builds(
        lambda number, retry, lost: events.ended(
            T,
            "t",
            number,
            Status.ERROR,
            "no",
            kind=FailureKind.LOST if lost else FailureKind.USER,
            retry_at=T + 4 if retry else None,
        ),
        _numbers,
        st.booleans(),
        st.booleans(),
    ),
    st.just(events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="ann")),
)


def _fresh(retry: Retry | None) -> RunState:
    task = PlannedTask("t", "c/t", "T", "p", Decision.RUN, options=TaskOptions(retry=retry))
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 1),))
    return initial_state(RunHeader("r", "o", "O", T, "ann"), plan)


@given(st.none() | st.integers(0, 3).map(Retry), st.lists(_events, max_size=12))
def test_an_attempt_is_never_beyond_the_last_one(retry: Retry | None, journal: list[Event]) -> None:
    state = _fresh(retry)
    narrator, task = Narrator(Output(sys.stdout), Path("/run")), state.tasks["t"]
    for event in journal:
        state.apply(event)
        # WHEN it is told as it happens, and as it stands THEN N of M has N up to M
        told = [narrator.tell(event, state) or "", exit_in_words(task), *map(task.attempt_words, _began(state))]
        for number, most in _OF.findall("\n".join(told)):
            assert int(number) <= int(most), told


def _began(state: RunState) -> list[int]:
    return [attempt.number for attempt in state.tasks["t"].attempts]


def test_what_the_options_allow_is_what_is_said_where_they_do() -> None:
    state = _fresh(Retry(2))
    assert state.tasks["t"].attempt_words(1) == "attempt 1 of 3"
    state.apply(events.spawning(T, "t", 1))
    state.apply(events.ended(T, "t", 1, Status.ERROR, "no", kind=FailureKind.USER, retry_at=T + 4))
    assert state.tasks["t"].attempt_words(2) == "attempt 2 of 3"
