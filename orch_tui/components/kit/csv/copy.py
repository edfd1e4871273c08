"""A copy of records that has one meaning only, for DuckDB to read what its own parser would read otherwise."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from orch_tui.components.kit.csv.grammar import Fields

LINE = "\x1fline"
"""The column of a copy with the number of the line that a record was read from; no column of a file is called so."""
COPY_LINE_END = "\r\n"
DEFAULT_LONGEST = 2_000_000
"""Bytes of a record that DuckDB reads without being asked to make room."""


def write_copy(records: Iterable[tuple[int, Fields]], target: Path) -> tuple[int, int]:
    """Write a copy: no header, :data:`LINE` first, quotes and commas, nothing between commas for no value.

    Returns the bytes that its longest record has at most (a character has four), and the number of records.

    Raises:
        OSError: it cannot be written.
    """
    rows = longest = 0
    with target.open("w", encoding="utf-8", newline="") as out:
        # The writer takes no text for an empty one: a record with one is written by hand.
        write = csv.writer(out, lineterminator=COPY_LINE_END).writerow
        for line, fields in records:
            rows += 1
            if "" in fields:
                texts = ["" if text is None else '"' + text.replace('"', '""') + '"' for text in fields]
                size = out.write(f"{line},{','.join(texts)}{COPY_LINE_END}")
            else:
                size = write([line, *fields])
            longest = max(longest, 4 * size)
    return longest, rows
