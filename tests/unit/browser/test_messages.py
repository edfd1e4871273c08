"""What the page may send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.browser.messages import Message, Ping, Resized, Typed, cells_of, read_message
from orch_tui.browser.terminal import LARGEST

from tests.support.effort import examples


@pytest.mark.parametrize(
    "text, message",
    [
        ('["stdin", "\\u001b[A"]', Typed(b"\x1b[A")),
        ('["stdin", "ž"]', Typed("ž".encode())),
        ('["stdin", "\\ud800"]', Typed(b"?")),
        ('["resize", {"width": 120, "height": 40}]', Resized(120, 40)),
        ('["resize", {"width": 0, "height": 1e300}]', Resized(1, LARGEST)),
        ('["resize", {"width": Infinity, "height": -3}]', Resized(LARGEST, 1)),
        ('["ping", "17"]', Ping("17")),
        ('["focus"]', None),
        ('["blur"]', None),
        ('["something new", 3]', None),
    ],
)
def test_messages_are_read(text: str, message: Message | None) -> None:
    assert read_message(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[1]",
        "nonsense",
        "[" * 100_000,
        '["resize", {"width": "wide", "height": 3}]',
        '["resize", {"width": true, "height": 3}]',
        '["resize", {"width": NaN, "height": 3}]',
    ],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_message(text)


@settings(max_examples=examples(50))
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_json_is_a_message_or_refused(value: object) -> None:
    try:
        message = read_message(json.dumps(value))
    except ValueError:
        return
    assert message is None or isinstance(message, Typed | Resized | Ping)


@pytest.mark.parametrize(
    "text, cells",
    [("120", 120), (None, 80), ("", 80), ("-5", 80), ("²", 80), ("0", 1), ("99999", LARGEST), ("9" * 5000, 80)],
)
def test_a_size_in_an_address(text: str | None, cells: int) -> None:
    assert cells_of(text, 80) == cells
