"""The two ends of a dbt run on a DuckDB database of the attempt: inputs as views, models as Parquet files.

Run by the Python of dbt's own environment, as ``python database.py prepare|export '{…}'``, so that one version of
DuckDB writes and reads the database: a file of 2.0 cannot be opened by 1.5. Imports nothing of orch-tui.
"""

from __future__ import annotations

import json
import sys
from typing import Any


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
        # Marks of patterns in the path are meant literally.
        exact = "".join(f"[{mark}]" if mark in "*?[" else mark for mark in path)
        connection.execute(f"create view {schema}.{_quoted(name)} as from read_parquet({_literal(exact)})")
    connection.close()


def export(body: dict[str, Any]) -> None:
    """``{"database": path, "temp": directory, "relations": {Parquet file: relation}}``: writes each relation."""
    import duckdb

    config = {"memory_limit": body["memory_limit"], "temp_directory": body["temp"]}
    connection = duckdb.connect(body["database"], read_only=True, config=config)
    connection.execute("set timezone = 'UTC'")
    for path, relation in body["relations"].items():
        columns = connection.execute(f"describe select * from {relation}").fetchall()
        fields = ", ".join(_column(connection, relation, str(name), str(kind)) for name, kind, *_ in columns)
        target = _literal(path)
        connection.execute(f"copy (select {fields} from {relation}) to {target} (format parquet, compression zstd)")
    connection.close()


def _column(connection: Any, relation: str, name: str, kind: str) -> str:
    """Sums of integers have 128 bits, which Parquet does not know; DuckDB would write them as floating point."""
    column = _quoted(name)
    if kind not in ("HUGEINT", "UHUGEINT"):
        return column
    fits = f"coalesce(bool_and(try_cast({column} as bigint) is not null), true)"
    row = connection.execute(f"select {fits} from {relation} where {column} is not null").fetchone()
    return f"cast({column} as {'bigint' if row[0] else 'decimal(38,0)'}) as {column}"


if __name__ == "__main__":
    {"prepare": prepare, "export": export}[sys.argv[1]](json.loads(sys.argv[2]))
