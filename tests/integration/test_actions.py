"""``orch-tui test``: a component's program asked whether its connection works, outside of any run."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from orch_tui.engine.processes.launcher import StopRequest
from orch_tui.engine.trials.actions import ActionRun, run_action
from orch_tui.engine.trials.alone import variables_of
from orch_tui.project.project import Project

from tests.servers.http_server import refused_port
from tests.support.commands import command_here
from tests.support.projects import ROOT, argv, environment, living, make_project

SECRET = "s3cr3t-of-the-test"
OWN = """
name = "Own"
type = "extractor"
actions = ["testConnection"]
command = '''%s'''
"""
CONFIGURATION = 'name = "C"\n[parameters]\nhost = "h"\ntoken = "${TOKEN}"\n[[outputs]]\ntable = "b/t"\n'


def own(root: Path, script: str, configuration: str = CONFIGURATION, name: str = "own") -> None:
    """A component of the project's own: a shell script."""
    (root / "components").mkdir(exist_ok=True)
    (root / "components" / f"{name}.toml").write_text(OWN % script)
    folder = root / "configurations" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "c.toml").write_text(configuration)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(f"TOKEN={SECRET}\n")
    (tmp_path / ".env").chmod(0o600)
    return make_project(tmp_path, {})


def nothing_left(root: Path) -> bool:
    return not list((root / ".orch").glob("tmp/*")) and not (root / ".orch/runs").exists()


