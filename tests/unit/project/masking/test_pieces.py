"""Which parts of a secret are masked by themselves, at the lengths where that changes."""

from __future__ import annotations

import itertools
import random
import string

import pytest
from orch_tui.project.masking.pieces import pieces_of


def token(length: int) -> str:
    return "".join(random.Random(length).choices(string.ascii_letters, k=length))


def test_a_secret_is_masked_without_the_line_ends_around_it() -> None:
    assert pieces_of("\r\nhunter22\n") == ["hunter22"]
    assert pieces_of(" hunter22 ") == [" hunter22 "]
    assert pieces_of("abc") == [] and pieces_of("\n") == []


@pytest.mark.parametrize(
    ("length", "pieces"),
    [
        (160, [(0, 160)]),
        # Pieces of 104 that overlap by 8; the last is never shorter than 104.
        (161, [(0, 104), (65, 161)]),
        (200, [(0, 104), (96, 200)]),
        (201, [(0, 104), (96, 200), (105, 201)]),
        (296, [(0, 104), (96, 200), (192, 296)]),
        (297, [(0, 104), (96, 200), (192, 296), (201, 297)]),
    ],
)
def test_a_long_secret_is_cut_into_pieces_that_overlap(length: int, pieces: list[tuple[int, int]]) -> None:
    secret = token(length)
    assert pieces_of(secret) == [secret[start:end] for start, end in pieces]


def test_every_letter_of_a_long_secret_is_in_a_piece() -> None:
    for length in range(161, 700, 7):
        secret = token(length)
        places = [(secret.index(piece), secret.index(piece) + len(piece)) for piece in pieces_of(secret)]
        assert places[0][0] == 0 and places[-1][1] == length
        for (_, end), (start, _) in itertools.pairwise(places):
            assert end - start >= 8


def test_the_lines_of_a_key_stand_for_it() -> None:
    # GIVEN a long key of whole lines THEN only these, not what marks its beginning and end
    lines = [token(60 + number) for number in range(4)]
    key = "\n".join(["-----BEGIN KEY-----", *lines, "-----END KEY-----"])
    assert pieces_of(key) == lines
    # GIVEN a short one THEN it is masked as a whole too
    short = f"-----BEGIN-----\n{lines[0]}\n-----END-----"
    assert pieces_of(short) == [short, lines[0]]


@pytest.mark.parametrize(("mark", "whole"), [(45, True), (44, False)])
def test_lines_stand_for_a_secret_when_they_are_most_of_it(mark: int, whole: bool) -> None:
    # GIVEN lines that are 80 % of what can be seen, or a little more
    lines = [token(90), token(90)[::-1]]
    secret = "\n".join(["-" * mark, *lines])
    # THEN the whole is not masked as well only where they are more
    pieces = pieces_of(secret)
    assert (secret[:104] in pieces) is whole
    assert all(line in pieces for line in lines)


def test_a_short_line_is_masked_with_the_one_before() -> None:
    assert pieces_of("abcdefgh\nabcdefg\nq0==") == [
        "abcdefgh\nabcdefg\nq0==",
        "abcdefgh",
        "abcdefgh\nabcdefg",
        "abcdefg\nq0==",
    ]
    # Nothing stands before the first one, and an empty line is none.
    assert pieces_of("abcdefg\nabcdefgh") == ["abcdefg\nabcdefgh", "abcdefgh"]
    assert pieces_of("abcdefgh\n\nxyz") == ["abcdefgh\n\nxyz", "abcdefgh"]


@pytest.mark.parametrize(
    ("secret", "parts"),
    [
        # What is named: in settings, in queries, in JSON, as it is and decoded.
        ("Server=db;Password=abcDEF", ["abcDEF"]),
        ("Server=db;Password=abcDE", []),
        ("user=x&token=a%2Fb%2Fcd", ["a%2Fb%2Fcd", "a/b/cd"]),
        ("user=x&token=a+b+c+d+e+f", ["a+b+c+d+e+f", "a b c d e f"]),
        ('{"api_key": "abc\\\\/def1"}', ["abc\\\\/def1", "abc\\/def1"]),
        ("{'secret': 'abc def'}", ["abc def"]),
        # The password of an address, and what a parser takes for its host.
        ("db://user:hunter22@host/x", ["user:hunter22", "hunter22"]),
        ("db://user:p%40ss1234@host/x", ["user:p%40ss1234", "p%40ss1234", "p@ss1234", "ss1234"]),
        ("db://tokentoken@host/x", ["tokentoken"]),
        ("db://host/x?user=a", []),
        # A password with the signs of an address, alone: parts of six with two kinds of letters.
        ("s3cr3t9@corp/Xyz12345", ["s3cr3t9", "Xyz12345"]),
        ("abc12@abc123/abcdef#ABCDEF?123456", ["abc123"]),
        ("Abcdef@aBCDEFG", ["Abcdef", "aBCDEFG"]),
    ],
)
def test_the_part_that_gives_a_secret_away_is_masked_alone(secret: str, parts: list[str]) -> None:
    assert pieces_of(secret) == [secret, *parts]
