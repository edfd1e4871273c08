"""Secrets masked in the files that a task leaves for this program: what it says of itself, not its data.

Such a file is raw from the moment the task writes it until its end, whatever that end is. Until then the attempt's
directory has the file ``unmasked`` (made with it, removed by who has masked): who reads meanwhile sees numbers only.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.project.attempt_dir import row_directories, told_files, unmasked_mark

if TYPE_CHECKING:
    from orch_tui.project.masking.redactor import Redactor

# What docs/components.md names in these files; any other key may be a secret itself.
_KEYS = frozenset(
    (
        *("done", "total", "text", "metrics", "tables", "inputs", "files", "warning", "table", "path", "rows"),
        *("written", "bytes", "version", "mode", "columns", "run"),
    )
)
_WITHHELD = "*****"


def mask_attempt(directory: Path, redactor: Redactor | None) -> None:
    """Mask the secrets in what the task said of itself, half-written copies as well; links are taken away. Without a
    redactor, when nobody knows the values any more, texts are taken out altogether.

    Raises:
        OSError: not all could be masked; they still count as unmasked.
    """
    for place in (*row_directories(directory), directory):
        for path in _files(place):
            _mask(path, redactor)
    unmasked_mark(directory).unlink(missing_ok=True)


def mask_what_is_left(directory: Path, environment: Mapping[str, str]) -> None:
    """Mask the files of a task that was killed before it could do so itself; ``environment`` is what it was given."""
    if is_masked(directory):
        return
    # Few tasks are killed.
    from orch_tui.project.masking.redactor import Redactor

    known = "ORCH_SECRETS" in environment
    with contextlib.suppress(OSError):
        # The files still count as unmasked, so nobody shows them: a full disk must not keep the end from the journal.
        mask_attempt(directory, Redactor.from_environment(environment) if known else None)


def is_masked(directory: Path) -> bool:
    """False while files of the attempt may have secrets in them."""
    return not os.path.lexists(unmasked_mark(directory))


def withheld(value: Any) -> Any:
    """JSON data of a task without any text of its own: numbers stay, and the names that are known."""
    if isinstance(value, str):
        return _WITHHELD
    if isinstance(value, Mapping):
        return {key: withheld(item) for key, item in value.items() if key in _KEYS}
    if isinstance(value, list | tuple):
        return [withheld(item) for item in value]
    return value


def _files(directory: Path) -> Iterator[Path]:
    """The files by name, and temporary ones beside them (``.result.json.tmp``) that a kill has left."""
    for file in told_files(directory):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for entry in os.scandir(file.parent):
                if file.name in entry.name and (entry.is_symlink() or entry.is_file()):
                    yield Path(entry.path)


def _mask(path: Path, redactor: Redactor | None) -> None:
    if redactor is not None and not redactor:
        return
    # Every start of a run imports this module, and few tasks are killed.
    from orch_tui.project.files.own_files import read_own, replace_json, replace_own

    if path.is_symlink():
        # Nobody reads through it here, and what it leads to is not ours to change.
        path.unlink()
        return
    data = read_own(path)
    try:
        value = json.loads(data)
        masked_value = redactor.value(value) if redactor is not None else withheld(value)
        # The text as well: a key that is there twice is one in the value.
        if masked_value != value or (redactor is not None and redactor.spans(data)):
            replace_json(path, masked_value)
    except (ValueError, RecursionError):
        # No JSON, or nested deeper than what goes through it.
        masked = redactor.data(data) if redactor is not None else b""
        if masked != data:
            replace_own(path, masked)
