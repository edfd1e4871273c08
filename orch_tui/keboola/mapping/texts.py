"""Values of Keboola's JSON as values of our definitions, and back.

A text here may have references (``${NAME}``, ``{{ name }}``): what looks like one there is escaped, unless it is meant.
TOML has no null: it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orch_tui.keboola.mapping.names import secret_name
from orch_tui.model.variables.references import escape_variables

ENCRYPTED = "KBC::"
HIDDEN = "***"
"""What stands in an original in place of a secret."""
Note = Callable[[str], None]


def escaped(text: str, *, variables: bool) -> str:
    """``variables``: ``{{ name }}`` in it is a variable there, and is one here."""
    text = text.replace("${", "$${")
    return text if variables else escape_variables(text)


def unescaped(text: str, *, variables: bool) -> str:
    """What :func:`escaped` was given."""
    text = text.replace("$${", "${")
    return text if variables else text.replace("{{{{", "{{")


class Importer:
    """Turns the values of a configuration; ``secrets`` are names that they need, ``note`` hears what is left out."""

    def __init__(self, place: tuple[str, ...], *, variables: bool, note: Note) -> None:
        """``place`` are the parts of the secrets' names: component, configuration, row."""
        self.place = place
        self.variables = variables
        self.note = note
        self.secrets: list[str] = []

    def value(self, value: Any, path: tuple[str, ...] = ()) -> Any:
        """The same value here."""
        if isinstance(value, str):
            return escaped(value, variables=self.variables)
        if isinstance(value, Mapping):
            return self._object(value, path)
        if isinstance(value, list):
            kept = [item for item in value if item is not None]
            if len(kept) != len(value):
                self.note(f"{'.'.join(path)} has nulls in a list, which TOML cannot hold")
            return [self.value(item, path) for item in kept]
        return value

    def _object(self, value: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in value.items():
            if item is None:
                continue
            if key.startswith("#") and isinstance(item, str) and item:
                result[key] = f"${{{self._secret(key[1:])}}}"
            elif isinstance(item, Mapping) and item.keys() == {"file"}:
                self.note(f"{'.'.join((*path, key))} would mean a file here")
            else:
                result[key] = self.value(item, (*path, key))
        return result

    def _secret(self, key: str) -> str:
        name = secret_name(*self.place, key)
        if name not in self.secrets:
            self.secrets.append(name)
        return name


def without_open_secrets(value: Any) -> Any:
    """The value as it may be kept in a repository: behind ``#`` only what Keboola encrypted stays."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if key.startswith("#") and isinstance(item, str) and item and not item.startswith(ENCRYPTED)
            else without_open_secrets(item)
            for key, item in value.items()
        }  # fmt: skip
    return [without_open_secrets(item) for item in value] if isinstance(value, list) else value
