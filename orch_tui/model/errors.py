"""The one base of errors that a person can do something about: a sentence, and the exit code that goes with it."""

from __future__ import annotations

from typing import ClassVar


class OrchError(Exception):
    """What is wrong, where, and what to do, in one readable line; the program shows it instead of a traceback.

    ``exit_code`` is that of a command that ends with it (docs/cli.md); 2: wrong usage, or a project that is wrong.
    """

    exit_code: ClassVar[int] = 2

    @property
    def sentence(self) -> str:
        """The text as it is shown; some have several lines."""
        return str(self)


class UserError(OrchError):
    """Something the person who configured a task can put right, in one readable line; the task's exit code is 1."""
