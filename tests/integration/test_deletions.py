"""A run whose journal is taken away while it goes on: its tasks are ended, and it is said why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from orch_tui.project.journal.file import is_executed

from tests.support.deletions import DELETIONS, Deletion, journal, name_of, run, runs, some, state
from tests.support.engine_kit import until
from tests.support.projects import Phases, latest_run, living, make_project, start, wait_for_file

POLITE = "echo $$ > pid; trap 'echo bye; exit 0' TERM; touch started; while :; do sleep 0.05; done"
# In a session of its own, and with nothing of the task's but the tag in its environment.
HIDDEN = "setsid sh -c 'echo $$ > hidden; exec sleep 600' >/dev/null 2>&1 & until [ -s hidden ]; do sleep 0.01; done; "


def _phases(place: Path) -> Phases:
    """A running task with a hidden child (what they tell is kept in ``place``), and a second phase."""
    return {"First": {"a": f"cd {place}; {HIDDEN}{POLITE}"}, "Second": {"b": f"touch {place}/second"}}


def _start(project: Path, *words: str) -> subprocess.Popen[str]:
    return start(project, "run", *words, "--project", str(project), cwd=project.parent)


def _ends(process: subprocess.Popen[str], place: Path) -> str:
    """Nothing of the run goes on, nothing new was started, and it is said, as no fault of the program."""
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1, output
    assert not living(place / "pid") and not living(place / "hidden")
    assert not (place / "second").exists()
    assert "journal" in output and "Traceback" not in output and "fault of" not in output
    return output


@pytest.mark.parametrize("delete", DELETIONS, ids=name_of)
def test_a_run_whose_journal_is_taken_away_ends_its_tasks_and_says_why(tmp_path: Path, delete: Deletion) -> None:
    # GIVEN
    project = make_project(tmp_path / "p", {"daily": _phases(tmp_path)})
    process = _start(project, "daily")
    wait_for_file(tmp_path / "started", process)
    # WHEN
    delete(project, "daily")
    # THEN
    assert "because the run's journal was deleted" in _ends(process, tmp_path)


@some(journal, state)
def test_a_resumed_run_whose_journal_is_taken_away_ends_what_it_adopted(tmp_path: Path, delete: Deletion) -> None:
    # GIVEN a run whose executor was killed, and that another one goes on with
    project = make_project(tmp_path / "p", {"daily": _phases(tmp_path)})
    process = _start(project, "daily")
    wait_for_file(tmp_path / "started", process)
    process.kill()
    process.communicate()
    directory = latest_run(project, "daily")
    until(lambda: not is_executed(directory))
    resumed = _start(project, "--resume", directory.name)
    assert resumed.stdout is not None
    assert any("this process goes on" in line for line in resumed.stdout)
    # WHEN
    delete(project, "daily")
    # THEN
    _ends(resumed, tmp_path)


@some(run, runs)
@pytest.mark.parametrize("whose", ["inner", "outer"])
def test_a_nested_run_whose_journal_is_taken_away_ends_with_the_one_around_it(
    tmp_path: Path, delete: Deletion, whose: str
) -> None:
    # GIVEN a run whose task is another run
    outer: Phases = {"O": {"in": {"configuration": "orchestration/inner"}}, "P": {"c": f"touch {tmp_path}/second"}}
    project = make_project(tmp_path / "p", {"inner": _phases(tmp_path), "outer": outer})
    process = _start(project, "outer")
    wait_for_file(tmp_path / "started", process)
    # WHEN the journal of one of them, or of both, is taken away
    delete(project, whose)
    # THEN both end
    _ends(process, tmp_path)
