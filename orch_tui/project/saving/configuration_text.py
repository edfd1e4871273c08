"""The text of a configuration's file: in the house style, and after an edit."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from orch_tui.model.components.configuration import Configuration, ConfigurationRow, TableInput, TableOutput, WriteMode
from orch_tui.project.definitions.configurations import file_reference
from orch_tui.project.saving.orchestration_text import Composed, Way, with_comments, with_line_ends
from orch_tui.project.toml.edit import TextEdit, edit_errors
from orch_tui.project.toml.lines import Kind, comments_above, scan
from orch_tui.project.toml.text import key_text, table_lines

Values = dict[str, Any]
_HEAD = ("name", "description", "pool", "weight", "row_parallel")
_LISTS = ("inputs", "outputs", "checks", "rows")
_KNOWN = {*_HEAD, "parameters", *_LISTS}


def configuration_values(value: Configuration) -> Values:
    """The keys of the file."""
    values: Values = {"name": value.name}
    if value.description:
        values["description"] = value.description
    if value.pool is not None:
        values["pool"] = value.pool
    if value.weight is not None:
        values["weight"] = value.weight
    if value.row_parallel != 1:
        values["row_parallel"] = value.row_parallel
    if value.parameters:
        values["parameters"] = value.parameters
    if value.inputs:
        values["inputs"] = [_input_values(item) for item in value.inputs]
    if value.outputs:
        values["outputs"] = [_output_values(item) for item in value.outputs]
    if value.checks:
        values["checks"] = [dict(item) for item in value.checks]
    if value.rows:
        values["rows"] = [row_values(row) for row in value.rows]
    return values


def row_values(row: ConfigurationRow) -> Values:
    """The keys of a table of ``rows``."""
    values: Values = {"id": row.id, **({"name": row.name} if row.name != row.id else {})}
    if row.description:
        values["description"] = row.description
    if not row.enabled:
        values["enabled"] = False
    if row.parameters:
        values["parameters"] = row.parameters
    if row.inputs:
        values["inputs"] = [_input_values(item) for item in row.inputs]
    if row.outputs:
        values["outputs"] = [_output_values(item) for item in row.outputs]
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
    head = {key: values[key] for key in _HEAD if key in values} | extra
    parts = [table_lines("", head), *_sections(("parameters",), values.get("parameters", {}))]
    for key in _LISTS:
        parts += [list_text(key, item) for item in values.get(key, [])]
    return "\n".join(part for part in parts if part)


def list_text(key: str, item: Mapping[str, Any]) -> str:
    """One table of ``[[key]]``; of a row with a section for each table in it."""
    if key != "rows":
        return table_lines(f"[[{key}]]", item)
    own = ("parameters", "inputs", "outputs")
    parts = [table_lines("[[rows]]", {name: value for name, value in item.items() if name not in own})]
    parts += _sections(("rows", "parameters"), item.get("parameters", {}))
    for name in ("inputs", "outputs"):
        parts += [table_lines(f"[[rows.{name}]]", one) for one in item.get(name, ())]
    return "\n".join(part for part in parts if part)


def _sections(path: tuple[str, ...], values: Mapping[str, Any]) -> list[str]:
    """``[parameters]`` with its plain values, then a section for each table in it."""
    if not values:
        return (
            []
            if path[-1] == "parameters" and path[:-1] in ((), ("rows",))
            else [f"[{'.'.join(map(key_text, path))}]\n"]
        )
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


def texts_of_document(
    document: Mapping[str, Any], value: Configuration
) -> list[tuple[str, tuple[str | int, ...], Any]]:
    """The same of a whole file, with what the parameters and rows of ``value`` have there; places are in the file."""
    given: list[tuple[tuple[str | int, ...], Any, Any]] = [
        (("parameters",), document.get("parameters"), value.parameters)
    ]
    rows = document.get("rows")
    by_id = {row.id: row.parameters for row in value.rows}
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, Mapping):
            given.append((("rows", index, "parameters"), row.get("parameters"), by_id.get(str(row.get("id")))))
    return [
        (named, (*place, *path), content)
        for place, raw, parameters in given
        for named, path, content in texts_in_files(raw, parameters)
    ]


def compose(text: str, old: Configuration, new: Configuration, read: Callable[[str], Configuration]) -> Composed:
    """The file's new text. ``text`` reads as ``old``; ``read`` raises ValueError for a text that cannot be read.

    A parameter whose text is in a file of its own keeps its ``{ file = "…" }``, when ``old`` and ``new`` agree on it.

    Raises:
        ValueError: ``new`` holds something that no text can express.
    """
    if old == new and old.digest == new.digest:
        return Composed(text, Way.UNCHANGED)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    bare = text.removeprefix("\ufeff")
    line_end = "\r\n" if "\r\n" in bare else "\n"
    raw = tomllib.loads(bare)
    try:
        candidate = with_line_ends(_edited(bare, raw, old, new), line_end)
        if read(candidate) == new:
            return Composed(mark + candidate, Way.IN_PLACE)
    except edit_errors():
        # The shape of the file is beyond careful editing: it is written anew below.
        pass
    candidate = with_comments(bare, house_text(new, raw))
    if read(candidate) != new:
        raise ValueError("the configuration cannot be written so that it reads back equal")
    return Composed(mark + candidate, Way.REWRITTEN)


def _edited(text: str, raw: Values, old: Configuration, new: Configuration) -> str:
    before, after = configuration_values(old), configuration_values(new)
    edit = TextEdit(text)
    tables = []
    for key in _LISTS:
        items, wanted = before.pop(key, []), after.pop(key, [])
        if len(items) != len(wanted):
            tables.append((key, items, wanted))
            continue
        for index, (first, second) in enumerate(zip(items, wanted, strict=True)):
            if first != second:
                # A name may have been derived from what is changed now, so it must be written from here on.
                written = {name: value for name, value in first.items() if name in raw[key][index]}
                edit.change((key, index), written, second)
    if "parameters" in raw:
        before.setdefault("parameters", {})
        after.setdefault("parameters", {})
    edit.change((), before, after)
    result = with_comments(text, edit.text(), at_end=True)
    for key, items, wanted in tables:
        result = _with_tables(result, key, items, wanted)
    return result


def _with_tables(text: str, key: str, before: list[Values], after: list[Values]) -> str:
    """The text with other tables in ``[[key]]``; those that stay are moved as text, with the comments above them."""
    starts, previous_end = [], 0
    for statement in scan(text).statements:
        if statement.kind is not Kind.KEY:
            starts.append((comments_above(text, statement.start, previous_end), statement.path))
        previous_end = statement.end
    ends = [*(start for start, _ in starts[1:]), len(text)][: len(starts)]
    spans: dict[int, tuple[int, int]] = {}
    last = None
    for number, ((start, path), end) in enumerate(zip(starts, ends, strict=True)):
        if path[0] == key:
            if last is not None and number != last + 1:
                raise ValueError(f"the tables of {key} are not together")
            last, index = number, int(path[1])
            spans[index] = (spans[index][0] if index in spans else start, end)
    if len(spans) != len(before):
        raise ValueError(f"{key} is not written as [[{key}]]")
    others = [start for start, path in starts if path[0] == "outputs" and key == "inputs"]
    first, end = (spans[0][0], spans[len(before) - 1][1]) if spans else (min(others, default=len(text)),) * 2
    pieces, free = [], set(spans)
    for wanted in after:
        same = next((index for index in sorted(free) if before[index] == wanted), None)
        if same is None:
            pieces.append(list_text(key, wanted))
        else:
            free.discard(same)
            pieces.append(text[slice(*spans[same])])
    parts = [text[:first], *pieces, text[end:]]
    return "\n\n".join(part.strip("\n") for part in parts if part.strip("\n")) + "\n"
