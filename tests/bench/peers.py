"""What is measured beside us: ``python -m tests.bench.peers NAME ARGUMENT…`` by the interpreter of ``.tools/peers``.

Each is what its documentation shows for the task, with zstd where we store with zstd.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
from typing import Any


def duckdb_to_parquet(source: str, target: str) -> None:
    import duckdb

    duckdb.connect().execute(f"copy (from '{source}') to '{target}' (format parquet, compression zstd)")


def duckdb_to_csv(source: str, target: str) -> None:
    import duckdb

    duckdb.connect().execute(f"copy (from '{source}') to '{target}' (format csv, header)")


def sqlite_to_csv(source: str, target: str) -> None:
    cursor = sqlite3.connect(source).execute("select * from rows")
    with open(target, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(item[0] for item in cursor.description)
        writer.writerows(cursor)


def connectorx_to_parquet(source: str, target: str) -> None:
    import connectorx
    import pyarrow.parquet as pq

    pq.write_table(connectorx.read_sql(source, "select * from bench", return_type="arrow"), target, compression="zstd")


def adbc_to_parquet(source: str, target: str) -> None:
    import adbc_driver_postgresql.dbapi
    import pyarrow.parquet as pq

    with adbc_driver_postgresql.dbapi.connect(source) as con, con.cursor() as cursor:
        cursor.execute("select * from bench")
        batches: Any = cursor.fetch_record_batch()
        with pq.ParquetWriter(target, batches.schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)


def adbc_ingest(source: str, target: str) -> None:
    import adbc_driver_postgresql.dbapi
    import pyarrow
    import pyarrow.parquet as pq

    file = pq.ParquetFile(source)
    batches = pyarrow.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(100_000))
    with adbc_driver_postgresql.dbapi.connect(target) as con, con.cursor() as cursor:
        cursor.adbc_ingest("beside", batches, mode="replace")
        con.commit()


def load_data(source: str, port: str, password: str) -> None:
    import pymysql

    with (
        pymysql.connect(
            host="127.0.0.1", port=int(port), user="orch", password=password, database="shop", local_infile=True
        ) as con,
        con.cursor() as cursor,
    ):
        cursor.execute("delete from beside")
        cursor.execute(
            f"load data local infile '{source}' into table beside character set utf8mb4 fields terminated by ','"
            " optionally enclosed by '\"' lines terminated by '\\n' ignore 1 lines"
            " (id, name, amount, @active, day, made, share, hash) set active = @active = 'true'"
        )
        con.commit()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
