"""The two ends of a dbt run on a DuckDB database of the attempt: inputs as views, models as Parquet files.

Run by the Python of dbt's own environment, as ``python database.py prepare|export '{…}'``, so that one version of
DuckDB writes and reads the database: a file of 2.0 cannot be opened by 1.5. Imports nothing of orch-tui.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

_NOT_IN_PARQUET = re.compile(r"HUGEINT|BIGNUM|VARINT|INTERVAL|\bTIME WITH|UNION\(|ENUM\(|\bBIT\b")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def prepare(body: dict[str, Any]) -> None:
    """``{"database": path, "schema": name, "inputs": {name: Parquet file}}``: a new database with a view for each."""
    import duckdb

    connection = duckdb.connect(body["database"])
    schema = _quoted(body["schema"])
    connection.execute(f"create schema {schema}")
    for name, path in body["inputs"].items():
        # Marks of patterns in the path are meant literally, and a directory like year=2024 is no column.
        exact = "".join(f"[{mark}]" if mark in "*?[" else mark for mark in path)
        connection.execute(
            f"create view {schema}.{_quoted(name)} as from read_parquet({_literal(exact)}, hive_partitioning = false)"
        )
    connection.close()


def export(body: dict[str, Any]) -> None:
    """Writes ``{"relations": {Parquet file: relation}, …}`` of a database that it opens to read.

    The types of the columns go to the file ``types``, by Parquet file: values of types that Parquet does not keep are
    written as DuckDB's text of them.
    """
    import duckdb

    config = {"memory_limit": body["memory_limit"], "temp_directory": body["temp"]}
    connection = duckdb.connect(body["database"], read_only=True, config=config)
    connection.execute("set timezone = 'UTC'")
    types = {}
    for path, relation in body["relations"].items():
        columns = connection.execute(f"describe select * from {relation}").fetchall()
        types[path] = [[str(name), str(kind)] for name, kind, *_ in columns]
        fields = ", ".join(_column(name, kind) for name, kind in types[path])
        target = _literal(path)
        connection.execute(f"copy (select {fields} from {relation}) to {target} (format parquet, compression zstd)")
    connection.close()
    with open(body["types"], "w", encoding="utf-8") as file:
        json.dump(types, file)


def _column(name: str, kind: str) -> str:
    column = _quoted(name)
    return f"cast({column} as varchar) as {column}" if _NOT_IN_PARQUET.search(kind) else column


if __name__ == "__main__":
    {"prepare": prepare, "export": export}[sys.argv[1]](json.loads(sys.argv[2]))
