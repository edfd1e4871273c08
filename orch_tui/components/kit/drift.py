"""What an extractor's new rows look like beside the table that is there: columns gone, types changed, no rows."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Output
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.duckdb import folded
from orch_tui.storage.opening import open_storage

Column = tuple[str, str]
"""Name and DuckDB type."""


def changes(before: Sequence[Column], after: Sequence[Column], *, types: bool = True) -> list[str]:
    """A phrase for each column that is gone or (with ``types``) has another type; new columns break nobody."""
    new = {folded(name): (name, kind) for name, kind in after}
    found = []
    for name, kind in before:
        now = new.get(folded(name))
        if now is None:
            found.append(f'column "{safe_line(name, 60)}" is gone')
        elif types and now[1] != kind:
            found.append(f'column "{safe_line(name, 60)}" is {now[1]} now and was {kind}')
    return found


def check_shape(ctx: Context, output: Output, columns: Sequence[Column], rows: int, *, strict: bool = False) -> None:
    """Compare what an extractor is about to publish with the table as it is; differences are warnings.

    Call it once for each output, when its rows are complete. An answer of a source without rows has no types to
    compare where they were found out from the rows: leave the columns out then.

    Raises:
        UserError: with ``strict``, when a column is gone or its type changed. Nothing is published.
    """
    known = open_storage(ProjectPaths(ctx.project)).get(output.table)
    # Rows that are added meet the stored ones; publishing says if that changed a type of the table.
    types = strict or output.mode is WriteMode.FULL
    found = changes(known.columns, columns, types=types) if known is not None and columns else []
    if found and strict:
        raise UserError(
            f"{output.table}: {'; '.join(found)}; the parameter strict refuses that. Correct the source, or run once "
            "with strict = false to take the new columns"
        )
    if found:
        ctx.warn(f"{output.table}: {'; '.join(found)}")
    if rows == 0 and output.mode is WriteMode.FULL:
        had = f"; it had {known.rows}" if known is not None and known.rows else ""
        ctx.warn(f"the source gave no rows, so {output.table} is empty now{had}")
