"""What check says of rules: whatever a run does, and by what recorded runs have done."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.problem import Severity
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.lint.check import check
from orch_tui.project.project import Project, open_project
from orch_tui.project.rule_history import RuleUse, rule_uses

from tests.support.projects import make_project

FILE = """name = "Flow"

[[phases]]
id = "load"
name = "Load"
next = [
{rules}
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
"""


def project_with(path: Path, *rules: str) -> Project:
    root = make_project(path, {"o": {"P": {"one": "true", "two": "true"}}})
    text = FILE.replace("{rules}", ",\n".join(f"  {{ {rule} }}" for rule in rules))
    (root / "orchestrations" / "o.toml").write_text(text)
    return open_project(root)


@pytest.mark.parametrize(
    ("rule", "code", "words"),
    [
        (
            """name = "r", when = "task.one.status == 'failed'", goto = "end\"""",
            "never-holds",
            '"r" after the phase "Load"',
        ),
        ("""when = "1 == 2", on = "failure", goto = "end\"""", "never-holds", "never holds after a failure"),
        ("""when = "1 == 1", goto = "alert\"""", "always-holds", "always holds, whatever a run does"),
        (
            """when = "task.two.rows == 0", goto = "end\"""",
            "asks-too-early",
            'before the task "two"',
        ),
        ("""when = "phase.alert.seconds > 3.0", goto = "end\"""", "asks-too-early", 'before the phase "Alert" runs'),
    ],
)
def test_what_a_condition_says_in_every_run_is_a_problem_of_its_rule(
    tmp_path: Path, rule: str, code: str, words: str
) -> None:
    # GIVEN a rule before it that is right
    problems = check(project_with(tmp_path, """when = "task.one.rows == 0", goto = "end\"""", rule))
    # THEN it is told with its line
    assert [(one.code, one.severity, one.line, one.rule) for one in problems] == [(code, Severity.WARNING, 8, 1)]
    assert words in problems[0].message


def test_a_rule_with_the_condition_of_one_before_it_is_never_taken(tmp_path: Path) -> None:
    rule = """when = "task.one.rows == 0", on = "{}", goto = "end\""""
    rules = [rule.format(on) for on in ("success", "failure", "any", "success")]
    problems = check(project_with(tmp_path, *rules))
    assert [(one.code, one.rule) for one in problems] == [("never-tried", 3)]


def test_a_rule_that_no_recorded_run_has_taken_is_a_note(tmp_path: Path) -> None:
    # GIVEN 35 runs, in which one rule was always taken; copies of one, as only the journal counts
    rules = (
        """name = "never", when = "task.one.attempts > 3", goto = "end\"""",
        """name = "broken", on = "failure", goto = "end\"""",
        """name = "often", when = "task.one.attempts == 1", goto = "end\"""",
        """goto = "alert\"""",
    )
    project = project_with(tmp_path, *rules)
    run = start_run(project, plan_run(project, RunRequest("o")), by="test")
    run.wait()
    journal = (run.directory / JOURNAL).read_bytes()
    for number in range(34):
        copy = project.paths.run("o", f"20261120T{number:06}.000Z-aa")
        copy.mkdir(mode=0o700)
        (copy / JOURNAL).write_bytes(journal)
    # THEN that is known of those that counted, and not of the one that never did
    value = project.orchestration("o")
    assert rule_uses(project.paths, value) == {
        ("load", 0): RuleUse(35),
        ("load", 1): RuleUse(),
        ("load", 2): RuleUse(35, 35),
        ("load", 3): RuleUse(35),
    }
    notes = [one for one in check(project) if one.severity is Severity.NOTE]
    assert [(one.code, one.line, one.rule) for one in notes] == [("never-taken", 7, 0), ("never-taken", 10, 3)]
    assert "was never taken in the last 35 runs" in notes[0].message
    # AND runs with other rules do not count, nor journals that cannot be read
    (copy / JOURNAL).write_bytes(b'[[event]]\ntype = "decided"\nphase = 3\n\n')
    assert rule_uses(project.paths, value)["load", 0].runs == 34
    changed = project_with(tmp_path, *rules[1:])
    assert set(rule_uses(changed.paths, changed.orchestration("o")).values()) == {RuleUse()}


def test_what_a_rule_may_go_to_is_what_comes_behind_its_phase(tmp_path: Path) -> None:
    # GIVEN a rule to a phase that there is not, and whose name is near none
    (problem,) = check(project_with(tmp_path, """when = "task.one.rows == 0", goto = "zzzzzz\""""))
    assert "zzzzzz" in problem.message and problem.remedy == "name one of alert, end"


def test_each_later_phase_is_too_late_to_be_asked_for(tmp_path: Path) -> None:
    # GIVEN a third phase WHEN a rule after the first asks for the second THEN that is told as for the third
    project = project_with(tmp_path, """when = "task.two.rows == 0", goto = "end\"""")
    file = project.root / "orchestrations" / "o.toml"
    task = '[[phases.tasks]]\nid = "three"\nconfiguration = "command/one"\n'
    file.write_text(f'{file.read_text()}\n[[phases]]\nid = "last"\nname = "Last"\n\n{task}')
    assert [one.code for one in check(open_project(project.root))] == ["asks-too-early"]
    file.write_text(file.read_text().replace("task.two.rows", "task.three.rows"))
    assert [one.code for one in check(open_project(project.root))] == ["asks-too-early"]
    # AND what its own phase did is not
    file.write_text(file.read_text().replace("task.three.rows", "task.one.rows"))
    assert check(open_project(project.root)) == []
