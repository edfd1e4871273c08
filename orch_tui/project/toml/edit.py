"""Changing single values in a TOML text: tomlkit changes and removes, which keeps comments, order and everything else.

New keys are put in as text, below the last key of their table: tomlkit would put them below the blank lines and
comments that follow, which belong to the next table.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from orch_tui.project.source import DefinitionError
from orch_tui.project.toml.lines import KeyPath, Kind, scan
from orch_tui.project.toml.text import key_text, long_text, table_lines, value_text


class VariableValue(dict[str, str]):
    """A declared variable: ``{ value, description }``, written as a plain text when it has a value only."""

    def short(self) -> Any:
        """The form in which a new one is written."""
        return self["value"] if self.keys() == {"value"} else dict(self)


def edit_errors() -> tuple[type[Exception], ...]:
    """What editing and reading back raise for shapes beyond them; tomlkit leaks errors of its inner dictionaries."""
    from tomlkit.exceptions import TOMLKitError

    return DefinitionError, TOMLKitError, ValueError, KeyError, IndexError, TypeError, AttributeError


def edit_text(text: str, path: KeyPath, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """``text`` with the difference between ``before`` and ``after`` carried out in the table at ``path``.

    Raises: one of :func:`edit_errors`.
    """
    edit = TextEdit(text)
    edit.change(path, before, after)
    return edit.text()


class TextEdit:
    """Several changes of one text; line ends become plain ones. Methods raise one of :func:`edit_errors`."""

    def __init__(self, text: str) -> None:
        import tomlkit

        text = text.replace("\r\n", "\n")
        self.document: Any = tomlkit.parse(text if text.endswith("\n") or not text else text + "\n")
        self._new: dict[KeyPath, dict[str, Any]] = {}

    def remove(self, key: str) -> None:
        """Take a key of the document out, if it is there."""
        if key in self.document:
            self.document.remove(key)

    def change(self, path: KeyPath, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Carry the difference between two sets of values out in the table at ``path``.

        Keys that are in neither are left alone.
        """
        table = self.document
        for part in path:
            table = table[part]
        self._change(table, path, before, after)

    def _change(self, table: Any, path: KeyPath, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        # The order of variables is a part of the value, that of other keys is the person's.
        ordered = any(isinstance(value, VariableValue) for value in after.values())
        for key in [*before, *(key for key in after if key not in before)]:
            old, new = before.get(key), after.get(key)
            if key not in after:
                if key in table:
                    del table[key]
            elif key not in table:
                if _has_header(table) and not ordered:
                    self._new.setdefault(path, {})[key] = new
                else:
                    table[key] = _item(new)
            elif key not in before or not _same(old, new):
                self._change_value(table, key, (*path, key), old, new)
        if ordered:
            wanted = [key for key in after if key in table]
            if [key for key in table if key in after] != wanted:
                _reorder(table, wanted)

    def _change_value(self, table: Any, key: str, path: KeyPath, old: Any, new: Any) -> None:
        current = table[key]
        if isinstance(new, Mapping) and isinstance(current, MutableMapping):
            self._change(current, path, old if isinstance(old, Mapping) else {}, new)
        elif isinstance(new, list) and isinstance(old, list) and isinstance(current, list) and len(old) == len(new):
            for index, (first, second) in enumerate(zip(old, new, strict=True)):
                if _same(first, second):
                    continue
                if isinstance(first, Mapping) and isinstance(second, Mapping):
                    self._change(current[index], (*path, index), first, second)
                else:
                    current[index] = _item(second)
        else:
            table[key] = _item(new)

    def text(self) -> str:
        """The text with all changes."""
        import tomlkit

        text = tomlkit.dumps(self.document)
        if not self._new:
            return text
        ends = _ends_of_tables(text)
        root: dict[str, Any] = self._new.pop((), {})
        for path in [path for path in self._new if path not in ends]:
            # A table without a header of its own, which only its sub-tables made.
            if any(isinstance(part, int) for part in path):
                raise ValueError("there is no header to put keys below")
            root[".".join(key_text(str(part)) for part in path)] = self._new.pop(path)
        places = [(ends[path], values) for path, values in self._new.items()]
        for end, values in sorted(places, key=lambda place: place[0], reverse=True):
            text = text[:end] + table_lines("", {key: _plain(value) for key, value in values.items()}) + text[end:]
        if not root:
            return text
        # Nothing above this place has moved: the document's own keys come first.
        end = ends.get((), 0)
        return text[:end] + _root_lines(root, at_start=not end, follows=text[end:]) + text[end:]


def _has_header(table: Any) -> bool:
    """Whether the keys of a table stand on lines of their own."""
    from tomlkit.items import Table
    from tomlkit.toml_document import TOMLDocument

    return isinstance(table, Table | TOMLDocument)


def _ends_of_tables(text: str) -> dict[KeyPath, int]:
    """The offset below the last key (or the header) of each table; ``()`` is the document when it has keys."""
    ends: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for statement in scan(text).statements:
        if statement.kind is not Kind.KEY:
            table = statement.path
        ends[table] = statement.end
    return ends


def _root_lines(values: Mapping[str, Any], *, at_start: bool, follows: str) -> str:
    """New keys of the document as lines; tables become sections, whose keys in ``values`` are their headers."""
    sections = {
        key: value
        for key, value in values.items()
        if isinstance(value, Mapping) and not isinstance(value, VariableValue)
    }
    plain = {key: value for key, value in values.items() if key not in sections}
    parts = [table_lines("", plain)] if plain else []
    for key, section in sections.items():
        blank = "" if at_start and not parts else "\n"
        parts.append(blank + table_lines(f"[{key}]", {name: _plain(value) for name, value in section.items()}))
    if follows and not follows.startswith("\n"):
        parts.append("\n" if sections or at_start else "")
    return "".join(parts)


def _same(old: Any, new: Any) -> bool:
    """Equal, and not only like 1 and true are."""
    return bool(old == new) and repr(old) == repr(new)


def _plain(value: Any) -> Any:
    return value.short() if isinstance(value, VariableValue) else value


def _item(value: Any) -> Any:
    import tomlkit

    value = _plain(value)
    if isinstance(value, str) and "\n" in value:
        return tomlkit.value(long_text(value))
    return tomlkit.value(value_text(value))


def _reorder(table: Any, keys: list[str]) -> None:
    items = [(key, table[key]) for key in keys]
    for key, _ in items:
        table.remove(key)
    for key, item in items:
        table.add(key, item)
