"""The kit in one process: context, config.json, paths, progress."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orch_tui.components import kit
from orch_tui.components.kit.contract import read_task_config
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.project.masking.redactor import Redactor


def config(tmp_path: Path, **storage: Any) -> dict[str, str]:
    body = {"parameters": {}, "storage": storage, "orch_tui": {"component": "python", "configuration": "c"}}
    (tmp_path / "config.json").write_text(json.dumps(body))
    return {"KBC_DATADIR": str(tmp_path), "ORCH_PROJECT": str(tmp_path), "ORCH_TASK_ID": "t"}


def context(tmp_path: Path, *names: str) -> kit.Context:
    inputs = {name: kit.Input(name, f"b/{name}", tmp_path / name, 1, [("id", "BIGINT")], 1) for name in names}
    outputs = {name: kit.Output(name, f"b/{name}", WriteMode.FULL, (), tmp_path / name) for name in names}
    return kit.Context(tmp_path, tmp_path, "t", inputs, outputs)


def test_config_gives_inputs_and_outputs(tmp_path: Path) -> None:
    env = config(
        tmp_path,
        input={"tables": [{"source": "a/b", "destination": "people.csv"}]},
        output={
            "tables": [
                {"source": "out.csv", "destination": "a/c", "mode": "incremental", "primary_key": ["id"]},
                {"source": "d", "destination": "a/d", "incremental": True, "primary_key": ["id"]},
            ]
        },
    )
    read = read_task_config(env)
    assert [(item.table, item.name) for item in read.inputs] == [("a/b", "people.csv")]
    assert [(o.name, o.table, o.mode, o.path.name) for o in read.outputs] == [
        ("out.csv", "a/c", WriteMode.INCREMENTAL, "out.parquet"),
        ("d", "a/d", WriteMode.INCREMENTAL, "d.parquet"),
    ]
    assert (read.component, read.configuration, read.task) == ("python", "c", "t")


@pytest.mark.parametrize(
    "table",
    [
        {"source": "../../etc", "destination": "a/b"},
        {"source": "x/y", "destination": "a/b"},
        {"source": "x\n", "destination": "a/b"},
        {"source": "", "destination": "a/b"},
        {"source": "x", "destination": "a/../b"},
        {"source": "x", "destination": "a/b", "mode": "merge"},
        "x",
    ],
)
def test_names_that_would_leave_the_directory_are_refused(tmp_path: Path, table: Any) -> None:
    with pytest.raises(UserError, match="not a task's config"):
        read_task_config(config(tmp_path, output={"tables": [table]}))


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        ([("x", "a/b"), ("x.csv", "a/c")], 'two outputs are called "x"'),
        ([("x", "a/b"), ("y", "a/b")], 'two outputs go to table "a/b"'),
    ],
)
def test_outputs_that_would_meet_are_refused_before_the_start(
    tmp_path: Path, outputs: list[tuple[str, str]], says: str
) -> None:
    tables = [{"source": name, "destination": table} for name, table in outputs]
    with pytest.raises(UserError, match=says):
        read_task_config(config(tmp_path, output={"tables": tables}))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"parameters": []}', '{"parameters": 3}', '{"storage": 1}'])
def test_a_broken_config_is_a_sentence(tmp_path: Path, text: str) -> None:
    env = config(tmp_path)
    (tmp_path / "config.json").write_text(text)
    if text == '{"parameters": []}':
        assert read_task_config(env).parameters == {}
        return
    with pytest.raises(UserError, match=r"config\.json"):
        read_task_config(env)


def test_without_a_data_folder_it_says_how_components_are_started() -> None:
    with pytest.raises(UserError, match="orch-tui run"):
        read_task_config({})


def test_exactly_one_input_or_output(tmp_path: Path) -> None:
    one = context(tmp_path, "x")
    assert one.only_input().name == one.only_output().name == "x"
    for names, says in (((), "declares none"), (("x", "y"), r"declares 2 \(x, y\)")):
        ctx = context(tmp_path, *names)
        with pytest.raises(UserError, match=says + r".*\[\[outputs\]\]"):
            ctx.only_output()
        with pytest.raises(UserError, match=says + r".*\[\[inputs\]\]"):
            ctx.only_input()


def test_paths_are_relative_to_the_project_or_in_a_package(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    assert ctx.resolve("data/x.csv") == tmp_path / "data/x.csv"
    assert ctx.resolve("/data/x.csv") == Path("/data/x.csv")
    assert ctx.resolve("package://hypothesis/py.typed").is_file()
    for path, says in (
        ("package://no_such_package_here/x", "pip install no_such_package_here"),
        ("package://hypothesis/../../x", "no file of a package"),
        ("package://hypothesis", "no file of a package"),
        ("package://a.b/c", "no file of a package"),
        ("package://this/x", "single file"),
        (" ", "empty"),
    ):
        with pytest.raises(UserError, match=says):
            ctx.resolve(path)


def test_log_lines_are_safe_and_without_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ctx = context(tmp_path)
    ctx.redactor = Redactor(["hunter22"])
    ctx.log("\x1b[31mred\n[bold] hunter22")
    assert capsys.readouterr().out == "red [bold] *****\n"


def test_progress_is_written_twice_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a clock of our own
    now = [100.0]
    monkeypatch.setattr("orch_tui.components.kit.component.time.monotonic", lambda: now[0])
    ctx, written = context(tmp_path), []
    for step in range(100):
        # WHEN progress is reported every 10 ms
        ctx.progress(step, 100, "rows\n")
        written.append(json.loads((tmp_path / "progress.json").read_text())["done"])
        now[0] += 0.01
    # THEN it is on disk twice, and the rest when the task ends
    assert sorted(set(written)) == [0, 50]
    ctx.flush_progress()
    assert json.loads((tmp_path / "progress.json").read_text()) == {"done": 99, "total": 100, "text": "rows "}


def test_connections_are_offline_and_spill_into_the_attempt(tmp_path: Path) -> None:
    with kit.connect(context(tmp_path), threads=1, memory_limit="64MB") as connection:
        assert connection.execute("select current_setting('temp_directory')").fetchall() == [(str(tmp_path / "tmp"),)]
        with pytest.raises(duckdb.Error):
            connection.execute("load httpfs")
    with kit.connect(None) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_component_that_begins_as_a_program_is_not_looked_through_for_garbage() -> None:
    # GIVEN what an interpreter is told by "-m", and what it is told else
    script = (
        "import gc, sys; before = gc.get_threshold(); sys.argv = [{!r}]\n"
        "import orch_tui.components; print(gc.get_threshold()[0], gc.get_threshold() == before)"
    )
    found = [
        subprocess.run([sys.executable, "-c", script.format(name)], capture_output=True, check=True, text=True).stdout
        for name in ("-m", "/program")
    ]
    # THEN the collector is rarely called in the first, and as ever in the other
    assert found[0] == "100000 False\n" and found[1].endswith(" True\n")
