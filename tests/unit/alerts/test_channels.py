"""What channels are called, and what of an address is a secret."""

from __future__ import annotations

import pytest
from orch_tui.alerts.channels import address_secrets, channel_words
from orch_tui.model.orchestration.alerts import Channel, ChannelKind


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("${SLACK_URL}", "${SLACK_URL}"),
        ("mailtos://me:pass%20word@mail.example.com?to=x", "mailtos://mail.example.com"),
        ("slack://TokenA/TokenB/TokenC", "slack://…"),
        ("json://localhost:80/secret", "json://localhost"),
        ("http://[bad", "an address that cannot be read"),
    ],
)
def test_no_secret_is_in_the_name_of_an_address(address: str, words: str) -> None:
    assert channel_words(Channel(ChannelKind.ADDRESS, address)) == words


def test_all_parts_of_an_address_that_may_be_tokens_are_secrets() -> None:
    found = address_secrets("slack://TokenA/TokenBB/#channel?key=abcdefg")
    assert {"TokenA", "TokenBB"} <= set(found)
    assert {"pass%20word", "pass word", "someone"} <= set(address_secrets("mailtos://someone:pass%20word@example.com"))
    assert "example.com" not in address_secrets("mailtos://someone:pass%20word@example.com")
    assert address_secrets("http://[bad") == ["http://[bad"]
