"""Other terminals: watch, cancel, logs while a run goes on, and afterwards."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path

from tests.support.commands import command_here
from tests.support.projects import latest_run, living, make_project, start, wait_for_file

WAITING = "echo $$ > pid; touch started; until test -e go; do sleep 0.05; done; echo over"


def test_watch_tells_what_happened_and_follows_to_the_end(tmp_path: Path) -> None:
    # GIVEN a run
    project = make_project(
        tmp_path, {"daily": {"First": {"a": "true"}, "Second": {"b": WAITING}, "Third": {"c": "exit 7"}}}
    )
    run = start(project, "run", "daily")
    wait_for_file(project / "started", run)
    # WHEN another terminal watches it, without saying which
    watch = start(project, "watch")
    assert watch.stdout is not None
    seen = [watch.stdout.readline() for _ in range(5)]
    (project / "go").touch()
    seen += watch.stdout.readlines()
    watch.wait(30)
    # THEN it says what the run says, and ends as it does
    assert seen == run.communicate(timeout=30)[0].splitlines(keepends=True)
    assert watch.returncode == run.returncode == 1


def test_cancel_stops_the_run_of_another_process_and_says_how_it_ended(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": WAITING}, "Second": {"b": "true"}}})
    run = start(project, "run", "daily")
    wait_for_file(project / "started", run)
    # WHEN
    done = command_here(project, "cancel", "daily")
    # THEN
    output = run.communicate(timeout=30)[0]
    assert done.returncode == 0, done.stderr
    assert "terminated" in done.stdout
    assert run.returncode == 1
    assert "being cancelled, by" in output
    assert not living(project / "pid")
    # AND once more says that there is nothing to stop
    again = command_here(project, "cancel", latest_run(project, "daily").name)
    assert again.returncode == 1
    assert "has ended already" in again.stderr


def test_cancel_of_one_task_leaves_the_others(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(
        tmp_path, {"daily": {"First": {"a": WAITING, "b": "touch other; until test -e go; do sleep 0.05; done"}}}
    )
    run = start(project, "run", "daily")
    wait_for_file(project / "started", run)
    wait_for_file(project / "other", run)
    # WHEN
    done = command_here(project, "cancel", "daily", "--task", "command/a", "--now")
    (project / "go").touch()
    run.communicate(timeout=30)
    # THEN
    assert done.returncode == 0
    assert "terminated" in done.stdout
    state = json.loads(command_here(project, "show", "--json").stdout)
    assert {t["id"]: t["status"] for t in state["phases"][0]["tasks"]} == {"a": "terminated", "b": "success"}


def test_logs_follow_until_the_attempt_ends(tmp_path: Path) -> None:
    # GIVEN a running task that has written something
    project = make_project(tmp_path, {"daily": {"First": {"a": f"echo begun; {WAITING}"}}})
    run = start(project, "run", "daily")
    wait_for_file(project / "started", run)
    # WHEN
    logs = start(project, "logs", "daily", "a", "-f")
    assert logs.stdout is not None
    first = logs.stdout.readline()
    (project / "go").touch()
    rest = logs.stdout.read()
    logs.wait(30)
    run.communicate(timeout=30)
    # THEN
    assert (first, rest) == ("begun\n", "over\n")
    assert logs.returncode == 0


def test_logs_without_a_task_have_all_of_them_prefixed_or_the_failed_one_alone(tmp_path: Path) -> None:
    # GIVEN
    fine = {"First": {"a": "echo one", "b": "echo two"}}
    bad = {"First": {"c": "echo fine", "d": "echo broken; exit 1"}}
    project = make_project(tmp_path, {"fine": fine, "bad": bad})
    for name in ("fine", "bad"):
        command_here(project, "run", name)
    # WHEN / THEN
    assert sorted(command_here(project, "logs", "fine").stdout.splitlines()) == ["a | one", "b | two"]
    assert command_here(project, "logs", "bad").stdout == "broken\n"
    assert command_here(project, "logs", "bad", "c").stdout == "fine\n"


def test_logs_of_attempts_are_kept_apart(tmp_path: Path) -> None:
    # GIVEN a task that works the second time
    task = {"command": "echo try $ORCH_ATTEMPT; test $ORCH_ATTEMPT = 2", "retry": {"attempts": 1, "delay": "0s"}}
    project = make_project(tmp_path, {"daily": {"First": {"a": task}}})
    run = command_here(project, "run", "daily")
    # WHEN / THEN
    assert run.returncode == 0
    assert "attempt 2 of 2" in run.stdout
    assert command_here(project, "logs", "daily", "a").stdout == "try 2\n"
    assert command_here(project, "logs", "daily", "a", "--attempt", "1").stdout == "try 1\n"
    assert "no number 3" in command_here(project, "logs", "daily", "a", "--attempt", "3").stderr


def test_logs_of_any_bytes_are_made_safe_unless_raw(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": r"printf '\033[31mred\033[0m 1%%\r99%%\n\377\0x'"}}})
    command_here(project, "run", "daily")
    # WHEN
    safe = command_here(project, "logs", "daily", "a")
    raw = start(project, "logs", "daily", "a", "--raw", stderr=-3)
    assert isinstance(raw.stdout, io.TextIOWrapper)
    # THEN
    assert safe.stdout == "99%\n\N{REPLACEMENT CHARACTER}x\n"
    assert raw.stdout.buffer.read() == b"\x1b[31mred\x1b[0m 1%\r99%\n\xff\0x"
    raw.wait(30)


def test_the_end_of_a_huge_log_is_read_without_reading_the_rest(tmp_path: Path) -> None:
    # GIVEN a log of 1 GiB (with a hole, so that no disk is filled), with some lines at its end
    project = make_project(tmp_path, {"daily": {"First": {"a": "echo begun"}}})
    command_here(project, "run", "daily")
    log = latest_run(project, "daily") / "tasks" / "a" / "1" / "log"
    with log.open("r+b") as file:
        file.seek(1 << 30)
        file.write(b"\n" + b"".join(b"line %d\n" % number for number in range(100)))
    # WHEN, with an address space that could not hold it
    done = start(project, "logs", "daily", "a", "--lines", "3", preexec_fn=_little_memory)
    output = done.communicate(timeout=30)[0]
    # THEN
    assert done.returncode == 0, output
    assert output.splitlines()[-3:] == ["line 97", "line 98", "line 99"]


def _little_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))


def test_the_history_lists_newest_first_and_show_takes_any_name_of_a_run(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"one": {"First": {"a": "true"}}, "two": {"First": {"b": "exit 1"}}})
    ids = [json.loads(command_here(project, "run", name, "--json").stdout)["id"] for name in ("one", "two", "one")]
    # WHEN
    listed = json.loads(command_here(project, "runs", "--json").stdout)
    # THEN
    assert [run["id"] for run in listed] == ids[::-1]
    assert [run["state"] for run in listed] == ["success", "error", "success"]
    assert [run["id"] for run in json.loads(command_here(project, "runs", "one", "-n", "1", "--json").stdout)] == [
        ids[2]
    ]
    for name, run in ((ids[0], ids[0]), (ids[1][:-1], ids[1]), ("last", ids[2]), ("two", ids[1])):
        assert json.loads(command_here(project, "show", name, "--json").stdout)["id"] == run
    # AND for people
    assert ids[0] in command_here(project, "runs").stdout
    items = json.loads(command_here(project, "list", "--json").stdout)
    assert [(item["id"], item["last_run"]["state"]) for item in items] == [("one", "success"), ("two", "error")]


def test_a_damaged_journal_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    # GIVEN two runs, one journal of which is no journal any more
    project = make_project(tmp_path, {"daily": {"First": {"a": "true"}}})
    command_here(project, "run", "daily")
    broken = latest_run(project, "daily")
    (broken / "run.toml").write_bytes(os.urandom(200))
    command_here(project, "run", "daily")
    # WHEN
    listed = json.loads(command_here(project, "runs", "--json").stdout)
    shown = command_here(project, "show", broken.name)
    # THEN
    assert sorted(run["state"] for run in listed) == ["broken", "success"]
    assert shown.returncode == 2
    assert "journal" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_run_and_the_one_that_continues_it_name_each_other(tmp_path: Path) -> None:
    # GIVEN a failed run, and one that goes on from it
    project = make_project(tmp_path, {"daily": {"First": {"good": "true", "bad": "test -e fixed"}}})
    assert command_here(project, "run", "daily").returncode == 1
    failed = latest_run(project, "daily").name
    (project / "fixed").touch()
    told = command_here(project, "run", "daily", "--rerun-failed")
    newer = latest_run(project, "daily").name
    # THEN the run itself, each page and the history say so
    assert f"continues run {failed}" in told.stdout.splitlines()[0]
    assert f"continues run {failed}: runs what did not succeed in it" in command_here(project, "show", newer).stdout
    assert f"continued by run {newer}  success" in command_here(project, "show", failed).stdout
    assert json.loads(command_here(project, "show", failed, "--json").stdout)["continued_by"] == [newer]
    rows = command_here(project, "runs", "daily").stdout.splitlines()
    assert f"continues {failed}" in rows[1] and "continues" not in rows[2]
    assert [run["rerun_of"] for run in json.loads(command_here(project, "runs", "--json").stdout)] == [failed, None]
    # AND of a run that was deleted since it is said
    shutil.rmtree(project / ".orch" / "runs" / "daily" / failed)
    assert f"continues run {failed}, whose files are deleted" in command_here(project, "show", newer).stdout
