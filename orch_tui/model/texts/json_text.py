"""JSON that somebody else wrote."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: str | bytes | bytearray) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is no JSON, or is nested deeper than the parser goes (some thousand levels), for which
            :func:`json.loads` raises an error that is none of values.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
