"""A row of the tree at several widths: the name is whole for as long as anything else can give way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.rules import EndAs, Rule
from orch_tui.model.problem import Severity
from orch_tui.tui.widgets.row_painter import Part, Row
from orch_tui.tui.workbench.catalog import Label
from orch_tui.tui.workbench.plan.plan_timeline import Planner, PlanTimeline
from orch_tui.tui.workbench.tree.bar_cells import BLOCKS
from orch_tui.tui.workbench.tree.rule_row import RuleRow
from orch_tui.tui.workbench.tree.states import RuleLook, TreeStates
from orch_tui.tui.workbench.tree.tree_rows import TreeRows

from tests.support.effort import examples

TASK = Task("t", "snowflake-extractor/index", continue_on_failure=True)
PHASE = Phase("p", "First", (TASK,))


def rows(*phases: Phase) -> TreeRows:
    look = TreeRows(lambda ref: Label("Snowflake extractor", _NAMES[ref]))
    look.measure(phases or (PHASE,), ())
    look.chart.glyphs = BLOCKS
    return look


_NAMES = {
    "snowflake-extractor/index": "Email recipient index",
    "snowflake-extractor/one": "Paid Campaign Performance",
    "snowflake-extractor/two": "Paid Campaign Recipients",
}


def text(row: Row) -> str:
    return "".join(part.text for part in row.left).strip()


def behind(row: Row) -> str:
    return "".join(part.text for part in row.right).strip()


def whole(row: Row) -> str:
    return "".join(part.text for part in (*row.left, *row.right))


def test_the_name_comes_first_and_the_component_goes_first() -> None:
    # GIVEN a row with room for all, and one a column narrower than that
    look = rows()
    needed = len(whole(look.task(TASK, PHASE, 120))) + 1
    assert text(look.task(TASK, PHASE, needed)) == "Email recipient index · Snowflake extractor"
    # THEN the component is gone as a whole, and the name is not touched
    assert text(look.task(TASK, PHASE, needed - 1)) == "Email recipient index"


@pytest.mark.parametrize(("width", "flag"), [(120, "continues on failure"), (50, "goes on")])
def test_flags_are_shorter_where_it_is_narrow(width: int, flag: str) -> None:
    look = rows()
    look.chart.lay_out(width, look.longest, bars=False)
    assert behind(look.task(TASK, PHASE, width)).endswith(flag)


def test_a_state_takes_the_place_of_the_flags() -> None:
    look = rows()
    look.states = TreeStates({"t": (Part("● processing"),)}, {"p": (Part("✔"),)})
    assert behind(look.task(TASK, PHASE, 80)) == "● processing"
    assert behind(look.phase(PHASE, 1, 80, folded=False)) == "✔"
    # AND a task and a phase may have the same id
    assert behind(look.phase(Phase("t", "Other", (TASK,)), 1, 80, folded=False)) == ""


def test_marks_and_problems_stand_before_the_name() -> None:
    look = rows()
    look.marks, look.problems = frozenset({"t"}), {"t": Severity.ERROR}
    before = [part.text for part in look.task(TASK, PHASE, 80).left[:2]]
    assert before == ["◆", "✘"]
    # AND a mark of a phase of the same id is another one
    assert [part.text for part in look.phase(Phase("t", "First"), 1, 80, folded=True).left[:1]] == [" "]
    assert behind(look.phase(Phase("t", "First"), 1, 80, folded=True)) == "no tasks"


def test_names_that_begin_alike_are_cut_where_one_can_tell_them_apart() -> None:
    # GIVEN two tasks whose names have the same beginning, and no room for them
    one, two = Task("1", "snowflake-extractor/one"), Task("2", "snowflake-extractor/two")
    phase = Phase("p", "First", (one, two))
    look = rows(phase)
    shown = [text(look.task(task, phase, 21)) for task in phase.tasks]
    assert shown == ["Paid…Performa", "Paid…Recipien"]


def known(seconds: float) -> PlanTimeline:
    planner = Planner()
    planner.learn({"t": seconds})
    return planner.plan(Orchestration("o", "O", phases=(PHASE,)), 10)


def test_bars_stand_in_the_same_columns_of_all_rows_and_of_the_heading() -> None:
    look = rows()
    look.chart.show(known(8.0))
    look.chart.lay_out(99, look.longest, bars=True)
    task, phase = whole(look.task(TASK, PHASE, 100)), whole(look.phase(PHASE, 1, 100, folded=False))
    # THEN what is left of them says how long it takes
    assert "≈ 8.0 s  ▄▄▄▄" in task and "≈ 8.0 s  ────" in phase
    # AND with the blanks between left and right they are as far from the edge
    columns = look.chart.columns.bars
    assert task[-columns - 1 :].startswith("▄") and phase[-columns - 1 :].startswith("─")
    assert whole(look.chart.head(""))[-columns - 1 :].startswith("╷0")
    # AND where there is no room for bars, there is none for times of an axis
    look.chart.lay_out(77, look.longest, bars=False)
    assert "▄" not in whole(look.task(TASK, PHASE, 78)) and "╷" not in whole(look.chart.head("≈ 8.0 s"))


def test_only_phases_that_are_others_are_measured_again() -> None:
    asked: list[str] = []

    def label(ref: str) -> Label:
        asked.append(ref)
        return Label("Snowflake extractor", _NAMES[ref])

    look = TreeRows(label)
    other = Phase("q", "Second", (Task("1", "snowflake-extractor/one"),))
    look.measure((PHASE, other), ())
    longest = look.longest
    assert longest.name == 6 + len("Paid Campaign Performance")
    # WHEN one of them is another THEN only it is looked at
    asked.clear()
    look.measure((PHASE, Phase("q", "Second", other.tasks)), ())
    assert set(asked) == {"snowflake-extractor/one"} and look.longest == longest


RULE = Rule("q", 'task["t"].rows == 0', name="nothing came")
LONG = Rule("end", 'task["t"].rows != null && task["t"].rows < 10', ends_as=EndAs.WARNING)
NAMED, NUMBERED = {"p": "First", "q": "Second"}, {"p": 1, "q": 2}


def rule_text(look: TreeRows, rule: Rule, width: int) -> str:
    return text(look.rule(RuleRow("p#0", "p", 0, rule), NAMED, NUMBERED, width))


def test_a_rule_says_what_it_is_called_and_where_it_leads() -> None:
    # GIVEN a rule with a name, at three widths
    look = rows()
    assert rule_text(look, RULE, 80) == "◇ nothing came → 2 Second   t.rows == 0"
    # THEN its condition is there as a whole or not at all
    assert rule_text(look, RULE, 46) == "◇ nothing came → 2 Second"
    assert rule_text(look, RULE, 24) == "◇ nothin… → 2 S…"
    # AND of a condition that stands in place of a name the end goes, not where it leads
    assert rule_text(look, LONG, 50) == "◇ t.rows != null && t.ro… → end as warning"


def test_a_rule_of_a_run_says_what_it_saw_and_a_phase_why_it_was_passed_over() -> None:
    # GIVEN a run in which the rule was taken
    look = rows()
    saw = RuleLook("◆", "success", "strong", "t.rows is 0", (Part("✔ taken"),))
    look.states = TreeStates(notes={"p": 'phase "Zero" went on to "Second": nothing came'}, rules={"p#0": saw})
    row = look.rule(RuleRow("p#0", "p", 0, RULE), NAMED, NUMBERED, 80)
    # THEN what it saw stands in the place of its condition
    assert text(row) == "◆ nothing came → 2 Second   t.rows is 0" and behind(row) == "✔ taken"
    # AND the reason is beside the name of the phase, as far as there is room
    phase = look.phase(PHASE, 1, 50, folded=False)
    assert text(phase) == '▾ 1 First  phase "Zero" went on to "Second":…'


def test_a_folded_phase_counts_its_rules_and_shows_the_worst_of_their_problems() -> None:
    # GIVEN a phase with two rules, one of them wrong
    phase = replace(PHASE, rules=(RULE, LONG))
    look = rows(phase)
    look.problems = {"p#0": Severity.WARNING, "p#1": Severity.ERROR}
    # THEN that is to be seen while they are folded away, and at the rule itself while they are not
    folded = look.phase(phase, 1, 80, folded=True)
    assert behind(folded) == "1 task  2 rules" and folded.left[1].text == "✘"
    assert look.phase(phase, 1, 80, folded=False).left[1].text == " "
    assert look.rule(RuleRow("p#0", "p", 0, RULE), NAMED, NUMBERED, 80).left[1].text == "▲"


def test_a_rule_that_no_run_took_says_so_in_the_plan_and_not_in_a_run() -> None:
    # GIVEN a rule that 90 runs did not take
    look = rows()
    look.unused = {("p", RULE): 90}
    row = RuleRow("p#0", "p", 0, RULE)
    assert behind(look.rule(row, NAMED, NUMBERED, 90)) == "never taken in 90 runs"
    # THEN an edited one is another rule, and a run says what became of it
    assert behind(look.rule(replace(row, rule=LONG), NAMED, NUMBERED, 90)) == ""
    look.states = TreeStates(rules={"p#0": RuleLook("◇", "dim", "dim", "", (Part("– no"),))})
    assert behind(look.rule(row, NAMED, NUMBERED, 90)) == "– no"


_CHANGES = ("enabled", "configuration", "mark", "problem", "state", "width", "durations", "bars", "order")


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(_CHANGES), st.integers(0, 2)), min_size=1, max_size=12))
def test_rows_that_are_kept_are_those_that_would_be_drawn(steps: list[tuple[str, int]]) -> None:
    refs = sorted(_NAMES)
    phase = Phase("p", "First", tuple(Task(f"t{number}", ref) for number, ref in enumerate(refs)))
    kept, planner, width, bars = rows(phase), Planner(), 60, True
    for what, number in steps:
        # WHEN one thing of many is another one
        task, others = phase.tasks[number], list(phase.tasks)
        match what:
            case "enabled":
                others[number] = replace(task, enabled=not task.enabled)
            case "configuration":
                others[number] = replace(task, configuration=refs[(refs.index(task.configuration) + 1) % 3])
            case "order":
                others.insert(0, others.pop(number))
            case "mark":
                kept.marks = frozenset(kept.marks) ^ {task.id}
            case "problem":
                kept.problems = {} if kept.problems else {task.id: Severity.ERROR}
            case "state":
                kept.states = TreeStates() if kept.states.tasks else TreeStates({task.id: (Part("● processing"),)}, {})
            case "width":
                width = (30, 60, 120)[number]
            case "durations":
                planner.learn({task.id: float(number + 1)})
            case "bars":
                bars = not bars
        phase = replace(phase, tasks=tuple(others))
        plan = planner.plan(Orchestration("o", "O", phases=(phase,)), 10)
        anew = rows(phase)
        for look in (kept, anew):
            look.marks, look.problems, look.states = kept.marks, kept.problems, kept.states
            look.chart.show(plan)
            look.measure((phase,), ())
            look.chart.lay_out(width, look.longest, bars=bars)
        # THEN every row is as of somebody who never saw it before
        assert [kept.task(one, phase, width) for one in phase.tasks] == [
            anew.task(one, phase, width) for one in phase.tasks
        ]
