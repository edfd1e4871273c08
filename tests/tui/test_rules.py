"""Rules in the tree of the workbench: looked at, added, edited, ordered, deleted, and as a run has taken them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.orchestration.rules import After, EndAs, Rule
from orch_tui.project.project import Project, open_project
from orch_tui.tui.app import OrchApp
from orch_tui.tui.workbench.dialogs.rule import RuleDialog
from orch_tui.tui.workbench.screen import WorkbenchScreen
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.projects import make_project
from tests.tui.driving import rows_of, said, text_of, until, workbench

FILE = """name = "Flow"

[[phases]]
id = "load"
name = "Load"
next = [
  # when there is nothing to publish
  { name = "nothing", when = 'task["one"].status == "skipped"', goto = "alert" },
  { on = "failure", goto = "end", as = "warning" },  # somebody looks at it later
]

[[phases.tasks]]
id = "one"
configuration = "command/one"

[[phases]]
id = "alert"
name = "Alert"

[[phases.tasks]]
id = "two"
configuration = "command/two"

[[phases]]
id = "publish"
name = "Publish"

[[phases.tasks]]
id = "three"
configuration = "command/three"
"""
DONE = """  { name = "done", when = 'task["one"].attempts == 1', goto = "publish" },
  { on = "failure\""""


@pytest.fixture
def flow(tmp_path: Path) -> Project:
    """Three phases; rules stand after the first."""
    root = make_project(tmp_path, {"o": {"P": {"one": "true", "two": "true", "three": "true"}}})
    (root / "orchestrations" / "o.toml").write_text(FILE)
    return open_project(root)


def rows(screen: WorkbenchScreen) -> list[str]:
    """The rows of the tree without their bars."""
    return [" ".join(row.split("┊")[0].split()) for row in rows_of(screen.phase_tree)]


async def opened(pilot: Pilot[int]) -> RuleDialog:
    await until(pilot, lambda: isinstance(pilot.app.screen, RuleDialog))
    form = pilot.app.screen
    assert isinstance(form, RuleDialog)
    return form


def says(pilot: Pilot[int], text: str) -> Callable[[], bool]:
    return lambda: text in text_of(pilot)


async def test_rules_stand_below_their_phase_and_every_edit_of_them_can_be_undone(flow: Project) -> None:
    path = flow.paths.orchestration("o")
    before = path.read_bytes()
    async with workbench(flow, "o") as (pilot, screen):
        tree = screen.phase_tree
        # GIVEN the rules between the phases
        assert [row for row in rows(screen) if "→" in row] == [
            '◇ nothing → 2 Alert one.status == "skipped"',
            "◇ on failure → end as warning",
        ]
        # WHEN the second is moved up, and deleted
        assert tree.go_to("load#1")
        await pilot.press("K")
        assert tree.cursor == tree.outline.index_of("load#0")
        await pilot.press("K")
        assert "cannot move that far up" in said(pilot)
        await pilot.press("d")
        # THEN the other one is left, and a rule bears no mark
        assert [rule.name for rule in screen.bench.value.phases[0].rules] == ["nothing"]
        assert tree.go_to("load#0")
        await pilot.press("space")
        assert not screen.bench.marks and not screen.bench.phase_marks
        # AND with the phase folded it is counted
        tree.go_to("load")
        await pilot.press("h")
        assert "1 task 1 rule" in rows(screen)[0]
        await pilot.press("l")
        # WHEN all is undone and saved, THEN the file is what it was
        await pilot.press("u", "u", "s")
        assert not screen.bench.dirty and path.read_bytes() == before
        # AND what is saved with an edit keeps the comments
        tree.go_to("load#0")
        await pilot.press("J", "s")
        after = path.read_text()
        assert "# when there is nothing to publish" in after and "# somebody looks at it later" in after
        assert [rule.name for rule in Project(flow.root).orchestration("o").phases[0].rules] == ["", "nothing"]


WRONG = [
    ('task["one"].rows >', "the expression ends too early (character 19)"),
    ('task["one"].rows = 3', "a comparison has two signs: =="),
    ('vars.day == "2026', "a text without its closing quote"),
    ("count(vars.day) > 1", 'there is no function "count"'),
    ('1 + "a" == 2', "no operation + for int, string"),
    ('task["on"].rows > 3', 'there is no task "on"; did you mean "one"?'),
    ('task["one"].row > 3', 'a task has no "row"; did you mean "rows"?'),
    ('phase["lod"].status == "error"', 'there is no phase "lod"; did you mean "load"?'),
    ('vars.dya == "x"', 'no variable "dya" is declared'),
    ("1 / 0 == 1", "a division by zero"),
    ("'yes'", "neither true nor false"),
    ("duration('x') > duration('1s')", "a text that is no duration"),
    ("task.e-mail.rows > 1", "an id with dashes stands in brackets"),
]


async def test_each_fault_of_a_condition_has_its_sentence_below_it(flow: Project) -> None:
    async with workbench(flow, "o") as (pilot, screen):
        # GIVEN the form of a new rule
        screen.phase_tree.go_to("one")
        await pilot.press("b")
        form = await opened(pilot)
        for condition, sentence in WRONG:
            # WHEN something wrong is typed, THEN its sentence stands below, and what was typed is still there
            form.condition.text = condition
            await until(pilot, says(pilot, sentence))
            assert pilot.app.screen is form and form.condition.text == condition
        # WHEN it is left, THEN the orchestration is as it was
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert not screen.bench.dirty


async def test_a_rule_is_added_with_names_offered_and_faults_shown_while_typing(flow: Project) -> None:
    async with workbench(flow, "o", (80, 24)) as (pilot, screen):
        # GIVEN the form of a new rule, from a task of the phase
        screen.phase_tree.go_to("one")
        await pilot.press("b")
        form = await opened(pilot)
        await until(pilot, says(pilot, "Without a condition it always holds"))
        # WHEN a condition is begun, THEN what may come next is offered, and → takes it
        await pilot.press(*"ta")
        await pilot.press("right", "right")
        assert form.condition.text == 'task["one"]'
        await pilot.press(*".st", "right", *' == "')
        # AND others are a key away
        await pilot.press("ctrl+n", "right")
        assert form.condition.text == 'task["one"].status == "waiting"'
        # AND what is wrong stands below with its place and the nearest name
        form.condition.text = 'task["on"].rows > 3'
        await until(pilot, says(pilot, 'there is no task "on"; did you mean "one"? (character 1)'))
        form.condition.text = 'task["one"].rows = 3'
        await until(pilot, says(pilot, "a comparison has two signs: =="))
        await pilot.press("ctrl+o")
        assert pilot.app.screen is form and "no condition" in said(pilot)
        # WHEN it is right, after any outcome, to the end as an error
        form.condition.text = 'task["one"].rows > 3'
        form.query_one("#rule-name", Input).value = "too many"
        form.outcome.text, form.goal.text = "any outcome", "the end, as error"
        await until(pilot, says(pilot, "it can be asked"))
        # AND one that contradicts the outcome is told, until that is another one
        form.condition.text = "phase.load.status == 'success'"
        await until(pilot, says(pilot, "it can be asked"))
        form.outcome.text = "failure"
        await until(pilot, says(pilot, "it never holds, whatever a run does"))
        form.outcome.text, form.condition.text = "any outcome", 'task["one"].rows > 3'
        await until(pilot, says(pilot, "it can be asked"))
        await pilot.press("ctrl+o")
        # THEN it stands last, with the cursor on it
        rule = Rule("end", 'task["one"].rows > 3', After.ANY, "too many", EndAs.ERROR)
        assert screen.bench.value.phases[0].rules[2] == rule
        assert screen.phase_tree.cursor == screen.phase_tree.outline.index_of("load#2")
        await pilot.press("u")
        assert len(screen.bench.value.phases[0].rules) == 2


async def test_a_rule_is_edited_and_what_a_moved_phase_breaks_is_a_problem(flow: Project) -> None:
    async with workbench(flow, "o") as (pilot, screen):
        # GIVEN the form of the first rule
        screen.phase_tree.go_to("load#0")
        await pilot.press("enter")
        form = await opened(pilot)
        assert "Rule after Load" in text_of(pilot) and form.goal.text == "2 Alert"
        # WHEN it leads elsewhere, under no condition
        form.goal.text, form.condition.text = "3 Publish", " "
        await pilot.press("ctrl+o")
        assert screen.bench.value.phases[0].rules[0] == Rule("publish", name="nothing")
        # AND that phase is moved before this one
        screen.phase_tree.go_to("publish")
        await pilot.press("left_square_bracket", "left_square_bracket")
        # THEN it says what is wrong, and goes to the rule from there
        await until(pilot, says(pilot, "goes back to"))
        assert "✘" in rows(screen)[screen.phase_tree.outline.index_of("load#0") or 0]
        screen.phase_tree.go_to("publish")
        await pilot.press("4", "enter")
        assert screen.phase_tree.item is not None and screen.phase_tree.item.id == "load#0"


async def test_a_run_shows_which_rule_was_taken_and_why_the_others_were_not(flow: Project) -> None:
    # GIVEN a run that went past a phase
    path = flow.paths.orchestration("o")
    path.write_text(FILE.replace('"nothing"', '"unlikely"').replace('  { on = "failure"', DONE))
    flow.forget(path)
    start_run(flow, plan_run(flow, RunRequest("o")), by="test").wait()
    async with workbench(flow, "o", (160, 40)) as (pilot, screen):
        await pilot.press("w")
        await until(pilot, says(pilot, "✔ taken"))
        # THEN each rule has its word and the facts that it saw, the phase its reason
        found = rows(screen)
        assert '◇ unlikely → 2 Alert one.status is "success" – no' in found
        assert any(row.startswith("◆ done → 3 Publish one.attempts is 1 ✔ taken") for row in found)
        assert any(row.startswith("◇ on failure → end as warning · not asked") for row in found)
        assert any('2 Alert phase "Load" went on to' in row and "skipped" in row for row in found)
        # AND the one under the cursor is told in whole; Enter goes to where it leads
        screen.phase_tree.go_to("load#1")
        await until(pilot, says(pilot, "◆ taken  done → Publish"))
        assert 'task["one"].attempts is 1' in text_of(pilot)
        await pilot.press("enter")
        assert screen.phase_tree.item is not None and screen.phase_tree.item.id == "publish"


async def test_the_preview_of_a_run_says_which_phases_rules_may_pass_over(flow: Project) -> None:
    async with workbench(flow, "o", (160, 40)) as (pilot, screen):
        # GIVEN a rule that leads past the second phase, and the cursor there
        first, *others = screen.bench.value.phases
        past = replace(first, rules=(replace(first.rules[0], goto="publish"),))
        screen.bench.push(replace(screen.bench.value, phases=(past, *others)), "editing")
        screen.desk.plan_changed("alert")
        # WHEN the run is looked at before it starts
        await pilot.press("s", "R")
        await until(pilot, says(pilot, "2 will run, 1 may run"))
        # THEN it says when the tasks of that phase run; so does the line of what is under the cursor
        assert any('2 Alert may run, if not "nothing"' in row for row in rows(screen))
        assert 'Alert — may run, if not "nothing"' in text_of(pilot)
        await pilot.press("down")
        await until(pilot, says(pilot, 'two · Command — may run, if not "nothing"'))


def test_the_form_over_the_tree(
    snap_compare: Callable[..., bool], flow: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def play(pilot: Pilot[int]) -> None:
        # GIVEN a condition with a name that there is not, and the beginning of another one
        pilot.app.open_workbench("o")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.press("b")
        form = await opened(pilot)
        form.condition.text = "phase.lod.seconds > 3.0 && task.one.ro"
        form.condition.move_cursor(form.condition.document.end)
        await until(pilot, says(pilot, 'there is no phase "lod"'))

    assert snap_compare(OrchApp(flow), terminal_size=(80, 24), run_before=play)
