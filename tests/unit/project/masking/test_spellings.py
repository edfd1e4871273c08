"""The texts that encoders make of a secret, and which are too short to be told from chance."""

from __future__ import annotations

import base64
import json

import pytest
from orch_tui.project.masking.spellings import coded_spellings, cores64, plain_spellings


def coded(piece: str) -> set[bytes]:
    return {spelling.text for spelling in coded_spellings(piece)}


def blank(piece: str) -> set[bytes]:
    return {spelling.text for spelling in coded_spellings(piece) if spelling.blanks}


def test_numbers_are_written_in_the_ways_of_programs() -> None:
    # Whole, and without the first byte; blanks between them count for nothing.
    assert blank("aZ-/") == {
        *(b"97,90,45,47", b"97904547"),
        *(b"615a2d2f", b"615A2D2F", b"61:5a:2d:2f", b"61:5A:2D:2F", b"61-5a-2d-2f", b"61-5A-2D-2F"),
        *(b"61005a002d002f", b"61005A002D002F"),
        *(b"0x61,0x5a,0x2d,0x2f", b"0x61,0x5A,0x2D,0x2F"),
        *(b"5a2d2f", b"5A2D2F", b"5a:2d:2f", b"5A:2D:2F", b"0x5a,0x2d,0x2f", b"0x5A,0x2D,0x2F"),
        *(b"5a-2d-2f", b"5A-2D-2F"),
    }


def test_fewer_than_three_bytes_are_no_number() -> None:
    # GIVEN three bytes THEN they are written, but not the two without the first
    assert b"616263" in blank("abc") and b"6263" not in blank("abc")
    # AND fewer than four are no number without anything between them
    assert b"979899" not in blank("abc") and b"979899100" in blank("abcd")
    assert blank("ab") == set()


@pytest.mark.parametrize("before", range(3))
@pytest.mark.parametrize("after", range(3))
@pytest.mark.parametrize("length", [4, 5, 6, 9, 16])
def test_base64_has_what_depends_on_the_secret_alone(before: int, after: int, length: int) -> None:
    # GIVEN the secret within a longer text
    secret = "hUnter-2?zQ~81xy"[:length].encode()
    cores = cores64(secret)
    text = base64.b64encode(b"\xa5" * before + secret + b"\x5a" * after)
    # THEN one of the cores is in it wherever it begins, unless it is too short
    found = [core for core in cores if core in text]
    longest = max(found, key=len, default=b"")
    whole = (before + length) * 8 // 6 - -(-before * 8 // 6)
    assert len(longest) == (whole if whole >= 6 else 0)


@pytest.mark.parametrize(("length", "many"), [(3, 0), (4, 0), (5, 3), (6, 3)])
def test_a_core_of_fewer_than_six_letters_is_none(length: int, many: int) -> None:
    cores = cores64(b"hUnter"[:length])
    assert all(len(core) >= 6 for core in cores)
    if many:
        assert len(cores) == many


@pytest.mark.parametrize("before", range(5))
@pytest.mark.parametrize("length", [6, 7, 8, 12])
def test_base32_has_what_depends_on_the_secret_alone(before: int, length: int) -> None:
    secret = "hUnter-2?zQ~"[:length]
    text = base64.b32encode(b"\xa5" * before + secret.encode() + b"\x5a" * 4)
    whole = (before + length) * 8 // 5 - -(-before * 8 // 5)
    for written in (text, text.lower()):
        longest = max((core for core in coded(secret) if core in written), key=len, default=b"")
        assert len(longest) == (whole if whole >= 8 else 0)


def test_base64_is_made_of_other_texts_as_well() -> None:
    secret = 'pä"ss w0rd-é'
    for data in (
        secret.encode("utf-16-le"),
        secret.encode("utf-16-be"),
        secret.encode("latin-1"),
        json.dumps(secret).encode(),
        json.dumps(secret, ensure_ascii=False).encode(),
        b"p%C3%A4%22ss%20w0rd-%C3%A9",
    ):
        text = base64.b64encode(data)
        assert any(len(core) >= 12 and core in text for core in coded(secret)), data


def test_base64_of_base64_is_told_from_eight_letters_on() -> None:
    twice = base64.b64encode(base64.b64encode(b"hunter22"))
    assert any(len(core) >= 8 and core in twice for core in coded("hunter22"))
    once = cores64(b"hunter22")
    again = {core for text in once for core in cores64(text)}
    assert {core for core in again if len(core) >= 8} <= coded("hunter22")
    assert not {core for core in again if len(core) < 8} & coded("hunter22")


def test_a_text_is_spelled_in_the_encodings_that_have_it() -> None:
    spelled = plain_spellings("žluť=1 é")
    for codec in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1250", "iso8859-2", "cp852"):
        assert "žluť=1 é".encode(codec) in spelled
    # A blank may be a plus, and mail has a form of its own.
    assert "žluť=1+é".encode() in spelled
    assert b"=C5=BElu=C5=A5=3D1 =C3=A9" in spelled
    # Composed letters and others are two spellings.
    assert "z\u030clut\u030c=1 e\u0301".encode() in spelled
    # Python's way to mix bytes: one byte where that is enough.
    assert "žluť=1 ".encode() + b"\xe9" in spelled


@pytest.mark.parametrize(("piece", "left"), [("éabcdef", True), ("éabcde", False), ("éab cd ef", True)])
def test_what_is_left_without_its_letters_is_masked_from_six_on(piece: str, left: bool) -> None:
    spelled = plain_spellings(piece)
    assert (piece.encode("ascii", "ignore") in spelled) is left
    assert (piece.encode("ascii", "replace") in spelled) is left


def test_a_plain_text_has_no_form_of_mail_unless_it_has_its_sign() -> None:
    assert b"a=3Db~\x7f"[:5] + b"~=7F" in plain_spellings("a=b~\x7f")
    assert not any(b"=" in spelling for spelling in plain_spellings("ab-12!*/"))


def test_a_text_has_the_two_forms_of_an_encoded_word() -> None:
    # What has to be encoded, and what Python's library encodes; a blank is an underscore.
    assert {b"ab~=7F_c=5F", b"ab=7E=7F_c=5F"} <= plain_spellings("ab~\x7f c_")
    assert {b"=C3=A9=3F.", b"=E9=3F.", b"=C3=A9=3F=2E", b"=E9=3F=2E"} <= plain_spellings("é?.")


def test_bytes_that_are_no_text_are_spelled_as_they_are() -> None:
    assert b"abc\xffdef" in plain_spellings("abc\udcffdef")
