"""The text of a terminal in memory is that of pyte itself, whatever was written, however often somebody looked."""

from __future__ import annotations

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.terminal import TerminalScreen, TerminalStream

MOVES = ["\r", "\n", "\b", "\t", *(f"\x1b{rest}" for rest in ("M", "D", "c", "7", "8"))]
SEQUENCES = ["H", "2J", "K", "1K", "?5h", "?6h", "2;4r", "3;5H"]
COUNTED = [f"{n}{letter}" for n in (1, 3) for letter in "ABCDGLMP@Xbd"]
PIECES = st.one_of(
    st.text(alphabet="ab e\u0301\u4e2d\u2502", max_size=12),
    st.sampled_from([*MOVES, *(f"\x1b[{rest}" for rest in (*SEQUENCES, *COUNTED))]),
)


@example([("\u4e2d", False), ("\r", False), ("a", False)])
@given(st.lists(st.tuples(PIECES, st.booleans()), max_size=30))
def test_lines_are_those_of_pyte(pieces: list[tuple[str, bool]]) -> None:
    screen = TerminalScreen(7, 5)
    stream = TerminalStream(screen)
    for piece, look in pieces:
        stream.feed(piece.encode())
        if look:
            _compare(screen)
    screen.resize(4, 9)
    _compare(screen)


def _compare(screen: TerminalScreen) -> None:
    shown = screen.display
    # Where the first half of a wide character was written over, pyte's own text ends with an error.
    with contextlib.suppress(IndexError):
        assert shown == super(TerminalScreen, screen).display
