"""Masking: no spelling of a secret leaves, however the stream is cut, and other text stays as it is."""

from __future__ import annotations

import base64
import email.charset
import email.header
import email.message
import email.policy
import json
import random
import re
import string

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from orch_tui.project.masking.ordinary import Ordinary, why_ordinary
from orch_tui.project.masking.redactor import Redactor
from orch_tui.project.masking.stream import StreamRedactor

from tests.support.effort import examples
from tests.support.encoders import ENCODERS
from tests.support.leaks import leaks

# Few letters, so that secrets overlap with themselves, with each other and with the text around them.
FEW = st.text('ab&"é/+', min_size=4, max_size=12)
PRINTED = st.text(string.ascii_letters + string.digits + string.punctuation + " ěšřßé日本🙂", min_size=8, max_size=30)
PEM = (
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n"
    "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nq0==\n-----END PRIVATE KEY-----\n"
)
LOG = (
    "2026-11-28 14:02:13,123 INFO  sync: page 7 of customers from https://api.example.com/v1?page=7&since=2026%2000\n"
    '{"ts": 1764338533, "msg": "row \\"x\\" done\\n", "path": "C:\\\\temp\\\\new", "id": "6f1ed002ab559585"}\n'
    "\x1b[32mOK\x1b[0m created view model analytics.orders_by_day in 0.23s &amp; more &#8230; 100%\n"
    "│ a box │ of two columns │\nYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=  an other day, Příliš žluťoučký kůň\n"
)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


def stream(redactor: Redactor, pieces: list[bytes]) -> bytes:
    redactors = StreamRedactor(redactor)
    return b"".join(redactors.feed(piece) for piece in pieces) + redactors.finish()


@pytest.mark.parametrize("encoder", ENCODERS)
@given(secret=PRINTED, seed=st.integers(0, 1 << 20), sizes=st.lists(st.integers(1, 12), max_size=60))
@example(secret='"0000000000A[', seed=6260, sizes=[1, 1, 7, 12])
@example(secret="000000000000000000ß\\f0", seed=16, sizes=[])
@example(secret="00000000000000\\0000\\f0", seed=16, sizes=[])
@example(secret="0000000000000000ß%30", seed=553, sizes=[])
@example(secret="abcdefghijklmnop&#48;zz%30%31", seed=553, sizes=[3, 20])
@settings(max_examples=examples(12), deadline=None)
def test_what_encoders_write_is_masked_whatever_the_cuts(
    encoder: str, secret: str, seed: int, sizes: list[int]
) -> None:
    # GIVEN a secret of any printable letters, in the way that a program writes it
    assume(why_ordinary(secret) is None and len(secret.strip()) == len(secret))
    data = b"before: " + ENCODERS[encoder](secret, random.Random(seed)) + b" after\n"
    # WHEN it is masked, in one piece and in many
    redactor = Redactor([secret])
    out = stream(redactor, [data])
    # THEN nothing of it can be decoded from what is left, the cuts made no difference, and the text around it stays
    assert leaks(secret, out, depth=2) is None
    assert out.startswith(b"before: ") and out.endswith(b" after\n")
    assert stream(redactor, cut(data, sizes)) == out


@given(
    secrets=st.lists(FEW, min_size=1, max_size=3),
    words=st.lists(st.one_of(st.text('ab&"é/+ \n', max_size=8), st.integers(0, 200)), max_size=12),
    sizes=st.lists(st.integers(1, 9), max_size=40),
)
@example(secrets=["aaaa"], words=["aaaaaaa", 0, "aaa"], sizes=[1] * 12)
@example(secrets=["abab", "baba"], words=["ababababab"], sizes=[3, 3])
@settings(max_examples=examples(300), deadline=None)
def test_secrets_that_overlap_are_masked_whatever_the_cuts(
    secrets: list[str], words: list[str | int], sizes: list[int]
) -> None:
    # GIVEN a text with secrets that overlap with each other and with what stands around them
    masked = [secret for secret in secrets if why_ordinary(secret) is None]
    data = "".join(word if isinstance(word, str) else secrets[word % len(secrets)] for word in words).encode()
    # WHEN it is masked
    redactor = Redactor(secrets)
    out = stream(redactor, cut(data, sizes))
    # THEN none is left
    for secret in masked:
        assert secret.encode() not in out


