"""The component ``dbt`` around a real dbt-duckdb; where only dbt's words count, around a program that speaks them."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.dbt import project as dbt
from orch_tui.components.dbt.results import failure_lines, read_results
from orch_tui.storage.tables import Publication

from tests.integration.attempts import Attempt, attempt
from tests.servers.tools import tool
from tests.support.tables import parquet_file, rows
from tests.support.tasks_here import failure_of, run_here

MODULE = "orch_tui.components.dbt.project"
PROJECT = """
name: shop
version: "1.0"
config-version: 2
profile: nobody_has_this
models: {shop: {+materialized: table}}
vars: {least: 0}
"""
SCHEMA = """
version: 2
sources: [{name: inputs, schema: inputs, tables: [{name: orders}]}]
models:
  - name: by_day
    columns:
      - {name: day, data_tests: [not_null, unique]}
"""
BY_DAY = """
select day, sum(amount) as amount, count(*) as orders, '{{ var("least") }}' as least
from {{ source('inputs', 'orders') }} where amount >= {{ var("least") }} group by day
"""
ORDERS = """
select * from (values (date '2026-01-01', 5), (date '2026-01-01', 6), (date '2026-01-02', 7), (null, 0))
t(day, amount) where amount >= {least}
"""


def dbt_project(root: Path, **models: str) -> Path:
    home = root / "shop"
    (home / "models").mkdir(parents=True, exist_ok=True)
    (home / "dbt_project.yml").write_text(PROJECT)
    (home / "models" / "schema.yml").write_text(SCHEMA)
    for name, text in {"by_day": BY_DAY, **models}.items():
        (home / "models" / f"{name}.sql").write_text(text)
    return home


def task(root: Path, name: str = "1", outputs: tuple[str, ...] = ("by_day",), least: int = 1, **more: Any) -> Attempt:
    secrets = more.pop("secrets", None)
    body = {"venv": str(tool("dbt")), "project": "shop", "database": "duckdb", **more}
    given = attempt(
        root,
        body,
        inputs=[{"source": "crm/orders", "destination": "orders"}],
        outputs=[{"source": output, "destination": f"crm/{output}"} for output in outputs],
        secrets=secrets,
        name=name,
    )
    seed = parquet_file(root / "seed.parquet", ORDERS.format(least=least))
    given.storage.publish([Publication("crm/orders", seed)])
    return given


def test_a_project_builds_on_the_inputs_and_its_models_are_the_outputs(tmp_path: Path) -> None:
    # GIVEN a dbt project with a source, models of which one is an output, tests and a variable
    home = dbt_project(tmp_path, total="select sum(amount)::hugeint as amount from {{ ref('by_day') }}")
    before = sorted(path.relative_to(home) for path in home.rglob("*"))
    given = task(tmp_path, outputs=("by_day", "total"), vars={"least": 2})
    # WHEN it is built
    code, out, err = given.run(MODULE)
    # THEN the declared models are tables, sums stay integers, and the tests are counted
    assert (code, err) == (0, ""), out + err
    info, total = given.storage.get("crm/by_day"), given.storage.get("crm/total")
    assert info is not None and total is not None
    assert rows(info.file, "day") == [
        (datetime.date(2026, 1, 1), 11, 2, "2"), (datetime.date(2026, 1, 2), 7, 1, "2")]  # fmt: skip
    assert dict(info.columns) == {"day": "DATE", "amount": "BIGINT", "orders": "BIGINT", "least": "VARCHAR"}
    assert rows(total.file) == [(18,)] and dict(total.columns) == {"amount": "BIGINT"}
    assert given.result["metrics"] == {"models": 2, "tests_passed": 2}
    # THEN the log can be read, the progress says all is done
    assert "OK created sql table model main.by_day" in out and '{"data"' not in out
    assert json.loads((given.data / "progress.json").read_text()) == {"done": 4, "total": 4, "text": "nodes"}
    # THEN nothing was written into the project, and the database is gone
    assert sorted(path.relative_to(home) for path in home.rglob("*")) == before
    assert not (given.data / "dbt" / "data.duckdb").exists()


def test_each_node_that_fails_has_a_sentence(tmp_path: Path) -> None:
    # GIVEN a model that fails a test, one that is wrong, and one behind it
    dbt_project(tmp_path, bad="select nope from {{ source('inputs', 'orders') }}", after="from {{ ref('bad') }}")
    given = task(tmp_path, least=0)
    # WHEN it is built
    code, out, err = run_here(given, dbt)
    # THEN there is a line for each, and nothing is published
    assert code == 1, out + err
    lines = err.splitlines()
    assert len(lines) == 3 and "1 more were skipped because of that" in lines
    assert any("test not_null_by_day_day: Got 1 result, configured to fail if != 0" in line for line in lines)
    assert any(line.startswith("model bad: ") and 'column "nope" not found' in line for line in lines)
    assert "ERROR " in out and given.storage.get("crm/by_day") is None


# --- what dbt says, without the seconds that it takes ----------------------------------------------------------------


def event(message: str, name: str = "X", level: str = "info", **data: Any) -> str:
    return json.dumps({"info": {"level": level, "msg": message, "name": name}, "data": data})


def speaking(root: Path, lines: list[str], code: int = 0, results: Any = None, stderr: str = "") -> Path:
    """A virtual environment whose dbt writes these lines, and perhaps run_results.json, and ends with ``code``."""
    bin_directory = root / "venv" / "bin"
    bin_directory.mkdir(parents=True, exist_ok=True)
    python = bin_directory / "python"
    # A link would be an environment without our libraries.
    python.write_text(f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
    python.chmod(0o755)
    program = bin_directory / "dbt"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys, pathlib\nargv = sys.argv[1:]\n"
        f"pathlib.Path({str(root / 'argv.json')!r}).write_text(json.dumps([argv, dict(os.environ)]))\n"
        f"print('\\n'.join({lines!r}))\nsys.stderr.write({stderr!r})\nresults = {results!r}\n"
        "if results is not None:\n"
        "    target = pathlib.Path(argv[argv.index('--target-path') + 1])\n"
        "    target.mkdir(parents=True)\n"
        "    (target / 'run_results.json').write_text(json.dumps({'results': results}))\n"
        f"sys.exit({code})\n"
    )
    program.chmod(0o755)
    return root / "venv"


NO_PROFILE = event("Encountered an error:\nRuntime Error\n  Could not find profile named 'x'", level="error")
NODE = {"unique_id": "model.shop.other", "status": "success", "relation_name": '"d"."main"."other"'}


@pytest.mark.parametrize(
    ("spoken", "more", "says"),
    [
        (([NO_PROFILE], 2), {}, "dbt ended with exit code 2: Runtime Error Could not find profile named 'x'"),
        (([NO_PROFILE, event("Traceback (most recent call last):\n  File", level="error")], 2), {},
         "Could not find profile named 'x'"),
        (([], 2, None, "Error: No such option '--x'\n"), {}, "dbt ended with exit code 2: Error: No such option"),
        (([], 1, None, "ModuleNotFoundError: No module named 'dbt'\n"), {},
         'the virtual environment venv lacks the module "dbt"; run: venv/bin/pip install dbt-duckdb'),
        (([event("ok")], 0, [NODE]), {}, "dbt built no model by_day in this run, which is an output; it built other"),
        (([event("ok")], 0, "x"), {}, "run_results.json has no list of results"),
        (([], 0), {"database": "profile"}, 'outputs are taken from the models of database = "duckdb" only'),
        (([], 0), {"project": "none"}, 'the dbt project "none" does not exist'),
        (([], 0), {"project": "venv"}, 'the dbt project "venv" has no dbt_project.yml'),
        (([], 0), {"venv": "none"}, "there is no virtual environment none"),
        (([], 0), {"venv": "shop"}, "shop is a directory, but no virtual environment"),
        (([], 0), {"target": "prod"}, 'profile and target belong to database = "profile"'),
        (([], 0), {"vars": {"token": "${TOKEN}"}}, "secret TOKEN would be written to dbt's files"),
        (([], 0), {"environment": {"PW": "${TOKEN}"}},
         "environment.PW holds a secret, which dbt would write to its files; call it DBT_ENV_SECRET_PW"),
    ],
)  # fmt: skip
def test_failures_are_one_sentence(tmp_path: Path, spoken: tuple[Any, ...], more: dict[str, Any], says: str) -> None:
    # GIVEN
    dbt_project(tmp_path)
    speaking(tmp_path, *spoken)
    given = task(tmp_path, secrets={"TOKEN": "dbt-secret-1"}, **{"venv": "venv", **more})
    # WHEN / THEN
    message = failure_of(given, dbt)
    assert says in message and len(message.splitlines()) == 1


def test_a_project_on_a_warehouse_of_its_own(tmp_path: Path) -> None:
    # GIVEN a project whose tables stay in its own database, with a secret and a test that only warns
    dbt_project(tmp_path)
    warned = {"unique_id": "test.shop.fresh.1a2b", "status": "warn", "message": "Got 3 results, configured to warn"}
    venv = speaking(tmp_path, [event("1 of 1 WARN fresh", "LogTestResult", "warn", num_models=1)], results=[warned])
    options: dict[str, Any] = {"select": ["tag:daily", "+by_day"], "exclude": ["x"], "threads": 4, "full_refresh": True}
    given = task(
        tmp_path, outputs=(), venv=str(venv), database="profile", target="prod", secrets={"TOKEN": "dbt-secret-1"},
        environment={"DBT_ENV_SECRET_PW": "${TOKEN}"}, vars={"day": "2026-01-01"}, **options,
    )  # fmt: skip
    # WHEN it is built
    code, out, err = run_here(given, dbt)
    # THEN dbt was asked for exactly that, and the warning makes the task a warning
    assert code == 0, out + err
    argv, env = json.loads((tmp_path / "argv.json").read_text())
    (tmp_path / "argv.json").unlink()
    text = " ".join(argv)
    for part in ("build --project-dir", "--target prod", "--select tag:daily +by_day --exclude x", "--threads 4",
                 '--vars {"day": "2026-01-01"}', "--full-refresh"):  # fmt: skip
        assert part in text
    assert "--profiles-dir" not in text and "WARNING 1 of 1 WARN fresh" in out
    assert env["DBT_ENV_SECRET_PW"] == "dbt-secret-1" and "TOKEN" not in env and env["DO_NOT_TRACK"] == "1"
    assert env["ORCH_IN"] == str(given.data / "in" / "tables")
    assert given.result["warning"] == "test fresh: Got 3 results, configured to warn"
    assert given.result["metrics"] == {"models": 0, "tests_passed": 0, "tests_warned": 1}


def test_nothing_to_do_is_a_warning(tmp_path: Path) -> None:
    # GIVEN / WHEN a selection without a node
    dbt_project(tmp_path)
    venv = speaking(tmp_path, [event("Nothing to do.", "NothingToDo", "warn")])
    given = task(tmp_path, outputs=(), venv=str(venv), database="profile")
    # THEN
    assert run_here(given, dbt)[0] == 0 and "dbt had nothing to do" in given.result["warning"]


DEBUG = [event("adapter type: duckdb"), event("  database: data"), event("  schema: main")]
NO_CONNECTION = (
    "dbt was unable to connect to the specified database.\nThe database returned the following error:\n\n"
    '  >IO Error: Cannot open file "/nope"\n\nCheck your database credentials and try again. For more'
)


@pytest.mark.parametrize(
    ("lines", "code", "says"),
    [
        (DEBUG, 0, "dbt connects, adapter type duckdb, database data, schema main"),
        ([*DEBUG, event(NO_CONNECTION)], 1, 'dbt cannot connect: IO Error: Cannot open file "/nope"'),
        ([NO_PROFILE], 1, "dbt cannot connect: Runtime Error Could not find profile named 'x'"),
    ],
)
def test_the_connection_is_tried_with_dbt_debug(tmp_path: Path, lines: list[str], code: int, says: str) -> None:
    # GIVEN
    dbt_project(tmp_path)
    given = task(tmp_path, venv=str(speaking(tmp_path, lines, code)))
    path = given.data / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "action": "testConnection"}))
    # WHEN
    found, out, err = run_here(given, dbt)
    # THEN
    assert found == code and says in (json.loads(out)["message"] if code == 0 else err), out + err


def test_many_failures_are_counted(tmp_path: Path) -> None:
    # GIVEN more failures than anybody reads
    nodes = [{"unique_id": f"test.shop.t{n}.abc", "status": "fail", "message": f"Got {n}\nresults"} for n in range(30)]
    path = tmp_path / "run_results.json"
    path.write_text(json.dumps({"results": [*nodes, {"unique_id": "model.shop.x", "status": "skipped"}, 5]}))
    # WHEN they are told / THEN twenty have a line
    results = read_results(path)
    assert results is not None and results.metrics["tests_failed"] == 30
    lines = failure_lines(results).splitlines()
    assert lines[0] == "test t0: Got 0 results" and lines[20:] == [
        "and 10 more; see the log above", "1 more were skipped because of that"]  # fmt: skip


def test_parameters_need_no_library() -> None:
    # GIVEN / WHEN the form is made, THEN the fields have titles and descriptions
    fields = dbt.Parameters.model_json_schema()["properties"]
    assert all(field.get("title") and field.get("description") for field in fields.values())
