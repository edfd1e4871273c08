"""Names of tables and columns, and how they are completed."""

from __future__ import annotations

import pytest
from orch_tui.tui.configuration.form.names import KnownNames, rest_of, written
from orch_tui.tui.configuration.form.state import FormState, InputRow, OutputRow

KNOWN = KnownNames({"marketing/campaigns": ("campaign_id", "cost", "Über Preis"), "other/table": ("secret",)})


def test_a_text_can_name_inputs_outputs_and_columns_of_inputs() -> None:
    # GIVEN a form with an input under its own name, one under another, and an output
    inputs = (InputRow("marketing/campaigns"), InputRow("gone/table", "old"), InputRow())
    state = FormState("n", "", {}, inputs, (OutputRow("", "a/result"),))
    # THEN the names are those under which the task knows them, and the columns that the storage has
    assert KNOWN.of_texts(state) == {
        "campaigns": "input marketing/campaigns",
        "old": "input gone/table",
        "result": "output a/result",
        "campaign_id": "column of marketing/campaigns",
        "cost": "column of marketing/campaigns",
        "Über Preis": "column of marketing/campaigns",
    }


@pytest.mark.parametrize(
    ("before", "rest"),
    [
        ("select ca", "mpaigns"),
        ("select campaign_", "id"),
        ("select c.CO", "st"),
        ("select c", ""),
        ("select cost", ""),
        ("select Üb", ""),
        ("", ""),
        ("select nope", ""),
    ],
)
def test_a_word_is_completed_by_the_first_name_that_begins_with_it(before: str, rest: str) -> None:
    state = FormState("n", "", {}, (InputRow("marketing/campaigns"),))
    assert rest_of(before, KNOWN.of_texts(state)) == rest


def test_names_are_quoted_where_sql_needs_it() -> None:
    assert written("cost") == "cost" and written('a "b"') == '"a ""b"""'
