"""How the width of the tree is shared: names, what stands behind them, bars. Pure."""

from __future__ import annotations

from typing import NamedTuple

GAP = 2
"""Blank columns between a name, its state and its bar."""
WORD, TIME = 13, 8
"""Columns of a status with its word, and of a time."""
_SHORT = 3 + TIME
_LEAST, _MOST = 12, 0.6


class Widths(NamedTuple):
    """Columns that the longest row needs: its name, the name with its component, what stands behind it."""

    name: int = 0
    whole: int = 0
    behind: int = 0

    def or_more(self, other: Widths) -> Widths:
        """What both need."""
        return Widths(max(self.name, other.name), max(self.whole, other.whole), max(self.behind, other.behind))


class Columns(NamedTuple):
    """``bars`` of the columns of a row are its bar, 0 for none. ``words``: every state has its word."""

    bars: int = 0
    words: bool = True

    @property
    def behind_names(self) -> int:
        """The columns of the bar, and those that keep it apart."""
        return self.bars + GAP if self.bars else 0


def share(width: int, widths: Widths, *, bars: bool) -> Columns:
    """Names are whole for as long as anything else can give way: first bars shrink to a third, then components go and
    bars shrink further, then the words of usual states go. ``bars``: whether the screen is wide enough for any.
    """
    behind = max(widths.behind, TIME)
    if not bars:
        return Columns(0, widths.name + GAP + behind <= width)
    third, most = max(_LEAST, width // 3), int(width * _MOST)
    for names, words, least in (
        (widths.whole, True, third),
        (widths.name, True, third),
        (widths.name, True, max(_LEAST, width // 4)),
        (widths.name, False, _LEAST),
    ):
        room = width - names - 2 * GAP - (behind if words else min(behind, _SHORT))
        if room >= least:
            return Columns(max(_LEAST, min(room, most)), words)
    return Columns(max(_LEAST, min(width // 4, third)), False)
