"""What is different in a run from one that worked: exactly what was changed is named, first, and nothing else."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.status import Status
from orch_tui.project.journal.file import JOURNAL, read_run
from orch_tui.project.kept.objects import Objects
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import Project, open_project
from orch_tui.runs.past.why import Change, Facts, Thing, changes, read_facts, why, why_lines

from tests.support.commands import command_here
from tests.support.engine_kit import run
from tests.support.tables import put

SECRET = "hunter2-of-the-town"
FILES = {
    "orch.toml": 'name = "P"\npass_environment = ["SHOP_TOKEN"]\n',
    "orchestrations/o.toml": 'name = "O"\n[variables]\nday = "1"\n[[phases]]\nname = "P"\n'
    '[[phases.tasks]]\nid = "t"\nconfiguration = "command/t"\n',
    "configurations/command/t.toml": "[parameters]\ncommand = 'test ! -e broken && echo {{ day }}'\n"
    '[[inputs]]\ntable = "raw/a"\n',
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    from orch_tui.storage.storage import Storage

    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    # The process of the tests has more memory than the task, whose peak would not be known.
    monkeypatch.setattr("orch_tui.engine.processes.accounting.own_peak", lambda: 0)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    put(Storage(tmp_path / ".orch/storage"), "raw/a", "select range as id from range(7)")
    return open_project(tmp_path)


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left: a copy of its directory, in which one thing can be made another."""

    paths: ProjectPaths
    directory: Path

    def facts(self) -> Facts:
        return read_facts(self.paths, self.directory, read_run(self.directory))

    def edit(self, name: str, change: Callable[[str], str]) -> None:
        path = self.directory / name
        text = change(path.read_text())
        assert text != path.read_text()
        path.write_text(text)

    def edit_surroundings(self, change: Callable[[dict[str, Any]], None]) -> None:
        used = json.loads((self.directory / "definitions.jsonl").read_text())
        objects = Objects(self.paths)
        around = json.loads(objects.read(used["surroundings"]))
        change(around)
        used["surroundings"] = objects.keep(json.dumps(around).encode())
        (self.directory / "definitions.jsonl").write_text(json.dumps(used))


def _text(left: Left, dice: random.Random) -> None:
    digests = re.findall(r"[0-9a-f]{64}", (left.directory / "definitions.jsonl").read_text())[:-1]
    left.edit("definitions.jsonl", lambda text: text.replace(dice.choice(digests), "e" * 64))


def _variable(left: Left, dice: random.Random) -> None:
    left.edit(JOURNAL, lambda text: text.replace('day = "1"', dice.choice(['day = "2"', 'other = "1"'])))


def _environment(left: Left, dice: random.Random) -> None:
    def change(around: dict[str, Any]) -> None:
        if dice.random() < 0.5:
            around["hidden"]["SHOP_TOKEN"] = "0" * 16
        else:
            around["environment"][dice.choice([*around["environment"], "TZ"])] = "other"

    left.edit_surroundings(change)


def _version(left: Left, dice: random.Random) -> None:
    def change(around: dict[str, Any]) -> None:
        name = dice.choice([*around["versions"]])
        if dice.random() < 0.3:
            del around["versions"][name]
        else:
            around["versions"][name] = "99.1"

    left.edit_surroundings(change)


def _input(left: Left, dice: random.Random) -> None:
    def change(text: str) -> str:
        tables = json.loads(text)
        what = dice.choice(["version", "rows", "columns"])
        tables[0][what] = {"version": 9, "rows": 8, "columns": [["id", "VARCHAR"]]}[what]
        return json.dumps(tables)

    left.edit("tasks/t/1/inputs.json", change)


def _duration(left: Left, dice: random.Random) -> None:
    def later(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found[1]) + timedelta(seconds=dice.randrange(20, 4000))
        return f'type = "ended"\nat = "{at.isoformat(timespec="milliseconds")[:-6]}Z"'

    def edited(text: str) -> str:
        # When it ended on the file's clock goes before when that was written down.
        return re.sub(r'type = "ended"\nat = "(.*)"', later, re.sub(r"ended_at = .*\n", "", text))

    left.edit(JOURNAL, edited)


