"""What an attempt used: its words, and what a journal may hold of it."""

from __future__ import annotations

import pytest
from orch_tui.model.usage import Usage, decode_usage, encode_usage


def test_it_comes_back_from_a_journal() -> None:
    usage = Usage(95_000_000, 4.1, 0, 12)
    assert decode_usage(encode_usage(usage)) == usage
    assert usage.words == "peak 90.6 MiB, 4.1 s of CPU, read 0 B, wrote 12 B"


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        pytest.param(None, None, id="older program"),
        pytest.param("{}", None, id="nothing"),
        pytest.param('{"peak_memory": -1, "cpu": true, "read": "x"}', None, id="odd"),
        pytest.param('{"cpu": 2, "more": 1}', Usage(cpu=2.0), id="newer program"),
    ],
)
def test_what_is_odd_is_not_known(text: str | None, usage: Usage | None) -> None:
    assert decode_usage(text) == usage
    assert encode_usage(Usage()) is None
