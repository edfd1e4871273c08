"""What people decided of the tables that a check has kept back: a note in the attempt that made them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import decision_file
from orch_tui.project.files.own_files import NotOwnFile, read_own

_LIMIT = 64 << 10


class DecidedAs(StrEnum):
    ACCEPTED = "accepted"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Decided:
    """``at`` is in UTC."""

    verdict: DecidedAs
    by: str
    note: str
    at: datetime

    @property
    def words(self) -> str:
        """``accepted by alice: the shop was closed``."""
        note = f": {safe_line(self.note, 300)}" if self.note else ""
        return f"{self.verdict.value} by {safe_line(self.by, 100)}{note}"


def told_of(verdict: DecidedAs, by: str, note: str, at: datetime) -> dict[str, str]:
    """For the file."""
    return {"verdict": verdict.value, "by": by, "note": note, "at": at.astimezone(UTC).isoformat()}


def read_decided(attempt: Path) -> Decided | None:
    """What was decided of the tables of an attempt, for people; None when nothing was, or it cannot be read."""
    try:
        return decided_of(attempt)
    except OSError:
        return None


def decided_of(attempt: Path) -> Decided | None:
    """The same for those who go by it; None when nothing was decided, or what is there is no decision.

    Raises: OSError: it cannot be read now.
    """
    try:
        body: Mapping[str, Any] = parse_json(read_own(decision_file(attempt), _LIMIT))
        return Decided(
            DecidedAs(body["verdict"]), str(body["by"]), str(body["note"]), datetime.fromisoformat(body["at"])
        )
    except (FileNotFoundError, NotOwnFile, AttributeError, KeyError, TypeError, ValueError):
        return None
