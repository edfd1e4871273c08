"""Types by the first rows: where no row breaks them, they and the values are those that all rows give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.storage.values.assumed import assumed_types, is_broken
from orch_tui.storage.values.conversion import text_of
from orch_tui.storage.values.inference import infer_types
from orch_tui.storage.values.types import NULL_TYPE

from tests.support.effort import examples
from tests.unit.storage.values.test_inference import EXAMPLES

TEXTS = sorted({text for texts, _ in EXAMPLES for text in texts if text is not None})
Row = tuple[str | None, str | None]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as made:
        made.execute("set timezone = 'UTC'")
        yield made


def fill(con: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
    a, b = [a for a, _ in rows], [b for _, b in rows]
    con.execute(
        "create or replace temp table texts as select unnest(?::varchar[]) as a, unnest(?::varchar[]) as b", [a, b]
    )


def agree(con: duckdb.DuckDBPyConnection, rows: Sequence[Row], first: int) -> str:
    """How it went: ``undecided``, ``broken`` or ``held``; if it held, as if all rows had been looked at."""
    fill(con, rows)
    decided = assumed_types(con, "texts", ["a", "b"], first)
    if decided is None:
        return "undecided"
    prepared, found = decided
    query = f"select {found['a'].value} as a, {found['b'].value} as b from {prepared.replace('{}', 'texts', 1)}"
    # The types of all rows, and what their values give as text.
    whole = infer_types(con, "texts", ["a", "b"])
    try:
        got = con.execute(query).fetchall()
    except duckdb.Error as error:
        assert is_broken(error), error
        assert any(whole[name].type != found[name].type for name in "ab") or first < len(rows)
        return "broken"
    assert {name: one.type for name, one in found.items()} == {name: one.type for name, one in whole.items()}
    wanted = con.execute(f"select {whole['a'].cast_expression}, {whole['b'].cast_expression} from texts").fetchall()
    assert repr(got) == repr(wanted)
    shown = [text_of(name, found[name].type) if found[name].type != NULL_TYPE else name for name in "ab"]
    texts = con.execute(f"select {', '.join(shown)} from ({query})").fetchall()
    for row, told in zip(rows, texts, strict=True):
        for text, back, name in zip(row, told, "ab", strict=True):
            if not found[name].type.startswith("TIME"):
                assert text == back
    return "held"


@pytest.mark.parametrize(("texts", "kind"), EXAMPLES, ids=str)
def test_texts_of_known_types(con: duckdb.DuckDBPyConnection, texts: list[str | None], kind: str) -> None:
    # GIVEN texts all of which are seen before, THEN it is their type, or undecided
    fill(con, [(text, None) for text in texts])
    decided = assumed_types(con, "texts", ["a", "b"])
    if decided is not None:
        assert (decided[1]["a"].type, decided[1]["b"].type) == (kind, NULL_TYPE)
    # WHEN one of them comes first and the others later, THEN it holds or is broken, and never says another type
    for text in texts:
        agree(con, [(text, None), *((other, None) for other in texts)], first=1)


COLUMNS = st.sampled_from(TEXTS) | st.none() | st.sampled_from(["1", "2.5", "0.5", "1.50", "2024-01-05 10:00:00", "x"])
TIMES = st.from_regex(r"2024-0[1-9]-1\d[ T]1\d:0\d(:0\d(\.\d{1,7})?)?(Z|\+02:00)?", fullmatch=True)
NUMBERS = st.from_regex(r"-?\d{1,20}(\.\d{1,20})?", fullmatch=True) | st.floats().map(str) | st.integers().map(str)
LISTS = st.one_of(*(st.lists(one | st.none(), min_size=1, max_size=8) for one in (COLUMNS, TIMES, NUMBERS)))


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(a=LISTS, b=LISTS, first=st.integers(1, 4))
def test_what_holds_is_what_all_rows_say(
    con: duckdb.DuckDBPyConnection, a: list[str | None], b: list[str | None], first: int
) -> None:
    # GIVEN any texts, WHEN the first of them say the types, THEN the others hold them, break them, or are of them
    length = max(len(a), len(b))
    padded = [[*texts, *[texts[-1]] * (length - len(texts))] for texts in (a, b)]
    agree(con, list(zip(*padded, strict=True)), first)


@pytest.mark.parametrize(
    ("first", "later", "outcome"),
    [
        ("5", "7", "held"), ("5", "7.5", "broken"), ("5", "007", "broken"), ("0.5", "0.3333333333333333", "held"),
        ("0.5", "0.5000000000000000001", "broken"), ("1.50", "12.00", "held"), ("1.50", "12.0", "broken"),
        ("1.50", "12345678901234567.00", "broken"), ("true", "false", "held"), ("true", "True", "broken"),
        ("2024-01-05", "2024-02-29", "held"), ("2024-01-05", "2024-02-30", "broken"),
        ("2024-01-05", "infinity", "broken"), ("2024-01-05", "0044-03-15 (BC)", "broken"),
        ("2024-01-05 10:00:00", "2024-01-05 10:00:00.5", "held"),
        ("2024-01-05 10:00:00", "2024-01-05 10:00:00.50", "broken"),
        ("2024-01-05 10:00:00", "0044-03-15 (BC) 10:00:00", "broken"),
        ("2024-01-05 10:00:00", "12024-01-05 10:00:00", "broken"),
        ("2024-01-05T10:00:00", "2024-01-05 10:00:00", "broken"),
        ("2024-01-05T10:00:00Z", "2025-01-05T10:00:00Z", "held"),
        ("2024-01-05T10:00:00Z", "2025-01-05T10:00:00+02", "broken"), ("10:00:00", "23:59:59.25", "held"),
        ("10:00:00", "24:00:00", "broken"), ("x", "5", "held"), ("nan", "x", "undecided"), ("nan", "1.5", "undecided"),
        (None, "5", "broken"), (None, None, "held"),
    ],
)  # fmt: skip
def test_a_later_text(con: duckdb.DuckDBPyConnection, first: str | None, later: str | None, outcome: str) -> None:
    assert agree(con, [(first, None), (None, None), (later, None)], first=2) == outcome


def test_more_columns_than_a_query_should_have(con: duckdb.DuckDBPyConnection) -> None:
    names = [f"c{n}" for n in range(600)]
    con.execute(f"create or replace temp table wide as select {', '.join(f'''{n!r} as {n}''' for n in names)}")
    assert assumed_types(con, "wide", names) is None
