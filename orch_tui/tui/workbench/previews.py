"""What a run would do, shown in the tree in the place of the plan or of the run that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orch_tui.model.run.plan import Decision, RunPlan
from orch_tui.tui.workbench.dialogs.run_preview import Confirmed, confirm_in_tree
from orch_tui.tui.workbench.host import Asks
from orch_tui.tui.workbench.layout.panes import Panes
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.plan.plan_picture import PlanPicture
from orch_tui.tui.workbench.plan.plan_view import PlanView
from orch_tui.tui.workbench.run.run_view import RunView
from orch_tui.tui.workbench.run.watcher import RunWatcher
from orch_tui.tui.workbench.tree.tree_pane import TreePane

if TYPE_CHECKING:
    from orch_tui.tui.rehearsal.model import Assuming


class Previews:
    """Before a run, and in a rehearsal. ``busy``: one of them stands in the tree."""

    def __init__(
        self,
        bench: Workbench,
        pane: TreePane,
        picture: PlanPicture,
        panes: Panes,
        plan: PlanView,
        run: RunView,
        watcher: RunWatcher,
        host: Asks,
    ) -> None:
        self._bench = bench
        self._pane = pane
        self._picture = picture
        self._panes = panes
        self._plan = plan
        self._run = run
        self._watcher = watcher
        self._host = host
        self.busy = False

    async def confirmed(self, plan: RunPlan, title: str, *, may_change: bool) -> Confirmed | None:
        """Show in the tree what would happen to every task, and ask whether to start; ``may_change``: or with other
        values of its variables."""
        tree = self._pane.phase_tree
        self._panes.go_to("tasks")
        tree.show(self._bench.value.phases)
        runs = {task.id for task in plan.tasks() if task.decision is Decision.RUN}
        with self._in_the_tree():
            bars = self._plan.bars(runs.__contains__)
            return await confirm_in_tree(tree, plan, bars, title, self._host.ask, may_change=may_change)

    async def rehearsed(self, assuming: Assuming, title: str) -> bool:
        """Show the way of a rehearsal in the tree and the picture; True when something else is to be assumed."""
        from orch_tui.tui.rehearsal.picture import way_of
        from orch_tui.tui.workbench.dialogs.rehearsed import look_in_tree

        self._panes.go_to("tasks")
        self._pane.show_about("")
        self._picture.follow(lambda: way_of(assuming.rehearsal))
        with self._in_the_tree():
            return await look_in_tree(self._pane.phase_tree, assuming, title, self._host.ask)

    @contextmanager
    def _in_the_tree(self) -> Iterator[None]:
        """Until it is over, and what stood there before is back."""
        tree = self._pane.phase_tree
        self.busy = True
        try:
            yield
        finally:
            self.busy = False
            shown = self._watcher.shown
            if tree.is_attached and shown.model is None:
                self._plan.show_plan(shown)
            elif tree.is_attached:
                self._plan.show_tree(shown)
                self._run.draw_states(shown)
