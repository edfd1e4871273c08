"""Code beside a ``_config.yml``: blocks in one file with markers, the code of an app, packages of Python.

Source: github.com/keboola/cli, ``sync/code_extraction.py``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from orch_tui.keboola.code import text_blocks
from orch_tui.keboola.reading.documents import read_text
from orch_tui.keboola.values import Body, KeboolaError
from orch_tui.model.texts.text import safe_line

BLOCK_FILES = ("transform.sql", "transform.py")
APP_FILE, PACKAGES_FILE = "code.py", "pyproject.toml"


def block_file(directory: Path) -> Path | None:
    """The file with the blocks of a transformation."""
    return next((directory / name for name in BLOCK_FILES if (directory / name).is_file()), None)


def with_code(body: Body, directory: Path, shown: str) -> Body:
    """The body with what stands in files of its directory. Raises: KeboolaError."""
    parameters = body.get("parameters")
    found = dict(parameters) if isinstance(parameters, dict) else {}
    before = dict(found)
    if (path := block_file(directory)) is not None:
        found["blocks"] = trimmed_blocks(read_text(path, f"{shown}/{path.name}"))
    if (directory / APP_FILE).is_file():
        found["code"] = read_text(directory / APP_FILE, f"{shown}/{APP_FILE}")
    if packages := _packages(directory / PACKAGES_FILE, f"{shown}/{PACKAGES_FILE}"):
        found["packages"] = packages
    return body if found == before else {**body, "parameters": found}


def trimmed_blocks(text: str) -> list[Body]:
    """The blocks of such a file without the blank lines around their parts."""
    return [
        {
            **block,
            "codes": [
                {**code, "script": [one.strip("\n") for one in code["script"] if one.strip()]}
                for code in block["codes"]
            ],
        }
        for block in text_blocks(text)
    ]


def _packages(path: Path, shown: str) -> list[str]:
    if not path.is_file():
        return []
    try:
        project = tomllib.loads(read_text(path, shown)).get("project")
    except tomllib.TOMLDecodeError as error:
        raise KeboolaError(f"{safe_line(shown, 300)}: it is no TOML: {safe_line(str(error), 200)}") from error
    named = project.get("dependencies") if isinstance(project, dict) else None
    return [str(one) for one in named] if isinstance(named, list) else []
