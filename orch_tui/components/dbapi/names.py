"""Names of tables and columns as people write them, and the sentence for one that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from orch_tui.components.kit.sql import listed
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.duckdb import folded


def find(name: str, known: Sequence[str]) -> str | None:
    """The spelling in ``known``: the same, or the only one that differs in case."""
    if name in known:
        return name
    alike = [other for other in known if folded(other) == folded(name)]
    return alike[0] if len(alike) == 1 else None


def require(name: str, known: Sequence[str], what: str, where: str) -> str:
    """As :func:`find`. ``what`` is "table", "column" and so on.

    Raises:
        UserError: there is no such name in ``where``; with the nearest, or with all.
    """
    found = find(name, known)
    if found is not None:
        return found
    lower = {folded(other): other for other in known}
    near = [lower[other] for other in difflib.get_close_matches(folded(name), list(lower), n=3)]
    if near:
        rest = "did you mean " + " or ".join(f'"{safe_line(other, 60)}"' for other in near) + "?"
    else:
        rest = f"its {what}s are {listed(known, 40)}" if known else f"it has no {what}s that this user may see"
    raise UserError(f'{where} has no {what} "{safe_line(name, 100)}"; {rest}')
