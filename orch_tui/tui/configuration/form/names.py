"""Names that can be written: tables of the storage and their columns, and how a beginning of one goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orch_tui.tui.configuration.form.state import FormState

_WORD = re.compile(r"[^\W\d]\w*$")
_PLAIN = re.compile(r"[^\W\d]\w*")
_SHORTEST = 2
"""Letters that must be there before the rest is offered."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """``tables`` maps ``bucket/table`` to the names of its columns, as the storage has them."""

    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of_texts(self, state: FormState) -> dict[str, str]:
        """What a text of this form can name, each with what it is: inputs, outputs, and columns of the inputs."""
        names: dict[str, str] = {}
        for row in state.inputs:
            names.setdefault(row.name.strip() or row.table.strip().rpartition("/")[2], f"input {row.table.strip()}")
        for output in state.outputs:
            table = output.table.strip()
            names.setdefault(output.name.strip() or table.rpartition("/")[2], f"output {table}")
        for row in state.inputs:
            for column in self.tables.get(row.table.strip(), ()):
                names.setdefault(column, f"column of {row.table.strip()}")
        names.pop("", None)
        return names

    def key_columns(self, table: str) -> tuple[str, ...]:
        """The columns that a key of ``table`` can have."""
        return self.tables.get(table.strip(), ())


def rest_of(before: str, names: Iterable[str]) -> str:
    """How the word at the end of ``before`` goes on: the rest of the first name that begins with it, or nothing."""
    word = _WORD.search(before)
    if word is None or len(word[0]) < _SHORTEST:
        return ""
    begun = word[0].casefold()
    fitting = [name for name in names if name.casefold().startswith(begun) and _PLAIN.fullmatch(name)]
    if any(len(name) == len(begun) for name in fitting):
        return ""
    return fitting[0][len(begun) :] if fitting else ""


def written(name: str) -> str:
    """A name as SQL takes it."""
    from orch_tui.storage.duckdb import quoted

    return name if _PLAIN.fullmatch(name) else quoted(name)
