"""Files between the project's file storage and the folders ``in/files`` and ``out/files`` of a program.

Sources: https://developers.keboola.com/extend/common-interface/config-file/#files (mappings),
https://developers.keboola.com/extend/common-interface/manifest-files/ (manifests).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orch_tui.components.keboola.outputs import MANIFEST
from orch_tui.components.keboola.times import moment
from orch_tui.components.kit.component import Context
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.attempt_dir import output_files
from orch_tui.project.files.own_files import read_own_text
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.files.query import has_tags, parse_query
from orch_tui.storage.files.store import FileStore
from orch_tui.storage.files.values import FileStoreError, Origin, StoredFile

LIMIT = 10
"""Files that one mapping gets where it says nothing; Keboola's number, against downloads by mistake."""
_ADAPTIVE = "adaptive"


def mappings(storage: Mapping[str, Any], side: str) -> list[Mapping[str, Any]]:
    """The mappings of files of ``input`` or ``output``. Raises: UserError."""
    part = storage.get(side)
    found = part.get("files") if isinstance(part, Mapping) else None
    if found in (None, {}, ""):
        return []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise UserError(f"storage.{side}.files is no list of tables; write [[parameters.storage.{side}.files]]")
    return found


class InputFiles:
    """``in/files`` of a task. ``last`` is the newest id that an earlier run has got."""

    def __init__(self, storage: Mapping[str, Any], ctx: Context, last: int) -> None:
        self._mappings = mappings(storage, "input")
        self._ctx = ctx
        self._last = last
        self._store = FileStore(ProjectPaths(ctx.project))
        self._processed: dict[int, list[str]] = {}
        self.newest: int | None = None
        """The newest id of the files of adaptive mappings, for the next run; None where there is no such mapping."""

    def write(self) -> None:
        """Copy what the mappings ask for into ``in/files``, each as ``<id>_<name>`` with its manifest.

        Raises:
            UserError: a mapping cannot be understood.
        """
        folder = self._ctx.data_dir / "in" / "files"
        there: set[int] = set()
        for mapping in self._mappings:
            for file in self._chosen(mapping):
                if file.id not in there:
                    there.add(file.id)
                    self._give(file, folder / f"{file.id}_{file.name}")
                tags = [str(tag) for tag in mapping.get("processed_tags") or ()]
                self._processed.setdefault(file.id, []).extend(tags)
        if self._mappings:
            self._ctx.log(f"{counted(len(there), 'file')} of the storage in in/files")

    def _chosen(self, mapping: Mapping[str, Any]) -> list[StoredFile]:
        """The files of one mapping, the newest first."""
        place, now = "storage.input.files", datetime.now(UTC)
        files = [file for file in self._store.files() if not file.problem]
        if ids := mapping.get("file_ids"):
            wanted = {str(one) for one in ids}
            if unknown := wanted - {str(file.id) for file in files}:
                raise UserError(f"{place}: there is no file {', '.join(sorted(unknown))} in the storage")
            return [file for file in files if str(file.id) in wanted]
        tags, without = _tags(mapping)
        query = mapping.get("query")
        if not tags and not query:
            raise UserError(f"{place}: a mapping names neither tags nor a query nor file_ids; it would take any file")
        test = parse_query(str(query or ""), now)
        found = [file for file in files if has_tags(file, tags) and not set(without) & set(file.tags) and test(file)]
        since = str(mapping.get("changed_since") or "")
        if since == _ADAPTIVE:
            found = [file for file in found if file.id > self._last]
            self.newest = max([self._last, self.newest or 0, *(file.id for file in found)])
        elif since:
            limit = moment(since, now, f"{place}: changed_since")
            found = [file for file in found if file.created >= limit]
        if mapping.get("filter_by_run_id"):
            found = [file for file in found if file.origin.run == self._ctx.run]
        most = str(mapping.get("limit") or "")
        return found[: int(most) if most.isdecimal() else LIMIT]

    def _give(self, file: StoredFile, target: Path) -> None:
        self._store.give(file, target)
        manifest = {
            "id": file.id,
            "name": file.name,
            "created": f"{file.created:%Y-%m-%dT%H:%M:%S%z}",
            "is_public": False,
            "is_encrypted": False,
            "is_sliced": file.sliced,
            "is_permanent": file.permanent,
            "size_bytes": file.size,
            "tags": list(file.tags),
            "max_age_days": None if file.permanent else 15,
        }
        text = json.dumps({key: value for key, value in manifest.items() if value is not None}, ensure_ascii=False)
        target.with_name(f"{target.name}{MANIFEST}").write_text(text, encoding="utf-8")

    def done(self) -> None:
        """Give the files the tags of those that were processed: only when what was made of them is published."""
        for id, tags in self._processed.items():
            if tags:
                try:
                    self._store.tag(id, tags)
                except (FileStoreError, OSError) as error:
                    # Removed while the program read it, or the disk is full: the tables are published all the same.
                    self._ctx.log(f"warning: file {id} did not get the tags {', '.join(tags)}: {error}")


