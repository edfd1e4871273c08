"""Text from outside made safe to show: one place for the screen, the plain output and the messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from orch_tui.model.texts.pattern import pattern

# Whole escape sequences with their bodies (OSC, DCS, APC, PM, SOS strings; CSI; two-character ones).
_ESCAPES = pattern(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
# Controls, and the characters that reorder or hide text (bidirectional marks, zero-width, tags).
_HIDING = "\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
# What joins emoji to one picture, asks for their colours or gives them a skin: some terminals draw two cells for it,
# some eight, and all that stands behind it would be elsewhere than it is thought to be. Other scripts need joiners.
_JOINING = pattern("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]|(?<=[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f])\u200d")
_SURROGATES = "\ud800-\udfff"
_CONTROLS = pattern(f"[\x00-\x1f\x7f-\x9f{_HIDING}{_SURROGATES}]")
_CONTROLS_IN_LINES = pattern(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_HIDING}]")
_NOT_IN_JSON = pattern(f"[\x00-\x09\x0b-\x1f\x7f-\x9f{_HIDING}{_SURROGATES}]")


def safe_line(text: str, limit: int | None = None) -> str:
    """One line without escape sequences, controls or direction marks; blanks for tabs and line ends, and the parts of
    joined emoji one after another.

    ``limit`` cuts to that many characters, the last one an ellipsis.
    """
    text = one_line(text)
    if not text.isascii():
        text = _JOINING.sub("", text)
    if limit is not None and len(text) > limit:
        text = text[: max(0, limit - 1)] + "…"
    return text


def one_line(text: str) -> str:
    """As :func:`safe_line`, but joined emoji stay as they are: what names may be, and columns are called."""
    text = text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def safe_lines(text: str) -> str:
    """Lines and tabs as they are, without anything else that :func:`safe_line` takes out.

    Surrogates stay (bytes of a name that is no UTF-8): whoever encodes the text replaces them by a visible mark.
    """
    if _CONTROLS_IN_LINES.search(text) is None:
        return text
    return _CONTROLS_IN_LINES.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))


def safe_json(document: str) -> str:
    """A JSON document over lines in which what :func:`safe_line` takes out is escaped: it reads back as it was."""
    return _NOT_IN_JSON.sub(_escaped, document)


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"\\u{unit:04x}" for unit in _utf16(ord(found[0])))


def _utf16(code: int) -> tuple[int, ...]:
    if code < 0x10000:
        return (code,)
    return 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF)


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


ID_PATTERN = pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def valid_id(text: str) -> bool:
    """True for an id that is safe as a file name: letters, digits, ``_ . -``, at most 100 characters."""
    return ID_PATTERN.fullmatch(text) is not None


def counted(number: int, noun: str) -> str:
    """``1 task``, ``2 tasks``, ``12 345 rows``: for sentences and labels; the noun's plural ends in "s"."""
    grouped = f"{number:,}".replace(",", " ")
    return f"{grouped} {noun}" if number == 1 else f"{grouped} {noun}s"
