"""``missed``, ``pause`` and ``unpause``, as people and scripts use them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import open_project
from orch_tui.scheduling.due_times import due_between
from orch_tui.scheduling.missed import project_schedules
from orch_tui.scheduling.scheduler import fingerprint
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Mark, Outcome, Record, Why

from tests.support.commands import command_here
from tests.support.projects import make_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An orchestration that was scheduled three times, half an hour ago the last time, and that nothing called."""
    now = time.time()
    cron = f"{int(now // 60 + 30) % 60} * * * *"
    root = make_project(tmp_path / "p", {"o": {"P": {"t": "echo {{ scheduled_at }} >> starts"}}})
    with (root / "orchestrations" / "o.toml").open("a") as file:
        file.write(f'\n[[schedules]]\ncron = "{cron}"\ntimezone = "UTC"\nid = "s"\n')
    (watched,) = project_schedules(open_project(root))
    since = now - 2.75 * 3600
    FileLedger(ProjectPaths(root), watched).set_mark(Mark(since, since, fingerprint(watched)))
    return root


def test_what_was_missed_is_told_and_caught_up_once(project: Path) -> None:
    # GIVEN missed times, THEN they are listed, and are a warning of check
    missed = json.loads(command_here(project, "missed", "--json").stdout)
    assert len(missed) == 3 and {one["orchestration"] for one in missed} == {"o"}
    shown = command_here(project, "missed", "o").stdout
    # A machine that was started in these hours was off before.
    running = time.clock_gettime(time.CLOCK_BOOTTIME) > 3 * 3600
    assert shown.count("nothing called it") + (0 if running else shown.count("the machine was off")) == 3
    check = command_here(project, "check")
    assert check.returncode == 0 and "did not start, nor did" in check.stdout
    # WHEN they are to be caught up where nobody can answer, THEN nothing is started
    refused = command_here(project, "missed", "--catch-up")
    assert refused.returncode == 2 and "--yes" in refused.stderr and not (project / "starts").exists()
    # WHEN they are caught up twice, THEN each ran once, the earliest first, and nothing is missed any more
    for _ in range(2):
        assert command_here(project, "missed", "--catch-up", "--yes").returncode == 0
    started = (project / "starts").read_text().splitlines()
    assert started == sorted(set(started)) and len(started) == len(missed)
    assert "no scheduled time was missed" in command_here(project, "missed").stdout


def test_many_times_are_one_line(project: Path) -> None:
    # GIVEN a schedule that was missed many times, for one reason
    (watched,) = project_schedules(open_project(project))
    since = time.time() - 3 * 86400
    ledger = FileLedger(ProjectPaths(project), watched)
    ledger.set_mark(Mark(since, since, fingerprint(watched)))
    first, *_, last = list(due_between(watched, since, time.time() - 86400))
    ledger.settle(Record(first, Outcome.NOT_STARTED, last, 48, why=Why.NO_SCHEDULER))
    ledger.set_mark(Mark(since, time.time(), fingerprint(watched)))
    # THEN they are listed together
    shown = command_here(project, "missed").stdout
    assert shown.count("no scheduler was at work") == 1 and "times; --json has each" in shown
    assert len(json.loads(command_here(project, "missed", "--json").stdout)) > 40


def test_only_the_last_is_caught_up(project: Path) -> None:
    assert command_here(project, "missed", "--last", "--catch-up", "--yes").returncode == 0
    assert len((project / "starts").read_text().splitlines()) == 1


def test_a_pause_is_said_where_the_next_start_is(project: Path) -> None:
    # GIVEN a pause with a reason
    done = command_here(project, "pause", "o", "--until", "3h", "--reason", "migration")
    assert done.returncode == 0 and "the schedules of o start nothing until " in done.stdout
    # THEN the list says it, and the next start is behind it
    (item,) = json.loads(command_here(project, "list", "--json").stdout)
    assert item["paused"].startswith("paused until ") and item["paused"].endswith(": migration")
    assert "migration" in command_here(project, "list").stdout
    # AND cron starts nothing
    command_here(project, "pause")
    assert json.loads(command_here(project, "list", "--json").stdout)[0]["next_start"] is None
    # WHEN both are lifted, THEN it goes on
    assert command_here(project, "unpause").returncode == 0 and command_here(project, "unpause", "o").returncode == 0
    assert command_here(project, "unpause").returncode == 1
    (item,) = json.loads(command_here(project, "list", "--json").stdout)
    assert item["paused"] is None and item["next_start"] is not None


@pytest.mark.parametrize("until", ["yesterday", "2020-01-01", "0s", "9999-99-99"])
def test_a_time_that_is_none_or_has_passed_is_refused(project: Path, until: str) -> None:
    done = command_here(project, "pause", "--until", until)
    assert done.returncode == 2 and "--until" in done.stderr
    assert command_here(project, "pause", "nothing").returncode == 2
