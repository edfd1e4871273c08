"""The versions of a definition: each state that was saved, used by a run or found on disk, with who and when.

A definition is an orchestration or a configuration, by its reference; a state of it is its file and the texts that it
names (``{ file = "…" }``). ``.orch/definitions/versions/<component>/<id>.jsonl`` has a line for each version, added in
one write; the bytes are objects (:mod:`orch_tui.project.kept.objects`). Orchestrations stand under the component
``orchestration``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.project.files.own_files import open_own, read_own, write_all
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.kept.objects import Objects
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.project.project import Project
from orch_tui.project.who import who_am_i

_DIGEST = 64


class Change(StrEnum):
    """How a version came to be. ``found``: it was on disk, changed by another program; ``used``: a run found it so."""

    SAVED = "saved"
    FOUND = "found"
    USED = "used"
    DELETED = "deleted"
    RESTORED = "restored"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class Version:
    """``number`` counts from 1. ``files`` has the digests by path relative to the project, none after a deletion.

    ``at`` is seconds since the epoch; ``run`` the first run that used it as found; ``of`` the version rolled back to.
    """

    number: int
    at: float
    by: str
    change: Change
    files: Mapping[str, str]
    run: str = ""
    of: int = 0
    note: str = ""

    @property
    def words(self) -> str:
        """``rolled back to 3 by ann@host: it was too slow``."""
        what = {
            Change.FOUND: "found on disk, then changed here",
            Change.USED: f"found on disk by run {self.run}",
            Change.ROLLED_BACK: f"rolled back to {self.of}" if self.of else "rolled back to a commit",
        }.get(self.change, self.change.value)
        by = f" by {safe_line(self.by, 100)}" if self.change not in (Change.FOUND, Change.USED) else ""
        return f"{what}{by}{f': {safe_line(self.note, 300)}' if self.note else ''}"


class NoSuchVersion(OrchError):
    """The definition has no such version; the text says which there are."""


def file_of(paths: ProjectPaths, ref: str) -> Path:
    """The file of a definition, there or not. Raises: ValueError for what is no reference."""
    component, name = split_ref(ref)
    if not (valid_id(component) and valid_id(name)):
        raise ValueError(f'"{safe_line(ref, 200)}" is neither an orchestration nor "component-id/configuration-id"')
    return paths.orchestration(name) if component == ORCHESTRATION_COMPONENT else paths.configuration(component, name)


def ref_of(paths: ProjectPaths, file: Path) -> str | None:
    """The definition of which this is the file; None for the settings, manifests, and texts that others name."""
    if file.suffix != ".toml" or not valid_id(file.stem):
        return None
    if file.parent == paths.orchestrations:
        return f"{ORCHESTRATION_COMPONENT}/{file.stem}"
    if file.parent.parent == paths.configurations and valid_id(file.parent.name):
        return f"{file.parent.name}/{file.stem}"
    return None


def state_on_disk(project: Project, ref: str) -> dict[str, str]:
    """The texts of a definition as they are now, by path relative to the project; empty when its file is gone.

    Of one that cannot be understood only its own file. Raises: DefinitionError when that cannot be read.
    """
    path = file_of(project.paths, ref)
    project.forget(path)
    if not os.path.lexists(path):
        return {}
    return _texts(project, ref, path)


def state_as_read(project: Project, ref: str) -> dict[str, str]:
    """As :func:`state_on_disk`, but as ``project`` has read it: what a run will use. Raises: DefinitionError."""
    return _texts(project, ref, file_of(project.paths, ref))


def _texts(project: Project, ref: str, path: Path) -> dict[str, str]:
    if not ref.startswith(f"{ORCHESTRATION_COMPONENT}/"):
        try:
            project.configuration(ref)
        except DefinitionError:
            # Its file is kept as it is: somebody may want to see what was wrong with it.
            pass
    source = project.source(path)
    texts = {project.paths.relative(path): source.text}
    return texts | {project.paths.relative(file): text for file, text in source.files.items()}


class Versions:
    """The versions of the definitions of one project."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self.objects = Objects(paths)

    def of(self, ref: str) -> list[Version]:
        """All versions of a definition, the first one first; none where nothing is kept, or it cannot be read."""
        return list(self._read(ref))

    def get(self, ref: str, number: int) -> Version:
        """Raises: NoSuchVersion."""
        versions = self.of(ref)
        if not 1 <= number <= len(versions):
            known = f"1 to {len(versions)}" if versions else "none"
            raise NoSuchVersion(f"{ref} has no version {number}; its versions: {known}")
        return versions[number - 1]

    def texts(self, version: Version) -> dict[str, str]:
        """The texts of a version, by path relative to the project. Raises: NotKept."""
        return {path: self.objects.read(digest).decode() for path, digest in version.files.items()}

    def keep(self, texts: Mapping[str, str], *, durable: bool = True) -> dict[str, str]:
        """Keep texts without saying that they are a version; their digests by path. Raises: OSError."""
        return {path: self.objects.keep(text.encode(), durable=durable) for path, text in texts.items()}

    def add(
        self,
        ref: str,
        files: Mapping[str, str],
        change: Change,
        *,
        by: str = "",
        run: str = "",
        of: int = 0,
        note: str = "",
    ) -> bool:
        """Say that a definition has these files now; False when that is known already.

        Raises: OSError.
        """
        last = next(iter(reversed(self.of(ref))), None)
        if dict(last.files if last else {}) == dict(files):
            return False
        values: dict[str, Any] = {
            "at": round(time.time(), 3),
            "by": by or who_am_i(),
            "change": change.value,
            "files": dict(files),
        }
        values |= {key: value for key, value in (("run", run), ("of", of), ("note", note)) if value}
        self._append(ref, values)
        return True

    def refs(self) -> list[str]:
        """All definitions of which versions are kept, those of deleted ones too."""
        found = self._logs.glob("*/*.jsonl")
        return sorted(f"{path.parent.name}/{path.stem}" for path in found if valid_id(path.stem))

    @property
    def _logs(self) -> Path:
        return self._paths.kept_definitions / "versions"

    def _path(self, ref: str) -> Path:
        component, name = split_ref(ref)
        return self._logs / component / f"{name}.jsonl"

    def _read(self, ref: str) -> Iterator[Version]:
        try:
            data = read_own(self._path(ref))
        except OSError:
            return
        number = 0
        for line in data.split(b"\n"):
            if line and (version := _decode(line, number + 1)) is not None:
                number += 1
                yield version

    def _append(self, ref: str, values: Mapping[str, Any]) -> None:
        path = self._path(ref)
        self._paths.make_state()
        make_private(path.parent)
        line = json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")
        descriptor = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            # A line that somebody has not written to its end ends here.
            write_all(descriptor, b"\n" + line + b"\n", path)
        finally:
            os.close(descriptor)


def _decode(line: bytes, number: int) -> Version | None:
    """None for what no program of this kind has written to its end."""
    try:
        match parse_json(line):
            case {"at": float() | int() as at, "by": str(by), "change": str(change), "files": dict(files)} as values:
                if not all(len(str(digest)) == _DIGEST for digest in files.values()):
                    return None
                run, of, note = values.get("run", ""), values.get("of", 0), values.get("note", "")
                return Version(number, float(at), by, Change(change), files, str(run), int(of), str(note))
    except (TypeError, ValueError):
        pass
    return None
