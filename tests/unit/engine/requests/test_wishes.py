"""What is asked of a run is judged by what was asked of it before, also where its executor has not read that yet."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.engine.requests.requests import CancelRequest, Mailbox, Request, ask, new_id, pending
from orch_tui.engine.requests.wishes import expected, refused
from orch_tui.model.events import events
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.run.intervening import refusal
from orch_tui.model.run.runstate import RunState
from orch_tui.project.journal.file import read_run
from orch_tui.project.journal.format import write_event
from orch_tui.project.project import Project

from tests.support.effort import examples
from tests.support.engine_kit import make_commands
from tests.support.set_clock import T0, begun, live_run

HOLD, RELEASE, SKIP = InterventionKind.HOLD, InterventionKind.RELEASE, InterventionKind.SKIP


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_commands(tmp_path, {"P": {"a": "true", "b": "true"}})


def _wish(kind: InterventionKind, task: str | None = None, *, limit: int | None = None) -> Intervention:
    return Intervention(new_id(), kind, "ann@host", task=task, limit=limit)


def _refused(directory: Path, one: Intervention) -> str:
    known = read_run(directory)
    return refused(expected(directory, lambda: known), known, one)


def test_what_waits_is_counted_in_its_order(project: Project) -> None:
    with live_run(project, "o", *begun("a", T0)) as directory:
        assert "is not held" in _refused(directory, _wish(RELEASE))
        # WHEN it is held, which nobody has read THEN it can be released, and is not held twice
        ask(directory, _wish(HOLD))
        assert _refused(directory, _wish(RELEASE)) == ""
        again = _refused(directory, _wish(HOLD))
        assert "is held already, by ann@host; that was asked for, and waits for the process" in again
        # WHEN it is released as well THEN it can be held, and not released
        ask(directory, _wish(RELEASE))
        assert _refused(directory, _wish(HOLD)) == "" and "is not held" in _refused(directory, _wish(RELEASE))
        # WHEN a task is skipped THEN it cannot be held
        ask(directory, _wish(SKIP, "b"))
        assert "task b has ended already: skipped" in _refused(directory, _wish(HOLD, "b"))
        # AND what the journal says is told as it is
        assert _refused(directory, _wish(SKIP, "a")) == "task a is running; it can be stopped"
        # AND WHEN all is cancelled THEN nothing else can be done
        ask(directory, CancelRequest("bob@host"))
        assert "is being cancelled by bob@host" in _refused(directory, _wish(HOLD))
        # AND the state of the journal is as it was
        assert read_run(directory).interventions.all == [] and len(pending(directory)) == 4


def test_what_is_taken_while_one_looks_counts_once(project: Project) -> None:
    with live_run(project, "o") as directory:
        hold = _wish(HOLD)
        ask(directory, hold)

        def read() -> RunState:
            # The executor takes it between the look into the mailbox and that into the journal.
            with (directory / "run.toml").open("a") as file:
                file.write(write_event(events.intervened(T0 + 1, hold)))
            Mailbox(directory).deliver(lambda _: None)
            return read_run(directory)

        state = expected(directory, read)
        assert [one.id for one in state.interventions.all] == [hold.id]
        assert refusal(state, _wish(RELEASE)) == ""


_wishes = st.one_of(
    st.builds(
        _wish, st.sampled_from(InterventionKind), st.none() | st.sampled_from(["a", "b"]), limit=st.integers(1, 3)
    ),
    st.builds(CancelRequest, st.just("bob@host"), st.booleans(), st.none() | st.sampled_from(["a", "b"])),
)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_wishes, max_size=8), st.integers(0, 10**9))
def test_whoever_asks_sees_what_the_executor_will_see(project: Project, asked: list[Request], number: int) -> None:
    # GIVEN requests that wait, some of which are refused WHEN somebody looks, and then they are taken one by one
    with live_run(project, "o", *begun("a", T0), name=f"20261122T140000.000Z-{number}{new_id()[-8:]}") as directory:
        for one in asked:
            ask(directory, one)
        seen = expected(directory, lambda: read_run(directory))
        taken = read_run(directory)
        Mailbox(directory).deliver(lambda one: _carry_out(taken, one))
    # THEN both see the same
    assert {t.id: (t.status, t.because, t.cancelled_by) for t in seen.tasks.values()} == {
        t.id: (t.status, t.because, t.cancelled_by) for t in taken.tasks.values()
    }
    assert [one.id for one in seen.interventions.all] == [one.id for one in taken.interventions.all]


def _carry_out(state: RunState, one: Request) -> None:
    if isinstance(one, CancelRequest):
        state.apply(events.cancel(T0, one.by, now=one.now, task=one.task))
    elif not refusal(state, one):
        state.apply(events.intervened(T0, one))


def test_requests_stay_in_order_when_the_clock_is_set_back(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with live_run(project, "o") as directory:
        kinds = [HOLD, RELEASE, HOLD, RELEASE]
        real = time.time_ns
        for hours, kind in enumerate(kinds):
            # WHEN the clock is set back an hour before each
            monkeypatch.setattr(time, "time_ns", lambda hours=hours: real() - hours * 3_600_000_000_000)
            ask(directory, Intervention("", kind, "ann@host"))
        # THEN they are in the order in which they were left
        assert [one.kind for one in pending(directory) if isinstance(one, Intervention)] == kinds
        assert len({one.id for one in pending(directory) if isinstance(one, Intervention)}) == 4
