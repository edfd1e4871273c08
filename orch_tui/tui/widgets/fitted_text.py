"""Lines of running text in a pane of fixed height: what there is no room for is cut with a sign."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.visual import VisualType
from textual.widgets import Static


class FittedText(Static):
    """Where the lines need more rows than there are, the longest are cut, the first of them before others."""

    def render(self) -> VisualType:
        shown = super().render()
        if not isinstance(shown, Content) or not self.size:
            return shown
        return fitted(shown.split(), self.size.width, self.size.height)


def fitted(lines: Sequence[Content], width: int, height: int) -> Content:
    """The lines, wrapped, in at most ``height`` rows of ``width`` cells; each is told at least in part for as long as
    there are rows, and the last row says how many are left out."""
    wrapped = [line.wrap(width) or [line] for line in lines]
    rows = [len(pieces) for pieces in wrapped]
    while sum(rows) > height and max(rows) > 1:
        rows[rows.index(max(rows))] -= 1
    shown = [row for pieces, count in zip(wrapped, rows, strict=True) for row in _cut(pieces, count, width)]
    if len(shown) > height:
        left_out = len(lines) - max(0, height - 1)
        shown = [*shown[: max(0, height - 1)], Content.styled(f"… {left_out} more", "$text-muted")]
    return Content("\n").join(shown)


def _cut(pieces: Sequence[Content], count: int, width: int) -> Sequence[Content]:
    if count == len(pieces):
        return pieces
    last = pieces[count - 1].rstrip()
    return [*pieces[: count - 1], last.truncate(max(0, width - 1)).append("…")]
