"""What a task says of its work in ``result.json``. Written by programs we do not know: nothing in it is trusted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from orch_tui.model.text import safe_line

_LIMIT = 4 << 20


def read_result(directory: Path) -> dict[str, Any]:
    """The object in an attempt's ``result.json``; empty when there is none or it is no object (or over 4 MiB)."""
    try:
        fd = os.open(directory / "result.json", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
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
    return result if isinstance(result, dict) else {}


def read_warning(directory: Path) -> str | None:
    """The sentence with which a task that exits with 0 asks to end in warning."""
    warning = read_result(directory).get("warning")
    return safe_line(warning, 400) if isinstance(warning, str) and warning.strip() else None
