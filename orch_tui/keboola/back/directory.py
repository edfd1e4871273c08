"""Changes of stored configurations as files of a pulled directory: only what is different is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orch_tui.keboola.back.yaml_layout import new_yaml_files, yaml_files
from orch_tui.keboola.reading.blocks import code_file
from orch_tui.keboola.reading.documents import BODY_FILE, json_like, read_text
from orch_tui.keboola.reading.phases import PHASE_FILE, TASK_FILE
from orch_tui.keboola.reading.yaml_layout import YAML_FILE
from orch_tui.keboola.values import Body, KeboolaError, Row, Stored
from orch_tui.model.texts.text import safe_line

Files = dict[Path, str | None]
"""New texts by their files; None for a file that goes."""


def stored_files(directory: Path, before: Stored, after: Stored) -> Files:
    """What is to be written so that the directory of ``before`` holds ``after``.

    Raises:
        KeboolaError: it has another form than can be written.
    """
    files: Files = {}
    if (directory / YAML_FILE).is_file():
        return yaml_files(directory, before, after)
    if before.name != after.name:
        files.update(_json(directory / "meta.json", {"name": after.name}, merge=True))
    if before.description != after.description:
        files[directory / "description.md"] = f"{after.description}\n" if after.description else ""
    body, old = dict(after.body), dict(before.body)
    if (directory / "phases").is_dir() or ("phases" in body and "phases" not in _on_disk(directory)):
        files.update(_phase_files(directory / "phases", old, body))
        for one in (body, old):
            one.pop("phases", None)
            one.pop("tasks", None)
    if (directory / "blocks").is_dir():
        files.update(_code_files(directory / "blocks", old, body))
        body, old = _without_blocks(body), _without_blocks(old)
    if body != old:
        files.update(_json(directory / BODY_FILE, body))
    for number, row in enumerate(after.rows):
        files.update(_row_files(directory, before.rows[number] if number < len(before.rows) else None, row))
    return files


def _row_files(directory: Path, before: Row | None, row: Row) -> Files:
    """``before``: the row as it is there; None for a new one."""
    files: Files = {}
    place = directory / row.path
    if before is None or before.body != row.body:
        files.update(_json(place / BODY_FILE, row.body))
    if before is None or (before.name, before.disabled) != (row.name, row.disabled):
        files.update(_json(place / "meta.json", {"name": row.name, "isDisabled": row.disabled}, merge=True))
    if before is None or before.description != row.description:
        files[place / "description.md"] = f"{row.description}\n" if row.description else ""
    return files


def new_files(directory: Path, stored: Stored, layout: str = "kbc") -> Files:
    """The files of a configuration that is not in the directory yet; ``kbc persist`` gives it its id."""
    if layout == "yaml":
        return new_yaml_files(directory, stored)
    files: Files = {}
    files.update(_json(directory / "meta.json", {"name": stored.name, "isDisabled": stored.disabled}))
    files.update(_json(directory / BODY_FILE, stored.body))
    files[directory / "description.md"] = f"{stored.description}\n" if stored.description else ""
    return files


def _on_disk(directory: Path) -> Mapping[str, Any]:
    import json

    path = directory / BODY_FILE
    found = json.loads(read_text(path, path.name)) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _json(path: Path, value: Body, *, merge: bool = False) -> Files:
    """``merge``: over what the file has already."""
    import json

    before = read_text(path, path.name) if path.is_file() else ""
    if merge and before:
        value = {**json.loads(before), **value}
    return {path: json_like(before, value)}


def _phase_files(directory: Path, before: Body, after: Body) -> Iterator[tuple[Path, str | None]]:
    for key, file, own in (("phases", PHASE_FILE, ("id",)), ("tasks", TASK_FILE, ("id", "phase"))):
        old = {str(one["id"]): _bare(one, own) for one in before.get(key) or ()}
        new = {str(one["id"]): _bare(one, own) for one in after.get(key) or ()}
        for place in old.keys() - new.keys():
            yield directory / place / file, None
        for place, value in new.items():
            if old.get(place) != value:
                yield from _json(directory / place / file, value).items()


def _bare(one: Body, keys: Iterable[str]) -> Body:
    return {key: item for key, item in one.items() if key not in keys}


def _without_blocks(body: Body) -> Body:
    parameters = body.get("parameters")
    if not isinstance(parameters, Mapping) or "blocks" not in parameters:
        return body
    rest = {key: item for key, item in parameters.items() if key != "blocks"}
    on_disk = {key: item for key, item in body.items() if key != "parameters"}
    return {**on_disk, "parameters": rest} if rest else on_disk


def _code_files(directory: Path, before: Body, after: Body) -> Iterator[tuple[Path, str | None]]:
    old, new = (body.get("parameters", {}).get("blocks") or [] for body in (before, after))
    if old == new:
        return
    blocks = sorted(entry for entry in directory.iterdir() if entry.is_dir())
    if [len(block["codes"]) for block in old] != [len(block["codes"]) for block in new]:
        shown = safe_line(str(directory), 300)
        raise KeboolaError(f"{shown}: blocks or parts of them were added or taken away: do that in Keboola itself")
    for place, was, block in zip(blocks, old, new, strict=True):
        if was["name"] != block["name"]:
            yield from _json(place / "meta.json", {"name": block["name"]}, merge=True).items()
        codes = sorted(entry for entry in place.iterdir() if entry.is_dir())
        for inner, code_was, code in zip(codes, was["codes"], block["codes"], strict=True):
            if code_was["name"] != code["name"]:
                yield from _json(inner / "meta.json", {"name": code["name"]}, merge=True).items()
            path = code_file(inner)
            if code_was["script"] != code["script"] and path is not None:
                ending = "\n" if read_text(path, path.name).endswith("\n") else ""
                yield path, "\n\n".join(code["script"]) + ending