def _memory(left: Left, dice: random.Random) -> None:
    more = dice.randrange(1 << 29, 1 << 34)
    left.edit(
        JOURNAL,
        lambda text: re.sub(r'(peak_memory\\": )(\d+)', lambda one: f"{one[1]}{2 * int(one[2]) + more}", text),
    )


def _host(left: Left, dice: random.Random) -> None:
    def change(around: dict[str, Any]) -> None:
        around["host"][dice.choice([*around["host"]])] = "other"

    left.edit_surroundings(change)


MUTATIONS = {
    Thing.TEXT: _text,
    Thing.VARIABLES: _variable,
    Thing.ENVIRONMENT: _environment,
    Thing.VERSIONS: _version,
    Thing.INPUTS: _input,
    Thing.DURATION: _duration,
    Thing.MEMORY: _memory,
    Thing.HOST: _host,
}


def test_exactly_what_was_changed_is_named(project: Project) -> None:
    # GIVEN a run, and fifty copies of what it left, in each of which one of eight things is another
    state = run(project)
    assert state.status is Status.SUCCESS
    first = Left(project.paths, project.paths.run("o", state.header.id))
    before = first.facts()
    assert before.known == frozenset(Thing)
    dice = random.Random(13)
    for number in range(50):
        thing = list(Thing)[number % 8] if number < 8 else dice.choice(list(Thing))
        other = Left(project.paths, project.root / f"copy-{number}")
        shutil.copytree(first.directory, other.directory)
        MUTATIONS[thing](other, dice)
        # WHEN they are compared THEN it is named, and nothing else
        named = {one.thing for one in changes(before, other.facts())}
        assert named == {thing}, (number, thing, named)
    # AND a copy in which nothing is another differs in nothing
    assert list(changes(before, first.facts())) == []


def test_a_failed_run_is_compared_with_the_last_that_worked(project: Project) -> None:
    # GIVEN a run that worked, one that failed after the text had changed, and one that failed after nothing had
    worked = run(project)
    file = project.root / "configurations/command/t.toml"
    file.write_text(FILES["configurations/command/t.toml"].replace("echo", "echo again"))
    project.reload()
    (project.root / "broken").touch()
    failed = run(project)
    assert failed.status is Status.ERROR
    # WHEN it is asked why
    found = why(project.paths, project.paths.run("o", failed.header.id))
    # THEN the text is what differs; what else is known is the same
    assert found is not None and found.worked.header.id == worked.header.id
    assert found.changes == (Change(Thing.TEXT, "configurations/command/t.toml"),)
    assert set(found.same) == set(Thing) - {Thing.TEXT}
    assert why_lines(found)[0].startswith("Command · t (t): exit code 1")
    # AND the command says the same
    told = json.loads(command_here(project.root, "why", "--json").stdout)
    assert (told["worked"], [one["what"] for one in told["changes"]]) == (
        worked.header.id, ["configurations/command/t.toml"],
    )  # fmt: skip
    said = command_here(project.root, "why", "o").stdout
    assert "text  configurations/command/t.toml: changed" in said and "the same: variables" in said


def test_no_secret_is_kept_or_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN two runs between which a value that is passed on has changed, of which nobody knows whether it is a secret
    run(project)
    monkeypatch.setenv("SHOP_TOKEN", f"{SECRET}-new")
    second = run(project)
    found = why(project.paths, project.paths.run("o", second.header.id))
    # THEN it is said that it has, and not what it was or is
    assert found is not None and found.changes == (Change(Thing.ENVIRONMENT, "SHOP_TOKEN"),)
    assert SECRET not in "\n".join(why_lines(found))
    objects = Objects(project.paths)
    for path in project.paths.kept_definitions.glob("objects/*/*"):
        assert SECRET.encode() not in objects.read(path.parent.name + path.name)
    for path in project.paths.run("o", second.header.id).rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_without_a_run_that_worked_there_is_nothing_to_compare_with(project: Project) -> None:
    (project.root / "broken").touch()
    run(project)
    done = command_here(project.root, "why")
    assert done.returncode == 1 and "no run before" in done.stderr
