"""Data with references in place of secrets: it comes back as it was, and on the disk it holds none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.model.variables.references import MissingSecrets
from orch_tui.project.masking.kept import HiddenSecret, has_references, resolved, with_references
from orch_tui.project.masking.redactor import Redactor

from tests.support.effort import examples

SECRETS = {"TOKEN": "hunter22-hunter22", "PIN": "123456", "YEAR": "2026", "ON": "true", "A": "a$b{TOKEN}c"}
WORD = st.one_of(
    st.sampled_from([*SECRETS.values(), "$", "$$", "${TOKEN}", "$${PIN}", "{TOKEN}", "-", " ", "/", "x", "7", "?k="]),
    st.text(max_size=3),
)
TEXT = st.lists(WORD, max_size=6).map("".join)
JSON = st.recursive(
    st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)


@given(value=JSON)
@settings(max_examples=examples(500), deadline=None)
def test_data_comes_back_as_it_was(value: Any) -> None:
    # GIVEN any data with secrets, references and dollars in it
    # WHEN it is kept and read again
    try:
        kept = with_references(value, SECRETS)
    except HiddenSecret:
        return
    # THEN it is the same, and what was kept has no secret in it that is masked in a log
    assert resolved(json.loads(json.dumps(kept)), SECRETS.get) == value
    assert "hunter22" not in json.dumps(kept) and has_references(kept) is (kept != value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"since": "2026-11-28", "on": True, "word": "true", "n": 2026}, None),
        ({"token": "hunter22-hunter22"}, {"token": "${TOKEN}"}),
        ({"next": "/v1?key=hunter22-hunter22&page=2"}, {"next": "/v1?key=${TOKEN}&page=2"}),
        ({"hunter22-hunter22": 1}, {"${TOKEN}": 1}),
        # Numbers are data, and so is a short secret within a longer word.
        ({"id": 123456, "order": "91234567", "pin": "123456"}, {"id": 123456, "order": "91234567", "pin": "${PIN}"}),
        ({"a": "$hunter22-hunter22", "b": "${TOKEN}"}, {"a": "$$${TOKEN}", "b": "$${TOKEN}"}),
    ],
)
def test_references_stand_for_secrets_and_nothing_else(value: Any, kept: Any) -> None:
    assert with_references(value, SECRETS) == (value if kept is None else kept)


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"me:hunter22-hunter22").decode(),
        "hunter22%2Dhunter22",
        b"hunter22-hunter22".hex(),
        "hunter22-\u200bhunter22",
    ],
)
def test_another_spelling_is_refused_with_its_name_and_place(text: str) -> None:
    # GIVEN a secret in a spelling that no reference can stand for
    with pytest.raises(HiddenSecret) as raised:
        # WHEN
        with_references({"pages": [{"cursor": "x"}, {"cursor": text}]}, SECRETS)
    # THEN the error says which and where, and not what
    assert (raised.value.name, raised.value.key) == ("TOKEN", "pages[1].cursor")
    assert Redactor(SECRETS.values()).text(str(raised.value)) == str(raised.value)


def test_a_secret_that_is_gone_is_an_error() -> None:
    with pytest.raises(MissingSecrets) as raised:
        resolved({"a": ["${GONE}", "${TOKEN}"]}, SECRETS.get)
    assert raised.value.names == ("GONE",)
