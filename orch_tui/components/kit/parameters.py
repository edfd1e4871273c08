"""Parameters of a task: references to secrets resolved, the model applied, errors in readable sentences."""

from __future__ import annotations

import difflib
import os
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import MissingSecrets, resolve_secrets, secret_names, variable_names
from orch_tui.project.masking.redactor import Redactor

_UNION_TAG = re.compile(r"str|int|float|bool|none|(?:list|dict|tuple|set)\[.*\]")

_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"
"""https://docs.pydantic.dev/latest/concepts/plugins/"""

M = TypeVar("M", bound=BaseModel)


def load_parameters(model: type[M], parameters: Mapping[str, Any], redactor: Redactor) -> M:
    """The validated parameters, with ``${NAME}`` replaced from the environment.

    Raises:
        UserError: one line per field that is wrong, or naming the variables that are not set.
    """
    compile_model(model)
    if problems := model_errors(model, parameters):
        raise UserError("\n".join(problems))
    resolved = resolve_references(parameters, literal_fields(model))
    try:
        return model.model_validate(resolved)
    except ValidationError as error:
        raise UserError(redactor.text("\n".join(_sentences(model, error, resolved=True)))) from None


def compile_model(model: type[BaseModel]) -> None:
    """Make what checks the values of a deferred model; nothing where that was done.

    Without plugins of pydantic: to look for them it would read what each installed package says of itself. Only for a
    process with one thread, whose environment this changes meanwhile.
    """
    before = os.environ.get(_PLUGINS)
    os.environ[_PLUGINS] = "__all__"
    try:
        model.model_rebuild()
    finally:
        if before is None:
            del os.environ[_PLUGINS]
        else:
            os.environ[_PLUGINS] = before


def resolve_references(
    parameters: Mapping[str, Any], literal: frozenset[str] = frozenset(), environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """``parameters`` with the values of secrets. Keys in ``literal`` (programs, say) keep their references.

    Raises:
        UserError: variables that are not set, all of them named.
    """
    env = os.environ if environment is None else environment
    plain = {key: value for key, value in parameters.items() if key not in literal}
    # A reference that stands for itself: what is left to do is the escape $${NAME}.
    kept = {key: resolve_secrets(parameters[key], lambda name: f"${{{name}}}") for key in parameters if key in literal}
    try:
        return {**resolve_secrets(plain, env.get), **kept}
    except MissingSecrets as error:
        raise UserError(str(error)) from None


def literal_fields(model: type[BaseModel]) -> frozenset[str]:
    """Names of fields marked ``x-literal``: their text goes to a file or program, so no secret is put into it."""
    return frozenset(
        info.alias or name
        for name, info in model.model_fields.items()
        if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("x-literal")
    )


def model_errors(model: type[BaseModel], parameters: Mapping[str, Any]) -> list[str]:
    """What is wrong with parameters whose references and ``{{ variables }}`` are not replaced yet.

    A reference passes any text field, also one with a pattern or a choice of words: its value is checked when the
    task starts. For another kind of field it is an error.
    """
    try:
        model.model_validate(parameters)
    except ValidationError as error:
        return list(_sentences(model, error))
    return []


def _sentences(model: type[BaseModel], error: ValidationError, *, resolved: bool = False) -> Iterator[str]:
    seen: set[str] = set()
    for item in error.errors(include_url=False, include_context=False):
        sentence = _sentence(model, item, resolved)
        if sentence is not None and sentence not in seen:
            seen.add(sentence)
            yield sentence


def _sentence(model: type[BaseModel], item: Any, resolved: bool) -> str | None:
    kind, value, location = str(item["type"]), item.get("input"), item["loc"]
    # pydantic names the member of a union that it tried; that is no part of the path.
    place = field_path([part for at, part in enumerate(location) if not (at and _UNION_TAG.fullmatch(str(part)))])
    if isinstance(value, str) and not resolved:
        verdict = reference_verdict(value, needs_text=not _other_kind(kind))
        if verdict is not None:
            return f"{place}: {verdict}" if verdict else None
    if kind == "extra_forbidden":
        return unknown_field(place, str(location[-1]), _siblings(model, location))
    if kind == "missing":
        return f"{place}: this parameter is required"
    message = safe_line(str(item["msg"])).removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{place}: {message[:1].lower() + message[1:]}"


def _other_kind(kind: str) -> bool:
    """True for an error that says the field wants a number, a list and so on instead of a text."""
    return kind.endswith(("_parsing", "_type")) and kind != "string_type"


def reference_verdict(value: str, *, needs_text: bool) -> str | None:
    """None when ``value`` holds neither reference nor variable, "" when its error may pass, else the error."""
    if secret_names(value):
        return "" if needs_text else "a reference to a secret works only for a text, not for this kind of value"
    return "" if variable_names(value) else None


def unknown_field(place: str, name: str, known: Sequence[str]) -> str:
    """The sentence for a parameter that does not exist, with the nearest that does."""
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f'{place}: there is no such parameter; did you mean "{near[0]}"?'
    choice = f"known are {', '.join(known)}" if known else "this component takes none here"
    return f"{place}: there is no such parameter; {choice}"


def field_path(location: Sequence[Any]) -> str:
    """``tables[0].name`` from ``("tables", 0, "name")``; brackets and line ends of keys are made safe."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{safe_line(str(part), 100)}"
    return path.removeprefix(".") or "parameters"


def _siblings(model: type[BaseModel], location: Sequence[Any]) -> list[str]:
    """Names of the parameters that exist beside the last part of ``location``."""
    current = model
    for part in location[:-1]:
        info = next((f for name, f in current.model_fields.items() if part in (name, f.alias)), None)
        nested = _models(info.annotation) if info is not None else []
        # Other parts are positions in a list, or the tag of a union.
        current = next((item for item in nested if item.__name__ == part), nested[0]) if nested else current
    return [info.alias or name for name, info in current.model_fields.items()]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models(part)]
