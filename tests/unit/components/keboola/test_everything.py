"""All of Keboola's common interface at once: the same assertions of one component run by hand and as a task."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.keboola import program as keboola
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.files.store import FileStore
from orch_tui.storage.tables import Publication

from tests.integration.attempts import Attempt, attempt
from tests.servers.tools import tool
from tests.support.tables import parquet_file, rows
from tests.support.tasks_here import run_here

SOURCES = Path(__file__).resolve().parents[3] / "servers" / "keboola_program" / "src"
PROCESSOR = "acme.processor-mark"
TOKEN = "right-token-1"
TABLE = [["id", "note", "amount"], ["1", "a", "1.50"], ["2", "", "2.00"], ["3", 'ž, "x"', ""]]
"""What the component is given as ``in/tables/orders``."""
INPUT_TYPES = {"id": "INTEGER", "note": "STRING", "amount": "NUMERIC"}


@dataclass
class Ended:
    """What can be seen of one run, in either way. ``out`` is the folder with the component's own results."""

    code: int
    said: str
    out: Path
    state: Any


class Alone:
    """The component as its developer runs it: a data folder by hand, the stages one after another."""

    def __init__(self, tmp_path: Path) -> None:
        self._data = tmp_path / "data"
        self._env = {
            "PATH": os.environ["PATH"], "KBC_DATADIR": f"{self._data}/", "KBC_STACKID": "x",
            "KBC_PROJECT_FEATURE_GATES": "queuev2", "KBC_DATA_TYPE_SUPPORT": "hints",
        }  # fmt: skip

    def run(self, parameters: Mapping[str, Any], state: Mapping[str, Any], action: str = "run") -> Ended:
        shutil.rmtree(self._data, ignore_errors=True)
        self._fill()
        marks = ["before", "after"] if parameters.get("do") == "work" else []
        kept: Any = None
        said, code = "", 0
        for stage in ("before", "main", "after"):
            if stage != "main" and stage not in marks:
                continue
            if stage == "main":
                (self._data / "in" / "state.json").write_text(json.dumps(state))
                config = {"parameters": parameters, "action": action, "storage": {}, "image_parameters": {}}
            else:
                config = {"parameters": {"mark": stage}, "action": "run", "storage": {}, "image_parameters": {}}
            (self._data / "config.json").write_text(json.dumps(config))
            name = "everything.py" if stage == "main" else "processor.py"
            component = "acme.ex" if stage == "main" else PROCESSOR
            ended = subprocess.run(
                [str(tool("keboola") / "bin" / "python"), str(SOURCES / name)],
                env={**self._env, "KBC_COMPONENTID": component}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            said, code = said + ended.stdout + ended.stderr, ended.returncode
            if code:
                break
            if stage == "main" and (self._data / "out" / "state.json").exists():
                kept = json.loads((self._data / "out" / "state.json").read_text())
            if marks and stage != marks[-1]:
                self._next()
        return Ended(code, said, self._data / "out", kept)

    def _next(self) -> None:
        shutil.rmtree(self._data / "in")
        (self._data / "out").rename(self._data / "in")
        (self._data / "in" / "state.json").unlink(missing_ok=True)
        for part in ("tables", "files"):
            (self._data / "out" / part).mkdir(parents=True)

    def _fill(self) -> None:
        for part in ("in/tables", "in/files", "out/tables", "out/files"):
            (self._data / part).mkdir(parents=True)
        lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in TABLE]
        (self._data / "in/tables/orders").write_text("\n".join(lines) + "\n")
        schema = [
            {"name": name, "data_type": {"base": {"type": kind}}, "primary_key": name == "id"}
            for name, kind in INPUT_TYPES.items()
        ]
        manifest = {
            "id": "in.c-shop.orders",
            "name": "orders",
            "columns": TABLE[0],
            "primary_key": ["id"],
            "schema": schema,
        }
        (self._data / "in/tables/orders.manifest").write_text(json.dumps(manifest))
        (self._data / "in/files/7_a.txt").write_text("a file")
        (self._data / "in/files/7_a.txt.manifest").write_text(json.dumps({"id": 7, "tags": ["todo", "x"]}))
        (self._data / "in/files/8_b").mkdir()
        (self._data / "in/files/8_b/part").write_text("a part")
        (self._data / "in/files/8_b.manifest").write_text(json.dumps({"id": 8, "tags": ["todo"], "is_sliced": True}))


