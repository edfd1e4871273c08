"""How values stand in a grid."""

from __future__ import annotations

import pytest
from orch_tui.tui.data.cells import GridColumn, fitted, grouped, short_kind, shown, widths

TEXT, NUMBER = GridColumn("name", "VARCHAR"), GridColumn("amount", "DECIMAL(10,2)", number=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12345", "12 345"),
        ("-1234567.50", "-1 234 567.50"),
        ("2026", "2026"),
        ("0.5", "0.5"),
        ("1e+16", "1e+16"),
        ("nan", "nan"),
        ("007123", "007123"),
        ("12345678901234567890123456789", "12 345 678 901 234 567 890 123 456 789"),
    ],
)
def test_digits_stand_in_groups_and_nothing_else_changes(value: str, text: str) -> None:
    assert grouped(value) == text
    assert grouped(value).replace(" ", "") == value


def test_only_numbers_are_grouped_and_null_is_a_word() -> None:
    assert shown("12345", NUMBER) == "12 345"
    assert shown("12345", TEXT) == "12345"
    assert shown(None, TEXT) == "NULL"


def test_columns_are_as_wide_as_what_is_in_them_but_not_wider_than_40() -> None:
    assert widths([TEXT, NUMBER], []) == [7, 13]
    assert widths([TEXT], [["数据管道数据"]]) == [12]
    assert widths([TEXT], [["x" * 100]]) == [40]
    # AND they only grow
    assert widths([TEXT], [["x"]], [30]) == [30]


def test_texts_are_fitted_by_their_display_width() -> None:
    assert fitted("数据管道", 5) == "数据…"
    assert fitted("ab", 4) == "ab  "
    assert fitted("ab", 4, right=True) == "  ab"
    assert short_kind("TIMESTAMP WITH TIME ZONE") == "timestamptz"