def test_the_program_gets_what_a_task_gets_and_its_sentence_is_told(root: Path) -> None:
    # GIVEN a program that keeps what it got, and tells its secret
    own(
        root,
        "cp $KBC_DATADIR/config.json got.json; env > env.txt; ls $KBC_DATADIR/in > in.txt; echo looking; "
        'echo "{\\"status\\": \\"success\\", \\"message\\": \\"hello from $TOKEN\\"}"',
    )
    # WHEN it is tested
    done = command_here(root, "test", "own/c")
    # THEN the sentence is there without the secret
    assert (done.returncode, done.stderr) == (0, "")
    assert "own/c  hello from ***** (" in done.stdout
    # AND it had the reference on disk, the value in its environment, and nothing of ours besides
    config = json.loads((root / "got.json").read_text())
    assert config["action"] == "testConnection"
    assert config["parameters"] == {"host": "h", "token": "${TOKEN}"}
    assert config["storage"]["output"]["tables"][0]["destination"] == "b/t"
    values = dict(line.split("=", 1) for line in (root / "env.txt").read_text().splitlines() if "=" in line)
    assert values["TOKEN"] == SECRET and values["ORCH_SECRETS"] == "TOKEN" and "HOME" in values
    assert "PYTHONPATH" not in values or "PYTHONPATH" in os.environ
    assert (root / "in.txt").read_text().split() == ["files", "tables"]
    assert nothing_left(root)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo some lines; echo 'db refused $TOKEN' >&2; exit 1", "db refused $TOKEN"),
        ("echo no $TOKEN; exit 1", "no *****"),
        ("exit 1", "exit code 1"),
        ("echo boom >&2; exit 2", "exit code 2: boom"),
        ("kill -9 $$", "killed by signal 9 (SIGKILL)"),
        ('echo "{\\"status\\": \\"error\\", \\"message\\": \\"no route\\"}"', "no route"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_exit_code_1(root: Path, script: str, sentence: str) -> None:
    # GIVEN a program that fails in some way
    own(root, script)
    # WHEN it is tested
    done = command_here(root, "test", "own/c", "--json")
    # THEN
    assert done.returncode == 1
    (answer,) = json.loads(done.stdout)
    assert sentence in answer["message"] and not answer["ok"] and SECRET not in done.stdout
    assert nothing_left(root)


def test_all_that_is_wrong_with_the_parameters_is_told(root: Path) -> None:
    # GIVEN a connector without two of its parameters, and with one that does not exist
    folder = root / "configurations" / "postgres-extractor"
    folder.mkdir(parents=True)
    (folder / "c.toml").write_text('[parameters]\nhost = "h"\ntabel = "t"\n[[outputs]]\ntable = "b/t"\n')
    # WHEN it is tested
    done = command_here(root, "test", "postgres-extractor/c", "--json")
    # THEN one answer names all three
    (answer,) = json.loads(done.stdout)
    assert done.returncode == 1 and not answer["ok"]
    assert answer["message"] == (
        "database: this parameter is required; user: this parameter is required; "
        'tabel: there is no such parameter; did you mean "table"?'
    )


def test_usage_errors_are_exit_code_2(root: Path) -> None:
    # GIVEN a component without the action, and one configuration name twice
    own(root, "true")
    own(root, "true", name="other")
    (root / "configurations/command/d.toml").write_text('[parameters]\ncommand = "true"\n')
    # WHEN / THEN
    for name, part in [
        ("command/d", 'the component "command" cannot test its connection'),
        ("own/d", 'there is no configuration "own/d"'),
        ("zzz", "neither an orchestration nor a configuration"),
        ("c", "fits 2 configurations: name one of other/c, own/c"),
    ]:
        done = command_here(root, "test", name)
        assert done.returncode == 2 and part in done.stderr and not done.stdout
    assert command_here(root, "test", "own/c", "--var", "x").returncode == 2


def test_a_project_without_anything_to_test_says_so(root: Path) -> None:
    done = command_here(root, "test")
    assert done.returncode == 0 and "no configuration whose connection can be tested" in done.stderr
    assert json.loads(command_here(root, "test", "--json").stdout) == []


def test_all_of_a_project_and_of_an_orchestration(tmp_path: Path) -> None:
    # GIVEN two connections, one of them wrong, and an orchestration that gives a variable
    tasks = {"Only": {"one": {"configuration": "sqlite-extractor/shop"}, "two": {"configuration": "sqlite-writer/out"}}}
    root = make_project(tmp_path, {"nightly": tasks})
    with sqlite3.connect(root / "shop.sqlite") as con:
        con.execute("create table orders(id, total)")
    con.close()
    files = {
        "sqlite-extractor/shop": 'name = "Shop"\n[parameters]\ndatabase = "{{ db }}.sqlite"\ntable = "Orders"\n',
        "sqlite-writer/out": '[parameters]\ndatabase = "new/out.sqlite"\ntable = "t"\n',
        "file-extractor/in": '[parameters]\npath = "in-*.csv"\n',
    }
    for ref, text in files.items():
        path = root / "configurations" / f"{ref}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    # WHEN everything is tested THEN each has its sentence and one failure is the exit code
    done = command_here(root, "test", "--var", "db=shop")
    assert done.returncode == 1
    assert sorted(line.split("  ")[0].split()[-1] for line in done.stdout.splitlines()) == sorted(files)
    assert 'sqlite-extractor/shop  opened shop.sqlite: 1 table or view; "orders" has 2 columns' in done.stdout
    assert "sqlite-writer/out  new/out.sqlite is not there yet and is made by the first run" in done.stdout
    assert 'file-extractor/in  there is no file "in-*.csv"' in done.stdout
    # AND nothing was made
    assert not (root / "new").exists() and nothing_left(root)
    # WHEN only the orchestration is THEN its two, in their order
    done = command_here(root, "test", "nightly", "--var", "db=shop", "--json")
    assert done.returncode == 0
    assert [item["configuration"] for item in json.loads(done.stdout)] == list(files)[:2]
    # WHEN the variable has no value THEN that is what is wrong
    done = command_here(root, "test", "sqlite-extractor/shop")
    assert done.returncode == 1 and "no value for the variable db" in done.stdout


def test_the_orchestrations_variables_hold_outside_of_it(root: Path) -> None:
    # GIVEN a configuration with a variable that its orchestration and its task give
    own(root, "true", '[parameters]\na = "{{ day }} {{ part }}"\n')
    (root / "orchestrations/o.toml").write_text(
        'name = "O"\n[variables]\nday = "monday"\npart = "x"\n[[phases]]\nname = "P"\n[[phases.tasks]]\n'
        'configuration = "own/c"\n[phases.tasks.variables]\npart = "task\'s"\n'
    )
    project = Project(root)
    # WHEN / THEN
    assert variables_of(project, "own/c", {}) == {"day": "monday", "part": "task's"}
    assert variables_of(project, "own/c", {"day": "x"})["day"] == "x"


async def test_a_program_that_does_not_answer_is_stopped_with_all_it_started(root: Path) -> None:
    # GIVEN a program that hangs, and ignores TERM
    own(root, "trap : TERM; echo $$ > pid; sleep 100 & wait; sleep 100")
    project = Project(root)
    # WHEN it is asked, with a limit that a test can wait for
    result = await run_action(project, project.configuration("own/c"), {}, StopRequest(), limit=2)
    # THEN
    assert (result.ok, result.message) == (False, "no answer within 2.0 s; the program was stopped")
    assert not living(root / "pid")
    assert nothing_left(root)


def test_another_thread_can_cancel(root: Path) -> None:
    # GIVEN a test that was cancelled before it began
    own(root, "sleep 100")
    run = ActionRun(root, Project(root).configuration("own/c"))
    run.cancel()
    # WHEN / THEN it ends at once
    begun = time.monotonic()
    assert run.run().message == "cancelled"
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_and_its_programs(root: Path, number: signal.Signals, code: int) -> None:
    # GIVEN a test under way
    own(root, "echo $$ > pid; sleep 100")
    process = subprocess.Popen(
        argv("test", "own/c"), cwd=root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 20
    while not (root / "pid").exists() or not (root / "pid").read_text().strip():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    # WHEN the command is told to stop
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    # THEN the program is gone too
    assert process.returncode == code and "cancelled" in out
    assert not Path(f"/proc/{(root / 'pid').read_text().strip()}").exists()
    assert nothing_left(root)


def test_leftovers_of_a_killed_test_are_swept(root: Path) -> None:
    # GIVEN a directory of a test that was killed an hour ago, and one of another test that runs
    own(root, "true")
    old, young = root / ".orch/tmp/action-old", root / ".orch/tmp/action-young"
    for path in (old, young):
        path.mkdir(parents=True)
    os.utime(old, (time.time() - 3600,) * 2)
    # WHEN something is tested
    assert command_here(root, "test", "own/c").returncode == 0
    # THEN
    assert not old.exists() and young.exists()


def test_check_says_what_is_wrong_with_actions(root: Path) -> None:
    # GIVEN a manifest with an action that nobody asks for, and one of a program that is not known
    own(root, "true")
    path = root / "components/own.toml"
    path.write_text(path.read_text().replace('"testConnection"', '"testConection"'))
    (root / "components/inl.toml").write_text('inline = true\nactions = ["testConnection"]\n')
    # WHEN
    done = command_here(root, "check")
    # THEN
    assert 'actions: "testConection" is no test of the connection' in done.stdout
    assert 'did you mean "testConnection"?' in done.stdout
    assert "actions does nothing here: with inline = true" in done.stdout


def test_every_component_that_can_be_tested_says_so(root: Path) -> None:
    # GIVEN the components that come with the program
    for component in Project(root).components().values():
        if (
            not component.command[3:]
            or not component.command[3].startswith("orch_tui.components.")
            or not component.parameters_model
        ):
            continue
        # WHEN its program hands a test to the kit
        text = (ROOT / f"{component.command[3].replace('.', '/')}.py").read_text()
        (call,) = re.findall(r"^    kit\.main\((.*)\)$", text, re.MULTILINE)
        # THEN its manifest has the action, and only then
        assert component.can_be_tested == ("test_connection" in call), component.id


def test_connectors_say_where_nothing_listens(root: Path) -> None:
    # GIVEN connectors that are pointed at a port where nothing listens
    port = refused_port()
    database = f'host = "127.0.0.1"\nport = {port}\ndatabase = "d"\nuser = "u"\npassword = "${{TOKEN}}"\ntable = "t"\n'
    given = {
        "http-extractor": f'base_url = "http://127.0.0.1:{port}"\nauth = {{ type = "bearer", token = "${{TOKEN}}" }}\n',
        "http-writer": f'url = "http://127.0.0.1:{port}/hook"\nauth = {{ type = "bearer", token = "${{TOKEN}}" }}\n',
        "mailchimp-writer": f'api_key = "${{TOKEN}}"\naudience = "a"\nbase_url = "http://127.0.0.1:{port}"\n',
        "mysql-extractor": database,
        "mysql-writer": database,
        "postgres-extractor": database,
        "postgres-writer": database,
    }
    for component, parameters in given.items():
        path = root / "configurations" / component / "c.toml"
        path.parent.mkdir()
        path.write_text(f"[parameters]\n{parameters}")
    # WHEN all of them are tested
    done = command_here(root, "test", "--json")
    # THEN each says in a sentence of its own that the connection is refused, and none tells the secret
    answers = {item["configuration"].partition("/")[0]: item for item in json.loads(done.stdout)}
    assert done.returncode == 1 and answers.keys() == given.keys()
    for component, answer in answers.items():
        assert not answer["ok"] and "refuse" in answer["message"] and "check host and port" in answer["message"], (
            component
        )
        assert answer["seconds"] < 30
    assert SECRET not in done.stdout + done.stderr


def test_where_nothing_can_be_put_for_it_the_system_is_quoted(root: Path) -> None:
    # GIVEN a project in whose place for temporary files stands a file
    own(root, "true")
    (root / ".orch").mkdir(exist_ok=True)
    (root / ".orch" / "tmp").write_text("in the way")
    # WHEN something is tested
    done = command_here(root, "test", "own/c", "--json")
    # THEN that is the answer, and no fault of the program
    (answer,) = json.loads(done.stdout)
    assert done.returncode == 1 and not answer["ok"]
    assert "tmp" in answer["message"] or "director" in answer["message"].lower(), answer
