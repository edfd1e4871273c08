"""Parameters: what is wrong is said with the field's path; references and variables pass where they may."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import pytest
from orch_tui.components.kit.component import Parameters as Base
from orch_tui.components.kit.parameters import compile_model, load_parameters, model_errors, resolve_references
from orch_tui.components.kit.schema import json_schema, parameters_model, validate_parameters
from orch_tui.model.components.component import Component, ComponentType
from orch_tui.model.errors import UserError
from orch_tui.project.masking.redactor import Redactor
from pydantic import BaseModel, Field, SecretStr


class Table(Base):
    name: str
    rows: int = 0


class Sample(Base):
    url: str = Field(pattern="^https?://")
    mode: Literal["full", "part"] = "full"
    port: int = 80
    tables: list[Table] = Field(default_factory=list)
    password: SecretStr | None = None
    script: str = Field("", json_schema_extra={"x-literal": True})


def builtin(name: str) -> Component:
    module = {"command": "command.parameters", "python": "python.script"}.get(name, name)
    return Component(name, name, ComponentType.OTHER, parameters_model=f"orch_tui.components.{module}:Parameters")


def own(schema: dict[str, Any]) -> Component:
    return Component("own", "Own", ComponentType.OTHER, command=("x",), schema=schema, file="components/own.toml")


def test_every_error_is_a_sentence_with_a_path() -> None:
    # GIVEN parameters with an unknown key, a missing one, and wrong ones deep inside
    found = model_errors(Sample, {"prot": 1, "mode": "all", "tables": [{"nam": "x"}, {"name": "y", "rows": "many"}]})
    # THEN each is a line that starts with where it is
    assert found == [
        "url: this parameter is required",
        "mode: must be 'full' or 'part'",
        "tables[0].name: this parameter is required",
        'tables[0].nam: there is no such parameter; did you mean "name"?',
        "tables[1].rows: must be a valid integer, unable to parse string as an integer",
        'prot: there is no such parameter; did you mean "port"?',
    ]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"url": "${URL}", "mode": "${MODE}", "password": "${PASSWORD}"}, []),
        ({"url": "{{ url }}", "port": "{{ port }}"}, []),
        ({"url": "http://x", "port": "${PORT}"}, ["port: a reference to a secret works only for a text"]),
        ({"url": "http://x", "tables": "${TABLES}"}, ["tables: a reference to a secret works only for a text"]),
        ({"url": "$${URL}"}, ["url: string should match pattern"]),
    ],
)
def test_references_pass_text_fields_only(parameters: dict[str, Any], says: list[str]) -> None:
    found = model_errors(Sample, parameters)
    assert len(found) == len(says)
    assert all(message.startswith(want) for message, want in zip(found, says, strict=True))


def test_references_are_resolved_and_escapes_kept_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t0k3n")
    loaded = load_parameters(
        Sample,
        {"url": "http://h/${TOKEN}?a=$${TOKEN}", "password": "${TOKEN}", "script": "echo ${TOKEN} $${HOME}"},
        Redactor(["t0k3n"]),
    )
    # THEN a text has the value, a literal field keeps its reference, and the secret shows in no repr
    assert loaded.url == "http://h/t0k3n?a=${TOKEN}"
    assert loaded.password is not None and loaded.password.get_secret_value() == "t0k3n"
    assert "t0k3n" not in repr(loaded.password)
    assert loaded.script == "echo ${TOKEN} ${HOME}"


def test_unset_variables_are_named_all_at_once() -> None:
    with pytest.raises(UserError, match=r"ONE, TWO.*environment"):
        resolve_references({"a": "${ONE}", "b": [{"c": "${TWO}${ONE}"}]}, environment={})


def test_a_value_that_is_wrong_after_resolving_does_not_show_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    # The second value looks like a reference itself, which is no excuse once it is the value.
    for value in ("ftp-secret-value", "{{ x }}-${X}"):
        monkeypatch.setenv("URL_SECRET", value)
        with pytest.raises(UserError) as error:
            load_parameters(Sample, {"url": "${URL_SECRET}"}, Redactor([value]))
        assert str(error.value).startswith("url: ") and value not in str(error.value)


@pytest.mark.parametrize("name", ["command", "python"])
def test_built_in_models_give_a_schema_for_a_form(name: str) -> None:
    schema = json_schema(builtin(name))
    assert schema["additionalProperties"] is False
    for field in schema["properties"].values():
        assert field["title"] and field["description"]


def test_built_in_parameters_are_checked(tmp_path: Path) -> None:
    assert validate_parameters(builtin("command"), {"command": "echo {{ x }} ${TOKEN}"}, tmp_path) == []
    assert validate_parameters(builtin("command"), {"command": ["ls", "-l"], "directory": "sub"}, tmp_path) == []
    assert validate_parameters(builtin("command"), {"comand": "x", "environment": {"1A": "x"}}, tmp_path) == [
        "command: this parameter is required",
        'environment: "1A" is no name of a variable; use letters, digits and "_"',
        'comand: there is no such parameter; did you mean "command"?',
    ]
    assert validate_parameters(builtin("command"), {"command": "  "}, tmp_path) == ["command: name a command to run"]
    assert validate_parameters(builtin("python"), {"script": "", "tables": "xml"}, tmp_path) == [
        "script: the script is empty",
        "tables: must be 'parquet' or 'csv'",
    ]


def test_a_users_own_schema_is_checked(tmp_path: Path) -> None:
    component = own(
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["city"],
            "properties": {
                "city": {"type": "string", "minLength": 2},
                "days": {"type": "integer", "maximum": 7},
                "units": {"enum": ["metric", "imperial"]},
            },
        }
    )
    assert (
        validate_parameters(component, {"city": "${CITY}", "days": "{{ days }}", "units": "${UNITS}"}, tmp_path) == []
    )
    assert validate_parameters(component, {"day": 3, "units": "si", "days": 9}, tmp_path) == [
        'day: there is no such parameter; did you mean "days"?',
        "city: this parameter is required",
        "days: must be at most 7",
        "units: must be one of metric, imperial",
    ]
    assert validate_parameters(component, {"city": "x", "days": "${DAYS}"}, tmp_path) == [
        "city: must have at least 2 characters",
        "days: a reference to a secret works only for a text, not for this kind of value",
    ]


def test_a_wrong_schema_is_blamed_on_its_file(tmp_path: Path) -> None:
    component = own({"type": "object", "properties": {"a": {"type": "txt"}}})
    (message,) = validate_parameters(component, {}, tmp_path)
    assert "components/own.toml" in message and "schema.properties.a.type" in message


def test_components_without_a_schema_take_anything(tmp_path: Path) -> None:
    assert validate_parameters(Component("x", "X", ComponentType.OTHER), {"anything": 1}, tmp_path) == []
    assert json_schema(Component("x", "X", ComponentType.OTHER)) == {"type": "object"}


def test_a_model_that_cannot_be_imported_is_a_sentence(tmp_path: Path) -> None:
    component = Component("x", "X", ComponentType.OTHER, parameters_model="orch_tui.components.none:Parameters")
    with pytest.raises(UserError, match="not known"):
        parameters_model(component)
    assert len(validate_parameters(component, {}, tmp_path)) == 1
    assert issubclass(parameters_model(builtin("python")), BaseModel)


def test_a_model_is_compiled_when_values_come_and_leaves_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in (None, "some-plugin"):
        # GIVEN a class of parameters that nobody has used, and what a person says of pydantic's plugins
        class Unused(Base):
            name: str

        if before is None:
            monkeypatch.delenv("PYDANTIC_DISABLE_PLUGINS", raising=False)
        else:
            monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", before)
        assert not Unused.__pydantic_complete__
        # WHEN
        compile_model(Unused)
        # THEN programs that are started later find what the person said
        assert Unused.__pydantic_complete__
        assert os.environ.get("PYDANTIC_DISABLE_PLUGINS") == before
        assert Unused(name="a").name == "a"
