"""Components as real processes: exit codes, what is published, what a signal does."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
from orch_tui.storage.tables import Publication

from tests.integration.attempts import Attempt, attempt
from tests.support.tables import parquet_file, rows

HEAD = """
import os, signal, sys
from orch_tui.components import kit
class Parameters(kit.Parameters):
    text: str = ""
    port: int = 1
def write(ctx, output, query):
    with kit.connect(ctx) as con:
        con.execute(f"copy ({query}) to '{output.path}' (format parquet)")
"""
TAIL = "\nkit.main(Parameters, run)\n"


def component(body: str) -> str:
    return HEAD + "def run(p, ctx):\n" + "".join(f"    {line}\n" for line in body.strip().splitlines()) + TAIL


def seed(tmp_path: Path, given: Attempt, table: str, query: str) -> None:
    given.storage.publish([Publication(table, parquet_file(tmp_path / "seed.parquet", query))])


def test_inputs_outputs_metrics_and_state(tmp_path: Path) -> None:
    # GIVEN a task with an input, two outputs, and state from the run before
    state = tmp_path / ".orch/state/python/sample.json"
    state.parent.mkdir(parents=True)
    state.write_text('{"since": 7}')
    given = attempt(
        tmp_path,
        inputs=[{"source": "a/in", "destination": "people"}],
        outputs=[
            {"source": "x", "destination": "b/x", "mode": "full", "primary_key": ["id"]},
            {"source": "y", "destination": "b/y", "mode": "append"},
        ],
    )
    seed(tmp_path, given, "a/in", "select 1 as id union all select 2")
    # WHEN it runs
    code, out, err = given.run(
        code=component("""
item = ctx.inputs["people"]
assert (item.table, item.rows, item.columns, item.version) == ("a/in", 2, [("id", "INTEGER")], 1), item
write(ctx, ctx.outputs["x"], f"select * from read_parquet('{item.path}')")
write(ctx, ctx.outputs["y"], "select 5 as n")
ctx.metrics["seen"] = 2
ctx.warning = "careful\\nnow"
ctx.files.append({"path": "f.csv", "rows": 1, "bytes": 2})
ctx.next_state = {"since": ctx.state["since"] + 1}
ctx.progress(2, 2, "done")
""")
    )
    # THEN both tables are published with their rows, and result.json says everything
    assert (code, err) == (0, "")
    x, y = given.storage.get("b/x"), given.storage.get("b/y")
    assert x is not None and y is not None
    assert rows(x.file) == [(1,), (2,)] and rows(y.file) == [(5,)] and (x.run, x.task) == ("r", "t")
    result = given.result
    assert result["tables"][0] == {
        "table": "b/x",
        "rows": 2,
        "written": 2,
        "bytes": x.bytes,
        "version": 1,
        "mode": "full",
        "columns": [["id", "INTEGER"]],
    }
    assert result["inputs"] == [{"table": "a/in", "version": 1, "rows": 2}]
    assert (result["metrics"], result["warning"], len(result["files"])) == ({"seen": 2}, "careful now", 1)
    assert json.loads(state.read_text()) == {"since": 8} and state.stat().st_mode & 0o777 == 0o600
    assert json.loads((given.data / "progress.json").read_text())["done"] == 2
    assert 'table "b/x": 2 rows written, 2 rows now' in out


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ("raise kit.UserError('the file \\x1b[31mx is missing')", 1, "the file x is missing\n"),
        ("sys.exit(7)", 7, ""),
        ("with open('/dev/full', 'w') as f: f.write('x')", 1, "No space left on device; make room on the disk"),
        ("pass", 1, 'the task did not write its output "x": out/tables/x.parquet is missing, there is nothing'),
        (
            "raise RuntimeError('unexpected hunter22!')",
            2,
            "RuntimeError: unexpected *****!",
        ),
    ],
)
def test_exit_codes_and_nothing_published(tmp_path: Path, body: str, code: int, says: str) -> None:
    # GIVEN a component that ends badly after it staged one of two outputs
    outputs = [{"source": "w", "destination": "b/w"}, {"source": "x", "destination": "b/x"}]
    given = attempt(tmp_path, outputs=outputs, secrets={"SECRET": "hunter22"})
    # WHEN it runs
    found, _, err = given.run(code=component(f"write(ctx, ctx.outputs['w'], 'select 1 as id')\n{body}"))
    # THEN the exit code and the message are what the contract says, and no table exists
    assert found == code
    assert says.replace("there is nothing", "there is w.parquet") in err
    assert ("Traceback" in err) == (code == 2)
    assert given.storage.tables() == []
    assert not (given.data / "result.json").exists()


def test_a_missing_table_names_the_task_that_would_write_it(tmp_path: Path) -> None:
    given = attempt(
        tmp_path,
        inputs=[{"source": "m/campaigns", "destination": "c"}, {"source": "m/other", "destination": "o"}],
        writers={"m/campaigns": 'task "adform" of phase "Extractors" writes it'},
    )
    code, _, err = given.run(code=component("raise AssertionError('not reached')"))
    assert code == 1
    assert err.splitlines() == [
        'table "m/campaigns" does not exist in the storage yet; task "adform" of phase "Extractors" writes it',
        'table "m/other" does not exist in the storage yet; no task of this orchestration writes it; '
        "check the name, or run the orchestration that does",
    ]


def test_wrong_parameters_are_lines_not_a_traceback(tmp_path: Path) -> None:
    given = attempt(tmp_path, {"txt": 1, "port": "x", "text": "${MISSING}"})
    code, _, err = given.run(code=component("pass"))
    assert code == 1
    assert err.splitlines() == [
        "port: must be a valid integer, unable to parse string as an integer",
        'txt: there is no such parameter; did you mean "text"?',
    ]


def test_a_secret_is_resolved_at_start_and_never_written(tmp_path: Path) -> None:
    # GIVEN a component that puts its secret everywhere it can
    given = attempt(tmp_path, {"text": "${TOKEN}"}, secrets={"TOKEN": 'hun"ter22'})
    code, out, _ = given.run(
        code=component("""
