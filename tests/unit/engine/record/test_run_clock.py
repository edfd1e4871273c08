"""A run's time goes forward evenly, whatever happens to the machine's clock."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.engine.processes.process import boot_id, host
from orch_tui.engine.record.run_clock import RunClock, clock_of, new_clock
from orch_tui.engine.runs.run_directory import new_run_id
from orch_tui.model.clocks.machine_clock import uptime
from orch_tui.model.events import events
from orch_tui.model.run.plan import RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader, RunState, fold
from orch_tui.model.status import Status
from orch_tui.project.history import find_run, moment_of, run_ids
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import ProjectPaths, make_private

from tests.support.engine_kit import begin, make_commands, run

T = 1_790_000_000.0
DAY = 86400.0


class Wall:
    """The clock on the wall, which anybody may set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = time.time
        self.off = 0.0
        monkeypatch.setattr(time, "time", lambda: real() + self.off)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


def _state(at: float, *, boot: str | None = None, machine: str | None = None, up: float | None = 100.0) -> RunState:
    state = initial_state(RunHeader("r", "o", "O", at, "ann"), RunPlan("o", "O", ()))
    mine = events.executor(
        at, pid=1, start=(1, 1), host=machine or host(), boot_id=boot or boot_id(), by="ann", uptime=up
    )
    return fold(state, [mine])


@pytest.mark.parametrize("off", [-DAY, 0.0, DAY])
def test_a_run_goes_on_with_the_clock_of_its_last_executor(wall: Wall, off: float) -> None:
    # GIVEN a run that was taken in hand 50 s ago WHEN another process looks, by a clock that was set since
    wall.off = off
    # THEN it is 50 s later
    assert clock_of(_state(T, up=uptime() - 50)).now() == pytest.approx(T + 50, abs=1)


@pytest.mark.parametrize("changed", [{"boot": "0" * 36}, {"machine": "elsewhere"}, {"up": None}])
def test_after_a_reboot_or_with_an_older_journal_time_never_goes_back(wall: Wall, changed: dict[str, object]) -> None:
    # GIVEN a journal whose times are later than the clock says
    state = _state(time.time() + DAY, **changed)  # type: ignore[arg-type]
    # THEN the run goes on from there, and from the clock where that is later
    assert clock_of(state).now() >= state.latest
    assert clock_of(_state(T, **changed)).now() == pytest.approx(time.time(), abs=5)  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_the_clock_of_a_run_is_as_even_as_the_kernels(ups: list[float]) -> None:
    ticks = itertools.accumulate(ups)
    clock = RunClock(T, 0.0, lambda: next(ticks))
    times = [clock.now() for _ in ups]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(sum(ups[1:]), abs=1e-3)


def test_the_time_of_a_file_is_never_later_than_now() -> None:
    clock = new_clock()
    assert clock.of_file(time.time() - 60) == pytest.approx(clock.now() - 60, abs=1)
    assert clock.of_file(time.time() + DAY) <= clock.now()


@pytest.mark.parametrize("off", [-DAY, -3600.0, 3600.0, 400 * DAY])
def test_a_retry_does_not_wait_for_a_clock_that_was_set(tmp_path: Path, wall: Wall, off: float) -> None:
    # GIVEN a task whose first attempt fails, and a second phase with a delay
    flaky = {"command": "touch began; test $ORCH_ATTEMPT = 2", "retry": '{ attempts = 1, delay = "300ms" }'}
    late = {"command": "true", "delay": '"200ms"'}
    active = begin(make_commands(tmp_path, {"P1": {"flaky": flaky}, "P2": {"late": late}}))
    # WHEN the clock is set meanwhile
    while not (tmp_path / "began").exists():
        time.sleep(0.01)
    wall.off = off
    # THEN all goes on as if it had not been, and nothing took less than no time
    assert active.wait(30) is Status.SUCCESS
    state = active.state
    assert state.started is not None and state.ended is not None
    assert 0.5 <= state.ended - state.started < 25
    times = [attempt.seconds for task in state.tasks.values() for attempt in task.attempts]
    assert all(seconds is not None and 0 <= seconds < 25 for seconds in times)
    assert all((phase.ended or 0) >= (phase.started or 0) for phase in state.phases.values())


def test_runs_are_in_the_order_in_which_they_began_by_whatever_clock(tmp_path: Path, wall: Wall) -> None:
    # GIVEN runs that began while the clock was set to and fro
    project = make_commands(tmp_path, {"P": {"t": "true"}})
    begun = []
    for off in (0.0, -DAY, -400 * DAY, 3600.0, -10.0):
        wall.off = off
        begun.append(run(project).header.id)
    # THEN the newest is the one that began last, and each is dated after the one before
    assert run_ids(project.paths, "o") == begun[::-1]
    found = find_run(project.paths, "last")
    assert found is not None and found.name == begun[-1]
    moments = [moment_of(run) or 0 for run in begun]
    assert moments == sorted(set(moments))


def test_the_last_run_of_a_project_is_the_last_also_between_orchestrations(tmp_path: Path) -> None:
    # GIVEN a run of one orchestration, dated an hour ahead: the clock was wrong then
    paths, now = ProjectPaths(tmp_path), time.time()
    early = new_run_id(paths, "a", now + 3600)
    make_private(paths.run("a", early))
    header = RunHeader(early, "a", "A", now + 3600, "ann")
    Journal.create(paths.run("a", early), header, RunPlan("a", "A", ())).close()
    os.utime(paths.runs("a"), (now + 3600, now + 3600))
    # WHEN one of another begins now THEN it comes after it
    assert new_run_id(paths, "b", now) > early


def test_an_id_that_says_no_time_is_passed_over(tmp_path: Path) -> None:
    assert (
        moment_of("by-hand") is None
        and moment_of("20261122T140213x123Z-7f") is None
        and moment_of("20261122T140213.123Z-7f") == 1795356133123
    )
