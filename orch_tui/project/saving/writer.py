"""Saving definitions: nothing that changed on disk is overwritten unasked, nothing is written that reads back wrong.

From looking at the disk to writing, a save has the project to itself (:mod:`orch_tui.project.concurrent.save_lock`).
"""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from orch_tui.model.components.configuration import Configuration
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.text import valid_id
from orch_tui.project.concurrent.file_set import complete_saves, write_together
from orch_tui.project.concurrent.save_lock import saving
from orch_tui.project.definitions.configurations import decode_configuration
from orch_tui.project.definitions.orchestrations import decode_orchestration
from orch_tui.project.files.source import DefinitionError, SourceText, digest_of, parse_toml, read_source
from orch_tui.project.kept.recording import SAVE, Occasion, versions_kept
from orch_tui.project.project import Project, text_file
from orch_tui.project.saving import configuration_text, orchestration_text
from orch_tui.project.toml.decode import Place, quote

T = TypeVar("T")
Over = Mapping[Path, str]
"""Texts by their files, empty for a file that is gone."""


class ChangedOnDisk(OrchError):
    """The file is not what it was when it was read; nothing was written.

    ``base_text`` is what was read, ``disk_text`` what is there now (empty when it is gone), ``new_text`` what
    would have been written. Save with ``over=conflict.over`` to write it over just that, or with ``force=True`` over
    whatever is there by then.
    """

    def __init__(
        self, path: Path, shown: str, base_text: str, disk_text: str, new_text: str, over: Over | None = None
    ) -> None:
        self.path = path
        self.over: Over = {**(over or {}), path: disk_text}
        self.shown = shown
        self.base_text = base_text
        self.disk_text = disk_text
        self.new_text = new_text
        super().__init__(f"{shown} was changed on disk since it was read; overwrite it, or reload and edit again")

    def diff(self) -> str:
        """From what is on disk to what would be written, as a unified diff; for safe display see ``safe_line``."""
        return "".join(
            difflib.unified_diff(
                self.disk_text.splitlines(keepends=True),
                self.new_text.splitlines(keepends=True),
                f"{self.shown} (on disk)",
                f"{self.shown} (to be saved)",
            )
        )


class SaveError(OrchError, OSError):
    """A file that could not be written; ``str()`` is a sentence, and nothing was changed."""

    def __init__(self, shown: str, error: OSError) -> None:
        self.shown = shown
        reason = os.strerror(error.errno) if error.errno else str(error)
        self._sentence = f"{shown} could not be saved: {reason}. Nothing was changed; correct that and save again."
        super().__init__(error.errno, reason, shown)

    def __str__(self) -> str:
        return self._sentence


@contextmanager
def locked(project: Project, shown: str) -> Iterator[None]:
    """The project to itself, for looking and writing ``shown``. Raises: SaveError when another program keeps it."""
    with ExitStack() as held:
        try:
            held.enter_context(saving(project.root))
            complete_saves(project.root)
        except OSError as error:
            raise SaveError(shown, error) from error
        yield


def save_orchestration(
    project: Project,
    orchestration: Orchestration,
    base: SourceText | None,
    *,
    force: bool = False,
    over: Over | None = None,
) -> SourceText:
    """Write an orchestration. ``base`` is its file as it was when editing began, None for a new one.

    ``over`` has texts that may be on disk instead and are written over: somebody has seen them.

    Returns: the text written, the base of the next save.
    Raises:
        ChangedOnDisk: the file is not ``base`` any more, and ``force`` is false.
        DefinitionError: the value cannot be written so that it reads back equal; nothing was changed.
        SaveError: the file cannot be written; nothing was changed.
    """
    path = project.paths.orchestration(orchestration.id)
    shown = project.paths.relative(path)
    _check_id(orchestration.id, shown)

    def read(text: str) -> tuple[Orchestration, dict[str, Any]]:
        place = Place(shown, text, orchestration.id)
        document = parse_toml(text, shown)
        return _readable(decode_orchestration(document, place, orchestration.id), place), document

    def compose() -> str:
        if base is None:
            text = orchestration_text.new_text(orchestration)
            if read(text)[0] != orchestration:
                raise ValueError("the orchestration cannot be written so that it reads back equal")
            return text
        return orchestration_text.compose(base.text, orchestration, read, base.reads_as).text

    text = _composed(compose, shown)
    with locked(project, shown):
        _check_disk(project, path, base.text if base else None, text, force=force, over=over)
        write_texts(project, path, {path: text})
    # Each way of writing it puts all ids into the text.
    return SourceText(text, digest_of(text), reads_as=orchestration)


