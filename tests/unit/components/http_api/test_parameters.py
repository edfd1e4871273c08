"""What the HTTP extractor says about its parameters, and the form they become."""

from __future__ import annotations

from typing import Any

import pytest
from orch_tui.components.http_api.extractor import Parameters
from orch_tui.components.kit.parameters import model_errors
from orch_tui.tui.configuration.form.fields import Kind, build_fields
from orch_tui.tui.configuration.form.schemas import secret_literals

BASE = {"base_url": "https://api.example.com"}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({}, []),
        ({"base_url": "${BASE}", "auth": {"type": "bearer", "token": "${TOKEN}"}}, []),
        ({"base_url": "example.com"}, ['base_url: it must begin with "https://" (or "http://")']),
        ({"pagination": {"type": "cursor"}}, ['pagination.cursor_param: type = "cursor" needs this']),
        (
            {"pagination": {"type": "cursor", "cursor_param": "c"}},
            ["pagination: give either cursor_path or cursor_field, and not both"],
        ),
        (
            {"pagination": {"type": "offset", "page_param": "p"}},
            ['pagination.page_param: it is not used with type = "offset"; take it out, or choose another type'],
        ),
        (
            {"pagination": {"type": "offsets"}},
            ["pagination.type: must be 'none', 'offset', 'page', 'cursor' or 'link'"],
        ),
        ({"pagination": {"limt": 5}}, ['pagination.limt: there is no such parameter; did you mean "limit"?']),
        ({"job": {"type": "poll"}}, ['job.poll: type = "poll" needs this']),
        (
            {"job": {"type": "poll", "poll": "header:"}},
            ['job.poll: write "header:NAME", "body:path.in.the.answer" or a path such as "/jobs/{id}"'],
        ),
        ({"incremental": {"field": "a"}}, ["incremental: field and param belong together; give both, or none"]),
        ({"body": {"a": 1}}, ['parameters: a body goes with method = "POST" only']),
        (
            {"types": {"a": "BIGINT); drop"}},
            ['parameters: types: "BIGINT); drop" of column "a" is no type; write one like BIGINT or DECIMAL(10,2)'],
        ),
        (
            {"types": {"a": "BIGINT", "A": "INT[2]"}},
            ["parameters: types names a column twice; upper and lower case are the same"],
        ),
        ({"children": [{"path": "lines"}]}, ["children[0].output: this parameter is required"]),
    ],
)
def test_errors_are_at_their_fields(parameters: dict[str, Any], says: list[str]) -> None:
    assert model_errors(Parameters, {**BASE, **parameters}) == says


def test_the_form_has_a_field_for_every_choice() -> None:
    # GIVEN parameters of which some are set
    given = {**BASE, "auth": {"type": "basic", "username": "u", "password": "${P}"}, "pagination": {"type": "page"}}
    schema = Parameters.model_json_schema()
    # WHEN the form is made
    fields = {one.key: one for one in build_fields(schema, given)}
    # THEN kinds are choices, secrets are secrets, and nothing is left to a field of raw text that need not be
    for key in ("auth.type", "pagination.type", "job.type"):
        assert fields[key].kind is Kind.CHOICE
    assert {key for key, one in fields.items() if one.secret} == {
        "auth.token", "auth.password", "auth.value", "auth.client_secret",
    }  # fmt: skip
    assert {key for key, one in fields.items() if one.kind is Kind.TOML} == {"params", "body", "children"}
    assert all(one.title and one.known for one in fields.values())
    assert list(secret_literals(schema, {"auth": {"password": "in the clear"}})) == [("auth", "password")]
