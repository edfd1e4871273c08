"""Triggers with a real scheduler: a file starts a run, its end starts another, over kills."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.support.commands import command_here
from tests.support.projects import end, make_project, start


def _until_lines(path: Path, number: int) -> None:
    deadline = time.monotonic() + 60
    while len(_lines(path)) < number:
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_files_start_a_run_and_its_end_starts_another_while_schedulers_are_killed(tmp_path: Path) -> None:
    # GIVEN an orchestration that waits for files, and one that runs after it
    load = {"P": {"l": "echo '{{ trigger_files }}' >> loaded"}}
    here = make_project(tmp_path / "p", {"load": load, "report": {"P": {"r": "echo {{ trigger_run }} >> told"}}})
    (here / "incoming").mkdir()
    for name, trigger in (("load", 'files = "incoming/*.csv"\nstable = "1s"'), ("report", 'after = "load"')):
        with (here / "orchestrations" / f"{name}.toml").open("a") as file:
            file.write(f"\n[[triggers]]\n{trigger}\n")
    assert command_here(here, "scheduler", "--once").returncode == 0
    scheduler = start(here, "scheduler")
    try:
        for number in range(1, 4):
            # WHEN a file comes, and the scheduler is killed as soon as it was found
            (here / "incoming" / f"{number}.csv").write_text("x")
            _until_lines(here / "loaded", number)
            scheduler.send_signal(signal.SIGKILL)
            scheduler.wait()
            scheduler = start(here, "scheduler")
            _until_lines(here / "told", number)
        # THEN each file was loaded once, and each load was told once
        assert [line.count(".csv") for line in _lines(here / "loaded")] == [1, 1, 1]
        assert len(set(_lines(here / "told"))) == 3
        assert "trigger files-" in command_here(here, "runs", "load", "--json").stdout
    finally:
        end(scheduler)
