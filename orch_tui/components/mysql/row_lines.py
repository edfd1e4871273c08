"""A row as one text that the server makes: a line of CSV, each value of which is the server's own text of it.

Sources: https://dev.mysql.com/doc/refman/8.4/en/string-functions.html and https://mariadb.com/kb/en/string-functions/
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orch_tui.components.dbapi.pipe import CsvColumn
from orch_tui.components.dbapi.values import Column
from orch_tui.components.mysql.types import BIT, MysqlField, reading

END = b"\x01\n"
"""What every line ends with: by it lines are told apart quickly, and which they are is told by their lengths."""
_END = "_utf8mb4 x'010A'"

_QUOTED = "if({x} is null, '', concat('\"', replace(convert({x} using utf8mb4), '\"', '\"\"'), '\"'))"
_HEX = "if({x} is null, '', concat('x', hex({x})))"
"""Not coalesce: of a text that is too long the server makes a null, which is then to be that of the whole line."""
_PLAIN = "coalesce({x}, '')"


def line_of(fields: Sequence[MysqlField], values: Sequence[str]) -> str:
    """The expression of a row's line. ``values`` are the columns in SQL, of a FLOAT with all its digits."""
    if len(fields) == 1:
        # A line without anything is no row.
        return f"concat('1,', {_text(fields[0], values[0])}, {_END})"
    texts = ", ',', ".join(_text(field, x) for field, x in zip(fields, values, strict=True))
    return f"concat({texts}, {_END})"


def _text(field: MysqlField, x: str) -> str:
    kind = reading(field).kind
    if kind == "BLOB":
        return _HEX.replace("{x}", x)
    if field.code == BIT:
        return _PLAIN.replace("{x}", f"cast({x} as unsigned)")
    if kind in ("VARCHAR", "JSON"):
        return _QUOTED.replace("{x}", x)
    return _PLAIN.replace("{x}", x)


_MADE = {
    "JSON": ("VARCHAR", "cast({} as json)"),
    "BLOB": ("VARCHAR", "from_hex(substr({}, 2))"),
    "BOOLEAN": ("UTINYINT", "{} <> 0"),
}
"""How a text is parsed, and what is made of that, where DuckDB's parser would not make it so."""


def csv_column(column: Column) -> CsvColumn:
    """How the texts of a line become values of the column."""
    if column.finding is not None:
        return CsvColumn(column.name, column.finding.collected)
    parsed, made = _MADE.get(column.kind, (column.kind, "{}"))
    return CsvColumn(column.name, parsed, made)


_STREAMED = re.compile(r"\s*select\b", re.IGNORECASE)
_HELD = re.compile(
    r"@|\b(order|group|having|union|intersect|except|minus|limit|offset|fetch|distinct|distinctrow|into|for|lock|"
    r"procedure|with|over|window|sql_\w+|high_priority|rownum)\b",
    re.IGNORECASE,
)


def is_streamed(query: str) -> bool:
    """Whether the server surely gives the rows of this query one by one, in any order, also inside of another query.

    Words that would say otherwise count wherever they stand, also in a text or a comment.
    """
    return _STREAMED.match(query) is not None and _HELD.search(query) is None
