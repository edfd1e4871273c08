"""What a terminal sends, made fit for a parser of key presses. Pure: bytes and a clock in, text out.

Textual's parser decodes strictly, and takes an escape sequence that it does not know, or that came in pieces, for keys
that were pressed. So one byte of a mouse report in X10's form or of a Latin-1 terminal ended the program, and the late
answer to another program's question was typed as commands. Here bytes become whole sequences and text:

* a sequence that came in pieces is held until it is whole, one that stays cut or that nobody knows is left out;
* bytes that are not UTF-8 are left out, and :attr:`TerminalInput.not_utf8` says so;
* mouse reports in X10's form (``ESC [ M`` and three bytes of any value) are left out as a whole;
* within a paste there are no keys.

Forms of sequences: ECMA-48, 5.4; XTerm Control Sequences, "Mouse Tracking" and "Bracketed Paste Mode".
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable

ESCAPE = 0x1B
ALONE_SECONDS = 0.1
"""So long the beginning of a sequence may still be a key with Alt."""
CUT_SECONDS = 1.0
"""So long the rest of a sequence may take to come."""
LONGEST = 32
"""Bytes of the longest sequence of a key; Textual gives up there, too."""
LONGEST_ANSWER = 4096

_PASTE, _PASTED = b"\x1b[200~", b"\x1b[201~"
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_X10 = b"\x1b[M"
# The beginning of what has a known end; what follows an ESC and is none of these is a key with Alt.
_CONTROL = re.compile(rb"\x1b(?:\[\[?|O)[0-?]*[ -/]*")
_ANSWER = re.compile(rb"\x1b(?:\][0-9]|P[0-9!>$+])")
_WHOLE = re.compile(rb"\x1b(?:\[\[[@-~]|\[[0-?]*[ -/]*[@-Z\\-~]|O[0-?]*[@-~])")
_ANSWERED = re.compile(rb"\x07|\x1b\\")
_NO_ANSWER = re.compile(rb"[\x00-\x06\x08-\x1a\x1c-\x1f]|\x1b[^\\]")
# Of these alone nobody knows yet what they are.
_BEGUN = (b"\x1b", b"\x1b]", b"\x1bP")
# Ctrl-C, or Escape and Ctrl-C in the Kitty protocol: by themselves they end a paste whose end was lost.
_GIVE_UP = re.compile(rb"\x03|\x1b\[(?:27|99)(?:;[0-9:;]*)?u")


class TerminalInput:
    """One terminal's input.

    ``known`` tells whether a whole sequence means anything; after ``alone_seconds`` Escape was pressed by itself.
    """

    def __init__(self, known: Callable[[str], bool], alone_seconds: float = ALONE_SECONDS) -> None:
        self.not_utf8 = False
        """Whether bytes came that are no text in UTF-8, mouse reports aside."""
        self._known = known
        self._alone_seconds = alone_seconds
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._held = b""
        self._since = 0.0
        self._in_paste = False

    def feed(self, data: bytes, now: float) -> list[str]:
        """What the parser can be given: pieces of text, and whole sequences by themselves.

        ``now`` is a monotonic clock's reading in seconds.
        """
        if self._in_paste and _GIVE_UP.fullmatch(data):
            self._in_paste, self._held = False, b""
            return [_PASTED.decode()]
        data, self._held, self._since = self._held + data, b"", now
        pieces: list[str] = []
        while data:
            at = data.find(ESCAPE)
            text = data if at < 0 else data[:at]
            if text:
                self._add_text(text, pieces)
            data = data[len(text) :]
            if data:
                data = self._take_sequence(data, pieces)
                if self._held:
                    break
        return pieces

    def waited(self, now: float) -> list[str]:
        """What becomes of the beginning of a sequence whose rest does not come."""
        if not self._held:
            if now - self._since >= CUT_SECONDS:
                self._drop_half()
            return []
        introducer = len(self._held) <= 2
        if now - self._since < (self._alone_seconds if introducer and not self._in_paste else CUT_SECONDS):
            return []
        held, self._held = self._held, b""
        if self._in_paste:
            # Escape by itself is no part of a paste: its end was lost.
            self._in_paste = held != b"\x1b"
            return [] if self._in_paste else [_PASTED.decode()]
        sequence = held.decode("ascii", "ignore")
        return [sequence] if introducer or self._known(sequence) else []

    # Text

    def _add_text(self, data: bytes, pieces: list[str]) -> None:
        text = self._decoder.decode(data)
        if _REPLACED in text:
            self.not_utf8 = True
            text = text.replace(_REPLACED, "")
        if text:
            pieces.append(text)

    def _drop_half(self) -> None:
        """A character whose other half does not come is none."""
        if self._decoder.getstate()[0]:
            self._decoder.reset()
            self.not_utf8 = True

    # Sequences

    def _take_sequence(self, data: bytes, pieces: list[str]) -> bytes:
        """Take the sequence that ``data`` begins with; what comes after it. What is not whole yet is held."""
        self._drop_half()
        if self._in_paste:
            return self._take_in_paste(data, pieces)
        if data in _BEGUN:
            self._held = data
            return b""
        if data.startswith(_X10):
            return self._take_x10(data)
        if _ANSWER.match(data):
            return self._take_answer(data)
        whole = _WHOLE.match(data)
        if whole is not None:
            sequence = whole.group()
            # No such thing as a sequence of several lines is known: the text is ASCII.
            if len(sequence) <= LONGEST and self._known(sequence.decode()):
                pieces.append(sequence.decode())
                self._in_paste = sequence == _PASTE
            return data[len(sequence) :]
        begun = _CONTROL.match(data)
        if begun is None:
            return self._take_alt(data, pieces)
        if begun.end() == len(data) and len(data) <= LONGEST:
            self._held = data
            return b""
        # Cut off by what comes next, which is not part of it.
        return data[begun.end() :]

    def _take_alt(self, data: bytes, pieces: list[str]) -> bytes:
        """Escape and something that begins no sequence."""
        if data[1] == ESCAPE:
            pieces.append("\x1b")
            return data[1:]
        if data[1] >= 0x80:
            # A letter beyond ASCII has no binding with Alt: it is text.
            return data[1:]
        pieces.append(data[:2].decode())
        return data[2:]

    def _take_x10(self, data: bytes) -> bytes:
        report = data[3:6]
        # The three are at least 32: anything below belongs to what comes next.
        length = next((place for place, byte in enumerate(report) if byte < 0x20), len(report))
        if length == len(report) < 3:
            self._held = data
            return b""
        return data[3 + length :]

    def _take_answer(self, data: bytes) -> bytes:
        """The answer to a question that some program asked the terminal: nobody here did."""
        end = _ANSWERED.search(data, 2)
        # What no answer holds ends it, too.
        cut = _NO_ANSWER.search(data, 2)
        if cut is not None and (end is None or cut.start() < end.start()):
            return data[cut.start() :]
        if end is not None:
            return data[end.end() :]
        if len(data) <= LONGEST_ANSWER:
            self._held = data
        return b""

    def _take_in_paste(self, data: bytes, pieces: list[str]) -> bytes:
        if data.startswith(_PASTED):
            self._in_paste = False
            pieces.append(_PASTED.decode())
            return data[len(_PASTED) :]
        if _PASTED.startswith(data):
            self._held = data
            return b""
        return data[1:]
