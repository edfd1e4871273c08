"""What a stored file is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError


class FileStoreError(UserError):
    """A stored file cannot be read or written; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who stored a file: ids, empty for a person. ``configuration`` is ``component/id``."""

    configuration: str = ""
    run: str = ""
    task: str = ""


_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, or with ``sliced`` a directory of parts, that is kept at ``path``. ``size`` is in bytes.

    ``permanent`` ones are not deleted for their age. Where what is told of it cannot be read, ``problem`` says so, and
    everything but ``id`` and ``path`` is empty.
    """

    id: int
    name: str
    path: Path
    tags: tuple[str, ...] = ()
    created: datetime = _EPOCH
    size: int = 0
    sliced: bool = False
    permanent: bool = False
    origin: Origin = field(default_factory=Origin)
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """What stands beside it on the disk."""
        return {
            "name": self.name,
            "tags": list(self.tags),
            "created": self.created.isoformat(timespec="milliseconds"),
            "size": self.size,
            "sliced": self.sliced,
            "permanent": self.permanent,
            "configuration": self.origin.configuration,
            "run": self.origin.run,
            "task": self.origin.task,
        }

    @classmethod
    def of_json(cls, id: int, path: Path, body: Mapping[str, Any]) -> StoredFile:
        """Raises: KeyError, TypeError, ValueError."""
        created = datetime.fromisoformat(body["created"])
        if created.tzinfo is None:
            raise ValueError("created has no time zone")
        if not isinstance(body["tags"], list):
            raise TypeError("tags is no list")
        return cls(
            id,
            str(body["name"]),
            path,
            tuple(str(tag) for tag in body["tags"]),
            created,
            int(body["size"]),
            bool(body["sliced"]),
            bool(body.get("permanent")),
            Origin(*(str(body.get(key) or "") for key in ("configuration", "run", "task"))),
        )
