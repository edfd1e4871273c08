"""How the rows of a configuration ended within one attempt: what result.json and the journal say of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.status import Status
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import counted, safe_line, valid_id

MOST = 500
"""Rows that are told of one by one; of more the rest is left out, those that succeeded first."""
MOST_REASON = 400
_STATUSES = (Status.SUCCESS, Status.WARNING, Status.ERROR, Status.CANCELLED)
_MOST_SECONDS = 1e12


@dataclass(frozen=True, slots=True)
class RowResult:
    """``attempt`` is the number of the attempt in which it ran: one that succeeded is not run again by a later one.
    ``seconds`` is None where it never began."""

    id: str
    name: str
    status: Status
    reason: str = ""
    seconds: float | None = None
    attempt: int = 1

    @property
    def title(self) -> str:
        """``orders (Orders of the shop)``."""
        return self.id if self.name in ("", self.id) else f"{self.id} ({self.name})"

    def values(self) -> dict[str, Any]:
        """For JSON: what is not empty."""
        values: dict[str, Any] = {"id": self.id, "name": self.name, "status": self.status.value}
        if self.reason:
            values["reason"] = self.reason
        if self.seconds is not None:
            values["seconds"] = round(self.seconds, 3)
        return {**values, "attempt": self.attempt}


def failed_rows(rows: Iterable[RowResult]) -> list[RowResult]:
    """Those without which the task is none that succeeded."""
    return [row for row in rows if row.status not in (Status.SUCCESS, Status.WARNING)]


def rows_words(rows: Sequence[RowResult]) -> str:
    """``12 configuration rows``, or ``12 configuration rows: 2 failed``; tables have rows too."""
    failed = sum(row.status is Status.ERROR for row in rows)
    left = sum(row.status is Status.CANCELLED for row in rows)
    total = counted(len(rows), "configuration row")
    parts = [f"{failed} failed"] * bool(failed) + [f"{left} not run"] * bool(left)
    return f"{total}: {', '.join(parts)}" if parts else total


def encode_rows(rows: Sequence[RowResult]) -> str | None:
    """JSON for an event; None where there are none."""
    return json.dumps([row.values() for row in rows], ensure_ascii=False) if rows else None


def decode_rows(value: Any, most: int = MOST) -> tuple[RowResult, ...]:
    """Of an event, or of result.json, which any program may have written: what is no row is left out, and what is
    beyond ``most``."""
    try:
        found = parse_json(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return ()
    rows = [row for item in (found if isinstance(found, list) else ()) if (row := _row(item)) is not None]
    if len(rows) > most:
        kept = {row.id for row in sorted(rows, key=lambda row: row.status is Status.SUCCESS)[:most]}
        rows = [row for row in rows if row.id in kept]
    return tuple(rows)


def _row(item: Any) -> RowResult | None:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not valid_id(item["id"]):
        return None
    status = item.get("status")
    if status not in [one.value for one in _STATUSES]:
        return None
    seconds, attempt = item.get("seconds"), item.get("attempt")
    known = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < _MOST_SECONDS
    numbered = isinstance(attempt, int) and not isinstance(attempt, bool) and 0 < attempt < 2**31
    return RowResult(
        item["id"],
        safe_line(str(item.get("name") or ""), 120),
        Status(status),
        safe_line(str(item.get("reason") or ""), MOST_REASON),
        float(seconds) if known else None,  # type: ignore[arg-type]
        attempt if numbered else 1,  # type: ignore[arg-type]
    )