assert p.text == 'hun"ter22'
ctx.log(p.text)
ctx.metrics[p.text] = p.text
ctx.warning = p.text
ctx.next_state = {"token": p.text}
ctx.progress(1, 1, p.text)
""")
    )
    # THEN no file and no line has it
    assert code == 0 and out == "*****\n"
    assert given.result["metrics"] == {"*****": "*****"} and given.result["warning"] == "*****"
    for path in tmp_path.rglob("*.json"):
        assert "ter22" not in path.read_text()
    assert (tmp_path / ".orch/state/python/sample.json").exists()


def test_term_while_it_works_publishes_nothing(tmp_path: Path) -> None:
    given = attempt(tmp_path, outputs=[{"source": "x", "destination": "b/x"}])
    process = given.start(
        code=component("write(ctx, ctx.only_output(), 'select 1 as id')\nctx.log('ready')\nsignal.pause()")
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.terminate()
    process.communicate()
    assert process.returncode == -signal.SIGTERM
    assert given.storage.tables() == []


def test_term_during_the_publication_is_deferred(tmp_path: Path) -> None:
    # GIVEN a component that is sent TERM in the middle of its publication of two tables
    outputs = [{"source": "x", "destination": "b/x"}, {"source": "y", "destination": "b/y"}]
    given = attempt(tmp_path, outputs=outputs)
    code, _, err = given.run(
        code=component("""
from orch_tui.storage import directory
real = directory.replace_own
def interrupted(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGTERM)
    real(*args, **kwargs)
directory.replace_own = interrupted
for output in ctx.outputs.values():
    write(ctx, output, 'select 1 as id')
