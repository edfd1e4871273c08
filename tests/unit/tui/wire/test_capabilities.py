"""What a terminal can do, by its description and by where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from orch_tui.tui.wire.capabilities import of_terminal


@pytest.mark.parametrize("inside", ["TMUX", "STY"])
def test_within_a_multiplexer_nothing_is_repeated_by_the_terminal(inside: str) -> None:
    # GIVEN any TERM: curses reads one description in a process WHEN the terminal is one of a multiplexer
    found = of_terminal(None, {inside: "/tmp/tmux-1000/default,1,0"})
    # THEN its sequence for repeated characters is not used, and all else is
    assert found == replace(of_terminal(None, {}), repeat=False)
