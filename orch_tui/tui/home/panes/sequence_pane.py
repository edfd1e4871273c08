"""The sequence of the orchestration under the cursor: its plan, or its run while one goes on.

What draws it is imported after the first picture: it would come later otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from orch_tui.project.project import DefinitionError
from orch_tui.tui.home.panes.details import NO_PHASES
from orch_tui.tui.sequence.frame import SequenceFrame

if TYPE_CHECKING:
    from orch_tui.runs.sequence.values import Sequence
    from orch_tui.tui.application import Application
    from orch_tui.tui.sequence.sources import RunSequence


class SequencePane(SequenceFrame):
    """Shows what it is told to follow."""

    app: Application

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(f" {NO_PHASES}", id=id)
        self.followed: str | None = None
        self._source: RunSequence | None = None
        self._ran = False
        self._drawn = False

    def follow(self, orchestration_id: str | None) -> None:
        """Show the sequence of this orchestration from now on; None: nothing is under the cursor."""
        if orchestration_id != self.followed:
            self.followed, self._source = orchestration_id, None
            self._ran = self._drawn = False
            self._look()

    def forget(self) -> None:
        """What was read may be different now."""
        self.followed = None

    def told(self, *, runs: bool) -> None:
        """Whether a run of it goes on now; how it ended is looked at once more."""
        if runs or self._ran:
            self._look()
        self._ran = runs

    def _look(self) -> None:
        if self.display and self.followed is not None:
            self._read()

    def on_show(self) -> None:
        """The terminal has grown."""
        self._look()

    @work(group="sequence", exclusive=True, description="read the sequence")
    async def _read(self) -> None:
        followed = self.followed
        sequence = await self._sequence(followed) if followed is not None else None
        if followed != self.followed or not self.is_attached:
            return
        if sequence is not None:
            self._drawn = True
            self.draw(sequence)

    async def _sequence(self, orchestration_id: str) -> Sequence | None:
        """The run as it stands, else the plan until it is drawn; None for "as before"."""
        from orch_tui.tui.sequence.sources import RunSequence

        source = self._source = self._source or RunSequence(self.app.project.paths, orchestration_id, self.app.clock)
        running = await source.look()
        # Not by the first look: a second one breaks it off.
        if running is not None or self._drawn:
            return running
        return await self._plan(orchestration_id)

    async def _plan(self, orchestration_id: str) -> Sequence:
        from orch_tui.runs.sequence.values import Sequence
        from orch_tui.tui.sequence.opening import planned_sequence

        try:
            return await planned_sequence(self.app, orchestration_id)
        except DefinitionError:
            # The pane of details says what is wrong with it.
            return Sequence(orchestration_id)
