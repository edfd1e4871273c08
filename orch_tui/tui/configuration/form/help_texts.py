"""What stands beside fields of the form that every configuration has."""

from __future__ import annotations

NAME = "What people call it; the id stays."
ABOUT = "What it is for, in a sentence or more; lists show its first line."
AT_ONCE = "How many rows run at once; 1: one after another."
ROWS = "TOML. The program runs once for each enabled row; its parameters stand over those above, table by table."


CHECKS = (
    "TOML. What must be so before a table is published: [[checks]] and below it not_null, unique, accepted, range, "
    "rows, columns, freshness, sql, or learned = true."
)
