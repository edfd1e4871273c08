"""What the page sends: JSON lists of a kind and a value, as textual-serve's page has them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from orch_tui.browser.terminal import LARGEST


@dataclass(frozen=True)
class Typed:
    data: bytes


@dataclass(frozen=True)
class Resized:
    columns: int
    rows: int


@dataclass(frozen=True)
class Ping:
    value: str


Message = Typed | Resized | Ping


def read_message(text: str) -> Message | None:
    """The message; None for what asks for nothing here (the page gains or loses the focus, or anything unknown).

    Raises: ValueError when it is no message at all.
    """
    try:
        match json.loads(text):
            case ["stdin", str(data)]:
                return Typed(data.encode("utf-8", "replace"))
            case ["resize", {"width": width, "height": height}]:
                return Resized(_cells(width), _cells(height))
            case ["ping", str(value)]:
                return Ping(value)
            case [str(), *_]:
                return None
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    raise ValueError("no message of the page")


def cells_of(text: str | None, default: int) -> int:
    """Columns or rows from an address; ``default`` where they are no number."""
    return _cells(int(text)) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else default


def _cells(value: object) -> int:
    # NaN, which JSON of Python has, is not equal to itself.
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError("a size is a number")
    return int(min(max(value, 1), LARGEST))
