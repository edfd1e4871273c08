"""A pane with the picture of a sequence in it, which is imported when there is something to draw.

Before the first picture of a screen it would only make that come later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

if TYPE_CHECKING:
    from orch_tui.runs.sequence.values import Sequence
    from orch_tui.tui.sequence.picture import SequencePicture


class SequenceFrame(Vertical):
    """The keys are those of the list beside it; P shows the picture in full, with a cursor of its own."""

    centred = False
    """Whether a picture that is smaller stands in the middle."""

    def __init__(self, empty_text: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.border_title = "Sequence"
        self.picture: SequencePicture | None = None
        self._empty_text = empty_text

    def draw(self, sequence: Sequence) -> None:
        """Draw this one, where it differs from what is drawn."""
        if self.picture is None:
            from orch_tui.tui.sequence.picture import SequencePicture

            self.picture = SequencePicture(empty_text=self._empty_text, centred=self.centred)
            self.picture.can_focus = False
            self.mount(self.picture)
        self.picture.show(sequence)
