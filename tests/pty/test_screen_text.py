"""The text of a terminal in memory is that of pyte itself, whatever was written, however often somebody looked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.terminal import TerminalScreen, TerminalStream

MOVES = ["\r", "\n", "\b", "\t", *(f"\x1b{rest}" for rest in ("M", "D", "c", "7", "8"))]
SEQUENCES = ["H", "2J", "K", "1K", "?5h", "?6h", "2;4r", "3;5H"]
COUNTED = [f"{n}{letter}" for n in (1, 3) for letter in "ABCDGLMP@Xbd"]
PIECES = st.one_of(
    st.text(alphabet="ab e\u0301\u4e2d\u2502", max_size=12),
    st.sampled_from([*MOVES, *(f"\x1b[{rest}" for rest in (*SEQUENCES, *COUNTED))]),
)


@given(st.lists(st.tuples(PIECES, st.booleans()), max_size=30))
def test_lines_are_those_of_pyte(pieces: list[tuple[str, bool]]) -> None:
    screen = TerminalScreen(7, 5)
    stream = TerminalStream(screen)
    for piece, look in pieces:
        stream.feed(piece.encode())
        if look:
            assert screen.display == super(TerminalScreen, screen).display
    screen.resize(4, 9)
    assert screen.display == super(TerminalScreen, screen).display
