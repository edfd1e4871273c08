"""Reasons by their sentences, as a journal of an older program has them."""

from __future__ import annotations

from orch_tui.model.events.reasons import Reason, decode_reason


def in_words(sentence: str) -> Reason:
    reason = decode_reason(None, sentence)
    assert reason is not None
    return reason
