"""The parts of a secret that give it away by themselves: lines of a key, the password in an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from orch_tui.model.texts.pattern import pattern
from orch_tui.project.masking.ordinary import visible, why_ordinary

_MIN_LINE = 8
_MIN_FRAGMENT = 6
_LONG = 160
_CUT = 96
_OVERLAP = 8
_MOST = 0.8
# A password should have its signs percent-encoded; one that has not reaches up to the last "@".
_USER_INFO = pattern(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#:\s]*:\S*|[^/?#\s]*)@")
# What settings of connections, query strings and JSON call a secret.
_NAMED = pattern(
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|(?:api|access|account|private|shared|encryption)[ _-]?key"
    r"|sig(?:nature)?|auth)\w*[\"']?\s*[=:]\s*(?:\"((?:[^\"\\]|\\.)+)\"|'([^']+)'|([^\"'&;,\s}]+))",
    re.IGNORECASE,
)
_ADDRESS_SIGNS = pattern(r"[@:/?#\[\]]+")


def pieces_of(value: str) -> list[str]:
    """``value`` without the line ends around it, and what of it must not be shown alone either.

    A long one is cut into pieces that overlap: each is masked by itself, so what is cut off at the end of a message is
    masked as well, and no more than a piece must ever be waited for. Empty when the value is not one that is masked.
    """
    whole = value.strip("\r\n")
    if why_ordinary(whole) is not None:
        return []
    lines = list(_lines(whole))
    # The lines of a key are the key.
    wholes = [] if len(whole) > _LONG and sum(map(len, lines)) > _MOST * len(visible(whole)) else [whole]
    parts = dict.fromkeys((*wholes, *(part for part in (*lines, *_parts(whole)) if why_ordinary(part) is None)))
    return list(dict.fromkeys(piece for part in parts for piece in _cut(part)))


def _cut(part: str) -> Iterator[str]:
    if len(part) <= _LONG:
        yield part
        return
    for at in range(0, len(part) - _OVERLAP, _CUT):
        # The last one takes in what would be too short to be told from chance.
        yield part[max(0, min(at, len(part) - _CUT)) : at + _CUT + _OVERLAP]


def _parts(whole: str) -> Iterator[str]:
    for found in _NAMED.finditer(whole):
        named = next(text for text in found.groups() if text is not None)
        for spelled in (named, unquote_plus(named), named.replace("\\n", "\n").replace("\\/", "/")):
            if len(visible(spelled)) >= _MIN_FRAGMENT:
                yield spelled
                yield from _lines(spelled)
    user_info = _USER_INFO.match(whole)
    if user_info is not None:
        _, _, password = user_info[1].partition(":")
        for spelled in (user_info[1], password, unquote(password)):
            yield spelled
            yield from _fragments(spelled)
    elif "://" not in whole and "\n" not in whole and not whole.startswith("{"):
        yield from _fragments(whole)


def _lines(text: str) -> Iterator[str]:
    """The lines of a PEM key, say, not those that mark its beginning and end; a short one with the one before."""
    before = ""
    for line in map(str.strip, text.splitlines() if "\n" in text else ()):
        if line.startswith("-----"):
            continue
        if len(line) >= _MIN_LINE:
            yield line
        elif line and before:
            yield f"{before}\n{line}"
        before = line


def _fragments(password: str) -> Iterator[str]:
    """What a parser of addresses takes for the host or the port of ``scheme://user:pass@word@host``."""
    parts = [part for part in _ADDRESS_SIGNS.split(password) if part != password]
    for part in parts:
        kinds = sum(any(map(test, part)) for test in (str.islower, str.isupper, str.isdigit))
        if len(visible(part)) >= _MIN_FRAGMENT and kinds >= 2:
            yield part
