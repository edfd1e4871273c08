"""The texts in the form of an orchestration."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orch_tui.model.orchestration.orchestration import NO_OPTIONS, Orchestration, TaskOptions, Variable
from orch_tui.model.orchestration.retry import Retry
from orch_tui.tui.dialogs.fields import FormErrors, FormValues
from orch_tui.tui.workbench.dialogs.orchestration_form import (
    PLACES,
    Typed,
    declared_text,
    orchestration_values,
    read_declared,
    read_orchestration,
)

ALPHA = Orchestration(
    "alpha",
    "Alpha",
    "  What it is for.\n",
    max_parallel=3,
    defaults=TaskOptions(retry=Retry(2, 5.0), timeout=60.0),
    variables=(Variable("day", "2026-01-01", "first day"), Variable("asked")),
)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def typed(value: Orchestration, values: FormValues, **options: str) -> Typed:
    return Typed(value.name, value.description, {**values.texts, **options}, values.variables)


@example([Variable("a", None, "\x85")])
@given(
    st.lists(
        st.builds(Variable, st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,9}", fullmatch=True), st.none() | _texts, _texts),
        unique_by=lambda variable: variable.name,
        max_size=4,
    )
)
def test_declared_variables_come_back_from_their_lines(variables: list[Variable]) -> None:
    assert read_declared(declared_text(variables)) == tuple(variables)


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ("day", Variable("day")),
        ("day =", Variable("day", "")),
        ("day = 1 # the day", Variable("day", "1", "the day")),
        ("day # a = b", Variable("day", None, "a = b")),
        ('day = "a # b" # "c"', Variable("day", "a # b", "c")),
    ],
)
def test_lines_of_people_are_read(line: str, variable: Variable) -> None:
    assert read_declared(f"\n {line}\n") == (variable,)


@pytest.mark.parametrize("line", ['day = "a', 'day = "a" b', 'day # "a" b'])
def test_a_line_that_is_none_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        read_declared(f"other = 1\n{line}")


def test_a_form_that_was_only_looked_at_changes_nothing() -> None:
    # GIVEN a form as it is opened
    values = orchestration_values(ALPHA, NO_OPTIONS, 10)

    # WHEN / THEN
    assert read_orchestration(ALPHA, values, typed(ALPHA, values)) is ALPHA
    assert values.defaults["max_parallel"] == "10"


def test_every_field_is_taken() -> None:
    # GIVEN everything typed anew
    values = orchestration_values(ALPHA, NO_OPTIONS, 10)
    options = {**values.texts, "max_parallel": "7", "retry_attempts": "4", "timeout": "", "grace": "2s"}

    # WHEN
    new = read_orchestration(ALPHA, values, Typed("Beta", "For b.", options, "new = 1"))

    # THEN
    defaults = TaskOptions(retry=Retry(4, 5.0), grace=2.0)
    assert new == replace(
        ALPHA, name="Beta", description="For b.", max_parallel=7, defaults=defaults, variables=(Variable("new", "1"),)
    )


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("name", {"name": " "}),
        ("description", {"description": "a\0b"}),
        ("max_parallel", {"options": {"max_parallel": "0"}}),
        ("retry_attempts", {"options": {"retry_attempts": "x"}}),
        ("timeout", {"options": {"timeout": "soon"}}),
        ("variables", {"variables": "a = 1\na = 2"}),
        ("variables", {"variables": "1a = 1"}),
        ("variables", {"variables": 'a = "'}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(place: str, change: dict[str, object]) -> None:
    # GIVEN
    values = orchestration_values(ALPHA, NO_OPTIONS, 10)
    options = {**values.texts, **change.pop("options", {})}  # type: ignore[dict-item]

    # WHEN
    with pytest.raises(FormErrors) as caught:
        read_orchestration(ALPHA, values, replace(typed(ALPHA, values), options=options, **change))  # type: ignore[arg-type]

    # THEN
    assert list(caught.value.errors) == [place]
    assert place in PLACES
