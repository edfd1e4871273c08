"""Dotted paths into JSON: ``data.items``, ``links.0.href``; ``$`` or nothing is the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

MISSING: Final = object()
"""What :func:`at_path` gives when there is nothing; null is a value."""


def parts_of(path: str) -> tuple[str, ...]:
    """The steps of a path. ``$.a.b`` and ``a.b`` are the same."""
    text = path.strip().removeprefix("$").strip(".")
    return tuple(text.split(".")) if text else ()


def at_path(value: Any, path: str | Sequence[str]) -> Any:
    """The value at ``path``, :data:`MISSING` without one. A number as a step is a position in a list; several steps
    may be one name with dots in it, as "@odata.count" is."""
    parts = parts_of(path) if isinstance(path, str) else path
    for at, part in enumerate(parts):
        if isinstance(value, Mapping):
            if part not in value:
                return _with_dots(value, parts[at:])
            value = value[part]
        elif isinstance(value, list) and part.lstrip("-").isdecimal() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def _with_dots(value: Mapping[str, Any], parts: Sequence[str]) -> Any:
    for end in range(len(parts), 1, -1):
        name = ".".join(parts[:end])
        if name in value:
            return at_path(value[name], parts[end:])
    return MISSING


def with_value(body: Any, path: str, value: Any) -> dict[str, Any]:
    """A copy of ``body`` in which ``path`` has ``value``; objects on the way are made."""
    copy: dict[str, Any] = dict(body) if isinstance(body, Mapping) else {}
    first, *rest = parts_of(path) or (path,)
    copy[first] = with_value(copy.get(first), ".".join(rest), value) if rest else value
    return copy


def items_at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """The entries of the lists at ``path``, null ones as well; a list on the way stands for all of its entries."""
    if isinstance(value, list):
        for item in value:
            if item is None:
                yield None
            else:
                yield from items_at(item, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from items_at(value[path[0]], path[1:])
