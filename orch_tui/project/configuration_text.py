"""The text of a configuration's file: in the house style, and after an edit."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from orch_tui.model.configuration import Configuration, TableInput, TableOutput, WriteMode
from orch_tui.project.configurations import file_reference
from orch_tui.project.orchestration_text import with_comments, with_line_ends
from orch_tui.project.toml_edit import apply_changes, edit_errors
from orch_tui.project.toml_text import key_text, table_lines

Values = dict[str, Any]
_KNOWN = {"name", "description", "parameters", "inputs", "outputs"}


def configuration_values(value: Configuration) -> Values:
    """The keys of the file."""
    values: Values = {"name": value.name}
    if value.description:
        values["description"] = value.description
    if value.parameters:
        values["parameters"] = value.parameters
    if value.inputs:
        values["inputs"] = [_input_values(item) for item in value.inputs]
    if value.outputs:
        values["outputs"] = [_output_values(item) for item in value.outputs]
    return values


def _input_values(item: TableInput) -> Values:
    return {"table": item.table, "name": item.name}


def _output_values(item: TableOutput) -> Values:
    values: Values = {"name": item.name, "table": item.table}
    if item.mode is not WriteMode.FULL:
        values["mode"] = str(item.mode)
    if item.primary_key:
        values["primary_key"] = list(item.primary_key)
    return values


def house_text(value: Configuration, raw: Mapping[str, Any] | None = None) -> str:
    """The whole file in the house style, with the unknown keys of an earlier document.

    Raises:
        ValueError: a parameter has no form in TOML.
    """
    values = configuration_values(value)
    extra = {key: item for key, item in (raw or {}).items() if key not in _KNOWN}
    head = {key: values[key] for key in ("name", "description") if key in values} | extra
    parts = [table_lines("", head), *_sections(("parameters",), values.get("parameters", {}))]
    for key in ("inputs", "outputs"):
        parts += [table_lines(f"[[{key}]]", item) for item in values.get(key, [])]
    return "\n".join(part for part in parts if part)


def _sections(path: tuple[str, ...], values: Mapping[str, Any]) -> list[str]:
    """``[parameters]`` with its plain values, then a section for each table in it."""
    if not values:
        return [] if len(path) == 1 else [f"[{'.'.join(map(key_text, path))}]\n"]
    inner = {key: item for key, item in values.items() if isinstance(item, Mapping)}
    plain = {key: item for key, item in values.items() if key not in inner}
    parts = [table_lines(f"[{'.'.join(map(key_text, path))}]", plain)] if plain else []
    for key, item in inner.items():
        parts += _sections((*path, key), item)
    return parts


def texts_in_files(
    raw: Any, value: Any, path: tuple[str | int, ...] = ()
) -> list[tuple[str, tuple[str | int, ...], Any]]:
    """The ``{ file = "…" }`` references below ``raw`` with their places and what ``value`` has there (or None)."""
    named = file_reference(raw)
    if named is not None and path:
        return [(named, path, value)]
    found: list[tuple[str, tuple[str | int, ...], Any]] = []
    if isinstance(raw, Mapping):
        for key, item in raw.items():
            inner = value.get(key) if isinstance(value, Mapping) else None
            found += texts_in_files(item, inner, (*path, key))
    elif isinstance(raw, list):
        for index, item in enumerate(raw):
            inner = value[index] if isinstance(value, list) and index < len(value) else None
            found += texts_in_files(item, inner, (*path, index))
    return found


def compose(text: str, old: Configuration, new: Configuration, read: Callable[[str], Configuration]) -> str:
    """The file's new text. ``text`` reads as ``old``; ``read`` raises ValueError for a text that cannot be read.

    A parameter whose text is in a file of its own keeps its ``{ file = "…" }``, when ``old`` and ``new`` agree on it.

    Raises:
        ValueError: ``new`` holds something that no text can express.
    """
    if old == new and old.digest == new.digest:
        return text
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    bare = text.removeprefix("\ufeff")
    line_end = "\r\n" if "\r\n" in bare else "\n"
    raw = tomllib.loads(bare)
    try:
        candidate = with_line_ends(_edited(bare, raw, old, new), line_end)
        if read(candidate) == new:
            return mark + candidate
    except edit_errors():
        # The shape of the file is beyond careful editing: it is written anew below.
        pass
    candidate = with_comments(bare, house_text(new, raw))
    if read(candidate) != new:
        raise ValueError("the configuration cannot be written so that it reads back equal")
    return mark + candidate


def _edited(text: str, raw: Values, old: Configuration, new: Configuration) -> str:
    import tomlkit

    text = text.replace("\r\n", "\n")
    document: Any = tomlkit.parse(text if text.endswith("\n") or not text else text + "\n")
    before, after = configuration_values(old), configuration_values(new)
    for key in ("inputs", "outputs"):
        _edit_tables(document, key, raw.get(key, []), before.pop(key, []), after.pop(key, []))
    if "parameters" in raw and "parameters" not in after:
        after["parameters"] = {}
        before.setdefault("parameters", {})
    apply_changes(document, before, after)
    return with_comments(text, tomlkit.dumps(document), at_end=True)


def _edit_tables(document: Any, key: str, raw: list[Values], before: list[Values], after: list[Values]) -> None:
    """Edits an array of tables; tables that stay keep their comments and unknown keys."""
    import tomlkit

    if before == after:
        return
    if len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                # A name may have been derived from what is changed now, so it must be written from here on.
                written = {name: item for name, item in old.items() if name in raw[index]}
                apply_changes(document[key][index], written, new)
        return
    tables = tomlkit.aot()
    free = list(range(len(before)))
    for new in after:
        same = next((index for index in free if before[index] == new), None)
        if same is None:
            table = tomlkit.table()
            apply_changes(table, {}, new)
        else:
            free.remove(same)
            table = document[key][same]
        tables.append(table)
    if key in document:
        document.remove(key)
    if after:
        document[key] = tables
