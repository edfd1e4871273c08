"""Types that a person writes for columns, before they become part of SQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.components.kit.column_types import require_types
from orch_tui.storage.duckdb import open_database


@pytest.mark.parametrize(
    "kind",
    ["BIGINT", "decimal(10, 2)", "TIMESTAMP WITH TIME ZONE", "double precision", "INT[]", "DECIMAL(9,2)[3][]",
     "STRUCT(a INT, b VARCHAR[])", "MAP(VARCHAR, INT)"],
)  # fmt: skip
def test_a_type_is_taken(kind: str, tmp_path: Path) -> None:
    # GIVEN a type that DuckDB knows
    with open_database(tmp_path) as con:
        con.execute(f"select null::{kind}")
    # WHEN it is set for a column, THEN it is taken
    require_types({"a": kind})


@pytest.mark.parametrize(
    "kind", ["", " ", "BIGINT); drop", "BIGINT), x as (INT", "INT)", "INT[", "'INT'", "INT -- x", "10", "INT; select 1"]
)
def test_what_is_no_type_is_refused(kind: str) -> None:
    # GIVEN what would be more of a statement than a type, WHEN it is set, THEN a sentence says where
    with pytest.raises(ValueError, match='of column "a" is no type; write one like BIGINT'):
        require_types({"b": "INT", "a": kind})


def test_a_column_has_one_type() -> None:
    # GIVEN names that DuckDB takes for one, WHEN both have a type, THEN that is refused
    with pytest.raises(ValueError, match="twice"):
        require_types({"Place": "INT", "pLACE": "INT"})
