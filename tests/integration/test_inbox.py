"""``orch-tui inbox``, as people and scripts use it; what is acknowledged there is not told again."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.commands import command_here
from tests.support.projects import end, make_project, start, wait_for_file
from tests.unit.alerts.kit import age


def test_a_failure_is_acknowledged_and_told_again_after_its_repair(tmp_path: Path) -> None:
    # GIVEN a project that tells each failure
    settings = '[[alerts]]\non = ["failed"]\ncommand = "echo told >> told"\n'
    here = make_project(tmp_path / "p", {"o": {"P": {"t": "echo it broke; test -e ok"}}}, settings)
    age(here)
    assert "nothing waits for anybody" in command_here(here, "inbox").stdout
    assert command_here(here, "inbox", "ack", "o").returncode == 1
    # WHEN it fails, THEN it waits
    command_here(here, "run", "o", "-q")
    (item,) = json.loads(command_here(here, "inbox", "--json").stdout)
    assert (item["kind"], item["orchestration"], item["new"], item["acknowledged"]) == ("failing", "o", True, None)
    # WHEN somebody takes care of it, THEN it is out of the list, and a second failure is not told
    assert command_here(here, "inbox", "ack", "o", "--note", "bad file", "--until", "2h").returncode == 0
    command_here(here, "run", "o", "-q")
    assert (here / "told").read_text() == "told\n"
    assert "1 acknowledged" in command_here(here, "inbox").stdout
    assert "bad file" in command_here(here, "inbox", "--all").stdout
    assert json.loads(command_here(here, "inbox", "--json").stdout) == []
    # WHEN that is taken back, THEN it is told
    assert command_here(here, "inbox", "unack", "o").returncode == 0
    command_here(here, "run", "o", "-q")
    assert (here / "told").read_text() == "told\n" * 2 and "failing ×3" in command_here(here, "inbox").stdout
    assert command_here(here, "inbox", "unack", "o").returncode == 2
    # AND a time that has passed is refused
    assert command_here(here, "inbox", "ack", "--all", "--until", "2020-01-01").returncode == 2


def test_a_run_that_asks_is_told_when_it_asks_and_waits_in_the_inbox(tmp_path: Path) -> None:
    # GIVEN an orchestration that asks people
    settings = '[[alerts]]\non = ["approval"]\ncommand = "cat >> told; echo >> told"\n'
    here = make_project(tmp_path / "p", {"o": {"P": {"ask": {"configuration": "approval/ask"}}}}, settings)
    (here / "configurations" / "approval").mkdir()
    (here / "configurations" / "approval" / "ask.toml").write_text('[parameters]\ntext = "Publish the prices?"\n')
    age(here)
    process = start(here, "run", "o", "--plain")
    try:
        wait_for_file(here / "told", process, filled=True)
        # THEN it is told while the run waits, and stands in the inbox
        assert "Publish the prices?" in json.loads((here / "told").read_text())["title"]
        (item,) = json.loads(command_here(here, "inbox", "--json").stdout)
        assert item["kind"] == "approval" and "Publish the prices?" in item["what"]
        assert command_here(here, "approve", item["run"], "ask").returncode == 0
        assert process.wait(60) == 0
    finally:
        end(process)
    assert json.loads(command_here(here, "inbox", "--json").stdout) == []
