"""Changes of stored configurations in the layout with ``_config.yml``: each document is edited, not written anew."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.keboola.code import blocks_text
from orch_tui.keboola.reading.documents import read_text
from orch_tui.keboola.reading.yaml_code import APP_FILE, BLOCK_FILES, PACKAGES_FILE, block_file
from orch_tui.keboola.reading.yaml_layout import YAML_FILE, read_yaml
from orch_tui.keboola.values import Body, KeboolaError, Row, Stored
from orch_tui.model.texts.text import safe_line

Files = dict[Path, str | None]
_EXTRA, _DESCRIPTION = "_configuration_extra", "_description.md"
_STORAGE = ("input", "output")
_FORMS = [(sequence, offset, width) for width in (80, 4096) for sequence, offset in ((2, 0), (4, 2), (2, 2))]
"""Indents of lists and the widths of lines in which other programs write YAML."""
_VERSION = 2


def yaml_files(directory: Path, before: Stored, after: Stored) -> Files:
    """What is to be written so that the directory of ``before`` holds ``after``. Raises: KeboolaError."""
    old_body, new_body = dict(before.body), dict(after.body)
    files = _code_files(directory, before.component, old_body, new_body)
    head = {"name": (before.name, after.name), "is_disabled": (before.disabled, after.disabled)}
    files |= _document(directory, _without_code(directory, old_body), _without_code(directory, new_body), head)
    files |= _described(directory, before.description, after.description)
    for number, row in enumerate(after.rows):
        if number < len(before.rows):
            old = before.rows[number]
            head = {"name": (old.name, row.name), "is_disabled": (old.disabled, row.disabled)}
            files |= _document(directory / row.path, old.body, row.body, head)
            files |= _described(directory / row.path, old.description, row.description)
        else:
            files |= _new_row(directory / row.path, before.component, row)
    return files


def new_yaml_files(directory: Path, stored: Stored) -> Files:
    """The files of a configuration that is not in the directory yet."""
    about = {"component_id": stored.component, "config_id": ""}
    return _new(directory, stored.name, stored.description, stored.disabled, stored.body, about)


def _new_row(directory: Path, component: str, row: Row) -> Files:
    about = {"component_id": component, "row_id": ""}
    return _new(directory, row.name, row.description, row.disabled, row.body, about)


def _new(directory: Path, name: str, description: str, disabled: bool, body: Body, about: Body) -> Files:
    document: Body = {"version": _VERSION, "name": name, **({"is_disabled": True} if disabled else {})}
    _place(document, body)
    document["_keboola"] = about
    files: Files = {directory / YAML_FILE: _dumped(_yaml(2, 0, 4096), document)}
    if description:
        files[directory / _DESCRIPTION] = f"{description}\n"
    return files


def _place(document: Body, body: Mapping[str, Any]) -> None:
    extra = {key: item for key, item in body.items() if key not in ("parameters", "processors", "storage")}
    document |= {key: body[key] for key in ("parameters", "processors") if key in body}
    storage = body.get("storage")
    document |= {key: storage[key] for key in _STORAGE if isinstance(storage, Mapping) and key in storage}
    if extra:
        document[_EXTRA] = extra


def _described(directory: Path, before: str, after: str) -> Files:
    return {} if before == after else {directory / _DESCRIPTION: f"{after}\n" if after else ""}


def _without_code(directory: Path, body: Body) -> Body:
    parameters = body.get("parameters")
    if not isinstance(parameters, Mapping):
        return body
    beside = {
        *(("blocks",) if block_file(directory) is not None else ()),
        *(("code",) if (directory / APP_FILE).is_file() else ()),
        *(("packages",) if (directory / PACKAGES_FILE).is_file() else ()),
    }
    rest = {key: item for key, item in parameters.items() if key not in beside}
    if rest:
        return {**body, "parameters": rest}
    kept = _raw(directory / YAML_FILE)
    return {**body, "parameters": {}} if "parameters" in kept else {k: v for k, v in body.items() if k != "parameters"}


def _raw(path: Path) -> Body:
    return read_yaml(path, path.name)


def _code_files(directory: Path, component: str, before: Body, after: Body) -> Files:
    files: Files = {}
    old, new = (body.get("parameters") for body in (before, after))
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return files
    path = block_file(directory)
    if path is not None and old.get("blocks") != new.get("blocks"):
        text = read_text(path, path.name)
        files[path] = _replaced(text, old.get("blocks") or [], new.get("blocks") or []) or _whole(new, component)
    if (directory / APP_FILE).is_file() and old.get("code") != new.get("code"):
        files[directory / APP_FILE] = str(new.get("code") or "")
    if (directory / PACKAGES_FILE).is_file() and old.get("packages") != new.get("packages"):
        shown = safe_line(str(directory / PACKAGES_FILE), 300)
        raise KeboolaError(f"{shown}: the packages were changed: change them in that file")
    return files


def _whole(parameters: Mapping[str, Any], component: str) -> str:
    text = blocks_text(parameters.get("blocks") or [], component)
    if text is None:
        raise KeboolaError(f"the blocks have no form in {' and '.join(BLOCK_FILES)}: change them there")
    return text


def _replaced(text: str, before: list[Body], after: list[Body]) -> str | None:
    """The file with what was edited of its scripts; None where the blocks are others."""
    old, new = (
        [(block["name"], code["name"], len(code["script"])) for block in blocks for code in block["codes"]]
        for blocks in (before, after)
    )
    if old != new:
        return None
    scripts = [
        [one for block in blocks for code in block["codes"] for one in code["script"]] for blocks in (before, after)
    ]
    parts, at = [], 0
    for was, now in zip(*scripts, strict=True):
        found = text.find(was, at)
        if found < 0:
            return None
        parts += [text[at:found], now.strip("\n")]
        at = found + len(was)
    return "".join([*parts, text[at:]])


def _document(directory: Path, before: Body, after: Body, head: Mapping[str, tuple[Any, Any]]) -> Files:
    """The document with what is different between the two bodies, and between the two values of each of ``head``."""
    changed_head = {key: new for key, (old, new) in head.items() if old != new}
    if before == after and not changed_head:
        return {}
    path = directory / YAML_FILE
    text = read_text(path, path.name)
    yaml = _form_of(text)
    document = yaml.load(text)
    document.update(changed_head)
    for key in dict.fromkeys([*before, *after]):
        if key == "storage":
            parts: tuple[Any, Any] = (before.get(key) or {}, after.get(key) or {})
            for side in _STORAGE:
                _change(document, side, parts[0], parts[1])
        else:
            _change(_owner(document, key), key, before, after)
    return {path: _dumped(yaml, document)}


def _owner(document: Any, key: str) -> Any:
    """Where a key of the body stands."""
    if key in document or key in ("parameters", "processors"):
        return document
    if not isinstance(document.get(_EXTRA), dict):
        document[_EXTRA] = {}
    return document[_EXTRA]


def _change(owner: Any, key: Any, before: Any, after: Any) -> None:
    if key not in after:
        owner.pop(key, None)
    elif key not in before or key not in owner:
        owner[key] = after[key]
    elif before[key] != after[key]:
        owner[key] = _changed(owner[key], before[key], after[key])


def _changed(there: Any, before: Any, after: Any) -> Any:
    if before == after:
        return there
    if isinstance(there, dict) and isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            _change(there, key, before, after)
        return there
    if not (isinstance(there, list) and isinstance(before, list) and isinstance(after, list)):
        return after
    places = {_key(one, number): number for number, one in enumerate(before)}
    items = [
        _changed(there[places[key]], before[places[key]], one) if (key := _key(one, number)) in places else one
        for number, one in enumerate(after)
    ]
    there[:] = items
    return there


def _key(one: Any, number: int) -> Any:
    """By what an entry of a list is found again: its id, else its place."""
    return str(one["id"]) if isinstance(one, Mapping) and "id" in one else number


def _yaml(sequence: int, offset: int, width: int) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import RoundTripRepresenter

    class Representer(RoundTripRepresenter):
        """Writes null as a word, as other programs do."""

    # ruamel leaves the value out: https://yaml.dev/doc/ruamel.yaml/detail/
    Representer.add_representer(type(None), lambda own, _: own.represent_scalar("tag:yaml.org,2002:null", "null"))
    yaml = YAML()
    yaml.Representer = Representer
    yaml.preserve_quotes = True
    yaml.width = width
    yaml.indent(mapping=2, sequence=sequence, offset=offset)
    return yaml


def _form_of(text: str) -> Any:
    """Writes YAML in the form that the text has, as far as one of ours is that."""
    made = [_yaml(*form) for form in _FORMS]
    return next((yaml for yaml in made if _dumped(yaml, yaml.load(text)) == text), made[-1])


def _dumped(yaml: Any, document: Any) -> str:
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()
