"""The one base of errors that a person can do something about: a sentence, and the exit code that goes with it."""

from __future__ import annotations

from typing import ClassVar


class OrchError(Exception):
    """What is wrong, where, and what to do, in one readable line; the program shows it instead of a traceback.

    ``exit_code`` is that of a command or a task that ends with it.
    """

    exit_code: ClassVar[int] = 1

    @property
    def sentence(self) -> str:
        return str(self)


class UserError(OrchError):
    """Something the person who configured the task can put right. Its text is one readable line; exit code 1."""
