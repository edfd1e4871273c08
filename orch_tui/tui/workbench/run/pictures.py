"""The sequence in full width, over the workbench: the plan as it is edited, or the run that is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from orch_tui.runs.sequence.values import Sequence, sequence_of_run
from orch_tui.tui.workbench.host import Asks, Opens
from orch_tui.tui.workbench.run.watcher import RunWatcher
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree


class PicturesHost(Asks, Opens, Protocol):
    """Dialogs, and other places of the program."""


class Pictures:
    """Edits that are made there are the tree's own, at the task or phase under the cursor of the picture."""

    def __init__(
        self,
        watcher: RunWatcher,
        tree: PhaseTree,
        host: PicturesHost,
        do: Callable[[str], Awaitable[None]],
        jump: Callable[[str], None],
        planned: Callable[[], Sequence],
    ) -> None:
        """``do`` carries an action out by its id, ``jump`` goes to a task or phase in the tree, ``planned`` is the
        sequence of the plan."""
        self._watcher = watcher
        self._tree = tree
        self._host = host
        self._do = do
        self._jump = jump
        self._planned = planned

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {"workbench.sequence": self.open}

    def open(self) -> None:
        self._host.in_background(self._open, "sequence", "show the sequence")

    async def _open(self) -> None:
        from orch_tui.tui.sequence.screen import SequenceScreen

        item = self._tree.item
        screen = SequenceScreen(self._now(), self._look, cursor=item.id if item is not None else None, edit=self._edit)
        chosen = await self._host.ask(screen)
        if chosen is not None:
            self._jump(chosen)

    def _now(self) -> Sequence:
        model = self._watcher.shown.model
        return self._planned() if model is None else sequence_of_run(model, model.now())

    async def _look(self) -> Sequence:
        return self._now()

    async def _edit(self, action_id: str, cursor: str) -> None:
        if not self._watcher.shown.allows(action_id):
            self._host.say("This is a run, which no edit changes: Esc, and the plan can be edited.", "warning")
            return
        self._tree.go_to(cursor)
        await self._do(action_id)