@pytest.mark.parametrize(
    "secret",
    ["hunter22-hunter22", "s3cr3t/of+x", 'pa"ss w0rd', "correcthorse", "sk_live_51H8s9dKJf", "é1é2é3", "another1", PEM],
)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_text_without_a_secret_is_unchanged(secret: str, size: int) -> None:
    # GIVEN a log of many kinds of lines, and binary output
    data = LOG.encode() + bytes(range(256)) * 4
    # WHEN it passes / THEN it is the same to the byte
    assert stream(Redactor([secret]), cut(data, [size] * (len(data) // size))) == data


def test_lines_are_written_at_once() -> None:
    # GIVEN lines whose ends are the first letters of the secret
    redactor = StreamRedactor(Redactor(["data-base-22"]))
    for line in (b"loading data\x1b[0m and a d\n", b"and dat\n", b"100 rows\n"):
        # WHEN they arrive / THEN nothing waits for the next line
        assert redactor.feed(line) == line
    # AND a secret that goes on in the next line is masked but for these letters
    assert redactor.feed(b"x dat\na-ba") + redactor.feed(b"se-22 y") == b"x dat\n***** y"


def test_the_beginning_of_a_secret_waits_and_other_text_does_not() -> None:
    # GIVEN a prompt that ends with the beginning of a secret
    stream_redactor = StreamRedactor(Redactor(["hunter22"]))
    # WHEN it arrives / THEN everything before that is written at once, the rest with what follows
    assert stream_redactor.feed(b"password: hun") == b"password: "
    assert stream_redactor.feed(b"dred\n") == b"hundred\n"
    assert stream_redactor.feed(b"hunter2") == b""
    assert stream_redactor.feed(b"2!") == b"*****!"


def test_what_waits_is_bounded() -> None:
    # GIVEN the beginning of a secret and then line ends without an end
    redactor = StreamRedactor(Redactor(["hunter22"]))
    # WHEN they arrive / THEN they are written at last, before memory is full
    assert len(redactor.feed(b"hunter" + b"\n" * (1 << 20))) > 1 << 19


@given(secret=st.text(min_size=8, max_size=30), before=st.binary(max_size=7), after=st.binary(max_size=7))
@settings(max_examples=examples(200), deadline=None)
def test_base64_of_a_text_around_any_secret_is_masked(secret: str, before: bytes, after: bytes) -> None:
    # GIVEN base64 of a longer text with the secret in the middle (a Basic header, a key file)
    value = secret.strip("\r\n").encode("utf-8", "surrogateescape")
    assume(why_ordinary(secret.strip("\r\n")) is None and len(value) >= 8)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + value + after).decode()
        # WHEN it is masked / THEN the characters that depend on the secret alone are gone
        out = Redactor([secret]).text(text)
        assert len(out) <= len(text) - len(value) + 8


def test_lines_of_a_pem_key_are_masked_one_by_one() -> None:
    # GIVEN a key and a program that prints its lines indented, in base64, and in JSON
    redactor = Redactor([PEM])
    out = redactor.text("\n".join(f"    {line}" for line in PEM.splitlines()))
    # THEN the body is masked, its short last line too
    assert not any(line in out for line in PEM.splitlines()[1:-1])
    assert "MII" not in redactor.text(f"key: {PEM.splitlines()[1]} and more")
    for text in (base64.encodebytes(PEM.encode()).decode(), PEM.replace("\n", "\\n"), PEM.replace("\n", "")):
        assert leaks(PEM.splitlines()[2], redactor.text(text).encode()) is None, text


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        # The password of an address, as it is written and decoded, and what a parser takes for its host.
        ("postgres://user:p%40ssw0rd9@db.example.com/x", "p@ssw0rd9"),
        ("postgres://user:p%40ssw0rd9@db.example.com/x", "p%40ssw0rd9"),
        ("mysql://user:pa@ss/w0rd99@db.example.com", "w0rd99"),
        ("s3cr3t9@corp/Xyz12345", "Xyz12345"),
        # A setting in a connection string, a query, JSON.
        ("Server=db;User Id=me;Password=Sup3rS3cret;Port=1", "Sup3rS3cret"),
        ("https://x.blob.example.net/c?sv=2022&sig=abcDEF123%2Fxyz", "abcDEF123/xyz"),
        ('{"type": "service_account", "private_key": "-----BEGIN\\nMIIEvQIBADAN12\\n-----END"}', "MIIEvQIBADAN12"),
    ],
)
def test_the_part_of_a_secret_that_matters_is_masked_alone(secret: str, shown: str) -> None:
    # GIVEN an error that shows a part of the secret / WHEN it is masked / THEN that part is gone
    assert shown not in Redactor([secret]).text(f'invalid port: "{shown}" in the address')


