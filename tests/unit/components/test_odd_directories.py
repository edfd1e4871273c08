"""Every family in a project whose path DuckDB would take for a pattern of files or for columns of their rows."""

from __future__ import annotations

import ast
import datetime
import gzip
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.adform import extractor as adform_extractor
from orch_tui.components.dbt import project as dbt
from orch_tui.components.files import extractor as file_extractor
from orch_tui.components.files import writer as file_writer
from orch_tui.components.http_api import extractor as http_extractor
from orch_tui.components.http_api import writer as http_writer
from orch_tui.components.http_api import writer_parameters as http_writer_parameters
from orch_tui.components.keboola import program as keboola
from orch_tui.components.kit.component import UserError
from orch_tui.components.mailchimp import writer as mailchimp_writer
from orch_tui.components.mysql import extractor as mysql_extractor
from orch_tui.components.mysql import writer as mysql_writer
from orch_tui.components.postgres import extractor as postgres_extractor
from orch_tui.components.postgres import writer as postgres_writer
from orch_tui.components.python import script as python
from orch_tui.components.singer import tap as singer
from orch_tui.components.snowflake import extractor as snowflake_extractor
from orch_tui.components.sql import transformation as sql
from orch_tui.components.sqlite import extractor as sqlite_extractor
from orch_tui.components.sqlite import writer as sqlite_writer
from orch_tui.model.components.configuration import WriteMode
from orch_tui.storage.duckdb import parquet
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication
from sample_configs.stand_ins import adform as adform_stand_in
from sample_configs.stand_ins import mailchimp as mailchimp_stand_in
from sample_configs.stand_ins import snowflake as snowflake_stand_in

from tests.integration.attempts import attempt
from tests.servers.http_server import Answer, HttpServer
from tests.servers.mariadb import mariadb
from tests.servers.postgres import postgres
from tests.servers.tools import tool
from tests.support.bench import Bench
from tests.support.tables import parquet_file, put, rows
from tests.support.tasks_here import run_here
from tests.unit.components.dbt.test_project import dbt_project
from tests.unit.components.dbt.test_project import task as dbt_task
from tests.unit.components.keboola.test_program import task as keboola_task
from tests.unit.components.singer.test_tap import record, schema
from tests.unit.components.singer.test_tap import task as singer_task

