"""Which process took a run in hand last, without reading all of its journal's events."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.model.events.event_shape import SHAPES
from orch_tui.model.events.events import EventType
from orch_tui.model.events.record_fields import complaint
from orch_tui.project.files.own_files import open_own
from orch_tui.project.journal.format import BrokenJournal, parse_records

_CHUNK = 1 << 20
_BOUNDARY = b"\n\n"
_TYPE = b'"%s"' % EventType.EXECUTOR.value.encode()


class ExecutorReader:
    """Each call reads only what is new of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._inode: int | None = None
        self._last: Mapping[str, Any] | None = None

    def last(self) -> Mapping[str, Any] | None:
        """The fields of the last event of a process that took the run in hand; None as long as there is none.

        Raises: NotOwnFile, OSError.
        """
        fd = open_own(self._path)
        try:
            status = os.fstat(fd)
            if status.st_ino != self._inode or status.st_size < self._position:
                self._inode, self._position, self._last = status.st_ino, 0, None
            rest = b""
            while data := os.pread(fd, _CHUNK, self._position + len(rest)):
                whole, boundary, rest = (rest + data).rpartition(_BOUNDARY)
                self._position += len(whole) + len(boundary)
                self._take(whole)
        finally:
            os.close(fd)
        return self._last

    def _take(self, data: bytes) -> None:
        for record in data.split(_BOUNDARY):
            if _TYPE in record:
                self._last = _executor(record) or self._last


def _executor(record: bytes) -> Mapping[str, Any] | None:
    """None for another record that only names the word, and for a damaged one: who reads the run says so."""
    try:
        found = parse_records(record.decode("utf-8", "replace"))
    except BrokenJournal:
        return None
    for one in found:
        if one.table == "event" and one.values.get("type") == EventType.EXECUTOR.value:
            return one.values if complaint(one.values, SHAPES[EventType.EXECUTOR.value]) is None else None
    return None