def test_a_long_secret_that_was_cut_off_is_masked() -> None:
    # GIVEN a long token, of which a message shows the first half
    token = "".join(random.Random(1).choices(string.ascii_letters, k=900))
    # WHEN it is masked / THEN no more than the last bit of what it shows is left
    out = Redactor([token]).text(f"token {token[:450]}… is not valid")
    assert len(out) < 130 and leaks(token[:300], out.encode(), depth=1) is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        *((value, Ordinary.SHORT) for value in ("1", "abc", "", "\"''\\ \n", "é é", "12")),
        *((value, Ordinary.NUMBER) for value in ("2026", "5432", "-12.5", "2026-11-28", "14:02", "127.0.0.1")),
        *((value, Ordinary.WORD) for value in ("true", "False", "localhost", "postgres", "PROD")),
        *((value, None) for value in ("abcd", "123456", "p4ss", "2026x", "hunter22", "éééé", "a b c d")),
    ],
)
def test_short_and_ordinary_values_are_left_alone(value: str, why: Ordinary | None) -> None:
    # GIVEN a value / WHEN it is asked about / THEN the rule of docs/secrets.md holds
    assert why_ordinary(value) is why
    text = f"x {value} y 2026-11-28 true"
    assert (Redactor([value]).text(text) == text) is (why is not None)


def test_json_values_are_masked_in_keys_texts_and_whole_numbers() -> None:
    redactor = Redactor(['a"b\\cd', "123456"])
    value = {'k a"b\\cd': ["x", {"y": 'a"b\\cd'}], "n": 123456, "m": 91234567, "ok": True, "none": None, "f": 1.5}
    assert redactor.value(value) == {
        "k *****": ["x", {"y": "*****"}],
        "n": "*****",
        "m": 91234567,
        "ok": True,
        "none": None,
        "f": 1.5,
    }


def test_only_the_named_variables_are_secrets() -> None:
    redactor = Redactor.from_environment(
        {"ORCH_SECRETS": "TOKEN, OTHER,GONE", "TOKEN": "tokentoken", "HOME": "/home/x"}
    )
    assert redactor.text("tokentoken /home/x") == "***** /home/x"
    assert not Redactor.from_environment({"TOKEN": "tokentoken"})


