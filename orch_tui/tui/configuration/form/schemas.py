"""Reading JSON Schemas that people wrote: references, unions and secrets, with patience for nonsense."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

Spec = Mapping[str, Any]
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_DEPTH = 24
_SECRET_NAME = re.compile(r"#[A-Za-z_][A-Za-z0-9_.-]*")


def is_secret_name(name: str) -> bool:
    """``#password``: so Keboola marks values that it encrypts."""
    return _SECRET_NAME.fullmatch(name) is not None


def specs(value: Any) -> dict[str, Spec]:
    """The entries of ``properties`` that are schemas; ``true`` allows anything."""
    if not isinstance(value, Mapping):
        return {}
    return {name: item if isinstance(item, Mapping) else {} for name, item in value.items() if item is not False}


def resolve(spec: Any, root: Spec, depth: int = 0) -> Spec:
    """``spec`` with its reference followed and ``allOf`` joined; what it says itself wins over what it refers to.

    References to other documents, and circles, give what the schema says beside them.
    """
    if not isinstance(spec, Mapping):
        return {}
    if depth > _DEPTH:
        return {}
    reference = spec.get("$ref")
    if isinstance(reference, str):
        rest = {key: item for key, item in spec.items() if key != "$ref"}
        return {**resolve(_pointed(reference, root), root, depth + 1), **rest}
    parts = spec.get("allOf")
    if isinstance(parts, list) and parts:
        joined: dict[str, Any] = {}
        for part in (*parts, {key: item for key, item in spec.items() if key != "allOf"}):
            joined = _joined(joined, resolve(part, root, depth + 1))
        return joined
    return spec


def _joined(first: Spec, second: Spec) -> dict[str, Any]:
    both = {**first, **second}
    if "properties" in first and "properties" in second:
        both["properties"] = {**specs(first["properties"]), **specs(second["properties"])}
    needed = [first.get("required"), second.get("required")]
    if all(isinstance(item, list) for item in needed):
        both["required"] = [name for item in needed if isinstance(item, list) for name in item]
    return both


def _pointed(reference: str, root: Spec) -> Any:
    """What a JSON pointer (https://www.rfc-editor.org/rfc/rfc6901) into the schema itself names."""
    if not reference.startswith("#"):
        return {}
    value: Any = root
    for part in reference.removeprefix("#").split("/")[1:]:
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def branches(spec: Spec, root: Spec, depth: int = 0) -> list[Spec]:
    """The kinds of value that ``spec`` allows, ``null`` left out; one at least."""
    for key in ("anyOf", "oneOf"):
        parts = spec.get(key)
        if isinstance(parts, list) and parts and depth < _DEPTH:
            outer = {name: item for name, item in spec.items() if name != key}
            found = []
            for part in parts:
                resolved = resolve(part, root)
                if resolved.get("type") != "null" and not ("const" in resolved and resolved["const"] is None):
                    found += branches({**outer, **resolved}, root, depth + 1)
            return found or [outer]
    kinds = spec.get("type")
    if isinstance(kinds, list):
        return [{**spec, "type": kind} for kind in kinds if kind != "null"] or [spec]
    return [spec]


def secret_literals(schema: Spec, value: Any) -> Iterator[tuple[str, ...]]:
    """The paths of texts that the schema calls secrets and that are no ``${NAME}`` reference.

    Keboola's ``#name`` is a secret whatever the schema says.
    """
    yield from _literals(schema, value, schema, (), 0)


def _literals(raw: Any, value: Any, root: Spec, path: tuple[str, ...], depth: int) -> Iterator[tuple[str, ...]]:
    if depth > _DEPTH:
        return
    options = branches(resolve(raw, root), root)
    if isinstance(value, str):
        secret = any(is_marked(option) for option in options) or (path and is_secret_name(path[-1]))
        if secret and value and not _REFERENCE.fullmatch(value):
            yield path
        return
    found: dict[tuple[str, ...], None] = {}
    for option in options:
        if isinstance(value, Mapping):
            properties = specs(option.get("properties"))
            for name, item in value.items():
                inner = properties.get(name, option.get("additionalProperties"))
                found.update(dict.fromkeys(_literals(inner, item, root, (*path, name), depth + 1)))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                found.update(dict.fromkeys(_literals(option.get("items"), item, root, (*path, str(index)), depth + 1)))
    yield from found


def is_marked(spec: Spec) -> bool:
    """True when a schema calls a text a secret."""
    return bool(spec.get("x-secret")) or spec.get("format") == "password"
