"""Undo and redo without limit: a list of values, since edits never change the one they get."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class NothingToUndo(LookupError):
    """There is no edit in that direction; the text says so."""


class _Step(NamedTuple, Generic[T]):
    label: str
    value: T


class EditHistory(Generic[T]):
    """The values of a thing that is being edited, in the order in which they came to be.

    ``value`` is the current one. ``label`` of an edit reads as a noun, "move of 2 tasks", so that the actions can
    be called "Undo move of 2 tasks". No two edits are joined into one. Values are kept, not copied: they must be
    immutable, and whatever they share they share here too.
    """

    def __init__(self, value: T) -> None:
        """Start with a value that is saved and has nothing to undo."""
        self._steps: list[_Step[T]] = [_Step("", value)]
        self._at = 0
        self._saved = value
        self._dirty = False

    @property
    def value(self) -> T:
        """The current value."""
        return self._steps[self._at].value

    @property
    def dirty(self) -> bool:
        """True when the current value differs from the saved one; undoing back to it makes it clean again."""
        return self._dirty

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at + 1 < len(self._steps)

    @property
    def undo_label(self) -> str | None:
        """ "Undo move of 2 tasks"; None when there is nothing to undo."""
        return f"Undo {self._steps[self._at].label}" if self.can_undo else None

    @property
    def redo_label(self) -> str | None:
        """ "Redo move of 2 tasks"; None when there is nothing to redo."""
        return f"Redo {self._steps[self._at + 1].label}" if self.can_redo else None

    def push(self, value: T, label: str) -> bool:
        """Make ``value`` the current one; what was undone is gone.

        Returns False, and keeps everything as it is, when the value equals the current one: an edit without an
        effect is nothing to undo.
        """
        if value is self.value or value == self.value:
            return False
        del self._steps[self._at + 1 :]
        self._steps.append(_Step(label, value))
        self._go(self._at + 1)
        return True

    def undo(self) -> T:
        """Back by one edit; the value that is current now. Raises: NothingToUndo."""
        if not self.can_undo:
            raise NothingToUndo("There is nothing to undo.")
        return self._go(self._at - 1)

    def redo(self) -> T:
        """Forth by one edit that was undone; the value that is current now. Raises: NothingToUndo."""
        if not self.can_redo:
            raise NothingToUndo("There is nothing to redo.")
        return self._go(self._at + 1)

    def mark_saved(self) -> None:
        """The current value is on disk now."""
        self.mark_saved_as(self.value)

    def mark_saved_as(self, value: T) -> None:
        """``value`` is what is on disk: it was saved while editing went on, or the file was changed by others."""
        self._saved = value
        self._go(self._at)

    def _go(self, at: int) -> T:
        self._at = at
        value = self.value
        # Compared once for each step: a screen asks for it far more often.
        self._dirty = value is not self._saved and value != self._saved
        return value
