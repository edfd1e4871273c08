"""The blocks of a transformation as directories, in the form of the API: ``blocks[].codes[].script[]``."""

from __future__ import annotations

from pathlib import Path

from orch_tui.keboola.reading.documents import read_object, read_text
from orch_tui.keboola.values import Body


def read_blocks(body: Body, directory: Path, shown: str) -> Body:
    """``body`` with the blocks of the directory in its parameters; each code is one text. Raises: KeboolaError."""
    blocks = []
    for block in _directories(directory):
        codes = []
        for code in _directories(block):
            place = f"{shown}/{block.name}/{code.name}"
            text = code_file(code)
            script = [read_text(text, f"{place}/{text.name}").rstrip("\n")] if text is not None else []
            codes.append({"name": _name(code, place), "script": script})
        blocks.append({"name": _name(block, f"{shown}/{block.name}"), "codes": codes})
    parameters = body.get("parameters")
    return {**body, "parameters": {**(parameters if isinstance(parameters, dict) else {}), "blocks": blocks}}


def code_file(directory: Path) -> Path | None:
    """The file with the code of a block's part."""
    return next((path for path in sorted(directory.glob("code.*")) if path.is_file()), None)


def _directories(directory: Path) -> list[Path]:
    return sorted(entry for entry in directory.iterdir() if entry.is_dir())


def _name(directory: Path, shown: str) -> str:
    meta = directory / "meta.json"
    name = read_object(meta, f"{shown}/meta.json").get("name") if meta.is_file() else None
    return str(name or directory.name)
