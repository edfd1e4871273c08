"""One thing that is wrong or suspicious, with its place and a remedy."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from orch_tui.model.dataclass import dataclass


class Severity(StrEnum):
    """A note is nothing to mend, but may be worth a look."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


def to_mend(problems: Iterable[Problem]) -> list[Problem]:
    """Errors, then warnings, each in the order given; notes are left out."""
    ranks = (Severity.ERROR, Severity.WARNING)
    return sorted((one for one in problems if one.severity in ranks), key=lambda one: ranks.index(one.severity))


@dataclass(frozen=True, slots=True)
class Problem:
    """What, where and what to do.

    ``file`` is relative to the project directory, ``line`` counts from 1. ``orchestration``, ``phase`` and
    ``task`` are ids, ``rule`` is an index among those of the phase: the place to jump to on screen. ``code`` is a
    stable word for programs. ``names`` are those of the secrets or variables that are missing, where that is it.
    """

    severity: Severity
    code: str
    message: str
    remedy: str = ""
    file: str | None = None
    line: int | None = None
    orchestration: str | None = None
    phase: str | None = None
    task: str | None = None
    rule: int | None = None
    names: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """``file:line`` as editors understand it; empty when the problem has no file."""
        if self.file is None:
            return ""
        return self.file if self.line is None else f"{self.file}:{self.line}"
