"""Escapes are decoded in the same way whether data have few of them, which is fast, or many."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orch_tui.project.masking.canonical import Canon

TOKENS = [
    *("%", "%2", "25", "%25", "u0041", "%41", "%6a", "%6A", "%2525", "%c3%A9"),
    *("\\", "\\\\", "\\" * 15, "\\" * 16, "\\" * 17, "x41", "n", "N{LATIN SMALL LETTER A}", "101", "ud83d", "\\ude00"),
    *("&", "amp;", "&amp;", "#65;", "&#x41;", "&lt;", "lt;"),
    *("a", "A", "hunter", " ", "\n", "=", "-", "_", "é", "\xad", "\u200b", "\x1b[3m", '"'),
]
FILLING = "plain words of a log without anything " * 40
CANON = Canon(b"hunter2-Jj\xc3\xa9")


def by_pattern(data: bytes, canon: Canon) -> bytes:
    """One step of decoding as the patterns have it, each over the whole."""
    for pattern in canon._encoded:
        data = pattern.sub(lambda found: canon._decoded[found[0]], data)
    return data


@given(st.lists(st.sampled_from(TOKENS), max_size=25), st.booleans(), st.booleans())
@example(["\\" * 17, "n", "\\", "x41"], True, True)
@example(["%", "%41", "%2", "%25", "25", "%6a"], False, True)
def test_few_escapes_are_decoded_as_many_are(tokens: list[str], before: bool, behind: bool) -> None:
    # GIVEN what may be escapes, alone and in long data that have hardly any
    data = "".join(tokens).encode()
    wide = FILLING.encode() * before + data + FILLING.encode() * behind
    for one in (data, wide):
        decoded = one
        # WHEN they are decoded THEN each kind is as its pattern has it, wherever it stands
        for escapes in CANON._escapes:
            decoded, _ = escapes.decoded(decoded, CANON._decoded)
        assert decoded == by_pattern(one, CANON)


@pytest.mark.parametrize("number", range(256))
def test_each_byte_that_counts_is_decoded_in_every_case_of_its_digits(number: int) -> None:
    # GIVEN a byte of a secret, percent-encoded in each way
    canon = Canon([number])
    high, low = [*f"{number:02x}"]
    spelled = {f"%{one}{two}" for one in (high, high.upper()) for two in (low, low.upper())}
    for text in (spelling + FILLING for spelling in spelled):
        # WHEN it is decoded within data that have no other THEN it is that byte
        decoded = text.encode()
        for escapes in canon._escapes[:1]:
            decoded, _ = escapes.decoded(decoded, canon._decoded)
        assert decoded == bytes([number]) + FILLING.encode()


def test_every_beginning_of_an_escape_is_one_of_its_pattern() -> None:
    # GIVEN each letter that may follow on a backslash or an ampersand, WHEN the pattern knows an escape with it
    for first, rest in ((b"\\", b"41abcd{}0041;"), (b"&", b"41;"), (b"&", b"mp;"), (b"\\", b"{LATIN SMALL LETTER A}")):
        for letter in range(0x21, 0x7F):
            data = first + bytes([letter]) + rest + FILLING.encode()
            decoded = data
            for escapes in CANON._escapes:
                decoded, _ = escapes.decoded(decoded, CANON._decoded)
            # THEN it is not passed over
            assert decoded == by_pattern(data, CANON), re.escape(data[:8])
