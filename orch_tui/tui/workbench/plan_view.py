"""Draws the orchestration as it is edited: tree, marks and title at once, problems and sequence a moment later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from textual.content import Content
from textual.timer import Timer

from orch_tui.model.orchestration import Orchestration
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.text import safe_line
from orch_tui.runs.estimates import read_estimates
from orch_tui.tui.text import line
from orch_tui.tui.workbench.checker import Checker
from orch_tui.tui.workbench.host import Asks, Times
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.shown import Shown
from orch_tui.tui.workbench.timeline import plan_timeline
from orch_tui.tui.workbench.widgets.components_pane import ComponentsPane
from orch_tui.tui.workbench.widgets.phase_tree import PhaseTree
from orch_tui.tui.workbench.widgets.problems import ProblemList
from orch_tui.tui.workbench.widgets.sequence import SequenceView

# Checking follows an edit at once while it is cheap, and waits for a pause when it is not. Seconds.
_SOON, _LATER = 0.02, 0.4


class PlanHost(Asks, Times, Protocol):
    """Works later and in the background."""


class PlanView:
    """``tree`` shows the run instead of the plan while one is shown; problems and sequence are always the plan's."""

    def __init__(
        self,
        bench: Workbench,
        components: ComponentsPane,
        tree: PhaseTree,
        sequence: SequenceView,
        problems: ProblemList,
        host: PlanHost,
        checked: Callable[[], None],
    ) -> None:
        """``checked`` is told when other problems are shown."""
        self._bench = bench
        self._components = components
        self._tree = tree
        self._sequence = sequence
        self._problems = problems
        self._host = host
        self._checked = checked
        self._seconds: Mapping[str, float] = {}
        self._checker: Checker | None = None
        self._check_timer: Timer | None = None
        self._titled: tuple[str, str | None] = ("", None)

    def definitions_changed(self) -> None:
        """Components and configurations may be others: read them anew."""
        self._bench.catalog.forget()
        self._checker = Checker(self._bench.project, self._found)
        self._components.show()

    def show(self, shown: Shown, focus: str | None = None) -> None:
        """Draw what an edit changed; the slower parts follow a moment later. ``focus``: put the cursor there."""
        self.show_tree(shown)
        if focus is not None:
            self._tree.go_to(focus)
        self.show_marks(shown)
        if self._check_timer is not None:
            self._check_timer.stop()
        cheap = self._checker is None or self._checker.is_cheap(self._bench.value)
        self._check_timer = self._host.set_timer(_SOON if cheap else _LATER, self.check)

    def show_tree(self, shown: Shown, *, redraw: bool = False) -> None:
        """The phases of the run that is shown, or of the orchestration as it is edited."""
        self._tree.show(shown.phases(self._bench.value), redraw=redraw)
        if shown.past and shown.model is not None:
            name = shown.model.state.header.name
            self._tree.border_title = line(f"{name} ─ as it ran, read only", limit=60)

    def show_marks(self, shown: Shown) -> None:
        """Draw marks and the title line again, where they are different now."""
        bench, tree = self._bench, self._tree
        tree.show_marks(bench.marks, bench.phase_marks)
        if shown.past:
            return
        marked = f"{len(bench.marks)} marked  " if bench.marks else ""
        state = ("● unsaved", "bold $text-warning") if bench.dirty else ("saved", "$text-muted")
        title = Content.assemble((f"{safe_line(bench.value.name, 60)} ─ ", "bold"), (marked, "$text-accent"), state)
        # Setting a title draws the whole widget again, also when it is the same one.
        if self._titled != (title.markup, tree.border_title):
            tree.border_title = title
            self._titled = (title.markup, tree.border_title)

    def check(self) -> None:
        """Find the problems of the value as it is now; draw them, the sequence and the uses."""
        if self._checker is not None:
            self._checker.check(self._bench.value)
            self.show_sequence()
            self._components.show_uses()

    def _found(self, value: Orchestration, problems: list[Problem]) -> None:
        self._host.on_its_thread(self._show_problems, problems)

    def _show_problems(self, problems: list[Problem]) -> None:
        if list(self._problems.problems) != problems:
            worst: dict[str, Severity] = {}
            for problem in problems:
                place = problem.task or problem.phase
                if place is not None:
                    worst.setdefault(place, problem.severity)
            self._problems.show(problems)
            self._tree.show_problems(worst)
        title = f"Problems: {len(problems)}" if problems else "Problems"
        if self._problems.border_title != title:
            self._problems.border_title = line(title)
        self._checked()

    def show_sequence(self) -> None:
        """When each task would run."""
        view = self._sequence
        view.show(plan_timeline(self._bench.value, self._seconds, self._bench.project.settings.max_parallel))
        if (view.border_subtitle or "") != view.summary:
            view.border_subtitle = line(view.summary)

    def read_durations(self) -> None:
        """Learn from the runs that there are how long tasks take."""
        self._host.in_background(self._read_durations(), "durations", "durations of runs")

    async def _read_durations(self) -> None:
        bench = self._bench
        estimates = await asyncio.to_thread(read_estimates, bench.project.paths, bench.value.id)
        if estimates.task_medians != self._seconds:
            self._seconds = estimates.task_medians
            self.show_sequence()
