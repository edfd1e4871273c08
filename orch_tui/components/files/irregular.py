"""What CSV files had besides their rows, for the log and for result.json."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.components.files.csv_files import CsvFile
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.sql import listed


def report(files: Sequence[CsvFile], ctx: Context) -> None:
    """Say of each file which rows were filled or left out; rows left out are a warning."""
    filled = left_out = 0
    for file in files:
        found, label = file.irregular, file.source.label
        filled += found.filled
        left_out += found.left_out
        if found.comments:
            ctx.log(f"{label}: {_lines(found.comments)} with a comment left out")
        if found.filled:
            ctx.log(f"{label}: {_rows(found.filled)} shorter than the header; what they lack is null")
        if found.left_out:
            lines = listed(map(str, found.lines), 20)
            more = f" and {found.left_out - len(found.lines)} more" if found.left_out > len(found.lines) else ""
            ctx.warn(
                f"{label}: {_rows(found.left_out)} left out, which have another number of values than the header has "
                f"names: line {lines}{more}"
            )
    if filled:
        ctx.metrics["rows_filled"] = filled
    if left_out:
        ctx.metrics["rows_left_out"] = left_out


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def _lines(number: int) -> str:
    return "1 line" if number == 1 else f"{number} lines"
