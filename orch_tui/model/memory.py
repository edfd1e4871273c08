"""What is known of a limit of memory once an attempt is over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from orch_tui.model.texts.pattern import pattern


class MemoryEnd(StrEnum):
    """``EXCEEDED``: the kernel killed a process because all together were over the limit. ``SHORT``: it killed one
    because memory ended elsewhere. ``KEPT``: neither. ``REFUSING``: the limit is one that the kernel holds by refusing
    memory to a process, which it does not count; only the program can say that it was refused some."""

    EXCEEDED = "exceeded"
    SHORT = "short"
    KEPT = "kept"
    REFUSING = "refusing"


# CPython, C++, glibc's strerror, GNU tools, Go and Node, the JVM, DuckDB.
_REFUSED = pattern(
    r"\b(MemoryError|bad_alloc|cannot allocate memory|memory exhausted|out of memory|OutOfMemoryError|ENOMEM)\b",
    re.IGNORECASE,
)


def says_refused(lines: Iterable[str]) -> bool:
    """Whether a program's own last words say that it was refused memory."""
    return any(_REFUSED.search(line) for line in lines)
