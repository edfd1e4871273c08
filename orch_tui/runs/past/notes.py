"""What people note of a run, kept in its directory: one line of JSON for each note, added in one write.

Whoever adds at the same moment adds a line of its own; a line that was not written to its end is passed over. The notes
go with the run when it is deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.own_files import open_own, read_own, write_all
from orch_tui.project.journal.file import JOURNAL

_FILE = "notes.jsonl"
LONGEST = 2000
"""Characters of a note."""


class NoSuchNote(OrchError):
    """The run has no note of this number."""


@dataclass(frozen=True, slots=True)
class Note:
    """``number`` counts those of the run from 1, also those that were taken back; ``at`` is seconds since the epoch."""

    number: int
    at: float
    by: str
    text: str


def read_notes(run: Path) -> tuple[Note, ...]:
    """The notes on the run of a directory, the earliest first; those that were taken back are left out.

    Notes that cannot be read are none: the run itself says what is wrong with its directory.
    """
    try:
        data = read_own(run / _FILE)
    except OSError:
        return ()
    notes: dict[int, Note] = {}
    number = 0
    for values in _records(data):
        match values:
            case {"at": float() | int() as at, "by": str(by), "text": str(text)}:
                number += 1
                notes[number] = Note(number, float(at), by, text)
            case {"takes_back": int(gone)}:
                notes.pop(gone, None)
    return tuple(notes.values())


def _records(data: bytes) -> Iterator[object]:
    for line in data.split(b"\n"):
        if line:
            try:
                yield parse_json(line)
            except ValueError:
                continue


def add_note(run: Path, by: str, at: float, text: str) -> None:
    """Keep a note on the run of a directory. Raises: FileNotFoundError when the run is gone; OSError."""
    _append(run, {"at": round(at, 3), "by": by, "text": safe_line(text.strip(), LONGEST)})


def take_back(run: Path, number: int, by: str, at: float) -> Note:
    """Take a note away; which it was. Raises: NoSuchNote, OSError."""
    notes = read_notes(run)
    found = next((note for note in notes if note.number == number), None)
    if found is None:
        known = ", ".join(str(note.number) for note in notes) or "none"
        raise NoSuchNote(f"run {run.name} has no note {number}; its notes: {known}")
    _append(run, {"at": round(at, 3), "by": by, "takes_back": number})
    return found


def _append(run: Path, values: dict[str, object]) -> None:
    # A run that is being deleted must not come back as a directory with a note.
    os.stat(run / JOURNAL)
    line = json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")
    path = run / _FILE
    descriptor = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        # What somebody has not written to its end ends here.
        write_all(descriptor, b"\n" + line + b"\n", path)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
