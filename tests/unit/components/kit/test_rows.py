"""Which rows of a configuration a later attempt repeats: those that did not succeed, however the last one ended."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from orch_tui.components.kit.processes.rows import RowsRunner
from orch_tui.model.events.row_results import MOST
from orch_tui.project.masking.redactor import Redactor

PROGRAM = """\
import json, os, pathlib, signal, sys
data, row = pathlib.Path(os.environ["KBC_DATADIR"]), os.environ["KBC_CONFIGROWID"]
how = json.loads((data / "config.json").read_text())["parameters"]["how"]
with open(data.parent.parent.parent / "ran", "a") as file:
    file.write(row + "\\n")
if how == "warn":
    (data / "result.json").write_text('{"warning": "one of two ids is gone"}')
if how == "kill":
    os.kill(os.getppid(), signal.SIGKILL)
sys.exit(1 if how == "fail" else 0)
"""


class Task:
    """A task with rows, by their ids: how its program ends for each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "program.py").write_text(PROGRAM)

    def attempt(self, number: int, rows: dict[str, str], *, begins: bool = True) -> int | None:
        """One attempt; the code of its process."""
        directory = self.root / str(number)
        directory.mkdir()
        told = [{"id": row, "name": row, "config": {"parameters": {"how": how}}} for row, how in rows.items()]
        (directory / "config.json").write_text(json.dumps({"orch_tui": {"attempt": number, "rows": told}}))
        if not begins:
            return None
        argv = [sys.executable, "-m", "orch_tui.components.kit.processes.rows", "--", *self._program()]
        return subprocess.run(argv, env={"KBC_DATADIR": str(directory)}, capture_output=True, check=False).returncode

    def _program(self) -> list[str]:
        return [sys.executable, "-S", str(self.root / "program.py")]

    def ran(self) -> list[str]:
        """The rows that ran since the last call."""
        path = self.root / "ran"
        found = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def repeats(self, number: int, rows: dict[str, str]) -> list[str]:
        """The rows that an attempt would run, without running them."""
        self.attempt(number, rows, begins=False)
        runner = RowsRunner(self.root / str(number), ["true"], 1, Redactor({}))
        done = {one.id for one in runner._done_before()}
        return [row for row in rows if row not in done]


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return Task(tmp_path)


def test_a_row_that_succeeded_with_a_warning_is_not_run_again(task: Task) -> None:
    # GIVEN one row that warned, and one that failed
    assert task.attempt(1, {"a": "warn", "b": "fail"}) == 1
    assert task.ran() == ["a", "b"]
    # WHEN it is tried again THEN what was published with a warning stays as it is, and the warning is told on
    assert task.attempt(2, {"a": "warn", "b": "fail"}) == 1
    assert task.ran() == ["b"]
    result = json.loads((task.root / "2" / "result.json").read_text())
    assert [row["status"] for row in result["rows"]] == ["warning", "error"] and "a: one of two" in result["warning"]


def test_rows_that_had_succeeded_when_the_attempt_was_killed_are_not_run_again(task: Task) -> None:
    # GIVEN an attempt that is killed, as for want of memory, while its second row runs
    rows = {"a": "well", "b": "kill", "c": "well"}
    assert task.attempt(1, rows) == -signal.SIGKILL
    assert task.ran() == ["a", "b"]
    # AND one that could not even begin
    task.attempt(2, rows, begins=False)
    # WHEN it is tried again THEN what the first has published is not published twice
    assert task.attempt(3, rows) == -signal.SIGKILL
    assert task.ran() == ["b"]
    # AND one that is changed meanwhile is another one
    assert task.repeats(4, {**rows, "a": "warn"}) == ["a", "b", "c"]


def test_an_attempt_that_did_not_begin_makes_nobody_forget_the_one_before(task: Task) -> None:
    assert task.attempt(1, {"a": "well", "b": "fail"}) == 1
    task.attempt(2, {"a": "well", "b": "fail"}, begins=False)
    assert task.repeats(3, {"a": "well", "b": "fail"}) == ["b"]


def test_all_are_run_again_where_all_had_succeeded(task: Task) -> None:
    # Somebody wants that.
    assert task.attempt(1, {"a": "well", "b": "warn"}) == 0
    assert task.repeats(2, {"a": "well", "b": "warn"}) == ["a", "b"]
    assert task.repeats(3, {"a": "well", "b": "warn"}) == ["a", "b"]


def test_of_more_rows_than_are_told_of_one_by_one_none_is_run_twice(task: Task) -> None:
    # GIVEN more rows than a journal tells of, of which one failed
    rows = {f"r{number}": "well" for number in range(MOST + 20)} | {"bad": "fail"}
    task.attempt(1, rows, begins=False)
    told = [{"id": row, "status": "error" if how == "fail" else "success"} for row, how in rows.items()]
    (task.root / "1" / "result.json").write_text(json.dumps({"rows": told}))
    for row, how in rows.items():
        (task.root / "1" / "rows" / row).mkdir(parents=True)
        (task.root / "1" / "rows" / row / "config.json").write_text(json.dumps({"parameters": {"how": how}}))
    # WHEN it is tried again THEN that one is
    assert task.repeats(2, rows) == ["bad"]
