"""What somebody may have meant by a word that there is not."""

from __future__ import annotations

import pytest
from orch_tui.project.toml.decode import did_you_mean


@pytest.mark.parametrize(
    ("wrong", "known", "said"),
    [
        ("tiemout", ["timeout", "retry"], 'did you mean "timeout"?'),
        ("tiemout", [], ""),
        ("xyz", ["timeout", "retry"], ""),
        # Nobody mistypes a whole page, and to compare it with all words takes long.
        ("timeout" * 30, ["timeout" * 29], ""),
    ],
)
def test_the_nearest_word_is_offered(wrong: str, known: list[str], said: str) -> None:
    assert did_you_mean(wrong, known) == said
