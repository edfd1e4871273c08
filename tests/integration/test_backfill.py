"""``orch-tui backfill`` over kills: none missing, none repeated."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.support.projects import end, make_project, orch, start

SPAN = ("backfill", "o", "--from", "2026-01-01", "--to", "2026-01-13")


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.slow
def test_a_backfill_that_is_killed_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    # GIVEN twelve days, and an orchestration that writes which it was run for
    tasks = {"P": {"t": "echo {{ interval_start }} {{ interval_end }} >> days"}}
    here = make_project(tmp_path / "p", {"o": tasks}, 'timezone = "UTC"\n')
    # WHEN it is killed after some of them, twice
    for kill_at in (3, 7):
        process = start(here, *SPAN)
        try:
            deadline = time.monotonic() + 120
            while len(_lines(here / "days")) < kill_at:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
        finally:
            end(process)
    # THEN it goes on to the end, and each day was run once
    done = orch(here, *SPAN)
    assert done.returncode == 0 and "12 intervals: 12 done" in done.stdout
    starts = sorted(line.split()[0][:10] for line in _lines(here / "days"))
    assert starts == [f"2026-01-{day:02}" for day in range(1, 13)]
    assert {one["state"] for one in json.loads(orch(here, *SPAN, "--json").stdout)} == {"done"}


def test_it_stops_at_a_failure_and_repeats_it_when_asked(tmp_path: Path) -> None:
    tasks = {"P": {"t": "case {{ interval_start }} in 2026-01-02*) test -e ok;; esac"}}
    here = make_project(tmp_path / "p", {"o": tasks}, 'timezone = "UTC"\n')
    span = ("backfill", "o", "--from", "2026-01-01", "--to", "2026-01-04")
    # WHEN one fails, THEN it stops there; with --keep-going it does not
    done = orch(here, *span)
    assert done.returncode == 1 and "1 done, 1 failed, 1 missing" in done.stdout
    assert orch(here, *span, "--keep-going").returncode == 1
    assert "2 done, 1 failed" in orch(here, *span, "--dry-run").stdout
    (here / "ok").touch()
    assert orch(here, *span, "--retry-failed").returncode == 0
    assert orch(here, "backfill", "o", "--from", "soon", "--to", "later").returncode == 2