class AsTask:
    """The same component as a task of a project with that table and those files."""

    def __init__(self, tmp_path: Path) -> None:
        self.project = tmp_path
        tmp_path.mkdir(exist_ok=True)
        (tmp_path / "orch.toml").write_text('name = "test"\n')
        (tmp_path / "components").mkdir()
        defaults = f'venv = "{tool("keboola")}"\nprogram = "{SOURCES / "processor.py"}"\n'
        text = f'name = "Mark"\nrunner = "keboola"\n\n[defaults]\n{defaults}'
        (tmp_path / "components" / f"{PROCESSOR}.toml").write_text(text)
        self.files = FileStore(ProjectPaths(tmp_path))
        self._number = 0
        (tmp_path / "a.txt").write_text("a file")
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "part").write_text("a part")
        self.files.add(tmp_path / "a.txt", tags=["todo", "x"])
        self.files.add(tmp_path / "b", tags=["todo"])

    def run(
        self, parameters: Mapping[str, Any], state: Mapping[str, Any], action: str = "run", *, publish: bool = True
    ) -> Ended:
        self._number += 1
        body: dict[str, Any] = {
            "venv": str(tool("keboola")), "program": str(SOURCES / "everything.py"),
            "parameters": {**parameters, "#token": "${TOKEN}"}, "default_bucket": "in.c-acme",
            "storage": {"input": {"files": [{"tags": ["todo"], "processed_tags": ["done"]}]}},
        }  # fmt: skip
        if parameters.get("do") == "work":
            for stage in ("before", "after"):
                chain = body.setdefault("processors", {})
                chain[stage] = [{"definition": {"component": PROCESSOR}, "parameters": {"mark": stage}}]
        given = attempt(
            self.project, body, inputs=[{"source": "in.c-shop/orders", "destination": "orders"}],
            secrets={"TOKEN": TOKEN}, name=str(self._number),
        )  # fmt: skip
        config = json.loads((given.data / "config.json").read_text())
        config["orch_tui"]["publish"] = publish
        (given.data / "config.json").write_text(json.dumps({**config, "action": action}))
        self._seed(given)
        saved = self.project / ".orch" / "state" / "python" / "sample.json"
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.write_text(json.dumps(state))
        code, out, err = run_here(given, keboola)
        return Ended(code, out + err, given.data / "out", json.loads(saved.read_text()))

    def _seed(self, given: Attempt) -> None:
        query = "select * from (values (1, 'a', 1.50), (2, '', 2.00), (3, 'ž, \"x\"', null)) t(id, note, amount)"
        query = f"select id::bigint as id, note, amount::decimal(10,2) as amount from ({query})"
        path = parquet_file(self.project / "seed.parquet", query)
        given.storage.publish([Publication("in.c-shop/orders", path, primary_key=("id",))])


def runner(way: str, tmp_path: Path) -> Alone | AsTask:
    return Alone(tmp_path) if way == "alone" else AsTask(tmp_path)


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


both_ways = pytest.mark.parametrize("way", ["alone", "task"])


