"""Schedules of orchestrations: read, kept, told, and handed to cron."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from orch_tui.model import edits
from orch_tui.model.orchestration import Schedule
from orch_tui.project.drafts import load_draft, save_draft
from orch_tui.project.project import DefinitionError
from orch_tui.project.schedules import cron_problem, crontab_lines, next_start
from orch_tui.project.writer import save_orchestration

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


@pytest.mark.parametrize("cron", ["x", "61 * * * *", "0 0 31 2 *", "@reboot", "* * * * * *", "", "0 0 * * fri-"])
def test_what_is_no_time_for_cron(cron: str) -> None:
    assert cron_problem(cron)


def test_a_wrong_expression_is_an_error_with_its_line(make_project: MakeProject) -> None:
    # GIVEN an orchestration whose schedule nobody can keep
    project = make_project({"orchestrations/a.toml": SCHEDULED.replace("30 5", "30 25")})
    # WHEN it is read
    with pytest.raises(DefinitionError) as error:
        project.orchestration("a")
    # THEN the error has line and remedy
    (problem,) = error.value.problems
    assert problem.line == 7 and "no time for cron; bad hour" in problem.message and "30 5 * * 1-5" in problem.remedy


def test_an_edit_and_a_draft_keep_it(make_project: MakeProject) -> None:
    # GIVEN a scheduled orchestration with an unsaved edit
    project = make_project({"orchestrations/a.toml": SCHEDULED})
    path = project.paths.orchestration("a")
    base = project.source(path)
    edited = edits.new_phase(project.orchestration("a"), "Later")
    save_draft(project, edited, base, 1.0)
    # WHEN the draft is taken up and saved
    draft = load_draft(project, "a")
    assert draft is not None and draft.orchestration == edited
    save_orchestration(project, draft.orchestration, draft.base)
    # THEN the schedule stands in the file with its comment
    assert 'cron = "30 5 * * 1-5"  # before work' in path.read_text() and "Later" in path.read_text()


def test_saving_over_a_file_with_another_schedule_keeps_the_one_in_the_file(make_project: MakeProject) -> None:
    project = make_project({"orchestrations/a.toml": SCHEDULED})
    value = replace(project.orchestration("a"), name="B", schedules=())
    save_orchestration(project, value, project.source(project.paths.orchestration("a")))
    assert "30 5 * * 1-5" in project.paths.orchestration("a").read_text()


def test_a_line_for_cron_is_safe_for_its_shell(tmp_path: Path) -> None:
    # GIVEN a project whose path has what shells and cron take for something else
    project = tmp_path / "a b; 100% $HOME"
    (line,) = crontab_lines(project, "a", [Schedule("@daily"), Schedule("@hourly", False)], ["/opt/orch-tui"])
    # WHEN cron has read it: a per cent sign that is not escaped would be a line end
    when, _, command = line.partition(" ")
    assert when == "@daily" and "%" not in command.replace("\\%", "")
    # THEN the shell sees the words as they are
    assert shlex.split(command.replace("\\%", "%"))[1:] == ["run", "a", "--quiet", "--project", str(project)]


def test_the_command_prints_lines_that_run(make_project: MakeProject) -> None:
    # GIVEN a scheduled orchestration with a task
    text = SCHEDULED.replace('name = "P"', 'name = "P"\n[[phases.tasks]]\nconfiguration = "command/a"')
    files = {"orchestrations/a.toml": text, "configurations/command/a.toml": '[parameters]\ncommand = "touch done"\n'}
    project = make_project(files)
    argv = [sys.executable, "-m", "orch_tui", "crontab", "--project", str(project.root)]
    # WHEN its lines are asked for, and the command of one is run as cron does: by sh, from the home directory
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, check=True)
    comment, line = done.stdout.splitlines()
    assert comment == "# A"
    command = line.removeprefix("30 5 * * 1-5 ").replace("\\%", "%")
    told = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=environment(), capture_output=True, check=True)
    # THEN the task ran, and nothing is printed that cron would mail
    assert (project.root / "done").exists() and told.stdout + told.stderr == b""
