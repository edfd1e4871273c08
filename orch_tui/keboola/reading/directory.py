"""A pulled directory: ``.keboola/manifest.json`` says which configuration lies where.

Source: https://developers.keboola.com/cli/structure/. The layout with one ``_config.yml`` for each configuration has
the same manifest (:mod:`orch_tui.keboola.reading.yaml_layout`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from orch_tui.keboola.reading.blocks import code_file, read_blocks
from orch_tui.keboola.reading.documents import BODY_FILE, read_json, read_object, read_text
from orch_tui.keboola.reading.notifications import read_subscriptions
from orch_tui.keboola.reading.phases import read_phases
from orch_tui.keboola.reading.yaml_layout import YAML_FILE, read_yaml_configuration
from orch_tui.keboola.values import Body, Brought, KeboolaError, Parent, Row, Stored
from orch_tui.model.texts.text import safe_line

MANIFEST = Path(".keboola") / "manifest.json"
_IGNORE = Path(".keboola") / ".kbcignore"
_NOTIFICATIONS = Path(".keboola") / "notifications.json"
_TYPES = ("extractor", "transformation", "writer", "application", "other")


def is_pulled(directory: Path) -> bool:
    """Whether a project of Keboola was pulled into this directory."""
    return (directory / MANIFEST).is_file()


def read_directory(root: Path, branch: str | None = None) -> Brought:
    """One branch of a pulled directory; the main one unless another is named.

    Raises:
        KeboolaError: the manifest cannot be read, or there is no such branch.
    """
    if not is_pulled(root):
        shown = safe_line(str(root), 300)
        raise KeboolaError(f"{shown} has no {MANIFEST}: name the directory that kbc pulled into, or a JSON file")
    manifest = read_object(root / MANIFEST, str(MANIFEST))
    chosen = _branch(manifest, branch)
    reader = _Reader(root, str(chosen.get("path") or ""), _ignored(root))
    entries = [
        one
        for one in _objects(manifest.get("configurations"))
        if str(one.get("branchId")) in ("None", str(chosen.get("id")))
    ]
    stored = tuple(reader.configurations(entries))
    noted = root / _NOTIFICATIONS
    subscriptions = read_subscriptions(read_json(noted, str(_NOTIFICATIONS))) if noted.is_file() else ()
    return Brought(stored, subscriptions, tuple(reader.left_out), tuple(reader.problems), reader.layout)


def branch_directory(root: Path, branch: str | None = None) -> Path:
    """Where the configurations of a branch lie. Raises: KeboolaError."""
    manifest = read_object(root / MANIFEST, str(MANIFEST))
    return root / str(_branch(manifest, branch).get("path") or "")


def _branch(manifest: Body, wanted: str | None) -> Body:
    branches = list(_objects(manifest.get("branches"))) or [{"id": None, "path": "main"}]
    if wanted is None:
        return next((one for one in branches if one.get("path") == "main"), branches[0])
    for one in branches:
        if wanted in (str(one.get("id")), str(one.get("path"))):
            return one
    names = ", ".join(safe_line(str(one.get("path")), 60) for one in branches)
    raise KeboolaError(f'{MANIFEST} has no branch "{safe_line(wanted, 60)}"; it has {names}')


def _objects(value: Any) -> Iterator[Body]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _ignored(root: Path) -> list[str]:
    if not (root / _IGNORE).is_file():
        return []
    lines = (line.strip() for line in read_text(root / _IGNORE, str(_IGNORE)).splitlines())
    return [line for line in lines if line and not line.startswith("#") and ":" not in line]


class _Reader:
    """Reads the configurations of one branch; what cannot be read is a problem, and the rest goes on."""

    def __init__(self, root: Path, branch: str, ignored: list[str]) -> None:
        self.root = root
        self.branch = branch
        self.ignored = ignored
        self.left_out: list[str] = []
        self.problems: list[str] = []
        self.layout = "kbc"

    def configurations(self, entries: list[Body]) -> Iterator[Stored]:
        paths = {(str(one.get("componentId")), str(one.get("id"))): one for one in entries}
        for entry in entries:
            key = str(entry.get("componentId")), str(entry.get("id"))
            if any(fnmatchcase("/".join(key), pattern) for pattern in self.ignored):
                self.left_out.append(f"{'/'.join(key)}: .kbcignore")
                continue
            try:
                yield self._configuration(entry, key, self._path(entry, paths))
            except KeboolaError as error:
                self.problems += error.sentences
            except OSError as error:
                # A directory that may not be entered; what is wrong with a file is a sentence of its reader.
                where = safe_line(str(error.filename or "/".join(key)).removeprefix(f"{self.root}/"), 300)
                self.problems.append(f"{where}: it cannot be read: {error.strerror or error}")

    def _path(self, entry: Body, entries: dict[tuple[str, str], Body]) -> str:
        """Its directory below the branch: what belongs to another configuration lies below that one's."""
        path = str(entry.get("path") or "")
        for one in _objects(entry.get("relations")):
            above = entries.get((str(one.get("componentId")), str(one.get("configId"))))
            if above is not None and above is not entry:
                return f"{self._path(above, entries)}/{path}"
        return path

    def _configuration(self, entry: Body, key: tuple[str, str], path: str) -> Stored:
        directory = self.root / self.branch / path
        shown = f"{self.branch}/{path}"
        parents = tuple(
            Parent(str(one.get("type")), str(one.get("componentId")), str(one.get("configId")))
            for one in _objects(entry.get("relations"))
        )
        kind = path.partition("/")[0] if not parents else ""
        common = Stored(*key, key[1], {}, type=kind if kind in _TYPES else "", place=shown, path=path, parents=parents)
        rows = [(str(one.get("id")), str(one.get("path"))) for one in _objects(entry.get("rows"))]
        if (directory / YAML_FILE).is_file():
            self.layout = "yaml"
            return read_yaml_configuration(common, directory, shown, rows)
        if not (directory / BODY_FILE).is_file() and not (directory / "meta.json").is_file():
            raise KeboolaError(
                f"{safe_line(shown, 300)} is in {MANIFEST}, but there is neither {BODY_FILE} nor {YAML_FILE}"
            )
        meta = _optional(directory / "meta.json", f"{shown}/meta.json")
        body = _optional(directory / BODY_FILE, f"{shown}/{BODY_FILE}")
        if (directory / "phases").is_dir():
            body = {**body, **read_phases(directory / "phases", f"{shown}/phases")}
        if (directory / "blocks").is_dir():
            body = read_blocks(body, directory / "blocks", f"{shown}/blocks")
        found = tuple(self._row(directory, shown, *row) for row in rows)
        return replace(
            common,
            name=str(meta.get("name") or key[1]),
            body=body,
            description=_description(directory, shown),
            disabled=bool(meta.get("isDisabled")),
            rows=found,
        )

    def _row(self, directory: Path, shown: str, row: str, path: str) -> Row:
        place = directory / path
        meta = _optional(place / "meta.json", f"{shown}/{path}/meta.json")
        body = _optional(place / BODY_FILE, f"{shown}/{path}/{BODY_FILE}")
        if (code := code_file(place)) is not None:
            # Shared code: https://developers.keboola.com/cli/structure/#shared-code
            text = read_text(code, f"{shown}/{path}/{code.name}").rstrip("\n")
            body = {**body, "code_content": [text]}
        description = _description(place, f"{shown}/{path}")
        return Row(row, str(meta.get("name") or row), body, description, bool(meta.get("isDisabled")), path)


def _optional(path: Path, shown: str) -> Body:
    return read_object(path, shown) if path.is_file() else {}


def _description(directory: Path, shown: str) -> str:
    path = directory / "description.md"
    return read_text(path, f"{shown}/description.md").strip("\n") if path.is_file() else ""
