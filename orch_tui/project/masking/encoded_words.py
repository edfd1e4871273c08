"""Encoded words of headers of mail (RFC 2047): ``=?utf-8?q?…?=``.

A long value stands in several, each decoded by itself, and the white space between two of them is none of the text
(section 6.2). So a secret that goes over their borders is seen only when they are decoded and joined.
"""

from __future__ import annotations

import binascii
import re

from orch_tui.project.masking.finder import Finder

# A character set, perhaps with a language (RFC 2231, 5), and the encoding. Many programs write longer ones than the 75
# characters that are allowed.
_BEGIN = rb"=\?[A-Za-z0-9_.:+-]{1,40}(?:\*[A-Za-z0-9-]{1,20})?\?[bBqQ]\?"
_LONGEST = 1000
USUAL = 76
"""Characters of a word as they are allowed, and one."""
WORD = re.compile(_BEGIN + rb"[^?\s]{0,%d}\?=" % _LONGEST)
_LINE_END = rb"(?:\r|\\{1,16}r|%0[dD])?(?:\n|\\{1,16}n|%0[aA])"
BETWEEN = re.compile(rb"(?<=\?=)[ \t]*(?:" + _LINE_END + rb"(?:[ \t]|\\{1,16}t)+)?(?=" + _BEGIN + rb")")
"""White space between two words: with the line end of a folded header, also as it is shown within a string."""
# Not the end of a word.
_OPEN = re.compile(
    rb"(?<!\?)=(?:\?[A-Za-z0-9_.:+-]{0,40}(?:\*[A-Za-z0-9-]{0,20})?(?:\?(?:[bBqQ](?:\?[^?\s]{0,%d}\??)?)?)?)?\Z"
    % _LONGEST
)
_OPEN_SIZE = _LONGEST + 80
_BEHIND = re.compile(rb"(?<=\?=)(?:[ \t\r\n]|\\{1,16}[rnt]?)+\Z")
_SIGN = Finder([b"=?"])
"""How a word begins. The library finds two bytes far faster than ``in`` does where one of them is frequent."""
_Q = re.compile(rb"=([0-9A-Fa-f]{2})")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def has_words(data: bytes, *, ended: bool = True) -> bool:
    """Whether there may be an encoded word in ``data``, or, not ``ended``, the beginning of one."""
    if _SIGN.any_in(data) and (WORD.search(data) is not None or (not ended and open_word(data) < len(data))):
        return True
    return not ended and data.endswith(b"=")


def open_word(data: bytes) -> int:
    """Where a word begins that goes on beyond the end of ``data``; its length if none does."""
    found = _OPEN.search(data, max(0, len(data) - _OPEN_SIZE))
    return found.start() if found else len(data)


def without_gap(data: bytes) -> bytes:
    """``data`` without what may become the white space before another word."""
    found = _BEHIND.search(data, max(0, len(data) - _OPEN_SIZE))
    return data[: found.start()] if found else data


def decoded(word: bytes) -> bytes:
    """The bytes, in its character set, of one word; what is no base64 in it is passed over."""
    _, _, encoding, text, _ = word.split(b"?", 4)
    if encoding in b"qQ":
        return _Q.sub(lambda found: bytes((int(found[1], 16),)), text.replace(b"_", b" "))
    letters = _NO_BASE64.sub(b"", text)
    # A single letter at the end has too few bits for a byte.
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
