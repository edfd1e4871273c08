"""Values that tasks set: types that survive a journal, and a sentence for what is no value."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.variables.values import (
    MASKED,
    MOST_BYTES,
    MOST_VALUES,
    Value,
    decode,
    decode_all,
    encode,
    encode_all,
    recall_all,
    text_of,
    type_of,
)

_ZONES = st.integers(-12 * 60, 12 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_SCALARS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: MASKED not in text),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=_ZONES),
)
_VALUES = _SCALARS | st.lists(_SCALARS, max_size=5).map(tuple)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just("type"), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), _VALUES, min_size=1, max_size=5))
def test_values_come_back_from_a_journal_with_their_types(values: dict[str, Value]) -> None:
    text = encode_all(values)
    assert text is not None
    back = recall_all(text)
    # THEN equal is not enough: 1, 1.0 and true are equal
    assert back == values and {n: type_of(v) for n, v in back.items()} == {n: type_of(v) for n, v in values.items()}


@given(_JSON)
def test_whatever_a_program_says_is_a_value_or_told(raw: Any) -> None:
    values, faults = decode_all({"x": raw})
    # THEN exactly one of both, and what was taken can be kept
    assert (len(values), len(faults)) in ((1, 0), (0, 1))
    if values:
        assert recall_all(encode_all(values) or "") == values
        assert text_of(values["x"]) == text_of(decode(json.loads(json.dumps(encode(values["x"])))))


@pytest.mark.parametrize(
    ("raw", "value", "text"),
    [
        ("a {{ b }}", "a {{ b }}", "a {{ b }}"),
        (True, True, "true"),
        (12, 12, "12"),
        (1.0, 1.0, "1.0"),
        ({"type": "number", "value": 3}, 3.0, "3.0"),
        ({"type": "date", "value": "2026-02-28"}, date(2026, 2, 28), "2026-02-28"),
        (
            {"type": "datetime", "value": "2026-02-28T10:00:00Z"},
            datetime(2026, 2, 28, 10, tzinfo=UTC),
            "2026-02-28T10:00:00+00:00",
        ),
        (["a", 1], ("a", 1), '["a", 1]'),
    ],
)
def test_a_value_has_a_type_and_a_text(raw: Any, value: Value, text: str) -> None:
    assert decode(raw) == value and type(decode(raw)) is type(value)
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (None, "it is null, which is no value; leave it out"),
        (2**63, "it is a whole number beyond 64 bits; write it as a text"),
        (float("nan"), "it is no finite number"),
        ([["a"]], "it is a list in a list; lists hold texts, numbers, flags and dates"),
        ({"type": "date", "value": "2026-02-30"}, 'it is no date: "2026-02-30"'),
        ({"type": "integer", "value": "3"}, "it says that it is of the type integer, and is of the type text"),
        ("key=*****", "it holds a secret, which would be written down and shown; name the secret where it is used"),
        ("x" * MOST_BYTES, f"it has {MOST_BYTES + 2} bytes; a variable holds {MOST_BYTES} at most"),
        ({"a": 1}, "it is an object, which is no value"),
        ({"type": "datetime", "value": "2026-02-28T10:00:00"}, "time without its zone"),
    ],
)
def test_what_is_no_value_is_told_and_keeps_none_of_the_others(raw: Any, told: str) -> None:
    values, faults = decode_all({"bad": raw, "good": 1})
    assert values == {"good": 1} and len(faults) == 1
    if "zone" not in told:
        assert faults[0].startswith(f"variable bad was not set: {told}")


def test_names_and_their_number_have_limits() -> None:
    assert decode_all({"a b": 1}) == ({}, ['"a b" cannot be the name of a variable'])
    assert decode_all([1]) == ({}, ["variables are an object of names and values, not list"])
    values, faults = decode_all({f"v{number}": number for number in range(MOST_VALUES + 5)})
    assert len(values) == MOST_VALUES and len(faults) == 1


@pytest.mark.parametrize("kind", ["text", "integer", "number", "boolean", "date", "datetime"])
@pytest.mark.parametrize("inner", ["x", 2**60, 1.5, True], ids=str)
def test_a_value_of_another_type_than_it_says_is_none(kind: str, inner: str | float) -> None:
    if type_of(inner) == kind:
        assert decode({"type": kind, "value": inner}) == inner
    else:
        with pytest.raises(ValueError, match=f"type {kind}, and is of the type {type_of(inner)}|is no {kind}"):
            decode({"type": kind, "value": inner})
