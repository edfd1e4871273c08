"""Text from outside made safe to show: one place for the screen, the plain output and the messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

# Whole escape sequences with their bodies (OSC, DCS, APC, PM, SOS strings; CSI; two-character ones).
_ESCAPES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
# Controls, and the characters that reorder or hide text (bidirectional marks, zero-width, surrogates).
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def safe_line(text: str, limit: int | None = None) -> str:
    """One line without escape sequences, controls or direction marks; blanks for tabs and line ends.

    ``limit`` cuts to that many characters, the last one an ellipsis.
    """
    text = text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ").replace("\t", " ")
    text = _CONTROLS.sub("", _ESCAPES.sub("", text))
    if limit is not None and len(text) > limit:
        text = text[: max(0, limit - 1)] + "…"
    return text


def slug(name: str, fallback: str = "item") -> str:
    """An id from a name: lower-case ASCII letters, digits and dashes, at most 60 characters."""
    ascii_text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:60].strip("-") or fallback


def unique(wanted: str, taken: Container[str]) -> str:
    """``wanted``, or ``wanted-2``, ``wanted-3``, … whichever is first not in ``taken``."""
    candidate, number = wanted, 1
    while candidate in taken:
        number += 1
        candidate = f"{wanted}-{number}"
    return candidate


ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def valid_id(text: str) -> bool:
    """True for an id that is safe as a file name: letters, digits, ``_ . -``, at most 100 characters."""
    return ID_PATTERN.fullmatch(text) is not None


def counted(number: int, noun: str) -> str:
    """``1 task``, ``2 tasks``, ``12 345 rows``: for sentences and labels; the noun's plural ends in "s"."""
    grouped = f"{number:,}".replace(",", " ")
    return f"{grouped} {noun}" if number == 1 else f"{grouped} {noun}s"
