"""Types of columns that a person writes into parameters, as in ``types = { amount = "DECIMAL(10,2)" }``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from orch_tui.storage.duckdb import folded
from orch_tui.storage.values.types import parse_type

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_ ,()\[\]]*")
"""What may become part of a statement: names, numbers and brackets, no quote and no end of it."""


def require_types(types: Mapping[str, str]) -> None:
    """Types by column, before they become part of SQL.

    Raises:
        ValueError: one is no type, or a column has two; for validators of parameters.
    """
    for name, kind in types.items():
        if not _is_type(kind):
            raise ValueError(f'types: "{kind}" of column "{name}" is no type; write one like BIGINT or DECIMAL(10,2)')
    if len({folded(name) for name in types}) < len(types):
        raise ValueError("types names a column twice; upper and lower case are the same")


def _is_type(kind: str) -> bool:
    try:
        parse_type(kind)
    except ValueError:
        return False
    return _TYPE.fullmatch(kind) is not None
