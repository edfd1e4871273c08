"""What an approval asks, and what an answer has to hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.orchestration.approval import (
    AnswerFault,
    AnswerField,
    FieldType,
    OnTimeout,
    Question,
    complaint,
    may_answer,
    parse_answer,
    question_of,
    recall_question,
)

VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: st.text(st.characters(codec="utf-8"), max_size=20).filter(lambda text: "*****" not in text),
    FieldType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    FieldType.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    FieldType.BOOLEAN: st.booleans(),
    FieldType.DATE: st.dates(),
    FieldType.DATETIME: st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC)),
}


@st.composite
def fields(draw: st.DrawFn, number: int) -> AnswerField:
    kind = draw(st.sampled_from(FieldType))
    choices = tuple(draw(st.lists(VALUES[kind], max_size=3)))
    default = draw(st.none() | (st.sampled_from(choices) if choices else VALUES[kind]))
    return AnswerField(f"f{number}", kind, draw(st.text(st.characters(codec="utf-8"), max_size=5)), default, choices)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    some = tuple(draw(fields(number)) for number in range(draw(st.integers(0, 3))))
    free = all(one.default is not None for one in some)
    on_timeout = draw(st.sampled_from(OnTimeout)) if free else OnTimeout.REJECT
    timeout = draw(st.none() | st.floats(0.001, 1e6))
    return Question(draw(st.sampled_from(["Go?", "a\nb"])), some, ("ann",), timeout, on_timeout)


@given(questions())
def test_a_question_comes_back_from_the_journal_as_it_was(question: Question) -> None:
    assert recall_question(question.encoded()) == question


def question(**more: Any) -> Question:
    return question_of({"text": "Go?", **more})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "a b", "a b"),
        ("integer", "-12", -12),
        ("number", "3", 3.0),
        ("boolean", "Yes", True),
        ("boolean", "false", False),
        ("date", "2026-11-29", date(2026, 11, 29)),
        ("datetime", "2026-11-29T10:00:00Z", datetime(2026, 11, 29, 10, tzinfo=UTC)),
    ],
)
def test_what_people_type_gets_its_type(kind: str, text: str, value: object) -> None:
    answer = parse_answer(question(fields=[{"name": "x", "type": kind}]), {"x": text})
    assert answer == {"x": value} and type(answer["x"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.5"),
        ("integer", str(2**63)),
        ("number", "nan"),
        ("number", "much"),
        ("boolean", "maybe"),
        ("date", "29. 11. 2026"),
        ("datetime", "2026-11-29T10:00:00"),
    ],
)
def test_what_is_not_of_the_type_is_refused_with_the_name_of_the_field(kind: str, text: str) -> None:
    with pytest.raises(AnswerFault, match=r"^x "):
        parse_answer(question(fields=[{"name": "x", "type": kind}]), {"x": text})


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"text": " "}, "needs a text"),
        ({"fields": {"name": "x"}}, "fields is a list"),
        ({"fields": [{"name": "a b"}]}, "cannot be the name of a variable"),
        ({"fields": [{"name": "x"}, {"name": "x"}]}, 'two fields are called "x"'),
        ({"fields": [{"name": "x", "type": "colour"}]}, 'has the type "colour"'),
        ({"fields": [{"name": "x", "type": "integer", "default": True}]}, "is of the type integer, not boolean"),
        ({"fields": [{"name": "x", "choices": ["a"], "default": "b"}]}, "none of its choices"),
        ({"timeout": "soon"}, "timeout: "),
        ({"timeout": 0}, "above 0"),
        ({"on_timeout": "wait"}, 'is "reject" or "approve"'),
        ({"on_timeout": "approve", "fields": [{"name": "x"}]}, "needs a default of the field x"),
        ({"approvers": "ann"}, "approvers is a list"),
    ],
)
def test_a_question_that_is_wrong_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AnswerFault, match=sentence):
        question(**parameters)


def test_an_answer_has_every_field_and_no_other_and_the_types_that_were_asked_for() -> None:
    asked = question(fields=[{"name": "n", "type": "integer"}, {"name": "c", "choices": ["a", "b"], "default": "a"}])
    assert parse_answer(asked, {"n": "1"}) == {"n": 1, "c": "a"}
    assert complaint(asked, {"n": 1, "c": "b"}) == ""
    assert complaint(asked, {"c": "b"}) == "n (a whole number) is missing"
    assert complaint(asked, {"n": True, "c": "b"}) == "n is a whole number, not of the type boolean"
    assert complaint(asked, {"n": 1, "c": "z"}) == "c is one of a, b, not z"
    assert complaint(asked, {"n": 1, "c": "b", "x": 1}) == 'it asks for no "x"; it asks for n, c'


def test_only_approvers_may_answer_where_there_are_some() -> None:
    asked = question(approvers=["ann", "bob"])
    assert may_answer(asked, "ann@host (pts/1)") and not may_answer(asked, "annette@host")
    assert may_answer(question(), "annette@host")
