"""What the Mailchimp stand-in keeps of a batch of operations, and the faults that tests ask it for."""

from __future__ import annotations

import io
import json
import re
import tarfile
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """What happens to requests whose method and path match, after ``after`` of them and ``times`` times."""

    method: str
    path: str
    status: int = 500
    after: int = 0
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    """The request is carried out and its answer is lost."""
    hold: bool = False
    """An operation of a batch waits until ``release`` is set, and is carried out then; ``reached`` tells of it."""

    def strikes(self, method: str, path: str) -> bool:
        if self.times <= 0 or method != self.method or not re.search(self.path, path):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Batch:
    """A request to ``/batches`` and how far it is. ``results`` are what its archive holds."""

    id: str
    operations: list[dict[str, Any]]
    results: list[dict[str, Any]] = field(default_factory=list)
    status: str = "pending"
    errored: int = 0
    total: int = 0
    finished: int = 0
    submitted_at: str = ""
    completed_at: str = ""


def archive(batch: Batch) -> bytes:
    """The results as Mailchimp packs them: a directory, and files with a list of results each."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        directory = tarfile.TarInfo("./")
        directory.type = tarfile.DIRTYPE
        packed.addfile(directory)
        for part in range(0, len(batch.results), 250):
            data = json.dumps(batch.results[part : part + 250]).encode()
            item = tarfile.TarInfo(f"./{batch.id}-{part}.json")
            item.size = len(data)
            packed.addfile(item, io.BytesIO(data))
    return out.getvalue()
