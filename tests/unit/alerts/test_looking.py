"""Which runs are told, found in real journals: the rules, once each, and nothing secret."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from orch_tui.alerts.acknowledging import acknowledge, withdraw
from orch_tui.alerts.looking import Lookout
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.values import Acknowledged
from orch_tui.project.project import DefinitionError, open_project
from orch_tui.scheduling.outage import this_moment

from tests.support.engine_kit import make_commands, run
from tests.unit.alerts.kit import Here, age, here, rule

FIRST = rule('["failed-first", "recovered"]')


def test_over_ten_runs_only_the_first_failure_and_the_repair_are_told(tmp_path: Path) -> None:
    # GIVEN ten runs: two that succeed, three that fail, two that succeed, one that fails, two that succeed
    it, told = here(tmp_path, FIRST), []
    for ok in "++---++-++":
        (tmp_path / "ok").touch() if ok == "+" else (tmp_path / "ok").unlink(missing_ok=True)
        it.run()
        # WHEN it is looked after each, twice
        told.append(it.kinds())
        assert it.kinds() == []
    # THEN
    first, well = ["failed-first"], ["recovered"]
    assert told == [[], [], first, [], [], well, [], first, well, []]


def test_the_same_is_told_when_nobody_looked_for_ten_runs(tmp_path: Path) -> None:
    it = here(tmp_path, FIRST)
    for ok in "+--+-+":
        (tmp_path / "ok").touch() if ok == "+" else (tmp_path / "ok").unlink(missing_ok=True)
        it.run()
    found = sorted(it.look(), key=lambda alert: alert.at)
    assert [alert.kind.value for alert in found] == ["failed-first", "recovered", "failed-first", "recovered"]


def test_each_failure_is_told_to_who_asks_for_it_and_two_rules_tell_a_channel_once(tmp_path: Path) -> None:
    # GIVEN two rules with the same channel, and one with another
    it = here(tmp_path, rule('["failed"]') + FIRST + rule('["failed"]', 'command = "other"'))
    it.run()
    assert len(it.look()) == 2
    it.run()
    assert len(it.look()) == 2
    assert {entry.channel.text for entry in it.entries()} == {"true", "other"}


def test_a_failure_is_told_once_settings_that_were_damaged_can_be_read_again(tmp_path: Path) -> None:
    # GIVEN a project with a rule, and an orchestration with one of its own
    it = here(tmp_path, rule('["failed"]', 'command = "ours"'))
    it.run()
    with (tmp_path / "orchestrations" / "o.toml").open("a") as file:
        file.write(rule('["failed"]', 'command = "its"'))
    # WHEN the settings are damaged while somebody looks
    project = it.project()
    (tmp_path / "orch.toml").write_text("[[alerts\n")
    project.reload()
    with pytest.raises(DefinitionError):
        Lookout(project).look(it.moment())
    # THEN later both are told
    assert it.kinds() == ["failed", "failed"]


def test_a_failure_is_told_by_rules_that_could_not_be_read_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a rule of the project, one of an orchestration, and a run of that which failed
    it = here(tmp_path, rule('["failed"]', 'command = "ours"'))
    it.run()
    path = tmp_path / "orchestrations" / "o.toml"
    with path.open("a") as file:
        file.write(rule('["failed"]', 'command = "its"'))
    # WHEN its file cannot be opened while somebody looks
    real = os.open

    def refusing(name: Any, *arguments: Any, **more: Any) -> int:
        if os.fspath(name) == str(path):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(name))
        return real(name, *arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refusing)
        assert it.look() == [] and it.wake is not None
    # THEN a moment later both are told
    assert it.kinds() == ["failed", "failed"]


def test_what_is_acknowledged_is_not_told_again_until_it_was_repaired(tmp_path: Path) -> None:
    # GIVEN a failure that was told
    it = here(tmp_path, rule('["failed", "recovered"]'))
    it.run()
    assert it.kinds() == ["failed"]
    # WHEN somebody has acknowledged it, THEN further failures are silent
    acknowledge(open_project(tmp_path).paths, "o", Acknowledged("me", it.moment().now, "I am at it"))
    it.run()
    assert it.kinds() == []
    # AND after the repair a failure is a new one
    it.run("true")
    assert it.kinds() == ["recovered"]
    it.run("false")
    assert it.kinds() == ["failed"]
    # AND what was withdrawn, or held until a time, does not hold
    it.run("false")
    acknowledge(open_project(tmp_path).paths, "o", Acknowledged("me", it.moment().now, "", it.moment().now - 1))
    assert it.kinds() == ["failed"]
    withdraw(open_project(tmp_path).paths, "o")
    it.run("false")
    assert it.kinds() == ["failed"]


def test_what_had_ended_before_anybody_asked_is_history(tmp_path: Path) -> None:
    # GIVEN a run that failed, WHEN a rule is written after it
    make_commands(tmp_path, {"P": {"t": "false"}})
    run(open_project(tmp_path))
    with (tmp_path / "orch.toml").open("a") as file:
        file.write(rule('["failed"]'))
    # (the times of files are behind the clock by up to a tick of the kernel, longer than this test needs)
    os.utime(tmp_path / "orch.toml", (this_moment().now,) * 2)
    project = open_project(tmp_path)
    Lookout(project).look(this_moment())
    # THEN it is not told
    assert Outbox(project.paths).entries() == []


def test_a_part_of_a_run_is_judged_by_itself(tmp_path: Path) -> None:
    # GIVEN a rule for one of two tasks, which may fail without the run failing
    make_commands(tmp_path, {"P": {"a": "test -e a", "b": {"command": "false", "continue_on_failure": "true"}}})
    it = Here(tmp_path, "")

    def once() -> list[str]:
        project = open_project(tmp_path)
        path = tmp_path / "orchestrations" / "o.toml"
        text = path.read_text()
        run(project)
        path.write_text(text + rule('["failed-first", "recovered"]', 'command = "true"\ntasks = ["a"]'))
        age(tmp_path)
        found = it.kinds()
        path.write_text(text)
        return found

    # WHEN only the other fails, THEN nothing is told; WHEN it fails itself, it is, with its own reason
    (tmp_path / "a").touch()
    assert once() == []
    (tmp_path / "a").unlink()
    assert once() == ["failed-first"]
    assert "· a (a) in phase" in it.entries()[0].alert.text
    (tmp_path / "a").touch()
    assert once() == ["recovered"]


def test_an_interrupted_run_is_told_once_its_executor_is_gone_for_a_minute(tmp_path: Path) -> None:
    # GIVEN a run whose journal ends in the middle
    it = here(tmp_path, FIRST)
    it.run()
    journal = next((tmp_path / ".orch/runs/o").iterdir()) / "run.toml"
    text = journal.read_text()
    journal.write_text(text[: text.index('type = "run_ended"')].rpartition("\n\n")[0] + "\n\n")
    # WHEN it is looked at once, THEN it may have been handed over: it is looked at again
    assert it.kinds() == [] and it.wake is not None and it.wake > it.moment().now
    # WHEN a minute has passed, THEN it is told, once, with the command that goes on
    it.late = 61.0
    (alert,) = it.look()
    assert alert.title == "O: was interrupted" and "run --resume" in alert.text
    assert it.look() == []
    # WHEN it was resumed and has succeeded, THEN that is told too
    journal.write_text(text.replace('status = "error"', 'status = "success"'))
    assert it.kinds() == ["recovered"]


@pytest.mark.parametrize("where", ["env", "address"])
def test_nothing_secret_is_told(tmp_path: Path, where: str) -> None:
    # GIVEN a failure whose reason has a secret in it that the task does not know to be one
    it = here(
        tmp_path,
        rule('["failed"]', 'to = ["json://localhost/Tr0ub4dor-token"]' if where == "address" else 'command = "true"'),
    )
    if where == "env":
        (tmp_path / ".env").write_text("HIDDEN=Tr0ub4dor-token\n")
    it.run("echo it was Tr0ub4dor-token; false")
    # THEN it is masked wherever it is told
    (alert,) = it.look()
    assert "it was" in alert.title and "it was" in alert.text
    assert "Tr0ub4dor" not in repr(alert)


def test_the_text_says_what_failed_why_and_how_to_go_on(tmp_path: Path) -> None:
    it = here(tmp_path, FIRST)
    it.run("echo one; echo no such table; exit 3")
    (alert,) = it.look()
    assert alert.title == "O: failed: Command · t: exit code 3: no such table"
    assert '"O" (o) failed on ' in alert.text and "  | one\n  | no such table" in alert.text
    assert f"orch-tui run o --rerun-failed {alert.run} --project {tmp_path}" in alert.text
    assert alert.details["task"] == "t"
