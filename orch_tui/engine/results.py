"""What a task says of its work in ``result.json``. Written by programs we do not know: nothing in it is trusted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from orch_tui.model.text import safe_line
from orch_tui.project.attempt_dir import result_file
from orch_tui.project.masking.files import is_masked, withheld

_LIMIT = 4 << 20


def read_result(directory: Path) -> dict[str, Any]:
    """The object in an attempt's ``result.json``; empty when there is none or it is no object (or over 4 MiB).

    Without its texts as long as secrets may be in them.
    """
    try:
        fd = os.open(result_file(directory), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return {}
    try:
        data = os.read(fd, _LIMIT)
    except OSError:
        return {}
    finally:
        os.close(fd)
    try:
        result = json.loads(data)
    except ValueError:
        return {}
    if not isinstance(result, dict):
        return {}
    if is_masked(directory):
        return result
    known: dict[str, Any] = withheld(result)
    return known


def read_warning(directory: Path) -> str | None:
    """The sentence with which a task that exits with 0 asks to end in warning."""
    warning = read_result(directory).get("warning")
    return safe_line(warning, 400) if isinstance(warning, str) and warning.strip() else None