SOURCE = Path(__file__).resolve().parents[3] / "orch_tui"
# A set of letters, all names, one letter, and a name with its value: each of them means something to DuckDB.
ODD = "year=2024 [a-z]*? it's"
# What programs of others take: the first line of a script has no blanks, and Keboola's library reads patterns itself.
WITHOUT_BLANKS = "year=2024[a-z]*?it's"
WITHOUT_MARKS = "year=2024 it's"
# In the path of a database a question mark would begin DuckDB's settings.
WITHOUT_QUESTION = "year=2024 [a-z]* it's"
PEOPLE = "select * from (values (1, 'Ada'), (2, 'Bob')) t(id, name)"
NAMED = [(1, "Ada"), (2, "Bob")]


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A directory that others lie beside whose names would fit, too."""
    for name in ("year=2024 aXX it's", ODD):
        (tmp_path / name).mkdir()
    return tmp_path / ODD


@pytest.fixture
def bench(odd: Path) -> Bench:
    return Bench(odd)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,name\n1,Ada\n2,Bob\n"),
        ("a.csv.gz", gzip.compress(b"id,name\n1,Ada\n2,Bob\n", mtime=0)),
        ("mixed.csv", "id,name\r\n1,Ada\n2,Bob\r\n"),
        ("a.json", '[{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"}]'),
        ("a.ndjson", '{"id": 1, "name": "Ada"}\n{"id": 2, "name": "Bob"}\n'),
        ("month=7/[1]*.csv", "id,name\n1,Ada\n2,Bob\n"),
    ],
)
def test_files_of_texts_are_read(bench: Bench, name: str, content: str | bytes) -> None:
    # GIVEN a file, WHEN it is read, THEN it has its own columns and rows
    bench.file(name, content)
    path = name.replace("[", "[[]").replace("*", "[*]")
    file_extractor.run(file_extractor.Parameters(path=path), bench.context(outputs=("t[1]*",)))
    assert list(bench.columns("t[1]*")) == ["id", "name"] and bench.rows("t[1]*") == NAMED


def test_parquet_files_are_read_with_the_columns_that_are_in_them(bench: Bench) -> None:
    # GIVEN two files in directories that look like values of a column
    for month, query in (("07", "select 1 as id, 'Ada' as name"), ("08", "select 2 as id, 'Bob' as name")):
        parquet_file(bench.project / f"month={month}" / "p.parquet", query)
    # WHEN they are read as one, THEN the names of directories are no columns
    file_extractor.run(file_extractor.Parameters(path="month=*/p.parquet"), bench.context())
    assert sorted(bench.rows()) == NAMED and list(bench.columns()) == ["id", "name"]


@pytest.mark.parametrize("kind", ["csv", "json", "ndjson", "parquet"])
def test_files_are_written(bench: Bench, kind: str) -> None:
    # GIVEN / WHEN a table is written THEN reading the file gives its rows
    ctx = bench.context({"t[1]*": PEOPLE}, ())
    file_writer.run(file_writer.Parameters(path=f"out/day=1[2]/a.{kind}", order_by=["id"]), ctx)
    path = f"out/day=1[[]2]/a.{kind}"
    file_extractor.run(file_extractor.Parameters(path=path), bench.context())
    assert bench.rows() == NAMED and list(bench.columns()) == ["id", "name"]


def test_sqlite_is_read_and_written(bench: Bench) -> None:
    parameters = sqlite_writer.Parameters(database="d[1]?#%20.sqlite", table="t", mode="upsert", key=["id"])
    sqlite_writer.run(parameters, bench.context({"t[1]*": PEOPLE}, ()))
    with sqlite3.connect(bench.project / "d[1]?#%20.sqlite") as con:
        assert con.execute("select * from t").fetchall() == NAMED
    read = sqlite_extractor.Parameters(database="d[1]?#%20.sqlite", table="t", incremental_column="id")
    ctx = bench.context(mode=WriteMode.APPEND)
    sqlite_extractor.run(read, ctx)
    assert bench.rows() == NAMED and list(bench.columns()) == ["id", "name"]
    assert ctx.next_state is not None and ctx.next_state["last"] == 2


def test_sql_reads_inputs_and_writes_outputs(bench: Bench) -> None:
    ctx = bench.context({"t[1]*": PEOPLE}, ("out=[2]?",))
    sql.run(sql.Parameters(sql='create table "out=[2]?" as select * from "t[1]*" order by id'), ctx)
    assert bench.rows("out=[2]?") == NAMED and list(bench.columns("out=[2]?")) == ["id", "name"]


def _python(root: Path, tables: str, script: str) -> list[tuple[object, ...]]:
    made = attempt(
        root,
        {"script": script, "tables": tables},
        inputs=[{"source": "in/people", "destination": "t[1]*"}],
        outputs=[{"source": "out=[2]?", "destination": "out/t"}],
    )
    made.storage.publish([Publication("in/people", parquet_file(root / "seed.parquet", PEOPLE))])
    code, out, err = made.run(python.__name__)
    assert code == 0, out + err
    info = made.storage.get("out/t")
    assert info is not None and [name for name, _ in info.columns] == ["id", "name"]
    return rows(info.file)


def test_scripts_get_tables_and_give_them_back(odd: Path) -> None:
    copied = 'import shutil; shutil.copy("in/tables/t[1]*.{0}", "out/tables/out=[2]?.{0}")'
    assert _python(odd, "csv", copied.format("csv")) == [("1", "Ada"), ("2", "Bob")]


def test_http_is_read_and_written(bench: Bench) -> None:
    with HttpServer() as server:
        people = [{"id": number, "name": name} for number, name in NAMED]
        server.script("/people", Answer(json=people))
        server.script("/hook", Answer(json={}), Answer(json={}))
        http_extractor.run(http_extractor.Parameters(base_url=server.url, path="/people"), bench.context())
        assert bench.rows() == NAMED and list(bench.columns()) == ["id", "name"]
        ctx = bench.context({"t[1]*": PEOPLE}, ())
        ctx.component, ctx.configuration, ctx.run = "http-writer", "c", "r1"
        http_writer.deliver(http_writer_parameters.Parameters(url=f"{server.url}/hook"), ctx)
        assert [call.json for call in server.calls[1:]] == people


@pytest.mark.parametrize("report", ["campaigns", "stats"])
def test_adform_is_read(bench: Bench, report: str) -> None:
    settings = adform_stand_in.Settings(per_minute=1000, per_second=1000, polls=1)
    more: dict[str, Any] = {"dimensions": ["date"], "metrics": ["clicks"], "days": 2} if report == "stats" else {}
    with adform_stand_in.serve(settings=settings) as server:
        parameters = {
            "client_id": settings.client_id, "client_secret": settings.client_secret, "base_url": server.url,
            "token_url": server.url + adform_stand_in.TOKEN, "poll_interval": 0.02, "report": report, **more,
        }  # fmt: skip
        adform_extractor.run(adform_extractor.Parameters(**parameters), bench.context())
    assert len(bench.rows()) >= 2 and "year" not in bench.columns()


def test_contacts_go_to_mailchimp_and_rejected_ones_to_a_table(bench: Bench) -> None:
    query = "select unnest(['a@example.com', 'nobody']) as email, 'N' as name"
    ctx = bench.context({"t[1]*": query}, ("bad[1]",))
    ctx.component, ctx.configuration, ctx.run = "mailchimp-writer", "contacts", "r"
    with mailchimp_stand_in.serve() as server:
        mailchimp_writer.run(
            mailchimp_writer.Parameters(
                api_key=mailchimp_stand_in.API_KEY, audience=mailchimp_stand_in.AUDIENCE, base_url=server.url,
                poll_interval=0.01, merge_fields={"name": "FNAME"},
            ),
            ctx,
        )  # fmt: skip
        assert len(server.audience.members) == 1
    assert bench.rows("bad[1]") == [(2, "nobody", "this is no e-mail address")]
    assert list(bench.columns("bad[1]")) == ["row", "email_address", "reason"]


def test_singer_s_records_are_stored(tmp_path: Path) -> None:
    odd = tmp_path / WITHOUT_BLANKS
    odd.mkdir()
    # GIVEN a key that comes twice, so that the file is read again
    messages = [schema(), *(record("users", id=number, name=name) for number, name in [(1, "x"), *NAMED])]
    output = {"source": "users", "destination": "crm/users", "mode": "incremental", "primary_key": ["id"]}
    given = singer_task(odd, messages, outputs=[output])
    code, out, err = run_here(given, singer)
    assert code == 0, out + err
    info = given.storage.get("crm/users")
    assert info is not None and rows(info.file) == NAMED and [name for name, _ in info.columns] == ["id", "name"]


def test_keboola_s_tables_are_read_and_written(tmp_path: Path) -> None:
    given = keboola_task(tmp_path / WITHOUT_MARKS)
    code, out, err = run_here(given, keboola)
    assert code == 0, out + err
    info = given.storage.get("shop/doubled")
    assert info is not None and [row[:2] for row in rows(info.file, "id")] == [("1", "10"), ("2", "12"), ("3", "14")]
    assert "year" not in dict(info.columns)


def test_dbt_builds_on_inputs(tmp_path: Path) -> None:
    dbt_project(tmp_path / WITHOUT_QUESTION)
    given = dbt_task(tmp_path / WITHOUT_QUESTION)
    code, out, err = run_here(given, dbt)
    assert code == 0, out + err
    info = given.storage.get("crm/by_day")
    assert info is not None and [row[:2] for row in rows(info.file)] == [
        (datetime.date(2026, 1, 1), 11), (datetime.date(2026, 1, 2), 7)]  # fmt: skip


@pytest.mark.parametrize(
    ("server", "extractor", "writer"),
    [(postgres, postgres_extractor, postgres_writer), (mariadb, mysql_extractor, mysql_writer)],
)
def test_servers_are_read_and_written(bench: Bench, server: Callable[[], Any], extractor: Any, writer: Any) -> None:
    with server() as running:
        given = {**running.parameters, "table": "t"}
        writer.run(writer.Parameters(**given, key=["id"]), bench.context({"t[1]*": PEOPLE}, ()))
        ctx = bench.context(mode=WriteMode.APPEND)
        extractor.run(extractor.Parameters(**given, incremental_column="id"), ctx)
    assert sorted(bench.rows()) == NAMED and list(bench.columns()) == ["id", "name"]
    assert ctx.next_state is not None and ctx.next_state["last"] == "2"


def test_snowflake_is_read(bench: Bench) -> None:
    with snowflake_stand_in.serve(home=tool("fakesnow")) as server:
        server.run(f"create or replace table people as {PEOPLE}")
        parameters = {**server.parameters, "password": "p", "table": "people"}
        snowflake_extractor.run(snowflake_extractor.Parameters.model_validate(parameters), bench.context())
    assert sorted(bench.rows()) == NAMED and list(bench.columns()) == ["ID", "NAME"]


@pytest.mark.parametrize("mode", ["full", "append", "incremental"])
def test_tables_are_merged_and_shown(odd: Path, mode: str) -> None:
    storage = Storage(odd / ".orch" / "storage")
    put(storage, "b/t", "select 1 as id, 'Ada' as name", mode, ("id",))
    put(storage, "b/t", "select 2.5 as id, 'Bob' as name, true as new", mode, ("id",))
    names, shown = storage.preview("b/t")
    assert names == ["id", "name", "new"]
    assert len(shown) == (1 if mode == "full" else 2) and shown[-1] == ("2.5", "Bob", "true")


def test_a_path_that_duckdb_has_no_name_for_is_told(tmp_path: Path) -> None:
    # GIVEN a backslash beside a mark of patterns, WHEN a file there is to be read, THEN it is refused with a remedy
    with pytest.raises(UserError, match=r"a backslash beside one of .* rename the directory"):
        parquet(tmp_path / "a\\b" / "[1].parquet")
    # AND a backslash alone is a letter like any other
    file = parquet_file(tmp_path / "year=1" / "a\\b" / "1.parquet", PEOPLE)
    assert rows(file) == NAMED and "[" not in parquet(file).removeprefix("read_parquet([")


def _texts(path: Path) -> list[str]:
    """All texts of a module that are not documentation, with what is filled in left out."""
    tree = ast.parse(path.read_text())
    documented = [
        node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    inside = {id(part) for node in documented for part in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            found.append(node.value)
    return found


def test_one_place_names_files_to_duckdb() -> None:
    # GIVEN all that reads files in DuckDB's SQL
    readers = ("read_parquet(", "parquet_scan(", "parquet_metadata(", "parquet_schema(", "parquet_file_metadata(",
               "read_csv(", "read_csv_auto(", "sniff_csv(", "read_json(", "read_json_auto(", "read_ndjson(",
               "read_text(", "read_blob(", "from '", 'from "/')  # fmt: skip
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        for text in _texts(path)
        if any(reader in text.lower() for reader in readers)
    }
    # THEN only dbt's script has a way of its own, since it imports nothing of ours; above it is tried like all others.
    # What a form gives as an example of a script names a file in the task's own directory; a pipe of this process has a
    # number for a name.
    assert found == {"components/dbapi/pipe.py", "components/dbt/database.py", "tui/configuration/form/rows.py"}