@pytest.mark.parametrize(
    "secret", ["hunter2-very_secret", "pässwörd-lang é", "a secret with blanks 77", "p=ss?w_rd-12345"]
)
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
@pytest.mark.parametrize("encoding", [email.charset.QP, email.charset.BASE64])
def test_an_encoded_word_of_a_header_is_masked(secret: str, charset: str, encoding: int) -> None:
    # GIVEN a secret in a header of mail, in one word of either encoding
    way = email.charset.Charset(charset)
    way.header_encoding = encoding
    for before in ("", "the password is "):
        header = email.header.Header(before + secret, way, maxlinelen=200).encode()
        assert secret not in header and "\n" not in header
        # WHEN it is masked THEN nothing of it is left
        shown = Redactor([secret]).text(header)
        assert shown != header and "*****" in shown and secret[:6] not in shown


def _in_words(secret: str, chance: random.Random) -> str:
    """A header that has the secret in several words, as programs break it."""
    way = email.charset.Charset(chance.choice(["utf-8", "iso-8859-1"] if secret.isascii() else ["utf-8"]))
    way.header_encoding = chance.choice([email.charset.QP, email.charset.BASE64])
    header = email.header.Header(
        "x" * chance.randrange(40) + secret + "y" * 30, way, maxlinelen=chance.randrange(40, 76)
    )
    return header.encode(linesep=chance.choice(["\n", "\r\n"]))


@pytest.mark.parametrize(
    "secret", ["hunter2-very_secret", "pässwörd-langes-wört", "a secret with blanks 77", "p=ss?w_rd-12345"]
)
def test_a_secret_over_several_encoded_words_is_masked(secret: str) -> None:
    chance, redactor, over = random.Random(secret), Redactor([secret]), 0
    for _ in range(60):
        # GIVEN a header, as it is, without its line ends, and as programs show it within a string
        header = _in_words(secret, chance)
        over += "\n" in header
        for shown in (
            header,
            header.replace("\r", "").replace("\n", ""),
            json.dumps(header),
            repr(header),
            f"Subject: {header}\n",
        ):
            # WHEN it is masked, at once or in pieces THEN no four letters are left of it
            stream, at = StreamRedactor(redactor), chance.randrange(len(shown))
            pieces = b"".join([*map(stream.feed, (shown[:at].encode(), shown[at:].encode())), stream.finish()])
            for masked in (redactor.text(shown), pieces.decode()):
                plain = _words_decoded(masked)
                assert "*****" in masked, (header, masked)
                assert not [part for at in range(len(secret) - 4) if (part := secret[at : at + 5]) in plain], (
                    shown,
                    plain,
                )
    assert over > 30


def _words_decoded(text: str) -> str:
    """What the standard library reads in those words that are left whole, joined."""
    words = [word for word in re.findall(r"=\?[^?]*\?[bq]\?[^?]*\?=", text) if "*" not in word]
    return "".join(str(email.header.make_header(email.header.decode_header(word))) for word in words)


def test_text_beside_encoded_words_stays() -> None:
    # GIVEN words without the secret, one that is not ended, and what only looks like one
    redactor = Redactor(["hunter2-very-secret"])
    for text in ("=?utf-8?q?hunter?=", "a =?utf-8?q?h=C3=A9llo?=\r\n =?utf-8?b?d29ybGQ=?=", "=?utf-8?b?aHVudGVyMi12",
                 "if a =?= b", "=?x?y?z?=", "=?utf-8?b?!!!!?=", "=?utf-8?b?A?="):  # fmt: skip
        stream = StreamRedactor(redactor)
        assert redactor.text(text) == text
        assert stream.feed(text.encode()) + stream.finish() == text.encode()


@pytest.mark.parametrize("secret", ["correct horse battery staple zebra", "hunter2-very-secret"])
def test_a_folded_header_is_masked(secret: str) -> None:
    # GIVEN a header that is broken where the secret has its blanks, or before it
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["X-Token"] = f"{'x' * 50} {secret}"
    text = message.as_string()
    assert "\r\n " in text
    # WHEN it is masked THEN only the rest is there
    shown = Redactor([secret]).text(text)
    assert "*****" in shown and not any(word in shown for word in secret.split())
