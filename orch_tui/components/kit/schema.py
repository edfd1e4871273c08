"""Schemas of parameters: of built-in components from their pydantic models, of users' own from their files."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.components.kit.parameters import field_path, model_errors, reference_verdict, unknown_field
from orch_tui.model.components.component import Component
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError, ValidationError
    from pydantic import BaseModel

_NO_LIMIT: dict[str, Any] = {"type": "object"}


def parameters_model(component: Component) -> type[BaseModel]:
    """The pydantic model that ``component.parameters_model`` ("module:Class") names.

    Raises:
        UserError: it names none, or the module cannot be imported (a missing extra, say).
    """
    from pydantic import BaseModel

    module, _, name = (component.parameters_model or "").partition(":")
    if not (module and name):
        raise UserError(f'component "{component.id}" has no model of its parameters')
    try:
        model = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f'the parameters of component "{component.id}" are not known: {safe_line(str(error))}; '
            "install what the component needs"
        ) from error
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise UserError(f'"{component.parameters_model}" of component "{component.id}" is no pydantic model')
    return model


def json_schema(component: Component) -> dict[str, Any]:
    """The JSON Schema of the parameters; one that allows any object when the component names none.

    Raises:
        UserError: the model cannot be imported.
    """
    if component.parameters_model:
        return _schema_of(parameters_model(component))
    return dict(component.schema) if component.schema else dict(_NO_LIMIT)


@cache
def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """To make it takes longer than a form may take to open; nobody changes it."""
    return model.model_json_schema()


def validate_parameters(component: Component, parameters: Mapping[str, Any], project_root: Path) -> list[str]:
    """What is wrong with parameters as the file has them, one sentence each that starts with the field's path.

    ``${NAME}`` passes any text field and no other; ``{{ variable }}`` passes every field, since it is replaced before
    the task starts. ``project_root`` is where a component of the user's own keeps files that its schema refers to.
    """
    if component.parameters_model:
        try:
            return model_errors(parameters_model(component), parameters)
        except UserError as error:
            return [str(error)]
    if not component.schema:
        return []
    return list(_schema_errors(component, parameters, project_root))


def _schema_errors(component: Component, parameters: Mapping[str, Any], root: Path) -> Iterator[str]:
    import jsonschema
    from referencing.exceptions import Unresolvable

    where = component.file or f"components/{component.id}.toml"
    schema = dict(component.schema or {})
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        path = field_path(["schema", *error.absolute_path])
        yield f"the schema of component {component.id} is wrong at {path} in {where}: {_message(error)}"
        return
    try:
        errors = sorted(
            kind(schema).iter_errors(_plain(parameters)), key=lambda found: list(map(str, found.absolute_path))
        )
    except Unresolvable as error:
        yield f"the schema of component {component.id} in {root / where} refers to what is not there: {error}"
        return
    seen = set()
    for item in errors:
        for sentence in _sentences(item):
            if sentence not in seen:
                seen.add(sentence)
                yield sentence


def _sentences(error: ValidationError) -> Iterator[str]:
    place = field_path(list(error.absolute_path))
    if isinstance(error.instance, str):
        wants_other = error.validator == "type" and "string" not in _as_list(error.validator_value)
        verdict = reference_verdict(error.instance, needs_text=not wants_other)
        if verdict is not None:
            if verdict:
                yield f"{place}: {verdict}"
            return
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = sorted((error.schema.get("properties") or {}) if isinstance(error.schema, Mapping) else {})
        patterns = isinstance(error.schema, Mapping) and error.schema.get("patternProperties")
        if error.validator_value is False and not patterns:
            for name in error.instance:
                if name not in known:
                    yield unknown_field(field_path([*error.absolute_path, name]), str(name), known)
            return
    if error.validator == "required" and isinstance(error.instance, Mapping):
        for name in _as_list(error.validator_value):
            if name not in error.instance:
                yield f"{field_path([*error.absolute_path, name])}: this parameter is required"
        return
    yield f"{place}: {_message(error)}"


def _message(error: ValidationError | SchemaError) -> str:
    """jsonschema's sentence without the value, which may be long or a secret."""
    want = error.validator_value
    known = {
        "type": f"must be {' or '.join(map(str, _as_list(want)))}",
        "enum": f"must be one of {', '.join(map(str, _as_list(want)))}",
        "const": f"must be {want}",
        "pattern": f"must look like the pattern {want}",
        "format": f"must be a valid {want}",
        "minimum": f"must be at least {want}",
        "maximum": f"must be at most {want}",
        "exclusiveMinimum": f"must be greater than {want}",
        "exclusiveMaximum": f"must be less than {want}",
        "minLength": f"must have at least {want} characters",
        "maxLength": f"must have at most {want} characters",
        "minItems": f"must have at least {want} entries",
        "maxItems": f"must have at most {want} entries",
    }
    return safe_line(known.get(str(error.validator)) or error.message, 300)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _plain(value: Any) -> Any:
    """Dictionaries and lists only, as jsonschema wants them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
