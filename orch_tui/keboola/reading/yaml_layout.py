"""The layout of the newer command line (github.com/keboola/cli): one ``_config.yml`` for each configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from orch_tui.keboola.reading.documents import read_text
from orch_tui.keboola.reading.yaml_code import with_code
from orch_tui.keboola.values import Body, KeboolaError, Row, Stored
from orch_tui.model.texts.text import safe_line

YAML_FILE = "_config.yml"
_OURS = ("version", "name", "description", "is_disabled", "_keboola", "_configuration_extra", "input", "output")


def read_yaml_configuration(common: Stored, directory: Path, shown: str, rows: list[tuple[str, str]]) -> Stored:
    """The configuration of a directory. Raises: KeboolaError."""
    document = read_yaml(directory / YAML_FILE, f"{shown}/{YAML_FILE}")
    found = []
    for row, path in rows:
        place = directory / path
        if not (place / YAML_FILE).is_file():
            raise KeboolaError(f"{safe_line(shown, 200)}/{safe_line(path, 100)} has no {YAML_FILE}")
        inner = read_yaml(place / YAML_FILE, f"{shown}/{path}/{YAML_FILE}")
        disabled = bool(inner.get("is_disabled"))
        about = _description(place, f"{shown}/{path}") or str(inner.get("description") or "")
        found.append(Row(row, str(inner.get("name") or row), body_of(inner), about, disabled, path))
    description = _description(directory, shown)
    return replace(
        common,
        name=str(document.get("name") or common.id),
        body=with_code(body_of(document), directory, shown),
        description=description or str(document.get("description") or ""),
        disabled=bool(document.get("is_disabled")),
        rows=tuple(found),
    )


def _description(directory: Path, shown: str) -> str:
    path = directory / "_description.md"
    return read_text(path, f"{shown}/_description.md").strip("\n") if path.is_file() else ""


def body_of(document: Body) -> Body:
    """The configuration in the form of the API: ``input`` and ``output`` are its storage mapping."""
    body: Body = {key: value for key, value in document.items() if key not in _OURS}
    storage = {key: document[key] for key in ("input", "output") if key in document}
    if storage:
        body["storage"] = storage
    extra = document.get("_configuration_extra")
    return {**body, **extra} if isinstance(extra, dict) else body


def read_yaml(path: Path, shown: str) -> Body:
    """Raises: KeboolaError with the line of what is wrong, or when the library for YAML is not installed."""
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError
    except ImportError as error:
        raise KeboolaError(
            f'{safe_line(shown, 300)} is YAML; install what reads it: pip install "orch-tui[keboola]"'
        ) from error
    text = read_text(path, shown)
    try:
        value: Any = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise KeboolaError(f"{safe_line(shown, 300)}:{line}: it is no YAML: {error.problem}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise KeboolaError(f"{safe_line(shown, 300)}: it is no YAML that can be read") from error
    if not isinstance(value, dict):
        raise KeboolaError(f"{safe_line(shown, 300)} must be a mapping in YAML")
    return value
