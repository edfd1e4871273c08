"""Lines of a log as a terminal would have shown them in the end, and without what could harm one.

Colours (SGR) are kept as spans; every other control sequence is taken out. A whole line is looked at at once, so that
neither an escape sequence nor a character can be split over two reads.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from rich.cells import cell_len

LIMIT = 4096
"""Characters of a line that are shown."""
TAB = 8
_MOST_PARAMETERS = 32
# A line of nothing but escape sequences is not followed further than this many times its limit.
_PATIENCE = 8

# Sequences never reach over a line end: a broken one must not hide the lines after it.
_STRINGS = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
_ESCAPES = rf"{_STRINGS}|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?"
# Controls, and characters that reorder or hide text (direction marks, zero-width, surrogates).
_CONTROLS = "[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
_SPECIAL = re.compile(rf"(?P<sgr>(?:\x1b\[|\x9b)[0-9;:]*m)|(?P<tab>\t)|{_ESCAPES}|{_CONTROLS}")
# The same on bytes, for searching in blocks: only sequences that begin with ESC, since C1 bytes are parts of UTF-8.
ESCAPE_BYTES = re.compile(rb"\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?")


class Span(NamedTuple):
    """Characters ``start`` to ``end`` in the colours of ``sgr``, the parameters of an SGR sequence (``"1;31"``)."""

    start: int
    end: int
    sgr: str


class Line(NamedTuple):
    """``more`` is the number of characters that were cut off after ``text``."""

    text: str
    spans: tuple[Span, ...] = ()
    more: int = 0

    @property
    def shown(self) -> str:
        """The text with a note about what was cut."""
        return f"{self.text}[+{self.more:,} chars]" if self.more else self.text


def last_state(raw: bytes) -> bytes:
    """What is left to see of a line that was overwritten with carriage returns: what follows the last one."""
    raw = raw.rstrip(b"\r\n")
    return raw[raw.rfind(b"\r") + 1 :]


def clean(raw: bytes, *, complete: bool = True, limit: int = LIMIT) -> Line:
    """A line from its bytes, line end included or not.

    Bytes that are no UTF-8 become U+FFFD; those of a character that is not ``complete`` yet are left out. Tabs become
    blanks up to the next multiple of eight cells.
    """
    raw = last_state(raw)
    text = raw.decode("utf-8", "replace") if complete else codecs.getincrementaldecoder("utf-8")("replace").decode(raw)
    if text.isprintable():
        return Line(text[:limit], (), max(0, len(text) - limit))
    line = _walk(text[: limit * _PATIENCE], limit)
    return line._replace(more=line.more + max(0, len(text) - limit * _PATIENCE))


def plain(raw: bytes) -> str:
    """The text alone, whole."""
    return clean(raw, limit=len(raw) * TAB).text


def coloured(line: Line) -> str:
    """The line for a terminal, in its own colours."""
    parts, at = [], 0
    for span in line.spans:
        parts += [line.text[at : span.start], f"\x1b[{span.sgr}m{line.text[span.start : span.end]}\x1b[0m"]
        at = span.end
    return "".join([*parts, line.shown[at:]])


def _walk(text: str, limit: int) -> Line:
    parts: list[str] = []
    spans: list[Span] = []
    at = length = cells = begun = 0
    sgr = ""
    for match in _SPECIAL.finditer(text):
        piece = text[at : match.start()]
        parts.append(piece)
        length += len(piece)
        at = match.end()
        if length > limit and not match["sgr"]:
            continue
        cells += cell_len(piece)
        if match["tab"]:
            blanks = TAB - cells % TAB
            parts.append(" " * blanks)
            length, cells = length + blanks, cells + blanks
        elif match["sgr"]:
            if sgr and begun < min(length, limit):
                spans.append(Span(begun, min(length, limit), sgr))
            sgr, begun = _joined(sgr, match["sgr"]), length
    parts.append(text[at:])
    whole = "".join(parts)
    if sgr and begun < min(len(whole), limit):
        spans.append(Span(begun, min(len(whole), limit), sgr))
    return Line(whole[:limit], tuple(spans), max(0, len(whole) - limit))


def _joined(before: str, sequence: str) -> str:
    """The parameters that hold after another sequence; a reset forgets what was before it."""
    added = sequence[2:-1] if sequence[0] == "\x1b" else sequence[1:-1]
    codes = [code.lstrip("0") for code in added.replace(":", ";").split(";")]
    state = before.split(";") if before else []
    at = 0
    while at < len(codes):
        if codes[at] in ("38", "48", "58"):
            # The zeros in a colour are no resets.
            size = 5 if codes[at + 1 : at + 2] == ["2"] else 3
            state += [code or "0" for code in codes[at : at + size]]
            at += size
            continue
        state = [*state, codes[at]] if codes[at] else []
        at += 1
    # A line of nothing but colours must not grow without end.
    return ";".join(state[-_MOST_PARAMETERS:])
