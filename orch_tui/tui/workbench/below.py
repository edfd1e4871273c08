"""Ways to what is below the tree: the run, its cards, the problems of the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orch_tui.tui.workbench.host import Says
from orch_tui.tui.workbench.layout.panes import Panes
from orch_tui.tui.workbench.plan.problems import ProblemList
from orch_tui.tui.workbench.run.approval_card import ApprovalCard
from orch_tui.tui.workbench.run.failure_card import FailureCard
from orch_tui.tui.workbench.run.live_panel import LivePanel
from orch_tui.tui.workbench.run.starter import say_no_run
from orch_tui.tui.workbench.run.watcher import RunWatcher
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree


class Below:
    """Gives the focus to what is asked for, or says why there is no such thing."""

    def __init__(
        self, watcher: RunWatcher, panes: Panes, tree: PhaseTree, panel: LivePanel, problems: ProblemList, host: Says
    ) -> None:
        self._watcher = watcher
        self._tree = tree
        self._panes = panes
        self._panel = panel
        self._problems = problems
        self._host = host

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {
            "workbench.pane-run": self.go_to_run,
            "workbench.pane-problems": self._go_to_problems,
            "run.failure": self._go_to_failure,
            "run.approval": self._go_to_approval,
        }

    def go_to_run(self) -> None:
        """What is there: the run that is shown, or the problems of the plan."""
        if self._watcher.shown.model is None:
            self._panes.go_to("below")
        else:
            self._panes.show("below")
            self._panel.focus_tab()

    def _go_to_problems(self) -> None:
        if self._watcher.shown.model is not None:
            # They are problems of the plan, and have their place below it.
            self._watcher.hide()
            watch = self._host.key_of("run.watch")
            self._host.say(f"The plan and its problems; {watch} shows the run again.")
        self._panes.go_to("below", self._problems)

    def _go_to_failure(self) -> None:
        card = self._panel.query_one(FailureCard)
        if self._watcher.shown.model is None:
            say_no_run(self._host)
        elif card.failure is None:
            self._host.say("No task of the shown run has failed.", seconds=3)
        else:
            # The other panes are about the task under the cursor of the tree.
            self._tree.go_to(card.failure.task)
            self._panes.go_to("below", card)

    def _go_to_approval(self) -> None:
        card = self._panel.query_one(ApprovalCard)
        if self._watcher.shown.model is None:
            say_no_run(self._host)
        elif card.asking is None:
            self._host.say("The shown run asks nothing.", seconds=3)
        else:
            self._panes.go_to("below", card)
