"""``orch-tui run`` as a process: what it says, how it ends, what it leaves."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

from tests.support.commands import command_here
from tests.support.projects import (
    Task,
    argv,
    completed,
    environment,
    latest_run,
    make_project,
    orch,
    start,
    wait_for_file,
)


def test_a_run_that_succeeds_tells_each_task_and_exits_with_0(tmp_path: Path) -> None:
    # GIVEN two phases that work
    project = make_project(tmp_path, {"daily": {"First": {"a": "echo hello", "b": "true"}, "Second": {"c": "true"}}})
    # WHEN it is run into a pipe
    done = orch(project, "run", "daily")
    # THEN every phase and task has its line, in plain text, and nothing is on standard error
    assert done.returncode == 0, done.stderr
    assert 'phase 1 "First"' in done.stdout
    assert 'phase 2 "Second"' in done.stdout
    assert done.stdout.count("✔ success") == 3 + 2 + 1
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_a_failure_ends_with_the_first_failure_its_last_lines_and_what_was_skipped(tmp_path: Path) -> None:
    # GIVEN a task that writes 30 lines and fails, and a later phase
    script = "for i in $(seq 30); do echo line $i; done; echo it broke >&2; exit 1"
    project = make_project(tmp_path, {"daily": {"First": {"bad": script, "good": "true"}, "Second": {"later": "true"}}})
    # WHEN
    done = command_here(project, "run", "daily")
    # THEN
    assert done.returncode == 1
    card = done.stdout[done.stdout.index("First failure") :]
    assert "Command · bad (bad) in phase 1" in card
    assert "exit code 1: it broke" in card
    assert "│ line 12\n" in card
    assert "│ line 11\n" not in card
    assert "skipped because of it: 1 task: Command · later" in card
    assert "orch-tui run daily --rerun-failed" in card
    # AND the command for the whole log works
    log = command_here(project, "logs", latest_run(project, "daily").name, "bad")
    assert log.stdout.splitlines() == [*(f"line {i}" for i in range(1, 31)), "it broke"]


def test_rerun_failed_reuses_what_succeeded_in_either_spelling(tmp_path: Path) -> None:
    # GIVEN a run of which one task failed, which would work now
    tasks = {"good": "true", "bad": "test -e fixed"}
    project = make_project(tmp_path, {"daily": {"First": tasks, "Second": {"later": "true"}}})
    assert command_here(project, "run", "daily").returncode == 1
    (project / "fixed").touch()
    # WHEN the plan is shown, with the orchestration after the option
    plan = json.loads(command_here(project, "run", "--rerun-failed", "daily", "--dry-run", "--json").stdout)
    # THEN
    decisions = {task["id"]: task["decision"] for phase in plan["phases"] for task in phase["tasks"]}
    assert decisions == {"good": "reused", "bad": "will run", "later": "will run"}
    # AND it runs
    done = command_here(project, "run", "daily", "--rerun-failed", "--json")
    state = json.loads(done.stdout)
    assert done.returncode == 0
    assert state["rerun_of"] == plan["rerun_of"]
    assert state["counts"] == {"success": 2, "skipped": 1}


def test_json_is_the_final_state_as_show_has_it_and_the_telling_goes_to_standard_error(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": "echo x; exit 3"}}})
    # WHEN
    done = command_here(project, "run", "daily", "--json")
    # THEN
    state = json.loads(done.stdout)
    assert done.returncode == 1
    assert state["status"] == "error"
    assert state["interrupted"] is False
    assert state["first_failure"]["last_lines"] == ["x"]
    assert state["phases"][0]["tasks"][0]["attempts"][0]["exit_code"] == 3
    assert "First failure" in done.stderr
    # AND show says the same
    assert json.loads(command_here(project, "show", "daily", "--json").stdout) == state
    assert json.loads(command_here(project, "show", state["id"][:-1], "--json").stdout) == state


def test_a_warning_says_which_task_and_why_and_is_3_only_when_strict(tmp_path: Path) -> None:
    # GIVEN a failure that is tolerated
    task = {"command": "echo not today; exit 2", "continue_on_failure": True}
    project = make_project(tmp_path, {"daily": {"First": {"a": task}}})
    # WHEN
    done = command_here(project, "run", "daily")
    strict = command_here(project, "run", "daily", "--strict")
    # THEN
    assert done.returncode == 0
    assert "Command · a (a): exit code 2: not today" in done.stdout
    assert strict.returncode == 3
    # AND whoever watches it afterwards gets the same code
    assert command_here(project, "watch", "daily").returncode == 0
    assert command_here(project, "watch", "daily", "--strict").returncode == 3


def test_quiet_tells_only_what_went_wrong(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"fine": {"First": {"a": "true"}}, "bad": {"First": {"b": "false", "c": "true"}}})
    # WHEN
    fine, bad = command_here(project, "run", "fine", "-q"), command_here(project, "run", "bad", "-q")
    # THEN
    assert (fine.stdout, fine.stderr, fine.returncode) == ("", "", 0)
    assert "Command · c" not in bad.stdout
    assert "First failure: Command · b" in bad.stdout


def test_dry_run_says_for_every_task_what_and_why_and_starts_nothing(tmp_path: Path) -> None:
    # GIVEN a disabled task, one without a secret and one that would run
    tasks: dict[str, Task] = {
        "off": {"command": "true", "enabled": False},
        "blocked": {"command": "curl -H ${NO_SUCH_TOKEN}"},
        "fine": "true",
    }
    project = make_project(tmp_path, {"daily": {"First": tasks, "Second": {"later": "true"}}})
    # WHEN
    done = command_here(project, "run", "daily", "--dry-run", "--phase", "1")
    # THEN
    lines = {line.split()[6]: line for line in done.stdout.splitlines() if "Command ·" in line and "will run" in line}
    assert done.returncode == 2
    assert list(lines) == ["fine"]
    assert "skipped" in done.stdout
    assert "disabled" in done.stdout
    assert "not selected" in done.stdout
    assert "secret NO_SUCH_TOKEN is not set" in done.stdout
    assert "it would be refused" in done.stderr
    assert not (project / ".orch").exists()


def test_it_is_refused_with_4_while_it_runs_and_wait_waits_for_its_turn(tmp_path: Path) -> None:
    # GIVEN a run that goes on until a file appears
    project = make_project(
        tmp_path, {"daily": {"First": {"a": "touch started; until test -e go; do sleep 0.05; done"}}}
    )
    first = start(project, "run", "daily")
    wait_for_file(project / "started", first)
    # WHEN it is started again
    refused = command_here(project, "run", "daily")
    waiting = start(project, "run", "daily", "--wait")
    assert waiting.stdout is not None
    told = waiting.stdout.readline()
    (project / "go").touch()
    # THEN
    assert refused.returncode == 4
    assert latest_run(project, "daily").name in refused.stderr
    assert told.startswith('waiting for "Daily": run ')
    assert first.communicate(timeout=30) is not None
    assert first.returncode == 0
    assert waiting.communicate(timeout=30) is not None
    assert waiting.returncode == 0
    assert len(list((project / ".orch" / "runs" / "daily").iterdir())) == 2


def test_a_nested_run_reports_to_its_parent_and_its_warning_is_the_parents(tmp_path: Path) -> None:
    # GIVEN an orchestration whose task is another one, which ends in warning
    inner = {"First": {"soft": {"command": "exit 1", "continue_on_failure": True}}}
    outer = {"Only": {"nested": {"configuration": "orchestration/inner"}}}
    project = make_project(tmp_path, {"inner": inner, "outer": outer})
    # WHEN
    done = command_here(project, "run", "outer", "--json")
    # THEN
    state = json.loads(done.stdout)
    inner_run = latest_run(project, "inner")
    assert done.returncode == 0
    assert state["status"] == "warning"
    result = Path(state["directory"]) / "tasks" / "nested" / "1" / "result.json"
    body = json.loads(result.read_text())
    assert body["run"] == inner_run.name
    assert body["orchestration"] == "inner"
    assert "Command · soft" in body["warning"]
    # AND its telling is the parent task's log
    assert "Command · soft" in command_here(project, "logs", "outer", "nested").stdout
    assert (
        json.loads(command_here(project, "show", "inner", "--json").stdout)["parent"] == f"outer/{state['id']}/nested"
    )


def test_a_nested_run_that_fails_gives_its_reason_and_not_the_line_of_its_report(tmp_path: Path) -> None:
    # GIVEN an orchestration whose task is another one, in which a task fails
    inner = {"First": {"bad": "echo no such table >&2; exit 1"}}
    project = make_project(
        tmp_path, {"inner": inner, "outer": {"Only": {"nested": {"configuration": "orchestration/inner"}}}}
    )
    # WHEN it runs
    state = json.loads(command_here(project, "run", "outer", "--json").stdout)
    # THEN the reason is the failure, without time, sign and id of the run in which it was
    assert state["phases"][0]["tasks"][0]["reason"] == "exit code 1: Command · bad: exit code 1: no such table"


def test_a_run_outlives_the_reader_of_its_pipe(tmp_path: Path) -> None:
    # GIVEN a run whose output goes into a pipe that nobody reads any more
    project = make_project(
        tmp_path,
        {"daily": {"First": {"a": "touch started; until test -e go; do sleep 0.05; done"}, "Then": {"b": "true"}}},
    )
    process = start(project, "run", "daily")
    assert process.stdout is not None
    process.stdout.readline()
    wait_for_file(project / "started", process)
    # WHEN
    process.stdout.close()
    (project / "go").touch()
    # THEN the run ends as it would have
    assert process.wait(30) == 0
    assert json.loads(command_here(project, "show", "daily", "--json").stdout)["status"] == "success"


def test_projects_that_cannot_be_written_are_one_sentence_and_2(tmp_path: Path) -> None:
    # GIVEN a project whose .orch is a file, and one whose journal directory cannot be made
    first = make_project(tmp_path / "file", {"daily": {"First": {"a": "true"}}})
    (first / ".orch").write_text("in the way")
    # WHEN
    done = command_here(first, "run", "daily")
    # THEN
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "the run cannot be started" in done.stderr
    assert "move it away" in done.stderr
    if os.getuid() != 0:
        second = make_project(tmp_path / "locked", {"daily": {"First": {"a": "true"}}})
        second.chmod(stat.S_IRUSR | stat.S_IXUSR)
        refused = command_here(second, "run", "daily")
        second.chmod(stat.S_IRWXU)
        assert refused.returncode == 2
        assert "permissions" in refused.stderr


def test_wrong_requests_name_what_there_is(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": "true"}}})
    cases = {
        ("run", "dayly"): 'did you mean "daily"',
        ("run",): "This project has: daily",
        ("run", "daily", "--only", "x"): "its tasks: a",
        ("run", "daily", "--phase", "x"): 'its phases: 1 "First"',
        ("run", "daily", "--var", "x"): "--var NAME=VALUE",
        ("run", "daily", "--rerun-failed"): "no run yet",
        ("run", "daily", "-p", "nowhere"): "there is no directory",
        ("run", "daily", "-p", "orchestrations"): "is no project",
        ("show", "nothing"): "neither a run nor an orchestration",
        ("show",): "no run yet",
        ("rum",): 'did you mean "run"',
        ("logs", "daily"): "has not run yet",
    }
    for arguments, sentence in cases.items():
        # WHEN
        done = command_here(project, *arguments)
        # THEN
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert sentence in done.stderr, (arguments, done.stderr)
        assert "Traceback" not in done.stderr


def test_names_and_logs_from_outside_reach_the_terminal_without_control_characters(tmp_path: Path) -> None:
    # GIVEN names with brackets, emoji, line ends and escape sequences, and a log with all of it
    project = make_project(
        tmp_path, {"daily": {"[red]\x07P\x1b[31m\n🚀": {"a": "printf '\\033]0;t\\007[b]x\\377\\n'; exit 1"}}}
    )
    # WHEN
    done = command_here(project, "run", "daily")
    # THEN
    assert done.returncode == 1
    assert 'phase 1 "[red]P 🚀"' in done.stdout
    assert "│ [b]x\N{REPLACEMENT CHARACTER}" in done.stdout
    assert not set(done.stdout) & {"\x1b", "\x07"}
    # AND a locale without UTF-8 gets ASCII
    ascii_only = command_here(project, "run", "daily", LC_ALL="C")
    assert ascii_only.stdout.isascii()
    assert "x error" in ascii_only.stdout


def test_streams_that_are_closed_or_full_do_not_end_a_run_but_data_is_never_lost_in_silence(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": "true"}}})
    program = shlex.join(argv())

    def shell(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", script.replace("orch-tui", program)],
            cwd=project,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    # WHEN / THEN a run goes on without its output
    for redirection in (">/dev/full", ">&-", ">&- 2>&- <&-", "--json 2>&-"):
        assert shell(f"orch-tui run daily {redirection}").returncode == 0, redirection
    told = shell("orch-tui run daily --json >/dev/full")
    assert told.returncode == 0
    assert "the final state could not be written" in told.stderr
    # AND what was asked for is an error if it cannot be written, but not if nobody wants to read more of it
    failed = shell("orch-tui list >/dev/full")
    assert failed.returncode == 2
    assert "the output cannot be written: No space left on device" in failed.stderr
    assert shell("orch-tui list | true").stderr == ""
    assert shell("orch-tui --help >&-").returncode == 0


def test_a_file_of_the_project_takes_no_modules_place(tmp_path: Path) -> None:
    # GIVEN a project with scripts that are called as modules of the standard library are
    project = make_project(tmp_path, {"daily": {"First": {"plain": "true"}, "Second": {"nested": {}}}})
    for name in ("json", "copy", "subprocess", "duckdb"):
        (project / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    make_project(tmp_path, {"inner": {"One": {"c": "true"}}})
    text = (project / "orchestrations/daily.toml").read_text()
    text = text.replace('"command/nested"', '"orchestration/inner"')
    text += '[[phases.tasks]]\nid = "made"\nconfiguration = "sql/made"\n'
    (project / "orchestrations/daily.toml").write_text(text)
    (project / "configurations/sql").mkdir()
    (project / "configurations/sql/made.toml").write_text(
        '[parameters]\nsql = "create table t as select 1 as id"\n[[outputs]]\nname = "t"\ntable = "b/t"\n'
    )
    # WHEN a shell command, a nested orchestration and a component run, from another directory
    command = [sys.executable, "-m", "orch_tui", "run", "daily", "--project", str(project)]
    done = completed(command, cwd="/", env=environment())
    # THEN all of them work
    assert done.returncode == 0, done.stdout
    assert "the wrong module" not in done.stdout
