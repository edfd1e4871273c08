"""Forms made from schemas: what each value looks like, and that nothing is lost on the way there and back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.components.kit.schema import json_schema
from orch_tui.project.extensions.manifests import BUILTIN_COMPONENTS
from orch_tui.project.project import Project
from orch_tui.tui.configuration.form.codec import FormatError, decode_map, decode_scalar, encode_map, encode_scalar
from orch_tui.tui.configuration.form.fields import Field, FieldPath, Kind, build_fields, decode
from orch_tui.tui.configuration.form.values import collect, place_errors, secret_errors

from tests.support.effort import examples
from tests.support.strategies import TRICKY

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "host": {"type": "string", "title": "Host", "description": "Where it is."},
        "port": {"type": "integer", "default": 22},
        "ratio": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
        "mode": {"enum": ["full", "delta", 3]},
        "header": {"type": "boolean", "default": True},
        "strict": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "sizes": {"type": "array", "items": {"type": ["integer", "string"]}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "query": {"type": "string", "x-widget": "sql"},
        "login": {"$ref": "#/$defs/Login"},
        "tables": {"type": "array", "items": {"$ref": "#/$defs/Table"}},
        "command": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "anything": {},
    },
    "required": ["host", "strict", "login"],
    "additionalProperties": True,
    "$defs": {
        "Login": {
            "type": "object",
            "title": "Login",
            "properties": {
                "user": {"type": "string"},
                "password": {"type": "string", "x-secret": True},
                "token": {"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}]},
            },
            "required": ["password"],
        },
        "Table": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "key": {"type": "string", "format": "password"}},
            "required": ["name"],
        },
    },
}


def texts() -> st.SearchStrategy[str]:
    plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
    # "#name" is a secret in Keboola's configurations: never shown, and tested apart.
    plain = plain.filter(lambda text: not text.startswith("#"))
    return st.sampled_from([*TRICKY, "[]", "{}", '""', '"', '"5"', "5", "1e5", "true", " x ", "a=b", '"a"=b']) | plain


def scalars() -> st.SearchStrategy[Any]:
    return texts() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False)


def anything() -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3), max_leaves=6
    )


def some(**entries: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=entries)


REFERENCES = st.sampled_from(["${MAIL_PASSWORD}", "${TOKEN}"])
PARAMETERS = st.fixed_dictionaries(
    {
        "host": texts(),
        "strict": st.booleans(),
        "login": st.fixed_dictionaries({"password": REFERENCES}, optional={"user": texts(), "token": REFERENCES}),
    },
    optional={
        "port": st.integers() | st.just("{{ port }}"),
        "ratio": st.floats(allow_nan=False) | st.integers(),
        "mode": st.sampled_from(["full", "delta", 3, "{{ mode }}"]),
        "header": st.booleans() | st.just("{{ header }}"),
        "names": st.lists(texts(), max_size=3),
        "sizes": st.lists(texts() | st.integers(), max_size=3),
        "labels": st.dictionaries(texts(), texts(), max_size=3),
        "query": texts().filter(bool),
        "tables": st.lists(st.fixed_dictionaries({"name": texts()}, optional={"key": REFERENCES}), max_size=2),
        "command": texts().filter(bool) | st.lists(texts(), max_size=3),
        "anything": anything(),
        "not in the schema": anything(),
    },
)


def same(first: Any, second: Any) -> bool:
    """Equal with types: 1, 1.0 and true are three values."""
    return first == second and repr(first) == repr(second)


def typed(fields: tuple[Field, ...]) -> dict[FieldPath, str]:
    return {field.path: field.text for field in fields if field.text}


@given(PARAMETERS)
@settings(max_examples=examples(150), deadline=None)
def test_every_text_reads_back_as_its_value(parameters: dict[str, Any]) -> None:
    # GIVEN the form of valid parameters
    fields = build_fields(SCHEMA, parameters)
    # WHEN each text of it is typed into an empty form of the same shape
    empty: dict[str, Any] = {}
    shape = [Field(**{**{name: getattr(field, name) for name in Field.__slots__}, "text": ""}) for field in fields]
    result = collect(shape, typed(fields), empty)
    # THEN it gives the same parameters
    assert result.errors == {}
    assert sorted_keys(result.parameters) == sorted_keys(parameters)
    # AND so does a form in which nothing was changed, in the same order
    assert same(collect(fields, {}, parameters).parameters, parameters)


def sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return repr(sorted((key, repr(item) if key != "login" else sorted_keys(item)) for key, item in value.items()))
    return repr(value)


@given(scalars(), st.frozensets(st.sampled_from(["integer", "number", "boolean", "string"]), min_size=1))
def test_scalars_read_back_with_their_type(value: Any, types: frozenset[str]) -> None:
    # GIVEN a value that may stand in a field of these types
    if isinstance(value, bool) and "boolean" not in types:
        return
    if isinstance(value, int | float) and not isinstance(value, bool) and not types & {"integer", "number"}:
        return
    # WHEN it is written as a text THEN that is one line, and reads as the value
    text = encode_scalar(value, types)
    assert "\n" not in text
    assert text
    assert same(decode_scalar(text, types), value)


@given(st.dictionaries(texts(), texts(), max_size=4))
def test_maps_read_back(values: dict[str, str]) -> None:
    assert decode_map(encode_map(values)) == values


@given(anything(), anything())
@settings(max_examples=examples(200), deadline=None)
def test_nonsense_for_a_schema_still_gives_a_form(schema: Any, parameters: Any) -> None:
    # GIVEN a schema that is none, and any parameters
    nonsense = {"type": "object", "properties": schema, "required": schema, "$defs": schema, "anyOf": parameters}
    values = parameters if isinstance(parameters, dict) else {}
    # WHEN a form is made of it THEN there is a field for every parameter, and nothing is lost
    fields = build_fields(nonsense, values)
    shown = {field.path[:1] for field in fields}
    assert shown == {()} or all((name,) in shown for name in values)
    assert collect(fields, {}, values).parameters == values


def field(fields: tuple[Field, ...], key: str) -> Field:
    return next(one for one in fields if one.key == key)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("host", Kind.LINE),
        ("port", Kind.LINE),
        ("ratio", Kind.LINE),
        ("mode", Kind.CHOICE),
        ("header", Kind.SWITCH),
        ("strict", Kind.CHOICE),
        ("names", Kind.LIST),
        ("labels", Kind.MAP),
        ("query", Kind.LINES),
        ("login.password", Kind.LINE),
        ("tables", Kind.TOML),
        ("anything", Kind.TOML),
    ],
)
def test_kinds(key: str, kind: Kind) -> None:
    assert field(build_fields(SCHEMA, {}), key).kind is kind


def test_titles_defaults_and_sections_come_from_the_schema() -> None:
    fields = build_fields(SCHEMA, {})
    assert (field(fields, "host").title, field(fields, "host").required) == ("Host", True)
    assert (field(fields, "port").title, field(fields, "port").default) == ("Port", "22")
    assert field(fields, "login.user").section == "Login"
    assert field(fields, "login.token").secret
    assert field(fields, "mode").choices == ("full", "delta", "3")


def test_a_union_takes_the_form_of_its_value() -> None:
    assert field(build_fields(SCHEMA, {"command": "a\nb"}), "command").kind is Kind.LINES
    assert field(build_fields(SCHEMA, {"command": ["a", "b"]}), "command").text == "a\nb"


def test_an_optional_table_needs_its_fields_only_when_it_is_there() -> None:
    # GIVEN an optional table with a needed field
    schema = {
        "properties": {"login": {"anyOf": [{"$ref": "#/$defs/Login"}, {"type": "null"}]}},
        "$defs": SCHEMA["$defs"],
    }
    # THEN the field is needed only when the table has something
    assert not field(build_fields(schema, {}), "login.password").required
    assert field(build_fields(schema, {"login": {"user": "x"}}), "login.password").required


def test_a_circle_of_references_ends_in_toml() -> None:
    schema = {
        "properties": {"tree": {"$ref": "#/$defs/T"}},
        "$defs": {"T": {"type": "object", "properties": {"child": {"$ref": "#/$defs/T"}}}},
    }
    fields = build_fields(schema, {"tree": {"child": {"child": {}}}})
    assert fields[-1].kind is Kind.TOML
    assert {"$ref": "#/$defs/A"} and build_fields(
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}, {}
    )


def test_emptying_a_field_leaves_it_out_and_its_empty_table_too() -> None:
    # GIVEN a table with one value
    parameters = {"host": "h", "login": {"user": "me"}}
    fields = build_fields(SCHEMA, parameters)
    # WHEN the field is emptied
    result = collect(fields, {("login", "user"): ""}, parameters).parameters
    # THEN the table is gone, and the value it came from is as it was
    assert result == {"host": "h"}
    assert parameters == {"host": "h", "login": {"user": "me"}}


def test_unknown_parameters_are_kept_and_said_to_be_unknown() -> None:
    parameters = {"host": "h", "hots": ["a", {"b": 1}]}
    one = field(build_fields(SCHEMA, parameters), "hots")
    assert (one.known, one.section, one.kind) == (False, "Not known to the schema", Kind.TOML)
    assert collect(build_fields(SCHEMA, parameters), {("host",): "x"}, parameters).parameters["hots"] == ["a", {"b": 1}]


def test_lists_of_tables_are_edited_as_toml() -> None:
    # GIVEN a list of tables
    parameters = {"tables": [{"name": "a"}, {"name": "b"}]}
    one = field(build_fields(SCHEMA, parameters), "tables")
    assert one.text == '[[tables]]\nname = "a"\n\n[[tables]]\nname = "b"'
    # THEN a mistake in the TOML is said with its line and changes nothing
    with pytest.raises(FormatError, match="line 2"):
        decode(one, "[[tables]]\nname\nx = 1")
    result = collect([one], {one.path: "[[tables"}, parameters)
    assert result.parameters == parameters
    assert "no TOML" in result.errors[("tables",)][0]


def test_a_secret_in_plain_text_is_neither_shown_nor_taken() -> None:
    # GIVEN secrets in plain text: in a field, in a list of tables, and under a name that Keboola keeps for secrets
    parameters = {"login": {"password": "hunter2"}, "tables": [{"name": "a", "key": "hunter3"}], "#api": "hunter4"}
    fields = build_fields(SCHEMA, parameters)
    # THEN no field shows them
    assert "hunter" not in repr(fields)
    # AND each is refused at its field
    errors = secret_errors(SCHEMA, fields, parameters)
    assert errors.keys() == {("login", "password"), ("tables",), ("#api",)}
    assert "hunter" not in repr(errors)
    # AND what was not touched is kept
    assert collect(fields, {}, parameters).parameters == parameters


def test_a_reference_is_no_secret_in_plain_text() -> None:
    parameters = {"login": {"password": "${PASSWORD}"}}
    assert secret_errors(SCHEMA, build_fields(SCHEMA, parameters), parameters) == {}
    assert field(build_fields(SCHEMA, parameters), "login.password").text == "${PASSWORD}"


def test_sentences_find_their_field() -> None:
    fields = build_fields(SCHEMA, {})
    errors, general = place_errors(
        fields,
        [
            "login.user: bad",
            "tables[0].name: missing",
            "host: this parameter is required",
            "parameters: take one",
            "x: y",
        ],
    )
    assert errors == {
        ("login", "user"): ["bad"],
        ("tables",): ["[0].name: missing"],
        ("host",): ["this parameter is required"],
    }
    assert general == ["take one", "x: y"]


def test_sentences_about_a_missing_table_go_to_its_first_field() -> None:
    errors, _ = place_errors(build_fields(SCHEMA, {}), ["login: this parameter is required"])
    assert list(errors) == [("login", "user")]


def test_a_component_without_a_schema_gets_one_field_for_all() -> None:
    parameters = {"a": 1, "b": {"c": math.pi}}
    (one,) = build_fields({"type": "object"}, parameters)
    assert (one.path, one.kind) == ((), Kind.TOML)
    assert collect([one], {(): "a = 2"}, parameters).parameters == {"a": 2}
    assert collect([one], {(): "[1]"}, parameters).errors[()]


_FREE = {
    "after", "authorization", "before", "body", "children", "config", "fields", "filter", "image_parameters",
    "input_mapping", "named_metrics", "output_mapping", "parameters", "params", "runtime", "storage", "streams", "vars",
}  # fmt: skip


def test_every_built_in_component_has_a_form(tmp_path: Any) -> None:
    # GIVEN the components that come with the program
    (tmp_path / "orch.toml").write_text('name = "Test"\n')
    components = Project(tmp_path, builtin=BUILTIN_COMPONENTS).components()
    assert components
    for component in components.values():
        # THEN each field of each form says what it is
        if component.parameters_model:
            fields = build_fields(json_schema(component), {})
            assert fields
            assert [one.path for one in fields if not (one.title and one.description)] == []
            # AND what is written as TOML is what another program's author has made up, or a list of tables
            assert {one.path[-1] for one in fields if one.kind is Kind.TOML} <= _FREE


def test_what_every_form_of_a_component_shows_has_a_name_of_its_own(tmp_path: Any) -> None:
    # GIVEN the forms of the components that come with the program
    (tmp_path / "orch.toml").write_text('name = "Test"\n')
    for component in Project(tmp_path, builtin=BUILTIN_COMPONENTS).components().values():
        fields = build_fields(json_schema(component), {})
        # THEN no two headings, and fields that do not depend on a choice, are called the same
        titles = [one.title for one in fields if not one.depends] + [*{one.section for one in fields}]
        assert sorted(titles) == sorted({*titles}), component.id
