"""Schedules of orchestrations: read, kept, told, and handed to cron."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orch_tui.model.edits import edits
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.project.project import DefinitionError
from orch_tui.project.saving.drafts import load_draft, save_draft
from orch_tui.project.saving.writer import save_orchestration
from orch_tui.project.schedules.starts import NotForCron, crontab_line, next_start

from tests.support.projects import environment
from tests.unit.project.conftest import MakeProject

SUNDAY = datetime(2026, 11, 22, 14, 2).astimezone()
SCHEDULED = """name = "A"

[[phases]]
name = "P"

[[schedules]]
cron = "30 5 * * 1-5"  # before work
"""


@pytest.mark.parametrize(
    ("cron", "when"),
    [
        ("30 5 * * 1-5", datetime(2026, 11, 23, 5, 30)),
        ("*/15 * * * *", datetime(2026, 11, 22, 14, 15)),
        ("@daily", datetime(2026, 11, 23)),
        ("2 14 * * *", datetime(2026, 11, 23, 14, 2)),
        ("0 0 29 2 *", datetime(2028, 2, 29)),
    ],
)
def test_the_next_start(cron: str, when: datetime) -> None:
    assert next_start([Schedule(cron)], SUNDAY.timestamp()) == when.timestamp()


def test_the_earliest_enabled_schedule_counts() -> None:
    hourly = Schedule("@hourly", enabled=False)
    schedules = [Schedule("0 9 * * *"), Schedule("0 8 * * *"), hourly]
    assert next_start(schedules, SUNDAY.timestamp()) == datetime(2026, 11, 23, 8).timestamp()
    assert next_start([hourly], SUNDAY.timestamp()) is None


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets this machine's time zone."""

    def set_to(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_to
    monkeypatch.undo()
    time.tzset()


# Clocks in Prague: 29 March 2026, 2:00 becomes 3:00; 25 October 2026, 3:00 becomes 2:00.
CHANGES = [
    ("30 5 * * *", "2026-03-28T12:00+01:00", "2026-03-29T05:30+02:00"),
    ("30 5 * * *", "2026-10-24T12:00+02:00", "2026-10-25T05:30+01:00"),
    ("0 9 1 12 *", "2026-06-15T12:00+02:00", "2026-12-01T09:00+01:00"),
    ("@yearly", "2026-06-15T12:00+02:00", "2027-01-01T00:00+01:00"),
    ("0 12 * * 1", "2026-03-27T12:00+01:00", "2026-03-30T12:00+02:00"),
    # What falls into the hour that is left out comes at its end.
    ("30 2 * * *", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"),
    # What falls into the hour that comes twice is due once.
    ("30 2 * * *", "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00"),
    ("30 2 * * *", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
    ("30 2 * * *", "2026-10-25T02:10+01:00", "2026-10-26T02:30+01:00"),
    # What comes every hour or minute goes on.
    ("@hourly", "2026-10-25T02:10+02:00", "2026-10-25T02:00+01:00"),
    ("*/20 * * * *", "2026-03-29T01:50+01:00", "2026-03-29T03:00+02:00"),
    ("*/20 * * * *", "2026-10-25T02:50+02:00", "2026-10-25T02:00+01:00"),
]


@pytest.mark.parametrize(("cron", "now", "when"), CHANGES)
@pytest.mark.parametrize("where", ["machine", "posix", "project", "schedule"])
def test_the_next_start_when_the_clock_changes_before_it(
    machine: Callable[[str], None], where: str, cron: str, now: str, when: str
) -> None:
    # GIVEN Prague as the zone of the machine (by name, by its rules), of the project, or of the schedule
    prague = "Europe/Prague"
    machine({"machine": prague, "posix": "CET-1CEST,M3.5.0,M10.5.0/3"}.get(where, "America/New_York"))
    schedule = Schedule(cron, timezone=prague if where == "schedule" else "")
    # WHEN / THEN
    timezone = {"project": prague, "schedule": "Asia/Tokyo"}.get(where, "")
    found = next_start([schedule], datetime.fromisoformat(now).timestamp(), timezone)
    assert found == datetime.fromisoformat(when).timestamp()


@given(
    st.floats(1.7e9, 2.2e9),
    st.sampled_from(["30 2 * * *", "0 * * * *", "*/7 * * * *", "15 1-4 * * *", "0 0 1 * *", "5 3 * 3,10 0"]),
    st.sampled_from(["Europe/Prague", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "UTC", ""]),
)
@example(datetime.fromisoformat("2026-10-25T02:10:30+01:00").timestamp(), "30 2 * * *", "Europe/Prague")
def test_the_next_start_is_always_ahead_and_is_shown_by_the_clock_there(now: float, cron: str, timezone: str) -> None:
    found = next_start([Schedule(cron, timezone=timezone)], now)
    assert found is not None and found > now
    # AND from there it goes on
    after = next_start([Schedule(cron, timezone=timezone)], found)
    assert after is not None and after > found


def test_the_list_shows_the_next_start_of_each_zone(make_project: MakeProject) -> None:
    # GIVEN three orchestrations at 5:30, in Tokyo's time, in the project's and in the machine's
    files = {
        "orch.toml": 'name = "Test"\ntimezone = "America/New_York"\n',
        "orchestrations/a.toml": SCHEDULED.replace("[[schedules]]", '[[schedules]]\ntimezone = "Asia/Tokyo"'),
        "orchestrations/b.toml": SCHEDULED,
    }
    project = make_project(files)
    argv = [sys.executable, "-m", "orch_tui", "list", "--json", "--project", str(project.root)]
    done = subprocess.run(argv, env=environment(TZ="UTC"), capture_output=True, text=True, check=True)
    # THEN 5:30 there is another time of the day in UTC
    starts = {item["id"]: item["next_start"] for item in json.loads(done.stdout)}
    assert starts["a"].endswith("T20:30:00.000Z")
    assert starts["b"][10:] in ("T09:30:00.000Z", "T10:30:00.000Z")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Europe/Prag", 'did you mean "Europe/Prague"?'),
        ("prague", 'did you mean "Europe/Prague"?'),
        ("../../../etc/passwd", "write its IANA name"),
        ("Europe", ""),
        ("x" * 5000, "write its IANA name"),
        ("Middle Earth", "write its IANA name"),
    ],
)
@pytest.mark.parametrize("file", ["orch.toml", "orchestrations/a.toml"])
def test_a_time_zone_that_nobody_knows_is_an_error_with_its_line(
    make_project: MakeProject, name: str, remedy: str, file: str
) -> None:
    text = {"orch.toml": 'name = "T"\n', "orchestrations/a.toml": SCHEDULED}[file]
    project = make_project({"orchestrations/a.toml": SCHEDULED, file: f'{text}timezone = "{name}"\n'})
    (problem,) = [problem for problem in project.problems() if problem.code == "timezone"]
    assert problem.file == file and problem.line == text.count("\n") + 1 and remedy in problem.remedy


def test_a_wrong_expression_is_an_error_with_its_line(make_project: MakeProject) -> None:
    # GIVEN an orchestration whose schedule nobody can keep
    project = make_project({"orchestrations/a.toml": SCHEDULED.replace("30 5", "30 25")})
    # WHEN it is read
    with pytest.raises(DefinitionError) as error:
        project.orchestration("a")
    # THEN the error has line and remedy
    (problem,) = error.value.problems
    assert problem.line == 7 and "30 5 * * 1-5" in problem.remedy
    assert 'no time for cron; hour 25: "25" is none; it goes from 0 to 23' in problem.message


def test_an_edit_and_a_draft_keep_it(make_project: MakeProject) -> None:
    # GIVEN a scheduled orchestration with an unsaved edit
    project = make_project({"orchestrations/a.toml": f'{SCHEDULED}timezone = "Asia/Tokyo"\n'})
    path = project.paths.orchestration("a")
    base = project.source(path)
    edited = edits.new_phase(project.orchestration("a"), "Later")
    save_draft(project, edited, base, 1.0)
    # WHEN the draft is taken up and saved
    draft = load_draft(project, "a")
    assert draft is not None and draft.orchestration == edited
    save_orchestration(project, draft.orchestration, draft.base)
    # THEN the schedule stands in the file with its comment
    assert (
        'cron = "30 5 * * 1-5"  # before work\ntimezone = "Asia/Tokyo"' in path.read_text()
        and "Later" in path.read_text()
    )


def test_saving_without_a_schedule_takes_it_out_and_keeps_its_comment(make_project: MakeProject) -> None:
    project = make_project({"orchestrations/a.toml": SCHEDULED})
    value = replace(project.orchestration("a"), name="B", schedules=())
    save_orchestration(project, value, project.source(project.paths.orchestration("a")))
    text = project.paths.orchestration("a").read_text()
    assert "30 5 * * 1-5" not in text and "# before work" in text


def test_a_line_for_cron_is_safe_for_its_shell(tmp_path: Path) -> None:
    # GIVEN a project whose path has what shells and cron take for something else
    project = tmp_path / "a b; 100% $HOME"
    line = crontab_line(project, "a", Schedule("@daily"), "daily", ["/opt/orch-tui"], 0.0)
    # WHEN cron has read it: a per cent sign that is not escaped would be a line end
    when, _, command = line.partition(" ")
    assert when == "@daily" and "%" not in command.replace("\\%", "")
    # THEN the shell sees the words as they are
    assert shlex.split(command.replace("\\%", "%"))[1:] == [
        "run",
        "a",
        "--scheduled",
        "daily",
        "--quiet",
        "--project",
        str(project),
    ]


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x1b[31mb", "a\x00b", "a\x7fb", os.fsdecode(b"a\xffb")])
def test_a_path_that_crontab_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotForCron, match="another path"):
        crontab_line(tmp_path / name, "a", Schedule("@daily"), "daily", ["/opt/orch-tui"], 0.0)


@pytest.mark.parametrize(
    ("here", "cron", "zone", "kept"),
    [
        ("UTC", "30 5 * * *", "Europe/Prague", False),
        ("Europe/Berlin", "30 5 * * *", "Europe/Prague", True),
        ("Europe/Prague", "30 5 * * *", "Europe/Prague", True),
        ("UTC", "30 5 * * *", "Etc/UTC", True),
        ("Africa/Lagos", "30 5 * * *", "Europe/Prague", False),
        ("UTC", "*/10 * * * *", "Europe/Prague", True),
        ("UTC", "@hourly", "Europe/Prague", True),
        ("UTC", "@hourly", "Asia/Kolkata", False),
        ("UTC", "0 * * * 1", "Europe/Prague", False),
        ("UTC", "@daily", "", True),
    ],
)
@pytest.mark.parametrize("of_project", [True, False])
def test_cron_gets_no_line_that_it_would_read_as_another_time(
    tmp_path: Path, machine: Callable[[str], None], here: str, cron: str, zone: str, kept: bool, of_project: bool
) -> None:
    # GIVEN a machine, and a schedule with a zone of its own or of its project
    machine(here)
    schedule = Schedule(cron, timezone="" if of_project else zone)
    try:
        line = crontab_line(tmp_path, "a", schedule, "s", ["o"], SUNDAY.timestamp(), zone if of_project else "")
    except NotForCron as error:
        assert not kept and here in str(error) and zone in str(error)
    else:
        assert kept and line.startswith(f"{cron} o run")


def test_the_command_leaves_out_what_cron_cannot_keep(make_project: MakeProject) -> None:
    # GIVEN one schedule in the machine's time and one in another
    files = {
        "orchestrations/a.toml": SCHEDULED,
        "orchestrations/b.toml": SCHEDULED.replace("[[schedules]]", '[[schedules]]\ntimezone = "Asia/Tokyo"'),
    }
    argv = [sys.executable, "-m", "orch_tui", "crontab", "--project", str(make_project(files).root)]
    done = subprocess.run(argv, env=environment(TZ="UTC"), capture_output=True, text=True, check=False)
    # THEN
    assert done.returncode == 1 and done.stdout.count("30 5 * * 1-5") == 1
    assert done.stderr.startswith("b is left out: ") and "Asia/Tokyo" in done.stderr


def test_the_command_prints_lines_that_run(make_project: MakeProject) -> None:
    # GIVEN a scheduled orchestration with a task
    text = SCHEDULED.replace('name = "P"', 'name = "P"\n[[phases.tasks]]\nconfiguration = "command/a"')
    # Cron calls at the time itself; this one is due in every minute.
    text = text.replace("30 5 * * 1-5", "* * * * *")
    files = {"orchestrations/a.toml": text, "configurations/command/a.toml": '[parameters]\ncommand = "touch done"\n'}
    project = make_project(files)
    argv = [sys.executable, "-m", "orch_tui", "crontab", "--project", str(project.root)]
    # WHEN its lines are asked for, and the command of one is run as cron does: by sh, from the home directory
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, check=True)
    comment, line = done.stdout.splitlines()
    assert comment == "# A"
    command = line.removeprefix("* * * * * ").replace("\\%", "%")
    told = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=environment(), capture_output=True, check=True)
    # THEN the task ran, and nothing is printed that cron would mail
    assert (project.root / "done").exists() and told.stdout + told.stderr == b""
