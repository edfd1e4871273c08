"""The ways of data that are measured: a component as a task's process, and what does the same beside it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from orch_tui.storage.tables import Publication

from tests.bench.cases import OURS, Case
from tests.bench.timing import Way, whole
from tests.integration.attempts import attempt
from tests.servers.mariadb import MariaDbServer, mariadb
from tests.servers.postgres import PostgresServer, postgres
from tests.servers.tools import ROOT, tool

ROWS = """
    select range::bigint as id, 'customer ' || range as name, (range / 7)::decimal(12,2) as amount,
        range % 2 = 0 as active, date '2026-01-01' + (range % 365)::integer as day,
        timestamp '2026-01-01' + to_seconds(range) as made, range::double / 3 + 0.125 as share,
        md5(range::varchar) as hash
    from range({})
"""
_COLUMNS = (
    "(id bigint, name varchar(60), amount decimal(12,2), active {}, day date, made {}, share {}, hash varchar(40))"
)


class Data:
    """The same rows in every form, and the servers that have them."""

    def __init__(self, root: Path, rows: int, pg: PostgresServer, my: MariaDbServer) -> None:
        self.root, self.rows, self.pg, self.my = root, rows, pg, my
        self.parquet, self.csv, self.sqlite = root / "rows.parquet", root / "rows.csv", root / "rows.sqlite"
        self.target = root / "target"
        self._count = 0
        with duckdb.connect() as con:
            con.execute(f"copy ({ROWS.format(rows)}) to '{self.parquet}' (format parquet, compression zstd)")
            con.execute(f"copy (from '{self.parquet}') to '{self.csv}' (format csv, header)")
            self._fill_sqlite(con)
        self._fill_servers()

    def _fill_sqlite(self, con: duckdb.DuckDBPyConnection) -> None:
        with sqlite3.connect(self.sqlite) as target:
            target.execute(f"create table rows{_COLUMNS.format('boolean', 'timestamp', 'real')}")
            cursor = con.execute(
                "select id, name, amount::double, active::integer, day::varchar, made::varchar, share, hash "
                f"from '{self.parquet}'"
            )
            while batch := cursor.fetchmany(10_000):
                target.executemany("insert into rows values (?, ?, ?, ?, ?, ?, ?, ?)", batch)
        target.close()

    def _fill_servers(self) -> None:
        kinds = ("boolean", "timestamp", "double precision")
        self.pg.run(*(f"create table {name}{_COLUMNS.format(*kinds)}" for name in ("bench", "beside", "ours")))
        with self.pg.connect() as con, self.csv.open("rb") as file:
            with con.cursor().copy("copy bench from stdin (format csv, header)") as copy:
                while data := file.read(2**20):
                    copy.write(data)
            con.execute("vacuum analyze bench")
        kinds = ("tinyint(1)", "datetime", "double")
        self.my.run(*(f"create table {name}{_COLUMNS.format(*kinds)}" for name in ("bench", "beside", "ours")))
        self.peer("load_data", self.csv, self.my.port, self.my.parameters["password"])()
        self.my.run("insert into bench select * from beside")

    def peer(self, name: str, *arguments: object, before: Callable[[], object] = lambda: None) -> Way:
        """Another program; ``before`` makes things as they were."""

        def start() -> subprocess.Popen[str]:
            before()
            argv = [tool("peers") / "bin" / "python", "-m", "tests.bench.peers", name, *arguments]
            return subprocess.Popen(
                [str(part) for part in argv], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )

        return whole(start)

    def ours(self, module: str, parameters: dict[str, Any], *, before: Callable[[], object] = lambda: None) -> Way:
        """A component as the task that it is, in a project of its own."""

        def start() -> subprocess.Popen[str]:
            before()
            self._count += 1
            place = self.root / "project"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            (place / "orch.toml").write_text('name = "bench"\n')
            reads = module.endswith("extractor")
            given = attempt(
                place,
                parameters,
                inputs=[] if reads else [{"source": "a/b", "destination": "rows"}],
                outputs=[{"source": "rows", "destination": "a/rows"}] if reads else [],
            )
            if not reads:
                copied = shutil.copy(self.parquet, place / "seed.parquet")
                given.storage.publish([Publication("a/b", Path(copied))])
            return given.start(f"orch_tui.components.{module}")

        return whole(start)

    def empty(self, table: str) -> None:
        """A table of PostgreSQL without rows, and without the room that earlier ones took."""
        self.pg.run(f"truncate {table}", "checkpoint")


@contextmanager
def data(root: Path, rows: int) -> Iterator[Data]:
    """The rows and the servers, for the length of a block."""
    with postgres() as pg, mariadb() as my:
        yield Data(root, rows, pg, my)


def data_cases(given: Data) -> Sequence[Case]:
    """Every way of data that has one beside it."""
    pg, my, target = given.pg.parameters, given.my.parameters, given.target
    postgres_uri = f"postgresql://{pg['user']}:{pg['password']}@{pg['host']}:{pg['port']}/{pg['database']}"
    mysql_uri = f"mysql://{my['user']}:{my['password']}@{my['host']}:{my['port']}/{my['database']}"
    return [
        Case(
            "CSV → Parquet",
            {
                OURS: given.ours("files.extractor", {"path": str(given.csv)}),
                "DuckDB's copy": given.peer("duckdb_to_parquet", given.csv, target),
            },
            {"wall": 1.2, "cpu": 1.2},
        ),
        Case(
            "Parquet → CSV",
            {
                OURS: given.ours("files.writer", {"path": str(target), "format": "csv"}),
                "DuckDB's copy": given.peer("duckdb_to_csv", given.parquet, target),
            },
            {"wall": 1.1, "cpu": 1.1},
        ),
        Case(
            "SQLite → Parquet",
            {
                OURS: given.ours("sqlite.extractor", {"database": str(given.sqlite), "table": "rows"}),
                "Python's sqlite3 and csv": given.peer("sqlite_to_csv", given.sqlite, target),
            },
            {"wall": 0.5, "cpu": 0.5},
        ),
        Case(
            "PostgreSQL → Parquet",
            {
                OURS: given.ours("postgres.extractor", {**pg, "table": "bench"}),
                "connectorx": given.peer("connectorx_to_parquet", postgres_uri, target),
                "ADBC": given.peer("adbc_to_parquet", postgres_uri, target),
            },
            {"cpu": 1.1},
        ),
        Case(
            "Parquet → PostgreSQL, replace",
            {
                OURS: given.ours("postgres.writer", {**pg, "table": "ours"}, before=lambda: given.empty("ours")),
                "ADBC's ingest": given.peer(
                    "adbc_ingest", given.parquet, postgres_uri, before=lambda: given.pg.run("checkpoint")
                ),
            },
            {"wall": 1.0, "cpu": 1.0},
        ),
        Case(
            "MySQL → Parquet",
            {
                OURS: given.ours("mysql.extractor", {**my, "table": "bench"}),
                "connectorx": given.peer("connectorx_to_parquet", mysql_uri, target),
            },
            {"cpu": 1.2},
        ),
        Case(
            "Parquet → MySQL, replace",
            {
                OURS: given.ours("mysql.writer", {**my, "table": "ours"}, before=lambda: given.my.run("truncate ours")),
                "LOAD DATA of a CSV": given.peer(
                    "load_data", given.csv, my["port"], my["password"], before=lambda: given.my.run("truncate beside")
                ),
            },
            # Not of the processor: what is beside us finds its CSV made, and sends it.
            {"wall": 1.5},
        ),
    ]
