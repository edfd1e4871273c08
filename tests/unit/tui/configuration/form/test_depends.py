"""Fields that only some choices need: when they are shown, and when they are needed."""

from __future__ import annotations

import pytest
from orch_tui.tui.configuration.form.depends import Condition, conditions, is_used, needed_if_used
from orch_tui.tui.configuration.form.fields import build_fields

AUTH = ("auth", "type")
PASSWORD = ("auth", "password")
ON_BASIC = (Condition("type", ("basic",)),)


@pytest.mark.parametrize(
    ("chosen", "default", "used"),
    [
        ("basic", "none", True),
        ("bearer", "none", False),
        ("", "none", False),
        ("", "basic", True),
        ("", "", True),
        ("{{ kind }}", "none", True),
        ("${KIND}", "none", True),
    ],
)
def test_it_is_used_with_a_choice_beside_it(chosen: str, default: str, used: bool) -> None:
    assert is_used(PASSWORD, ON_BASIC, {AUTH: chosen}, {AUTH: default}) is used


def test_all_conditions_count_and_none_is_no_limit() -> None:
    both = (*ON_BASIC, Condition("place", ("header",)))
    assert not is_used(PASSWORD, both, {AUTH: "basic", ("auth", "place"): "query"}, {})
    assert is_used(PASSWORD, (), {}, {})


@pytest.mark.parametrize(
    ("marks", "found", "needed"),
    [
        ({"type": ["basic"], "required": ["basic"]}, ON_BASIC, True),
        ({"type": ["basic"], "required": []}, ON_BASIC, False),
        ({"type": "basic"}, ON_BASIC, False),
        ({"type": ["basic", "bearer"], "required": ["basic"]}, (Condition("type", ("basic", "bearer")),), False),
        ("nonsense", (), False),
        (None, (), False),
    ],
)
def test_a_schema_that_anybody_may_have_written(marks: object, found: tuple[Condition, ...], needed: bool) -> None:
    assert conditions({"x-depends-on": marks}) == found
    assert needed_if_used({"x-depends-on": marks}) is needed


def test_fields_know_what_they_depend_on() -> None:
    schema = {
        "properties": {
            "auth": {
                "type": "object",
                "properties": {
                    "type": {"enum": ["none", "basic"], "default": "none"},
                    "password": {"type": "string", "x-depends-on": {"type": ["basic"], "required": ["basic"]}},
                },
            }
        }
    }
    kind, password = build_fields(schema, {})
    assert (kind.depends, kind.required, password.depends, password.required) == ((), False, ON_BASIC, True)