def save_configuration(
    project: Project,
    configuration: Configuration,
    base: SourceText | None,
    *,
    force: bool = False,
    over: Over | None = None,
) -> SourceText:
    """Write a configuration; a changed text that is in a file of its own (``{ file = "…" }``) goes into that file.

    ``base`` is ``project.source(path)`` as it was after ``project.configuration(ref)`` read it. Returns and raises
    as :func:`save_orchestration` does.
    """
    path = project.paths.configuration(configuration.component, configuration.id)
    shown = project.paths.relative(path)
    _check_id(configuration.component, shown)
    _check_id(configuration.id, shown)
    texts = _changed_texts(project, path, configuration, base) if base is not None else {}
    wanted = replace(configuration, file=shown)
    overlay = {**(base.files if base else {}), **texts}
    read = partial(_read_configuration, project, wanted, overlay)

    def compose() -> str:
        if base is None:
            text = configuration_text.house_text(configuration)
            if read(text) != wanted:
                raise ValueError("the configuration cannot be written so that it reads back equal")
            return text
        return configuration_text.compose(base.text, read(base.text), wanted, read).text

    text = _composed(compose, shown)
    with locked(project, shown):
        for text_path, content in texts.items():
            _check_disk(project, text_path, base.files[text_path] if base else None, content, force=force, over=over)
        _check_disk(project, path, base.text if base else None, text, force=force, over=over)
        if base is None or text != base.text or force or over:
            texts[path] = text
        write_texts(project, path, texts)
    project.forget(path)
    return SourceText(text, digest_of(text), overlay)


def _read_configuration(project: Project, value: Configuration, files: Mapping[Path, str], text: str) -> Configuration:
    """What ``text`` means as the file of ``value``, with ``files`` as they will be. Raises: DefinitionError."""
    path = project.paths.configuration(value.component, value.id)
    shown = project.paths.relative(path)
    place = Place(shown, text)

    def read_text(named: str) -> str:
        text_path = text_file(project.root, path, named)
        known = files.get(text_path)
        return known if known is not None else read_source(text_path, project.root, named).text

    data = parse_toml(text, shown)
    return _readable(decode_configuration(data, place, value.component, value.id, read_text), place)


def _changed_texts(project: Project, path: Path, value: Configuration, base: SourceText) -> dict[Path, str]:
    """New contents of the files that hold parameters; a parameter that is no text any more leaves its file alone."""
    document = parse_toml(base.text, project.paths.relative(path))
    changed: dict[Path, str] = {}
    for named, _, content in configuration_text.texts_of_document(document, value):
        text_path = text_file(project.root, path, named)
        if isinstance(content, str) and content != base.files.get(text_path):
            changed[text_path] = content
    return changed


def write_new(project: Project, path: Path, text: str) -> SourceText:
    """Write a file that must not exist yet. Raises: ChangedOnDisk, SaveError."""
    with locked(project, project.paths.relative(path)):
        _check_disk(project, path, None, text)
        write_texts(project, path, {path: text})
    return SourceText(text, digest_of(text))


def replace_text(project: Project, path: Path, base: str, text: str) -> None:
    """Write ``text`` over a file that must still be ``base``. Raises: ChangedOnDisk, SaveError."""
    with locked(project, project.paths.relative(path)):
        _check_disk(project, path, base, text)
        write_texts(project, path, {path: text})


def _readable(value: T, place: Place) -> T:
    if place.broken:
        raise DefinitionError(place.problems)
    return value


def _check_id(text: str, shown: str) -> None:
    if not valid_id(text):
        message = f"{quote(text)} cannot be an id"
        remedy = "use letters, digits, _ . and -, at most 100 characters"
        raise DefinitionError([Problem(Severity.ERROR, "invalid-id", message, remedy, shown)])


def _composed(compose: Callable[[], str], shown: str) -> str:
    try:
        return compose()
    except ValueError as error:
        message = f"it cannot be saved: {error}"
        raise DefinitionError([Problem(Severity.ERROR, "unwritable", message, "change it back", shown)]) from error


def _check_disk(
    project: Project, path: Path, base: str | None, new_text: str, *, force: bool = False, over: Over | None = None
) -> None:
    if force:
        return
    shown = project.paths.relative(path)
    try:
        disk: str | None = read_source(path, project.root, shown).text
    except DefinitionError as error:
        if error.problems[0].code != "missing-file":
            raise
        disk = None
    if disk != base and (over is None or over.get(path) != (disk or "")):
        raise ChangedOnDisk(path, shown, base or "", disk or "", new_text, over)


def write_texts(project: Project, path: Path, texts: Mapping[Path, str], occasion: Occasion = SAVE) -> None:
    """Write ``path`` and what belongs to it, all of it or nothing, and keep them as a version.

    For who has the project to itself (:func:`locked`). Raises: SaveError.
    """
    shown = project.paths.relative(path)
    try:
        for one in texts:
            shown = project.paths.relative(one)
            one.parent.mkdir(parents=True, exist_ok=True)
            if one.exists() and not os.access(one, os.W_OK):
                raise PermissionError(errno.EACCES, "the file is write-protected")
        shown = project.paths.relative(path)
        with versions_kept(project, path, texts, occasion):
            write_together(project.paths, texts)
            for one in texts:
                project.forget(one)
    except OSError as error:
        raise SaveError(shown, error) from error
