"""What publishing changed about a table besides its rows: a value that the log, result.json and the screens tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import Column, folded


@dataclass(frozen=True, slots=True)
class TypeChange:
    """A column of a table has another type than before. ``met`` is the type of the new rows, where that is a third."""

    table: str
    column: str
    before: str
    after: str
    met: str = ""

    def __str__(self) -> str:
        why = f", which holds the new {safe_line(self.met, 100)} too" if self.met else ""
        name = safe_line(self.column, 60)
        return f'column "{name}" is {safe_line(self.after, 100)} now and was {safe_line(self.before, 100)}{why}'

    def finding(self) -> dict[str, Any]:
        """As an entry of ``findings`` in result.json; ``text`` is the sentence for people."""
        return {
            "kind": "type-changed",
            "table": self.table,
            "column": self.column,
            "before": self.before,
            "after": self.after,
            "text": f'table "{self.table}": {self}',
        }


def type_changes(
    table: str, before: Sequence[Column], after: Sequence[Column], new: Sequence[Column] = ()
) -> list[TypeChange]:
    """The columns that are in both and have another type; ``new`` are those of the rows that were added."""
    now = {folded(name): kind for name, kind in after}
    came = {folded(name): kind for name, kind in new}
    changes = []
    for name, kind in before:
        key = folded(name)
        if key in now and now[key] != kind:
            met = came.get(key, "")
            changes.append(TypeChange(table, name, kind, now[key], "" if met == now[key] else met))
    return changes
