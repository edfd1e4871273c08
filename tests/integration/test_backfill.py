"""``orch-tui backfill`` over kills: none missing, none repeated."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import read_stat

from tests.support.commands import command_here
from tests.support.projects import end, make_project, start


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _children(pid: int) -> list[int]:
    """The processes that one has started and that still go on; ended ones may wait to be noticed."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [int(child) for child in children if _goes_on(child)]


def _goes_on(pid: str) -> bool:
    stat = read_stat(pid)
    return stat is not None and stat.state != "Z"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "at_once", "kills"), [(12, 3, (3, 7)), pytest.param(60, 4, (10, 20, 30, 40, 50), marks=pytest.mark.long)]
)
def test_a_backfill_that_is_killed_goes_on_and_repeats_nothing(
    tmp_path: Path, days: int, at_once: int, kills: tuple[int, ...]
) -> None:
    # GIVEN some days, and an orchestration that writes which it was run for
    first = date(2026, 1, 1)
    span = ("backfill", "o", "--from", f"{first}", "--to", f"{first + timedelta(days)}", "--at-once", str(at_once))
    tasks = {"P": {"t": "echo {{ interval_start }} {{ interval_end }} >> days"}, "Q": {"u": "sleep 0.1"}}
    here = make_project(tmp_path / "p", {"o": tasks}, 'timezone = "UTC"\n')
    most = 0
    # WHEN it is killed after some of them, with the runs that it has started
    for kill_at in kills:
        process = start(here, *span)
        try:
            deadline = time.monotonic() + 240
            while len(_lines(here / "days")) < kill_at:
                assert process.poll() is None and time.monotonic() < deadline
                most = max(most, len(_children(process.pid)))
                time.sleep(0.02)
            # Stopped first: a run that it starts after the look at its children would live on.
            os.kill(process.pid, signal.SIGSTOP)
            for pid in (*_children(process.pid), process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
        finally:
            end(process)
    # THEN several went on together, it goes on to the end, and each day was run once
    assert 1 < most <= at_once
    done = command_here(here, *span)
    assert done.returncode == 0 and f"{days} intervals: {days} done" in done.stdout
    starts = sorted(line.split()[0][:10] for line in _lines(here / "days"))
    assert starts == [f"{first + timedelta(day)}" for day in range(days)]
    assert {one["state"] for one in json.loads(command_here(here, *span, "--json").stdout)} == {"done"}


def test_what_was_edited_since_is_told_and_run_again(tmp_path: Path) -> None:
    # GIVEN three days that are done
    tasks = {"P": {"t": "echo {{ interval_start }} >> days"}}
    here = make_project(tmp_path / "p", {"o": tasks}, 'timezone = "UTC"\n')
    span = ("backfill", "o", "--from", "2026-01-01", "--to", "2026-01-05")
    three = ("backfill", "o", "--from", "2026-01-01", "--to", "2026-01-04")
    assert command_here(here, *three, "--at-once", "3").returncode == 0
    assert command_here(here, *span, "--map").stdout.splitlines()[0] == "2026-01  ✔✔✔·"

    # WHEN the task is edited and one of them is run again
    (here / "configurations" / "command" / "t.toml").write_text(
        '[parameters]\ncommand = "echo new {{ interval_start }} >> days"\n'
    )
    assert command_here(here, *span, "--map").stdout.splitlines()[0] == "2026-01  ~~~·"
    assert command_here(here, *span, "--only", "2026-01-02", "--again").returncode == 0

    # THEN that one is as it is defined now, and no other was run
    assert command_here(here, *span, "--map").stdout.splitlines()[0] == "2026-01  ~✔~·"
    assert _lines(here / "days")[3:] == ["new 2026-01-02T00:00:00+00:00"]
    assert "2 changed since" in command_here(here, *span, "--dry-run").stdout
    assert [one["changed_since"] for one in json.loads(command_here(here, *span, "--json").stdout)] == [
        True,
        False,
        True,
        False,
    ]
    assert command_here(here, *span, "--only", "2026-02-01").returncode == 2


def test_it_stops_at_a_failure_and_repeats_it_when_asked(tmp_path: Path) -> None:
    tasks = {"P": {"t": "case {{ interval_start }} in 2026-01-02*) test -e ok;; esac"}}
    here = make_project(tmp_path / "p", {"o": tasks}, 'timezone = "UTC"\n')
    span = ("backfill", "o", "--from", "2026-01-01", "--to", "2026-01-04")
    # WHEN one fails, THEN it stops there; with --keep-going it does not
    done = command_here(here, *span)
    assert done.returncode == 1 and "1 done, 1 failed, 1 missing" in done.stdout
    assert command_here(here, *span, "--keep-going").returncode == 1
    assert "2 done, 1 failed" in command_here(here, *span, "--dry-run").stdout
    (here / "ok").touch()
    assert command_here(here, *span, "--retry-failed").returncode == 0
    assert command_here(here, "backfill", "o", "--from", "soon", "--to", "later").returncode == 2
