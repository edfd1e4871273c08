"""The command that starts a task by hand, pasted into a shell; and the text that an attempt ran."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import command_here
from tests.support.projects import environment, latest_run, make_project

SECRET = "hunter2-hunter2"
CLEAN = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}


def paste(text: str, **more: str) -> subprocess.CompletedProcess[str]:
    """What a person does: the text into a shell, in any directory."""
    return subprocess.run(
        ["/bin/sh"], input=text, env=CLEAN | more, cwd="/", capture_output=True, text=True, timeout=60, check=False
    )


def command_of(project: Path, task: str, *more: str) -> subprocess.CompletedProcess[str]:
    done = command_here(project, "show", "daily", task, "--command", *more)
    assert done.returncode == 0, done.stderr
    return done


def data_folder(pasted: subprocess.CompletedProcess[str]) -> Path:
    found = re.search(r"^data folder: (.*)$", pasted.stderr, re.MULTILINE)
    assert found is not None, pasted.stderr
    return Path(found[1])


def attempt(project: Path, task: str) -> Path:
    return latest_run(project, "daily") / "tasks" / task / "1"


def snapshot(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def configure(project: Path, component: str, name: str, text: str) -> dict[str, str]:
    path = project / "configurations" / component / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return {"configuration": f"{component}/{name}"}


def test_a_command_is_started_by_hand_as_it_was(tmp_path: Path) -> None:
    # GIVEN a task with everything that a shell could get wrong, which failed
    script = "echo \"it's $WHO: ${TOKEN}\" '{{ what }}' é\ttab\n" + 'env | sort; pwd; umask; printf "\\033[1m"; exit 7'
    project = make_project(tmp_path / "p r'o", {"daily": {"First": {"a": {"configuration": "command/a"}}}})
    (project / "sub dir").mkdir()
    (project / "configurations" / "command" / "a.toml").write_text(
        f"[parameters]\ncommand = {json.dumps(script)}\ndirectory = 'sub dir'\n"
        '[parameters.environment]\nWHO = "x ${TOKEN} $${TOKEN} $HOME"\nTOKEN = "${TOKEN}"\n'
    )
    with (project / "orchestrations" / "daily.toml").open("a") as file:
        file.write("[variables]\nwhat = \"a 'quoted' \\u001b[31mthing\"\n")
    run = command_here(project, "run", "daily", TOKEN=SECRET, LANG="C.UTF-8")
    assert run.returncode == 1, run.stdout
    log = (attempt(project, "a") / "log").read_text()
    before = snapshot(latest_run(project, "daily"))
    # WHEN the command is printed THEN no secret is in it, no control character, and what must be set is said
    done = command_of(project, "a")
    assert SECRET not in done.stdout + done.stderr
    assert done.stdout.replace("\n", "").isprintable()
    assert "set these secrets in your shell first: TOKEN" in done.stderr
    # AND without the secret it stops with a sentence
    refused = paste(done.stdout)
    assert refused.returncode != 0 and "TOKEN: set this secret first" in refused.stderr
    # AND with it, all is as it was: exit code, output, environment, directory
    pasted = paste(done.stdout, TOKEN=SECRET)
    assert pasted.returncode == 7, pasted.stderr
    here, there = str(data_folder(pasted)), str(attempt(project, "a"))
    assert pasted.stdout.replace(here, there) == log
    assert SECRET not in pasted.stdout
    # AND nothing of the run has changed
    assert snapshot(latest_run(project, "daily")) == before
    shutil.rmtree(here)


def test_a_python_script_is_started_by_hand(tmp_path: Path) -> None:
    # GIVEN a script that ended with an error
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": {"configuration": "python/a"}}}})
    configure(project, "python", "a", "[parameters]\nscript = '''\nprint('text', 6 * 7)\nraise SystemExit(3)\n'''\n")
    assert command_here(project, "run", "daily").returncode == 1
    # WHEN its command is pasted
    pasted = paste(command_of(project, "a").stdout)
    # THEN it does the same
    assert (pasted.returncode, pasted.stdout) == (3, "text 42\n")
    shutil.rmtree(data_folder(pasted))


def test_a_component_is_started_by_hand_and_publishes(tmp_path: Path) -> None:
    # GIVEN an extractor that failed since its file was not there
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": {"configuration": "file-extractor/a"}}}})
    text = '[parameters]\npath = "in.csv"\n[[outputs]]\nname = "t"\ntable = "main/t"\n'
    configure(project, "file-extractor", "a", text)
    assert command_here(project, "run", "daily").returncode == 1
    done = command_of(project, "a")
    assert "it publishes its tables as the task does: main/t" in done.stderr
    failed = paste(done.stdout)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[1:] == (attempt(project, "a") / "log").read_text().splitlines()
    # WHEN the file is there and the same command is pasted again
    (project / "in.csv").write_text("n\n1\n2\n")
    pasted = paste(done.stdout)
    # THEN the table is written
    assert pasted.returncode == 0, pasted.stderr
    assert "2 rows written" in pasted.stdout
    assert json.loads((data_folder(pasted) / "result.json").read_text())["tables"][0]["table"] == "main/t"
    for one in (failed, pasted):
        shutil.rmtree(data_folder(one))


def test_a_nested_orchestration_is_started_as_a_run_of_its_own(tmp_path: Path) -> None:
    nest = {"configuration": "orchestration/inner", "variables": {"day": "mon day"}}
    project = make_project(
        tmp_path / "p", {"inner": {"In": {"deep": "echo {{ day }}"}}, "daily": {"First": {"a": nest}}}
    )
    with (project / "orchestrations" / "inner.toml").open("a") as file:
        file.write("[variables]\nday = {}\n")
    assert command_here(project, "run", "daily").returncode == 0
    pasted = paste(command_of(project, "a").stdout, **{k: v for k, v in environment().items() if k != "TERM"})
    assert pasted.returncode == 0, pasted.stderr
    shown = json.loads(command_here(project, "show", "inner", "--json").stdout)
    assert shown["parent"] is None and shown["variables"] == {"day": "mon day"}


def test_what_the_project_passes_on_is_taken_from_the_shell(tmp_path: Path) -> None:
    settings = 'pass_environment = ["SITE", "NOT_SET"]\n'
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": 'echo "$SITE"; env'}}}, settings)
    assert command_here(project, "run", "daily", SITE="private-site").returncode == 0
    done = command_of(project, "a")
    assert "private-site" not in done.stdout + (attempt(project, "a") / "config.json").read_text()
    pasted = paste(done.stdout, SITE="an other")
    assert pasted.stdout.startswith("an other\n") and "NOT_SET" not in pasted.stdout
    shutil.rmtree(data_folder(pasted))


def test_a_task_that_never_began_and_files_that_are_gone_are_said(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": "exit 3"}, "Second": {"b": "true"}}})
    command_here(project, "run", "daily")
    never = command_here(project, "show", "last", "b", "--command")
    assert never.returncode == 2 and "never began" in never.stderr and 'phase "First" failed' in never.stderr
    shutil.rmtree(attempt(project, "a"))
    for option in ("--command", "--config"):
        gone = command_here(project, "show", "last", "a", option)
        assert gone.returncode == 2 and "the files of this attempt are gone" in gone.stderr, gone.stderr
    # The task itself is still told, from the journal.
    assert "exit code 3" in command_here(project, "show", "last", "a").stdout


@pytest.mark.parametrize(
    "words", [("--config",), ("last", "a", "--config", "--command"), ("last", "a", "--attempt", "1")]
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": "true"}}})
    assert command_here(project, "show", *words).returncode == 2


def test_the_history_keeps_the_text_that_each_attempt_ran(tmp_path: Path) -> None:
    # GIVEN a task that failed, was edited, and succeeded in the run that continues that one
    command = "echo {{ day }} ${TOKEN}; exit 1"
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": command}}})
    with (project / "orchestrations" / "daily.toml").open("a") as file:
        file.write('[variables]\nday = "monday"\n')
    assert command_here(project, "run", "daily", TOKEN=SECRET).returncode == 1
    first = latest_run(project, "daily").name
    configuration = project / "configurations" / "command" / "a.toml"
    configuration.write_text(configuration.read_text().replace("exit 1", "exit 0"))
    assert command_here(project, "run", "daily", "--rerun-failed", TOKEN=SECRET).returncode == 0
    # WHEN the texts are asked for
    before = command_here(project, "show", first, "a", "--config", "--attempt", "1").stdout
    after = command_here(project, "show", "last", "a", "--config").stdout
    # THEN each is what its attempt ran: variables filled in, secrets as references
    assert "command/a as attempt 1 ran it, edited since" in before
    assert "echo monday ${TOKEN}; exit 1" in before and SECRET not in before + after
    assert re.search(r"^  -command = .*exit 1", before, re.MULTILINE)
    assert re.search(r"^  \+command = .*exit 0", before, re.MULTILINE)
    assert "ran it, not edited since" in after and "from then to now" not in after
    # AND the task's page says it
    assert "its text: edited since" in command_here(project, "show", first, "a").stdout
    assert "its text: not edited since" in command_here(project, "show", "last", "a").stdout
    # AND a configuration that is gone is said
    configuration.unlink()
    assert "the configuration of now cannot be read" in command_here(project, "show", "last", "a", "--config").stdout


def test_json_of_one_task(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": "true"}}})
    command_here(project, "run", "daily")
    assert json.loads(command_here(project, "show", "last", "a", "--json").stdout)["attempts"][0]["status"] == "success"


def test_a_variable_that_brings_a_secret_is_refused_in_a_sentence(tmp_path: Path) -> None:
    # GIVEN a phase whose only task cannot be started, which only shows when it is to start
    project = make_project(
        tmp_path / "p", {"daily": {"First": {"a": {"configuration": "command/a"}}, "Second": {"b": "true"}}}
    )
    configure(project, "command", "a", '[parameters]\ncommand = "true"\n[parameters.environment]\nA = "{{ v }}"\n')
    # WHEN it runs THEN the run ends, and says why
    done = command_here(project, "run", "daily", "--var", "v=${FOO}", FOO=SECRET)
    assert done.returncode == 1 and "the value of a variable brings ${FOO} into the environment" in done.stdout
    assert 'phase "First" failed' in done.stdout and SECRET not in done.stdout
