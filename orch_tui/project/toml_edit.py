"""Changing single values in a TOML text by tomlkit, which keeps comments, order and everything else."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from orch_tui.project.source import DefinitionError
from orch_tui.project.toml_text import long_text, value_text


class VariableValue(dict[str, str]):
    """A declared variable: ``{ value, description }``, written as a plain text when it has a value only."""

    def short(self) -> Any:
        """The form in which a new one is written."""
        return self["value"] if self.keys() == {"value"} else dict(self)


def edit_errors() -> tuple[type[Exception], ...]:
    """What editing and reading back raise for shapes beyond them; tomlkit leaks errors of its inner dictionaries."""
    from tomlkit.exceptions import TOMLKitError

    return DefinitionError, TOMLKitError, ValueError, KeyError, IndexError, TypeError, AttributeError


def edit_text(text: str, path: tuple[str | int, ...], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """``text`` with the difference between ``before`` and ``after`` carried out in the table at ``path``.

    Raises: one of :func:`edit_errors`.
    """
    import tomlkit

    text = text.replace("\r\n", "\n")
    document = tomlkit.parse(text if text.endswith("\n") or not text else text + "\n")
    table: Any = document
    for part in path:
        table = table[part]
    apply_changes(table, before, after)
    return tomlkit.dumps(document)


def apply_changes(table: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Carries the difference between two sets of values out in a tomlkit table; keys in neither are left alone."""
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if key not in after:
            if key in table:
                del table[key]
        elif key not in before or not _same(old, new):
            _change(table, key, old, new)
    # The order of variables is a part of the value, that of other keys is the person's.
    if any(isinstance(value, VariableValue) for value in after.values()):
        wanted = [key for key in after if key in table]
        if [key for key in table if key in after] != wanted:
            _reorder(table, wanted)


def _same(old: Any, new: Any) -> bool:
    """Equal, and not only like 1 and true are."""
    return bool(old == new) and repr(old) == repr(new)


def _change(table: Any, key: str, old: Any, new: Any) -> None:
    current = table.get(key)
    if isinstance(new, Mapping) and isinstance(current, MutableMapping):
        apply_changes(current, old if isinstance(old, Mapping) else {}, new)
        return
    if isinstance(new, list) and isinstance(old, list) and isinstance(current, list) and len(old) == len(new):
        for index, (first, second) in enumerate(zip(old, new, strict=True)):
            if _same(first, second):
                continue
            if isinstance(first, Mapping) and isinstance(second, Mapping):
                apply_changes(current[index], first, second)
            else:
                current[index] = _item(current, second)
        return
    table[key] = _item(table, new)


def _item(table: Any, value: Any) -> Any:
    import tomlkit
    from tomlkit.toml_document import TOMLDocument

    if isinstance(value, Mapping) and not isinstance(value, VariableValue) and isinstance(table, TOMLDocument):
        section = tomlkit.table()
        for name, item in value.items():
            section[name] = _item(section, item)
        return section
    if isinstance(value, VariableValue):
        value = value.short()
    if isinstance(value, str) and "\n" in value:
        return tomlkit.value(long_text(value))
    return tomlkit.value(value_text(value))


def _reorder(table: Any, keys: list[str]) -> None:
    items = [(key, table[key]) for key in keys]
    for key, _ in items:
        table.remove(key)
    for key, item in items:
        table.add(key, item)