@both_ways
def test_a_component_that_uses_everything(tmp_path: Path, way: str) -> None:
    # GIVEN a component with a processor on both sides; WHEN it runs for the third time
    run = runner(way, tmp_path)
    ended = run.run({"do": "work"}, {"runs": 2})
    # THEN it was given the table with its types, its empties and its key, the files with their tags, and its state
    assert ended.code == 0, ended.said
    assert "table orders in.c-shop.orders key ['id'] types " + json.dumps(INPUT_TYPES) in ended.said
    assert f"rows {json.dumps(TABLE)}" in ended.said
    assert "file a.txt tags ['todo', 'x']: ['a file']" in ended.said
    assert "file b tags ['todo']: ['a part']" in ended.said
    assert 'state {"runs": 2}' in ended.said and ended.state == {"runs": 3}
    # AND what it wrote came through the processor after it: the table with duplicates and empties, and its types
    typed = json.loads((ended.out / "tables" / "typed.csv.manifest").read_text())
    assert [column["name"] for column in typed["schema"]] == ["id", "amount", "paid", "day", "at", "note"]
    assert typed["schema"][1]["data_type"]["base"] == {"type": "NUMERIC", "length": "10,2"}
    assert typed["incremental"] is True and typed["schema"][0]["primary_key"] is True
    assert len(lines_of(ended.out / "tables" / "typed.csv")) == 3
    # AND slices, files with manifests, and the flag of a table that is always written
    assert lines_of(ended.out / "tables" / "sliced" / "part2") == ['"y",""', '"x","2"']
    assert json.loads((ended.out / "tables" / "audit.csv.manifest").read_text())["write_always"] is True
    report = json.loads((ended.out / "files" / "report.txt.manifest").read_text())
    assert report["tags"] == ["report", "daily"] and report["is_permanent"] is True
    assert (ended.out / "files" / "parts" / "two").read_text() == "2"
    # AND the processors got their own parameters and name, no state, and no mapping
    seen = json.loads((ended.out / "files" / "after.json").read_text())
    assert seen == {"component": PROCESSOR, "parameters": {"mark": "after"}, "state": False, "tables": False}
    assert "file before.json" in ended.said and '"mark": "before"' in ended.said.replace("\\", "")
    if isinstance(run, Alone):
        return
    # AND as a task: of rows with one key the last stays, every column has its type, an empty text is null in it
    storage = attempt(tmp_path, {}, name="look").storage
    info = storage.get("in.c-acme/typed")
    assert info is not None and info.primary_key == ("id",)
    kinds = dict(info.columns)
    assert [kinds[name] for name in ("id", "amount", "paid", "day", "at", "note")] == [
        "BIGINT", "DECIMAL(10,2)", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR"]  # fmt: skip
    assert [tuple(map(str, row)) for row in rows(info.file, "id")] == [
        ("1", "2.50", "False", "2026-02-01", "2026-02-01 10:00:00", "last"),
        ("2", "None", "None", "None", "None", "")]  # fmt: skip
    sliced = storage.get("in.c-acme/sliced")
    assert sliced is not None and rows(sliced.file, "a") == [("x", "2"), ("y", "")]
    # AND the files are in the storage with their tags, those that were read have the tag of processed ones
    stored = {file.name: file for file in run.files.files()}
    assert stored["report.txt"].tags == ("report", "daily") and stored["report.txt"].permanent
    assert stored["parts"].sliced and (stored["parts"].path / "one").read_text() == "1"
    assert stored["a.txt"].tags == ("todo", "x", "done") and stored["b"].tags == ("todo", "done")
    assert TOKEN not in ended.said


@both_ways
def test_what_a_component_leaves_that_fails(tmp_path: Path, way: str) -> None:
    # GIVEN / WHEN a component fails after it wrote a table that is always to be written, and another one
    run = runner(way, tmp_path)
    ended = run.run({"do": "fail"}, {"runs": 2})
    # THEN its exit code is that of an error of the user, and all of its message is there
    assert ended.code == 1
    assert "the service is closed" in ended.said and "on Mondays" in ended.said
    assert lines_of(ended.out / "tables" / "audit.csv") == ['"failed"']
    if isinstance(run, Alone):
        return
    # AND as a task: that table is published, and nothing else of it; files and state stay as they are
    storage = attempt(tmp_path, {}, name="look").storage
    audit = storage.get("in.c-acme/audit")
    assert audit is not None and rows(audit.file) == [("failed",)] and storage.get("in.c-acme/lost") is None
    assert ended.said.splitlines()[-1] == "the service is closed on Mondays"
    assert ended.state == {"runs": 2} and all("done" not in file.tags for file in run.files.files())


@both_ways
def test_synchronous_actions(tmp_path: Path, way: str) -> None:
    # GIVEN
    run = runner(way, tmp_path)
    # WHEN the component is asked for a list, THEN it answers with it
    ended = run.run({"do": "nothing"}, {}, action="listTables")
    answer = json.loads(ended.said.splitlines()[-1])
    listed = answer["answer"] if way == "task" else answer
    assert [(one["value"], one["label"]) for one in listed] == [("orders", "Orders"), ("people", "People")]
    # WHEN it is asked whether its connection works
    ended = run.run({"do": "nothing"}, {}, action="testConnection")
    assert ended.code == 0 and "signed in" in json.loads(ended.said.splitlines()[-1])["message"]
    # WHEN it refuses, THEN its sentence is told; as a task without the secret
    ended = run.run({"do": "nothing", "closed": True, "#token": TOKEN}, {}, action="listTables")
    assert ended.code == 1 and "no tables for " in ended.said
    assert way == "alone" or TOKEN not in ended.said


def test_files_count_as_processed_only_when_tables_are_published(tmp_path: Path) -> None:
    # GIVEN a component whose tables cannot be published, and one that is only tried
    for name, more, code in (
        (
            "refused",
            {"tables": {"in.c-x.t.csv": "id\n1\n"}, "manifests": {"in.c-x.t.csv": {"primary_key": ["none"]}}},
            1,
        ),
        ("tried", {"tables": {}}, 0),
    ):
        task = AsTask(tmp_path / name)
        # WHEN it runs
        ended = task.run({"do": "tables", **more}, {}, publish=name != "tried")
        # THEN the files come again to the next run
        assert ended.code == code, ended.said
        assert all("done" not in file.tags for file in task.files.files()) and len(task.files.files()) == 2
