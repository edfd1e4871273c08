"""A configuration's file in the person's own editor: on a copy, which is kept with the error on top when refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from orch_tui.model.components.configuration import split_ref
from orch_tui.model.problem import Problem
from orch_tui.project.concurrent.slots import Slot, Slots
from orch_tui.project.definitions.configurations import decode_configuration
from orch_tui.project.files.own_files import create_own, read_own, read_own_text, replace_own
from orch_tui.project.files.source import DefinitionError, describe, parse_toml, read_own_source, read_source
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project, text_file
from orch_tui.project.toml.decode import Place

_SUFFIX = ".toml"
_MARK = "#! "
_HEAD = f"{_MARK}Not saved. Correct the text and leave the editor; these lines are taken out again."


class ExternalEdit:
    """``begin`` gives the file to open, ``finish`` takes it over or refuses it.

    The copy is under ``.orch/edits``, together with the text it began with, so that a refused edit outlives the
    program and is still compared with what it was made from. While a screen has one open, another gets its own.
    """

    def __init__(self, project: Project, ref: str, by: str = "another screen") -> None:
        self._project = project
        component, name = split_ref(ref)
        self._component, self._id = component, name
        self._path = project.paths.configuration(component, name)
        self._shown = project.paths.relative(self._path)
        self._slots = Slots(project.paths.edits / component, name, _SUFFIX, by)
        self._slot: Slot | None = None
        self.copy = project.paths.edits / component / f"{name}{_SUFFIX}"
        """The file to open, from :meth:`begin` on."""

    @property
    def pending(self) -> bool:
        """True when an edit was refused before: :meth:`begin` goes on with it."""
        return self._refused() is not None

    def _refused(self) -> Path | None:
        return next((path for path in self._slots.left_behind() if _base_of(path).exists()), None)

    @property
    def _base(self) -> Path:
        return _base_of(self.copy)

    @property
    def changed(self) -> bool:
        """True when the copy is not what it was made from."""
        return self.copy.exists() and self._base.exists() and read_own(self.copy) != read_own(self._base)

    def begin(self) -> Path:
        """The copy to open. Raises: DefinitionError when the file cannot be read, OSError when no copy can be made."""
        refused = self._refused()
        if refused is not None:
            self._slot = self._slots.take(refused)
        if self._slot is None:
            text = read_source(self._path, self._project.root, self._shown).text
            self._project.paths.make_state()
            self._slot = self._slots.new()
            replace_own(_base_of(self._slot.path), text)
            self._slot.write(text)
        self.copy = self._slot.path
        return self.copy

    def leave(self) -> None:
        """Let the copy, if there is one still, be found again."""
        if self._slot is not None:
            self._slot.release()
            self._slot = None

    def finish(self) -> bool:
        """Take the edited text over; True when it changed something.

        Raises:
            DefinitionError: the text is refused; it is kept with the errors on top.
            ChangedOnDisk, SaveError: the file was changed by others meanwhile or cannot be written; the text is kept.
        """
        from orch_tui.project.saving.writer import replace_text

        base = read_own_source(self._base, self._shown).text
        try:
            edited = read_own_source(self.copy, self._shown).text
            text = _without_head(edited)
            if text == base:
                self.discard()
                return False
            self._check(text)
        except DefinitionError as error:
            self._keep(error.problems)
            self.leave()
            raise
        replace_text(self._project, self._path, base, text)
        self.discard()
        return True

    def discard(self) -> None:
        """Forget the copy."""
        self.copy.unlink(missing_ok=True)
        self._base.unlink(missing_ok=True)
        self.leave()

    def rebase(self, seen: str) -> None:
        """Compare with what was seen on disk: the next :meth:`finish` overwrites just that. Raises: OSError."""
        replace_own(self._base, seen)

    def _check(self, text: str) -> None:
        place = Place(self._shown, text)

        def read_text(named: str) -> str:
            try:
                return read_source(text_file(self._project.root, self._path, named), self._project.root, named).text
            except DefinitionError as error:
                raise ValueError(error.problems[0].message) from error

        decode_configuration(parse_toml(text, self._shown), place, self._component, self._id, read_text)
        if place.broken:
            raise DefinitionError(place.problems)

    def _keep(self, problems: list[Problem]) -> None:
        try:
            text = _without_head(read_own_text(self.copy))
        except (OSError, UnicodeDecodeError):
            # What the editor left is no text: it stays as it is.
            return
        # The lines on top move everything down.
        shift = len(problems) + 1
        moved = [replace(one, line=one.line + shift if one.line else None) for one in problems]
        head = [_HEAD, *(f"{_MARK}{describe(replace(one, file=None) if not one.line else one)}" for one in moved)]
        replace_own(self.copy, "\n".join(head) + "\n" + text)


def _base_of(copy: Path) -> Path:
    """Where the text is that a copy began with."""
    return copy.with_name(f"{copy.name.removesuffix(_SUFFIX)}.base")


def _without_head(text: str) -> str:
    lines = text.splitlines(keepends=True)
    while lines and lines[0].startswith(_MARK):
        lines.pop(0)
    return "".join(lines)


def edit_text(project: Project, text: str, suffix: str, open_file: Callable[[Path], bool]) -> str:
    """A text after ``open_file`` had it in an editor; the same one when that failed.

    Raises: DefinitionError when what came back is no text, OSError; the edited file stays under ``.orch/edits`` then.
    """
    directory = project.paths.edits
    project.paths.make_state()
    make_private(directory)
    # Of its own name: another screen may have a text open as well.
    path = directory / f"text-{os.urandom(4).hex()}{suffix}"
    create_own(path, text.encode())
    edited = read_own_source(path, project.paths.relative(path)).text if open_file(path) else text
    path.unlink()
    # Editors end the last line; the text may have had no line end.
    return edited.removesuffix("\n") if edited.endswith("\n") and not text.endswith("\n") else edited