def _tags(mapping: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Tags that a file must have, and those that it must not have, in either form of a mapping."""
    wanted, without = [str(tag) for tag in mapping.get("tags") or ()], list[str]()
    source = mapping.get("source")
    for one in source.get("tags") or () if isinstance(source, Mapping) else ():
        name = str(one.get("name") if isinstance(one, Mapping) else one)
        (without if isinstance(one, Mapping) and one.get("match") == "exclude" else wanted).append(name)
    return wanted, without


class OutputFiles:
    """``out/files`` of a task."""

    def __init__(self, storage: Mapping[str, Any], ctx: Context) -> None:
        self._mappings = {str(one.get("source")): one for one in mappings(storage, "output")}
        self._ctx = ctx
        self._folder = output_files(ctx.data_dir)
        self._store = FileStore(ProjectPaths(ctx.project))

    def take(self) -> None:
        """Store all that is there, with the tags of mapping and manifest, before tables are published; a try stores
        nothing.

        Raises:
            UserError: a file of the mapping was not written, or something is no file.
        """
        found = list(self._found())
        missing = sorted(set(self._mappings) - {path.name for path, _, _ in found})
        if missing:
            have = ", ".join(safe_line(path.name, 60) for path, _, _ in found[:10]) or "nothing"
            raise UserError(
                f"out/files/{safe_line(missing[0], 100)} of the output mapping was not written; there is {have}"
            )
        if not self._ctx.publish:
            if found:
                self._ctx.log(f"a try: {counted(len(found), 'file')} of out/files would be stored")
            return
        configuration = f"{self._ctx.component}/{self._ctx.configuration}".strip("/")
        origin = Origin(configuration, self._ctx.run, self._ctx.task)
        for path, tags, permanent in found:
            file = self._store.add(path, tags=tags, permanent=permanent, origin=origin)
            self._ctx.log(f'file {file.id} "{file.name}" stored{": " + ", ".join(file.tags) if file.tags else ""}')
        if found:
            self._ctx.metrics["stored_files"] = len(found)

    def _found(self) -> Iterator[tuple[Path, list[str], bool]]:
        for path in sorted(self._folder.iterdir()):
            if path.name.endswith(MANIFEST):
                continue
            manifest, mapping = self._manifest(path), self._mappings.get(path.name, {})
            tags = [self._ctx.redactor.text(str(tag)) for tag in mapping.get("tags") or manifest.get("tags") or ()]
            yield path, tags, bool(mapping.get("is_permanent", manifest.get("is_permanent", False)))

    def _manifest(self, path: Path) -> Mapping[str, Any]:
        try:
            body = parse_json(read_own_text(path.with_name(f"{path.name}{MANIFEST}")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise UserError(f"out/files/{path.name}{MANIFEST} cannot be read: {safe_line(str(error))}") from error
        if not isinstance(body, Mapping):
            raise UserError(f"out/files/{path.name}{MANIFEST} is not a JSON object")
        return body
