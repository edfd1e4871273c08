"""JSON in and out: every number with all of its digits, whatever it is in."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.components.http.json.exact_json import Number, dumps, loads, number

from tests.support.effort import examples

DIGITS = st.text("0123456789", min_size=1, max_size=40)
NUMBERS = st.builds(
    lambda sign, whole, fraction, exponent: f"{sign}{whole.lstrip('0') or '0'}{fraction}{exponent}",
    st.sampled_from(["", "-"]),
    DIGITS,
    st.just("") | DIGITS.map(lambda digits: f".{digits}"),
    st.just("")
    | st.builds("{}{}{}".format, st.sampled_from("eE"), st.sampled_from(["", "+", "-"]), st.integers(0, 999)),
)


def texts() -> st.SearchStrategy[str]:
    """JSON without blanks."""
    leaf = (
        NUMBERS
        | st.sampled_from(["null", "true", "false"])
        | st.text(max_size=5).map(lambda text: json.dumps(text, ensure_ascii=False))
    )
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=4).map(lambda parts: f"[{','.join(parts)}]")
            | st.dictionaries(st.text('aA"b', max_size=3), inner, max_size=4).map(
                lambda parts: "{" + ",".join(f"{json.dumps(name)}:{part}" for name, part in parts.items()) + "}"
            )
        ),
        max_leaves=12,
    )


@given(texts())
@settings(max_examples=examples(300), deadline=None)
def test_what_comes_in_goes_out(text: str) -> None:
    assert dumps(loads(text)) == text


@pytest.mark.parametrize("text", ["1.5", "0.1", "-2.25", "1e+16", "1e-07", "123456789.125"])
def test_a_float_that_is_written_as_one_is_one(text: str) -> None:
    assert type(number(text)) is float and number(text) == float(text)


@pytest.mark.parametrize(
    "text",
    ["1.50", "1e5", "1E400", "-1e400", "0.1234567890123456789", "-0", "9" * 5000, "1.0e1", "1e99999999999999999999"],
)
def test_any_other_is_kept_as_it_is_written(text: str) -> None:
    found = loads(text)
    assert isinstance(found, Number) and str(found) == text and dumps([{"a": found}]) == f'[{{"a":{text}}}]'
    assert found == Number(text) and hash(found) == hash(Number(text))


def test_the_number_of_a_text() -> None:
    assert Number("1.50").value == Decimal("1.5") and Number("1e400").value > Number("9e399").value
    assert Number("1e99999999999999999999").value == Decimal("inf")
    assert Number("-1e99999999999999999999").value == Decimal("-inf")


def test_integers_of_any_size_are_integers() -> None:
    for value in (0, -1, 2**63, 10**30, -(10**3999)):
        assert loads(str(value)) == value and type(loads(str(value))) is int


@pytest.mark.parametrize(("text", "out"), [("[NaN,Infinity,-Infinity,1.50]", '["nan","inf","-inf",1.50]')])
def test_names_of_no_number_are_texts_in_json(text: str, out: str) -> None:
    assert dumps(loads(text)) == out


@pytest.mark.parametrize("text", ["", "{", "01", "1.", "nul", "[1,]", "{'a':1}"])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        loads(text)


def test_a_value_that_json_does_not_know() -> None:
    value: Any = {"a": [Number("1.0"), object()]}
    with pytest.raises(TypeError):
        dumps(value)
