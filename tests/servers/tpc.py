"""The queries of TPC-H and TPC-DS with the columns of their tables, out of DuckDB's own extensions.

Run by the Python of the tool "tpc", which has the DuckDB that these extensions are made for: prints JSON,
``{"tpch": {"tables": {name: [column]}, "queries": {number: sql}, "columns": {number: [column of the result]}}, …}``.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import duckdb


def corpus(extension: str, generator: str) -> dict[str, Any]:
    connection = duckdb.connect()
    home = Path(next(iter(importlib.import_module(f"duckdb_extension_{extension}").__path__)))
    # The one of exactly this version; DuckDB itself looks at its signature.
    file = home / "extensions" / f"v{duckdb.__version__}" / f"{extension}.duckdb_extension"
    connection.execute(f"load '{file}'")
    connection.execute(f"call {generator}(sf = 0)")
    tables: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns() where not internal order by table_name, column_index"
    ).fetchall():
        tables.setdefault(table, []).append(column)
    queries = dict(connection.execute(f"select query_nr, query from {extension}_queries()").fetchall())
    columns = {
        number: [row[0] for row in connection.execute(f"describe {query}").fetchall()]
        for number, query in queries.items()
    }
    return {"tables": tables, "queries": queries, "columns": columns}


if __name__ == "__main__":
    json.dump({"tpch": corpus("tpch", "dbgen"), "tpcds": corpus("tpcds", "dsdgen")}, sys.stdout)
