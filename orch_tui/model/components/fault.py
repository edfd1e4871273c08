"""Where in its configuration a task failed, as a value: a task tells it in ``result.json``, a form goes there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line

KEY = "fault"
"""Its name in ``result.json``."""
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """``parameter`` is the path of the parameter, ``line`` (from 1) one of its text, if it is known."""

    parameter: tuple[str, ...]
    line: int | None
    message: str

    def as_json(self) -> dict[str, Any]:
        """The object in ``result.json``."""
        return {"parameter": list(self.parameter), "line": self.line, "message": self.message}


def read_fault(result: Mapping[str, Any]) -> Fault | None:
    """The fault that a ``result.json`` tells; None when there is none or it is no such object."""
    told = result.get(KEY)
    if not isinstance(told, dict):
        return None
    parameter, line = told.get("parameter"), told.get("line")
    if not isinstance(parameter, list) or not parameter or not all(isinstance(part, str) for part in parameter):
        return None
    known = isinstance(line, int) and not isinstance(line, bool) and line > 0
    return Fault(tuple(parameter), line if known else None, safe_line(str(told.get("message") or ""), _LONGEST))