""")
    )
    # THEN it is completed, and the task says so
    assert (code, err) == (0, "")
    assert [info.table for info in given.storage.tables()] == ["b/x", "b/y"]
    assert len(given.result["tables"]) == 2


SCRIPT = """
import csv, json, os, sys
data = os.environ["KBC_DATADIR"]
assert os.getcwd() == os.path.realpath(data) and sys.argv == ["script.py"], (os.getcwd(), sys.argv)
with open("in/tables/people.csv", newline="") as file:
    people = list(csv.DictReader(file))
assert json.load(open("in/tables/people.csv.manifest"))["columns"] == ["id", "name"]
with open("out/tables/result.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "name"])
    writer.writerows([int(row["id"]) + 1, row["name"]] for row in people)
json.dump({"metrics": {"people": len(people)}}, open("result.json", "w"))
print("token", os.environ["MY_TOKEN"][:2])
"""


def test_a_python_script_works_on_csv(tmp_path: Path) -> None:
    # GIVEN a script for Keboola's form of tables and an input with awkward texts
    given = attempt(
        tmp_path,
        {"script": SCRIPT, "tables": "csv", "environment": {"MY_TOKEN": "${TOKEN}"}},
        inputs=[{"source": "a/people", "destination": "people"}],
        outputs=[{"source": "result", "destination": "a/result", "mode": "full", "primary_key": ["id"]}],
        secrets={"TOKEN": "hunter22"},
    )
    seed(tmp_path, given, "a/people", """select * from (values (1, 'a,"b"'), (2, E'line\nbreak 🙂')) t(id, name)""")
    # WHEN the component runs
    code, out, err = given.run("orch_tui.components.python.script")
    # THEN every value came through as text, with the script's own metrics in the result
    assert (code, err) == (0, "")
    info = given.storage.get("a/result")
    assert info is not None and info.columns == (("id", "VARCHAR"), ("name", "VARCHAR"))
    assert rows(info.file) == [("2", 'a,"b"'), ("3", "line\nbreak 🙂")]
    assert given.result["metrics"] == {"people": 2} and "token hu" in out
    assert "hunter22" not in (given.data / "script.py").read_text()


def test_a_failing_script_leaves_its_traceback_and_code(tmp_path: Path) -> None:
    given = attempt(tmp_path, {"script": "def f():\n    raise ValueError('bad row')\nf()"})
    code, _, err = given.run("orch_tui.components.python.script")
    assert code == 1 and 'File "' in err and err.endswith("ValueError: bad row\n")
    given = attempt(tmp_path, {"script": "import sys; sys.exit(3)"}, name="2")
    assert given.run("orch_tui.components.python.script")[0] == 3


def test_another_interpreter(tmp_path: Path) -> None:
    # GIVEN the directory of a virtual environment, relative to the project
    (tmp_path / "venv/bin").mkdir(parents=True)
    fake = tmp_path / "venv/bin/python"
    fake.write_text('#!/bin/sh\necho "other $1 $2"\n')
    fake.chmod(0o755)
    given = attempt(tmp_path, {"script": "pass", "python": "venv"})
    assert given.run("orch_tui.components.python.script")[:2] == (0, "other -u script.py\n")
    missing = attempt(tmp_path, {"script": "pass", "python": "nowhere/python"}, name="2")
    code, _, err = missing.run("orch_tui.components.python.script")
    assert code == 1 and 'the interpreter "nowhere/python" does not exist' in err


def test_log_lines_survive_an_odd_locale(tmp_path: Path) -> None:
    given = attempt(tmp_path)
    given.env |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    code, out, err = given.run(code=component("ctx.log('caf\\u00e9 \\U0001f642')"))
    assert (code, out, err) == (0, "café 🙂\n", "")


def test_importing_the_kit_loads_no_database() -> None:
    import sys

    modules = "orch_tui.components.kit.component, orch_tui.components.command.parameters"
    code = f"import sys, {modules}; print('duckdb' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"
