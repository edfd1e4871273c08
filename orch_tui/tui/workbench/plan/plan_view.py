"""Draws the orchestration as it is edited: tree, bars, marks and title at once, problems a moment later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from textual.content import Content
from textual.timer import Timer

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.durations import show_duration
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import Project
from orch_tui.project.rule_history import rule_uses
from orch_tui.runs.planning.advising import NOTED_SECONDS, Advising, advice_problems, advise
from orch_tui.runs.planning.estimates import read_estimates
from orch_tui.runs.sequence.values import Sequence, sequence_of_plan
from orch_tui.tui.text import line
from orch_tui.tui.workbench.components.components_pane import ComponentsPane
from orch_tui.tui.workbench.host import Asks, Times
from orch_tui.tui.workbench.model import Item, Workbench
from orch_tui.tui.workbench.plan.checker import Checker
from orch_tui.tui.workbench.plan.facts import FactsPane
from orch_tui.tui.workbench.plan.plan_picture import PlanPicture
from orch_tui.tui.workbench.plan.plan_timeline import Planner, PlanTimeline
from orch_tui.tui.workbench.plan.problems import ProblemList
from orch_tui.tui.workbench.shown import Shown
from orch_tui.tui.workbench.tree.rule_row import place_in_tree
from orch_tui.tui.workbench.tree.states import TreeStates
from orch_tui.tui.workbench.tree.tree_pane import TreePane

# Checking follows an edit at once while it is cheap, and waits for a pause when it is not. Seconds.
_SOON, _LATER = 0.02, 0.4
_AT_REST = 0.5
"""Seconds without an edit, after which it is looked for what would make it quicker."""


class PlanHost(Asks, Times, Protocol):
    """Works later and in the background."""


class PlanView:
    """The tree shows the run instead of the plan while one is shown; problems are always the plan's."""

    def __init__(
        self,
        bench: Workbench,
        components: ComponentsPane,
        pane: TreePane,
        picture: PlanPicture,
        facts: FactsPane,
        problems: ProblemList,
        host: PlanHost,
        checked: Callable[[], None],
        learned: Callable[[], None],
    ) -> None:
        """``checked`` is told when other problems are shown, ``learned`` when more is known of durations."""
        self._bench = bench
        self._components = components
        self._pane = pane
        self._picture = picture
        self._facts = facts
        self._tree = pane.phase_tree
        self._problems = problems
        self._host = host
        self._checked = checked
        self._learned = learned
        self._planner = Planner()
        self._of_definitions: list[Problem] = []
        self._hints: list[Problem] = []
        self._hinted: Orchestration | None = None
        self._checker: Checker | None = None
        self._check_timer: Timer | None = None

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
        bars = self.bars() if shown.model is None else None
        if bars is not None:
            self._picture.follow(self.sequence)
        self._tree.show(shown.phases(self._bench.value), bars, redraw=redraw)
        self.tell_of_item()
        self._pane.show_about(how_known(bars) if bars is not None else "")
        if shown.past and shown.model is not None:
            name = shown.model.state.header.name
            self._pane.border_title = line(f"{name} ─ as it ran, read only", limit=60)

    def tell_of_item(self) -> Item | None:
        """What the cursor of the tree is on is marked in the picture, and told of below it."""
        item = self._tree.item
        self._picture.mark(item.id if item is not None else None)
        self._facts.about(item)
        return item

    def sequence(self) -> Sequence:
        """What a run of the orchestration as it is edited would follow, with the durations that are known."""
        bench = self._bench
        limit = bench.project.settings.max_parallel
        return sequence_of_plan(
            bench.value, lambda ref: bench.catalog.label(ref).configuration, self._planner.known, limit
        )

    def show_marks(self, shown: Shown) -> None:
        """Draw marks and the title line again, where they are different now."""
        bench, pane = self._bench, self._pane
        self._tree.show_marks(bench.marks, bench.phase_marks)
        if shown.past:
            return
        marked = f"{len(bench.marks)} marked  " if bench.marks else ""
        state = ("● unsaved", "bold $text-warning") if bench.dirty else ("saved", "$text-muted")
        title = Content.assemble((f"{safe_line(bench.value.name, 60)} ─ ", "bold"), (marked, "$text-accent"), state)
        pane.border_title = title

    def check(self) -> None:
        """Find the problems of the value as it is now; draw them and the uses."""
        if self._checker is not None:
            self._checker.check(self._bench.value)
            self._components.show_uses()

    def _found(self, value: Orchestration, problems: list[Problem]) -> None:
        self._host.on_its_thread(self._take_problems, value, problems)

    def _take_problems(self, value: Orchestration, problems: list[Problem]) -> None:
        kept = self._hints if value is self._hinted else []
        self._of_definitions = problems
        self._show_problems([*problems, *kept])
        if value is not self._hinted:
            self._look_for_hints(value)

    def _look_for_hints(self, value: Orchestration) -> None:
        """Of large orchestrations there are none: each change would be a whole run to play."""
        if self._planner.known and self._checker is not None and self._checker.is_cheap(value):
            self._host.in_background(partial(self._advise, value), "advice", "play runs with other plans")

    async def _advise(self, value: Orchestration) -> None:
        """What would make it quicker, once nobody has edited it for a moment."""
        await asyncio.sleep(_AT_REST)
        root, seconds = self._bench.project.root, self._planner.known

        def found() -> Advising:
            # A project is not for several threads.
            return advise(Project(root, tolerant=True), value, NOTED_SECONDS, seconds)

        advising = await asyncio.to_thread(found)
        if value is self._bench.value:
            self._hinted, self._hints = value, advice_problems(advising, value)
            if self._hints:
                self._show_problems([*self._of_definitions, *self._hints])

    def _show_problems(self, problems: list[Problem]) -> None:
        if list(self._problems.problems) != problems:
            worst: dict[str, Severity] = {}
            for problem in problems:
                place = place_in_tree(problem)
                if place is not None:
                    worst.setdefault(place, problem.severity)
            self._problems.show(problems)
            self._tree.show_problems(worst)
        self._problems.border_title = line(f"Problems: {len(problems)}" if problems else "Problems")
        self._checked()

    def bars(self, runs: Callable[[str], bool] | None = None) -> PlanTimeline:
        """When each task would run; ``runs`` says which ones a part of it would run, None for all."""
        return self._planner.plan(self._bench.value, self._bench.project.settings.max_parallel, runs)

    def show_plan(self, shown: Shown) -> None:
        """The tree again, after something else stood in it."""
        self._tree.show_states(TreeStates(), self.bars())
        self.show_tree(shown)

    def read_durations(self) -> None:
        """Learn from the runs that there are how long tasks take, how they ended last, and which rules none takes."""
        self._host.in_background(self._read_durations, "durations", "durations of runs")

    async def _read_durations(self) -> None:
        paths, value = self._bench.project.paths, self._bench.value
        estimates = await asyncio.to_thread(read_estimates, paths, value.id)
        uses = await asyncio.to_thread(rule_uses, paths, value)
        # By what the rule is, and not by its place: edits go on meanwhile.
        unused = {
            (phase, value.phase(phase).rules[number]): use.runs
            for (phase, number), use in uses.items()
            if use.never_taken
        }
        look = self._tree.look
        if (unused, estimates.task_ends) != (look.unused, look.ends):
            look.unused, look.ends = unused, estimates.task_ends
            # What stands behind names needs other columns.
            look.forget()
            self._learned()
        self.learn(estimates.task_medians)

    def learn(self, seconds: Mapping[str, float]) -> None:
        """How long tasks take, in seconds by their ids."""
        if self._planner.learn(seconds):
            self._learned()
            self._look_for_hints(self._bench.value)


def how_known(bars: PlanTimeline) -> str:
    """How long it takes, and how that is known; empty when nothing would run."""
    if not bars.running:
        return ""
    if not bars.known:
        return "durations not known yet"
    unknown = bars.running - bars.known
    return f"≈ {show_duration(bars.seconds)}" + (f", {counted(unknown, 'task')} guessed" if unknown else "")
