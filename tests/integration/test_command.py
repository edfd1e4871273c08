"""Commands as tasks: their shell, their environment, their limits of time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRefused
from orch_tui.model.status import Status
from orch_tui.project.project import open_project

from tests.support.commands import command_here
from tests.support.engine_kit import begin, make_commands, run, until
from tests.support.projects import make_project, toml

SEVERAL = "touch begun\n{0}\ntouch went-on\n"


def _command(root: Path, task: str, **parameters: object) -> None:
    lines = "".join(f"{name} = {toml(value)}\n" for name, value in parameters.items())
    (root / "configurations" / "command" / f"{task}.toml").write_text(f"[parameters]\n{lines}")


@pytest.mark.parametrize(
    "line", ["false", "sh -c 'exit 9'", "false | cat", "no-such-program-at-all", "cd /nowhere-at-all"]
)
def test_a_command_of_several_lines_fails_where_a_line_does(tmp_path: Path, line: str) -> None:
    state = run(make_commands(tmp_path, {"P": {"t": SEVERAL.format(line)}}))
    assert state.status is Status.ERROR
    assert (tmp_path / "begun").exists() and not (tmp_path / "went-on").exists()


def test_the_shell_of_a_command_can_be_chosen(tmp_path: Path) -> None:
    # GIVEN a text that goes on after a failure, for a shell that lets it, and one for a shell that is none
    project = make_commands(tmp_path, {"P": {"lax": "true", "strict": "true", "python": "true"}})
    _command(tmp_path, "lax", command=SEVERAL.format("false"), shell="sh")
    _command(tmp_path, "strict", command="false; touch one-line-went-on", shell="bash -e")
    _command(tmp_path, "python", command="import sys\nopen('snake', 'w').write(sys.executable)\n", shell="{python}")
    project.reload()
    # WHEN / THEN
    state = run(project)
    assert {task.id: task.status for task in state.tasks.values()} == {
        "lax": Status.SUCCESS,
        "strict": Status.ERROR,
        "python": Status.SUCCESS,
    }
    assert (tmp_path / "went-on").exists() and not (tmp_path / "one-line-went-on").exists()
    assert "python" in (tmp_path / "snake").read_text()


@pytest.mark.parametrize(
    ("shell", "sentence"),
    [
        ("no-such-shell-here", 'the shell "no-such-shell-here" was not found in PATH'),
        ("bash '", "quotes do not end"),
        (3, "must be a text"),
    ],
)
def test_a_shell_that_is_not_there_is_found_before_anything_runs(tmp_path: Path, shell: object, sentence: str) -> None:
    project = make_commands(tmp_path, {"P": {"t": "true", "other": "touch other"}})
    _command(tmp_path, "t", command="true", shell=shell)
    project.reload()
    with pytest.raises(RunRefused, match=sentence):
        begin(project)
    assert not (tmp_path / "other").exists()


def test_the_text_of_a_component_of_ones_own_ends_where_a_line_fails(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"daily": {"P": {"t": {"configuration": "own/one"}}}})
    (project / "components").mkdir()
    (project / "components" / "own.toml").write_text(f'name = "Own"\ncommand = {toml(SEVERAL.format("false"))}\n')
    (project / "configurations" / "own").mkdir()
    (project / "configurations" / "own" / "one.toml").write_text("[parameters]\n")
    assert command_here(project, "run", "daily").returncode == 1
    assert (project / "begun").exists() and not (project / "went-on").exists()


def test_the_command_to_start_an_attempt_by_hand_has_the_shell_it_had(tmp_path: Path) -> None:
    import subprocess

    if not shutil.which("bash"):
        pytest.skip("there is no bash here")
    project = make_project(tmp_path, {"daily": {"P": {"t": SEVERAL.format("test -e fixed")}}})
    command_here(project, "run", "daily")
    command = command_here(project, "show", "daily", "t", "--command").stdout
    assert "bash -e -o pipefail -c" in command
    by_hand = subprocess.run(["/bin/sh", "-c", command], cwd=project, capture_output=True, text=True, check=False)
    assert by_hand.returncode == 1 and not (project / "went-on").exists()


OWN = ["ORCH_TASK", "KBC_DATADIR", "ORCH_ANCESTORS", "ORCH_RUN", "KBC_CONFIGID"]


@pytest.mark.parametrize("name", OWN)
def test_a_configuration_cannot_set_what_tasks_are_known_by(tmp_path: Path, name: str) -> None:
    # GIVEN a command, and a script, that set it
    project = make_project(tmp_path, {"daily": {"P": {"t": "true", "s": {"configuration": "python/s"}}}})
    _command(project, "t", command="true", environment={name: "/elsewhere"})
    (project / "configurations" / "python").mkdir()
    (project / "configurations" / "python" / "s.toml").write_text(
        f'[parameters]\nscript = "pass"\nenvironment = {{ {name} = "/elsewhere" }}\n'
    )
    # WHEN / THEN each is an error of the check, and neither is run
    checked = command_here(project, "check")
    assert checked.returncode == 2 and checked.stdout.count(name) >= 2, checked.stdout
    done = command_here(project, "run", "daily")
    assert done.returncode == 2 and f"the parameter environment sets {name}" in done.stderr


def test_a_secret_cannot_take_the_place_of_what_tasks_are_known_by(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"daily": {"P": {"s": {"configuration": "python/s"}}}})
    (project / "configurations" / "python").mkdir()
    (project / "configurations" / "python" / "s.toml").write_text(
        '[parameters]\nscript = "pass"\nenvironment = { PLACE = "${ORCH_TASK}" }\n'
    )
    done = command_here(project, "run", "daily", ORCH_TASK="/elsewhere")
    assert done.returncode == 2 and "${ORCH_TASK} cannot be a secret" in done.stderr


PROXIES = [name for low in ("http_proxy", "https_proxy", "no_proxy", "all_proxy") for name in (low, low.upper())]


def test_proxies_reach_tasks_in_both_spellings_and_their_passwords_no_file(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"P": {"t": "env > seen.txt"}}})
    given = {name: f"http://me:s3cr3t-{number}@proxy.example:3128" for number, name in enumerate(PROXIES)}
    # WHEN
    assert command_here(project, "run", "daily", **given).returncode == 0
    # THEN
    seen = dict(line.partition("=")[::2] for line in (project / "seen.txt").read_text().splitlines())
    assert {name: seen.get(name) for name in PROXIES} == given
    state = b"".join(path.read_bytes() for path in (project / ".orch").rglob("*") if path.is_file())
    assert b"s3cr3t" not in state
    # AND who starts it by hand takes them from the shell
    assert "HTTPS_PROXY=$HTTPS_PROXY" in command_here(project, "show", "daily", "t", "--command").stdout


def test_variables_of_a_task_are_made_of_those_of_its_run(tmp_path: Path) -> None:
    # GIVEN a nested orchestration that gets a variable of the same name, and a task with one that is made of two
    inner = {"I": {"in": "echo '{{ out }}' > inner.txt"}}
    variables = {"out": "{{ out }}", "plain": "{{{{ out }}"}
    nested = {"configuration": "orchestration/inner", "variables": variables}
    task = {"command": "echo '{{ place }}' > task.txt", "variables": {"place": "{{ out }}/{{ day }}"}}
    settings = '[variables]\nout = "default"\nday = "monday"\nplain = ""\n'
    project = make_project(tmp_path, {"inner": inner, "outer": {"O": {"n": nested, "t": task}}}, settings)
    # WHEN
    done = command_here(project, "run", "outer", "--var", "out=given")
    # THEN
    assert done.returncode == 0, done.stdout
    assert (project / "inner.txt").read_text() == "given\n"
    assert (project / "task.txt").read_text() == "given/monday\n"
    state = json.loads(command_here(project, "show", "inner", "--json").stdout)
    assert state["variables"] == {"out": "given", "day": "monday", "plain": "{{ out }}"}


def test_a_variable_of_a_task_that_names_one_that_is_not_there_is_refused(tmp_path: Path) -> None:
    task = {"command": "true", "variables": {"place": "{{ nowhere }}"}}
    project = make_project(tmp_path, {"daily": {"P": {"t": task}}})
    done = command_here(project, "run", "daily")
    assert done.returncode == 2 and "variable nowhere has no value" in done.stderr
    assert "uses the variable nowhere" in command_here(project, "check").stdout


def test_a_limit_of_time_for_all_attempts_ends_the_one_that_runs(tmp_path: Path) -> None:
    # GIVEN a task that hangs in its second attempt, and may be tried for ever within two seconds
    task = {
        "command": "test $ORCH_ATTEMPT = 2 && exec sleep 600; exit 1",
        "retry": '{ attempts = 100, delay = "10ms", total = "2s" }',
        "timeout": '"1h"',
    }
    active = begin(make_commands(tmp_path, {"P": {"t": task}}))
    # WHEN / THEN
    assert active.wait(60) is Status.ERROR
    task_state = active.state.tasks["t"]
    assert len(task_state.attempts) == 2
    assert task_state.reason.startswith("timed out: its attempts may take 2.0 s together (retry.total)")


def test_a_limit_of_time_for_all_attempts_outlives_its_executor(tmp_path: Path) -> None:
    from orch_tui.engine.runs.takeover import take_over

    from tests.support.executors import Executor

    # GIVEN the same, with an executor that is killed meanwhile
    task = {"command": "touch begun; exec sleep 600", "retry": '{ attempts = 100, total = "2s" }'}
    make_commands(tmp_path, {"P": {"t": task}})
    executor = Executor(tmp_path)
    until(lambda: (tmp_path / "begun").exists())
    executor.kill()
    # WHEN / THEN
    assert take_over(open_project(tmp_path), executor.directory, by="me").wait(60) is Status.ERROR
    assert "together (retry.total)" in executor.state.tasks["t"].reason
    assert len(executor.state.tasks["t"].attempts) == 1


def test_a_timeout_of_nothing_is_refused_with_file_and_line(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"daily": {"P": {"t": {"command": "true", "timeout": 0}}}})
    done = command_here(project, "run", "daily")
    assert done.returncode == 2
    assert "orchestrations/daily.toml:6" in done.stderr and "no time at all" in done.stderr
    assert not list((project / ".orch").glob("runs/daily/*"))
