"""Several definition files that change together or not at all, also when the program is killed in between.

What is to be written stands in an intent first (``.orch/saving/``): one file, made at once, with the old digest and the
new text of each. The next save and the next opening of the project carry out what a writer has left behind; not
when one of the files is neither what it was nor what it was to become, since then a person has edited it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.project.concurrent.save_lock import saving
from orch_tui.project.files.atomic import write_atomic
from orch_tui.project.files.given_files import is_inside
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.files.source import DefinitionError, digest_of, read_source
from orch_tui.project.paths import ProjectPaths, make_private


def write_together(paths: ProjectPaths, texts: Mapping[Path, str]) -> None:
    """Write all texts to their files. To be called by who has the project to itself (``saving``).

    Raises:
        OSError: not all could be written, and those that were have their old text again.
    """
    if len(texts) < 2:
        for path, text in texts.items():
            write_atomic(path, text)
        return
    before = {path: _bytes_of(path) for path in texts}
    intent = _write_intent(paths, texts, before)
    written: list[Path] = []
    try:
        for path, text in texts.items():
            write_atomic(path, text)
            written.append(path)
    except OSError:
        _put_back(written, before)
        intent.unlink(missing_ok=True)
        raise
    intent.unlink()


def complete_saves(root: Path) -> None:
    """Carry out what a program that was killed had begun to save. Does nothing when none was, or ``.orch`` is not ours.

    Raises:
        OSError: a file cannot be read or written now; it is tried again the next time.
    """
    paths = ProjectPaths(root)
    # Every command opens a project: it has to cost nothing when there is nothing to do.
    if not os.path.isdir(paths.unfinished_saves) or not any(paths.unfinished_saves.glob("*.json")):
        return
    paths.make_state()
    make_private(paths.unfinished_saves)
    with saving(root):
        for intent in sorted(paths.unfinished_saves.glob("*.json")):
            texts = _texts_to_write(intent, root)
            for path, text in texts.items():
                write_atomic(path, text)
            intent.unlink(missing_ok=True)


def _write_intent(paths: ProjectPaths, texts: Mapping[Path, str], before: Mapping[Path, bytes | None]) -> Path:
    paths.make_state()
    make_private(paths.unfinished_saves)
    digests = {path: None if old is None else digest_of(old) for path, old in before.items()}
    body = [{"path": paths.relative(path), "before": digests[path], "text": text} for path, text in texts.items()]
    intent = paths.unfinished_saves / f"{os.urandom(8).hex()}.json"
    replace_json(intent, body)
    return intent


def _texts_to_write(intent: Path, root: Path) -> dict[Path, str]:
    """The texts of an intent whose files are all as it left them; empty when one is not, or the intent is none.

    Raises: OSError: that cannot be told now.
    """
    texts: dict[Path, str] = {}
    try:
        body: Any = json.loads(read_own(intent))
        for item in body:
            path, text = root / item["path"], str(item["text"])
            if not is_inside(path, root):
                return {}
            if _digest(path, root, item["path"]) not in (item["before"], digest_of(text)):
                return {}
            texts[path] = text
    except (ValueError, KeyError, TypeError, DefinitionError):
        return {}
    return texts


def _digest(path: Path, root: Path, shown: str) -> str | None:
    """None when there is no such file.

    Raises: DefinitionError when it is none of the project's; OSError when nobody can tell now what it is.
    """
    try:
        return read_source(path, root, shown).digest
    except DefinitionError as error:
        if error.passes and isinstance(error.__cause__, OSError):
            raise error.__cause__ from error
        if error.problems[0].code != "missing-file":
            raise
        return None


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _put_back(written: list[Path], before: Mapping[Path, bytes | None]) -> None:
    for path in written:
        old = before[path]
        # The first failure is told; where the disk refuses this too, the next save finds the file changed and says so.
        with contextlib.suppress(OSError):
            if old is None:
                path.unlink()
            else:
                write_atomic(path, old)
