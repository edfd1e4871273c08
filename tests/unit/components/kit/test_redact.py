"""Redaction: no form of a secret leaves, however the stream is cut, and other text stays as it is."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from orch_tui.components.kit.redact import Redactor, StreamRedactor, secret_forms

# Few letters, so that secrets overlap with themselves, with each other and with the text around them.
SECRET = st.one_of(st.text('ab&"é/+', min_size=4, max_size=12), st.text(min_size=4, max_size=20))
PEM = (
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n"
    "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n"
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


@given(
    secrets=st.lists(SECRET, min_size=1, max_size=3),
    words=st.lists(st.one_of(st.text('ab&"é/+ \n', max_size=8), st.integers(0, 200)), max_size=12),
    sizes=st.lists(st.integers(1, 9), max_size=40),
)
@example(secrets=["aaaa"], words=["aaaaaaa", 0, "aaa"], sizes=[1] * 12)
@example(secrets=["abab", "baba"], words=["ababababab"], sizes=[3, 3])
@settings(max_examples=400, deadline=None)
def test_no_form_leaves_whatever_the_cuts(secrets: list[str], words: list[str | int], sizes: list[int]) -> None:
    # GIVEN a text with secrets in all their forms, arriving in arbitrary pieces
    redactor = Redactor(secrets)
    forms = redactor.forms or (b"",)
    data = b"".join(
        word.encode("utf-8", "surrogateescape") if isinstance(word, str) else forms[word % len(forms)] for word in words
    )
    # WHEN it is redacted
    out = stream(redactor, cut(data, sizes))
    # THEN no form is left, and the cuts made no difference
    for form in redactor.forms:
        assert form not in out
    assert out == stream(redactor, [data])


@given(
    secrets=st.lists(SECRET, min_size=1, max_size=3),
    data=st.binary(max_size=200),
    sizes=st.lists(st.integers(1, 20), max_size=20),
)
@settings(max_examples=200, deadline=None)
def test_text_without_a_secret_is_unchanged(secrets: list[str], data: bytes, sizes: list[int]) -> None:
    # GIVEN binary output that holds no form of a secret
    redactor = Redactor(secrets)
    if any(form in data for form in redactor.forms):
        return
    # WHEN it passes / THEN it is the same to the byte
    assert stream(redactor, cut(data, sizes)) == data


@given(secret=st.text(min_size=4, max_size=30), before=st.binary(max_size=7), after=st.binary(max_size=7))
@settings(max_examples=300, deadline=None)
def test_base64_of_a_text_around_the_secret_is_masked(secret: str, before: bytes, after: bytes) -> None:
    # GIVEN base64 of a longer text with the secret in the middle (a Basic header, a key file)
    value = secret.strip("\r\n").encode("utf-8", "surrogateescape")
    if len(value) < 8:
        return
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + value + after).decode()
        # WHEN it is redacted
        out = Redactor([secret]).text(text)
        # THEN the characters that depend on the secret alone are gone
        assert out != text
        assert len(out) <= len(text) - len(value) + 8


@pytest.mark.parametrize("secret", ['pa"ss w/ö+rd&', "s3cr3t-value", "naïve\\path", "日本語のパス"])
def test_forms_on_the_way_are_masked(secret: str) -> None:
    # GIVEN the forms that libraries and shells give a value
    forms = [
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps({"a": secret}),
        json.dumps({"a": secret}, ensure_ascii=False),
        base64.b64encode(f"user:{secret}".encode()).decode(),
    ]
    for form in forms:
        # WHEN a line holds one / THEN it is masked and the rest stays
        out = Redactor([secret]).text(f"before {form} after")
        assert "*****" in out and out.startswith("before ") and out.endswith(" after"), form
        assert secret not in out


def test_lines_of_a_pem_key_are_masked_one_by_one() -> None:
    # GIVEN a key and a program that prints its lines indented
    out = Redactor([PEM]).text("\n".join(f"    {line}" for line in PEM.splitlines()))
    # THEN the body is masked and the harmless markers stay
    assert "MIIE" not in out and "BKcw" not in out and "BEGIN PRIVATE KEY" in out


def test_short_values_are_left_alone() -> None:
    assert Redactor(["abc", ""]).text("abc") == "abc"
    assert secret_forms("abc\n") == set()


def test_the_beginning_of_a_secret_waits_and_other_text_does_not() -> None:
    # GIVEN a prompt that ends with the beginning of a secret
    stream_redactor = StreamRedactor(Redactor(["hunter22"]))
    # WHEN it arrives / THEN everything before that is written at once, the rest with what follows
    assert stream_redactor.feed(b"password: hun") == b"password: "
    assert stream_redactor.feed(b"dred\n") == b"hundred\n"
    assert stream_redactor.feed(b"hunter2") == b""
    assert stream_redactor.feed(b"2!") == b"*****!"


def test_json_values_are_masked_in_keys_texts_and_numbers() -> None:
    redactor = Redactor(['a"b\\cd', "123456"])
    value = {'k a"b\\cd': ["x", {"y": 'a"b\\cd'}], "n": 123456, "ok": True, "none": None, "f": 1.5}
    assert redactor.value(value) == {"k *****": ["x", {"y": "*****"}], "n": "*****", "ok": True, "none": None, "f": 1.5}


def test_only_the_named_variables_are_secrets() -> None:
    redactor = Redactor.from_environment(
        {"ORCH_SECRETS": "TOKEN, OTHER,GONE", "TOKEN": "tokentoken", "HOME": "/home/x"}
    )
    assert redactor.text("tokentoken /home/x") == "***** /home/x"
    assert not Redactor.from_environment({"TOKEN": "tokentoken"})
