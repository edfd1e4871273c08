"""A project whose tables are in an object store: runs, what they say, and where its keys are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.servers.s3 import KEYS, Fault, S3Server, s3, s3_server
from tests.support.commands import command_here
from tests.support.projects import orch

__all__ = ["s3", "s3_server"]

MAKE = """
name = "Make"
[parameters]
sql = "create table numbers as select range as id from range(5);"
[[outputs]]
name = "numbers"
table = "raw/numbers"
"""
ADD = """
name = "Add"
[parameters]
script = '''
import os, pathlib, pyarrow.parquet as pq
told = pathlib.Path("out/files/told.txt")
told.parent.mkdir(parents=True, exist_ok=True)
told.write_text(repr(dict(os.environ)))
pq.write_table(pq.read_table("in/tables/numbers.parquet"), "out/tables/more.parquet")
'''
[[inputs]]
table = "raw/numbers"
[[outputs]]
name = "more"
table = "mart/more"
"""
FLOW = """
name = "Flow"
[[phases]]
name = "one"
[[phases.tasks]]
id = "make"
configuration = "sql/make"
[[phases]]
name = "two"
[[phases.tasks]]
id = "add"
configuration = "python/add"
"""
NAMES = {"AWS_ACCESS_KEY_ID": KEYS[0], "AWS_SECRET_ACCESS_KEY": KEYS[1]}


@pytest.fixture
def project(tmp_path: Path, s3: S3Server, request: pytest.FixtureRequest) -> Path:
    files = {
        "orch.toml": f'name = "P"\n{s3.settings(request.node.name)}',
        "configurations/sql/make.toml": MAKE,
        "configurations/python/add.toml": ADD,
        "orchestrations/flow.toml": FLOW,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_run_keeps_its_tables_there_and_its_keys_nowhere(project: Path, where: str) -> None:
    # GIVEN keys that only the shell has, or that stand in .env
    given = NAMES if where == "environment" else {}
    if where == "file":
        env = project / ".env"
        env.write_text("".join(f"{name}={value}\n" for name, value in NAMES.items()))
        env.chmod(0o600)
    # WHEN an orchestration runs
    done = orch(project, "run", "flow", **given)
    assert done.returncode == 0, done.stdout + done.stderr
    # THEN its tables are in the store, and read from there
    told = json.loads(command_here(project, "tables", "--json", **given).stdout)
    assert [(one["table"], one["rows"], one["file"].startswith("s3://")) for one in told] == [
        ("mart/more", 5, True),
        ("raw/numbers", 5, True),
    ]
    assert command_here(project, "preview", "mart/more", "--csv", **given).stdout.split() == ["id", *"01234"]
    state = project / ".orch"
    assert not (state / "storage" / "raw").exists()
    # AND the keys are in no file of the run, nor in the environment of a program that a task starts
    files = [path for path in state.rglob("*") if path.is_file()]
    assert any(path.name == "told.txt" for path in files)
    for path in files:
        data = path.read_bytes()
        assert not [value for value in KEYS if value.encode() in data], path


def test_a_store_that_cannot_be_had_is_one_sentence_wherever_it_is_needed(project: Path, s3: S3Server) -> None:
    # GIVEN no keys THEN a task, a list and check say which
    done = orch(project, "run", "flow", AWS_EC2_METADATA_DISABLED="true")
    assert done.returncode != 0 and "secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    # GIVEN keys that the store refuses THEN all of them say so
    s3.fault = lambda call: Fault(status=403)
    for command in (
        ("tables",),
        ("preview", "raw/numbers"),
        ("check",),
        ("restore", "raw/numbers", "1", "--note", "x"),
    ):
        said = command_here(project, *command, **NAMES)
        assert said.returncode != 0 and "refuses the key" in said.stdout + said.stderr, command
        assert "Traceback" not in said.stderr and KEYS[1] not in said.stdout + said.stderr
