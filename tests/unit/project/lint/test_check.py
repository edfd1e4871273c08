"""What ``check`` finds across files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.components.component import Component
from orch_tui.model.edits import edits
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.lint.check import Linter, check, check_orchestration
from orch_tui.project.lint.nesting import find_cycle
from orch_tui.project.project import Project

from tests.unit.project.conftest import MakeProject

READ_A = '[[outputs]]\ntable = "in/a"\n'
SUM_A = '[[inputs]]\ntable = "in/a"\n[[outputs]]\ntable = "out/a"\n'


def orchestration(*phases: list[str]) -> str:
    """A file with a phase P1, P2, … for each list of configurations; a "-" in front disables the task."""
    text = 'name = "O"\n'
    for number, refs in enumerate(phases, 1):
        text += f'\n[[phases]]\nid = "p{number}"\nname = "P{number}"\n'
        for ref in refs:
            bare = ref.removeprefix("-")
            text += f'[[phases.tasks]]\nid = "{bare.replace("/", "-")}-{number}-{refs.index(ref)}"\n'
            text += f'configuration = "{bare}"\n' + ("enabled = false\n" if bare != ref else "")
    return text


def found(project: Project, orchestration_id: str = "o") -> list[Problem]:
    return check_orchestration(project, project.orchestration(orchestration_id))


def codes(problems: list[Problem]) -> list[tuple[str, str, str | None]]:
    return [(problem.severity.value, problem.code, problem.task or problem.phase) for problem in problems]


def test_a_good_orchestration_has_no_problems(make_project: MakeProject) -> None:
    # GIVEN an extractor before a transformation, WHEN they are checked, THEN nothing is found
    project = make_project(
        {
            "orchestrations/o.toml": orchestration(["reader/a"], ["sql/a"]),
            "configurations/reader/a.toml": READ_A,
            "configurations/sql/a.toml": SUM_A,
        }
    )
    assert found(project) == [] and check(project) == []


def test_unknown_components_and_configurations(make_project: MakeProject) -> None:
    # GIVEN tasks that run what is not there, what is broken, and a disabled one
    project = make_project(
        {
            "orchestrations/o.toml": orchestration(["redaer/a", "reader/b", "sql/broken", "-gone/x"]),
            "configurations/reader/a.toml": READ_A,
            "configurations/sql/broken.toml": "name = 1\n",
        }
    )
    # WHEN they are checked
    problems = found(project)
    # THEN each is told with what was probably meant; the disabled one is only a warning
    assert codes(problems) == [
        ("error", "unknown-component", "redaer-a-1-0"),
        ("error", "unknown-configuration", "reader-b-1-1"),
        ("error", "broken-configuration", "sql-broken-1-2"),
        ("warning", "unknown-component", "gone-x-1-3"),
    ]
    assert problems[0].remedy == 'did you mean "reader"?' and problems[1].remedy == 'did you mean "reader/a"?'
    assert "configurations/sql/broken.toml:1: name must be a text" in problems[2].message
    # AND in the check of the whole project with file and line
    whole = [problem for problem in check(project) if problem.task == "reader-b-1-1"]
    assert [problem.place for problem in whole] == ["orchestrations/o.toml:9"]


def test_order_of_reading_and_writing(make_project: MakeProject) -> None:
    # GIVEN a transformation in front of its extractor
    files = {"configurations/reader/a.toml": READ_A, "configurations/sql/a.toml": SUM_A}
    project = make_project({**files, "orchestrations/o.toml": orchestration(["sql/a"], ["reader/a"])})
    # WHEN it is checked, THEN both tasks, the table and the remedy are named
    (problem,) = found(project)
    assert (problem.severity, problem.code, problem.task) == (Severity.ERROR, "read-before-write", "sql-a-1-0")
    for part in ('"a" (sql-a-1-0)', '"in/a"', '"a" (reader-a-2-0)', "later phase", '"P2"'):
        assert part in problem.message
    assert problem.remedy == 'move "a" (sql-a-1-0) to a phase after "P2"'
    # WHEN both are in one phase, THEN their order is a matter of chance
    both = edits.move_tasks(project.orchestration("o"), ["reader-a-2-0"], phase_id="p1")
    both = edits.drop_empty_phases(both)
    assert "matter of chance" in check_orchestration(project, both)[0].message
    # WHEN the table is in storage already, THEN it is a warning
    manifest = project.paths.storage / "in/a/table.toml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("")
    assert [p.severity for p in found(project)] == [Severity.WARNING]


def test_tables_that_nobody_writes(make_project: MakeProject) -> None:
    # GIVEN a task whose table only a disabled task writes
    files = {"configurations/reader/a.toml": READ_A, "configurations/sql/a.toml": SUM_A}
    project = make_project({**files, "orchestrations/o.toml": orchestration(["-reader/a"], ["sql/a"])})
    # WHEN it is checked, THEN the table is missing
    assert codes(found(project)) == [("error", "no-such-table", "sql-a-2-0")]
    # WHEN another orchestration writes it, THEN that one is named
    project.paths.orchestration("other").write_text(orchestration(["reader/a"]))
    (problem,) = found(project)
    assert (problem.code, problem.severity) == (
        "table-not-yet",
        Severity.WARNING,
    ) and 'run "other" first' in problem.remedy
    # WHEN a nested orchestration of an earlier phase writes it, THEN all is well
    project.paths.orchestration("o").write_text(orchestration(["orchestration/other"], ["sql/a"]))
    project.reload()
    assert found(project) == []


def test_tasks_of_one_phase_that_get_in_each_others_way(make_project: MakeProject) -> None:
    # GIVEN a phase with one configuration twice, and two configurations that write one table
    text = orchestration(["reader/a", "reader/b"]).replace("reader-b-1-1", "b")
    text += '[[phases.tasks]]\nid = "again"\nconfiguration = "reader/a"\n'
    project = make_project(
        {
            "orchestrations/o.toml": text,
            "configurations/reader/a.toml": READ_A,
            "configurations/reader/b.toml": READ_A,
        }
    )
    # WHEN it is checked, THEN both are warnings that name the tasks
    problems = found(project)
    assert codes(problems) == [("warning", "same-configuration", "again"), ("warning", "two-writers", "b")]
    assert "wait for each other" in problems[0].message and "both write" in problems[1].message
    # AND they are called as on the screen, by their ids where that does not tell them apart
    assert '"a" (reader-a-1-0) and "a" (again)' in problems[0].message
    assert '"a" (reader-a-1-0) and "b" of' in problems[1].message


def test_secrets_and_variables(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN configurations with secrets and variables, some of them known
    monkeypatch.delenv("DB_TOKEN", raising=False)
    monkeypatch.setenv("KNOWN", "x")
    project = make_project(
        {
            "orch.toml": '[variables]\na = "1"\n',
            "orchestrations/o.toml": '[variables]\nb = { }\n[[phases]]\nname = "P"\n[[phases.tasks]]\nid = "t"\n'
            'configuration = "command/x"\nvariables = { c = "1" }\n',
            "configurations/command/x.toml": "[parameters]\ncommand = 'X=1; echo ${X} ${DB_TOKEN} ${KNOWN} ${IN_FILE} "
            "{{ a }} {{ b }} {{ c }} {{ d }}'\n",
            ".env": "IN_FILE=secret\n",
        }
    )
    # WHEN they are checked, THEN only those without a value or declaration are told, and no value is
    problems = found(project)
    assert codes(problems) == [("error", "missing-secret", "t"), ("error", "undefined-variable", "t")]
    assert "DB_TOKEN" in problems[0].message and "KNOWN" not in problems[0].message and "IN_FILE" not in str(problems)
    assert "variable d," in problems[1].message
    # AND the mode of .env is a warning of the whole project
    assert ("env-mode", "chmod 600 .env") in {(problem.code, problem.remedy) for problem in check(project)}


def test_cycles_are_told_with_their_path(make_project: MakeProject) -> None:
    # GIVEN a → b → c → a, one that runs a, one that runs itself, and one that would if it were enabled
    project = make_project(
        {
            "orchestrations/a.toml": orchestration(["orchestration/b"]),
            "orchestrations/b.toml": orchestration(["orchestration/c"]),
            "orchestrations/c.toml": orchestration(["orchestration/a"]),
            "orchestrations/d.toml": orchestration(["orchestration/a"]),
            "orchestrations/e.toml": orchestration(["orchestration/e"]),
            "orchestrations/f.toml": orchestration(["-orchestration/f", "orchestration/d"]),
        }
    )
    # WHEN all is checked, THEN each cycle is there once, with its path
    cycles = [(p.severity.value, p.orchestration, p.message) for p in check(project) if p.code == "cycle"]
    assert cycles == [
        ("error", "a", "the orchestration runs itself: a → b → c → a"),
        ("error", "e", "the orchestration runs itself: e → e"),
        ("warning", "f", "the orchestration would run itself if a disabled task were enabled: f → f"),
    ]
    # AND live, at each of its members
    assert [p.message for p in found(project, "b")] == ["the orchestration runs itself: b → c → a → b"]
    assert find_cycle(project.orchestration("d"), project.orchestration) is None


def test_structure(make_project: MakeProject) -> None:
    # GIVEN orchestrations with nothing to run and odd phases
    project = make_project(
        {
            "orchestrations/o.toml": 'name = "O"\n',
            "orchestrations/p.toml": orchestration(["-reader/a"], []).replace('"P2"', '" p1"'),
            "configurations/reader/a.toml": READ_A,
        }
    )
    # WHEN they are checked, THEN it is told
    assert codes(found(project)) == [("note", "nothing-to-run", None)]
    assert codes(found(project, "p")) == [
        ("warning", "nothing-to-run", None),
        ("warning", "empty-phase", "p2"),
        ("warning", "duplicate-name", "p2"),
    ]
    # AND a value in memory may even have an id twice
    value = project.orchestration("p")
    twice = replace(value, phases=(value.phases[0], replace(value.phases[0], name="Other")))
    assert [p.code for p in Linter(project).check(twice)].count("duplicate-id") == 2


def test_parameters_are_validated_by_whoever_knows_how(make_project: MakeProject) -> None:
    # GIVEN a validator of parameters
    def validate(component: Component, parameters: Mapping[str, Any]) -> list[str]:
        return [] if "sql" in parameters else [f"{component.name} needs sql"]

    project = make_project(
        {
            "configurations/sql/good.toml": '[parameters]\nsql = "x"\n',
            "configurations/sql/bad.toml": 'name = "B"\n[parameters]\nx = 1\n',
            "configurations/gone/x.toml": "",
        }
    )
    # WHEN the project is checked, THEN what it says has a place; a configuration of no component is a warning
    problems = [(p.severity.value, p.code, p.place, p.message) for p in check(project, validate)]
    assert problems == [
        ("warning", "unknown-component", "configurations/gone/x.toml:1", 'there is no component "gone"'),
        ("error", "parameters", "configurations/sql/bad.toml:2", "SQL needs sql"),
    ]


def test_one_bad_file_leaves_the_rest_checked(make_project: MakeProject) -> None:
    # GIVEN a broken orchestration beside one with a mistake
    project = make_project({"orchestrations/a.toml": "= ", "orchestrations/o.toml": orchestration(["reader/x"])})
    # WHEN all is checked, THEN both are told
    assert {Path(p.file or "").stem: p.code for p in check(project)} == {"a": "syntax", "o": "unknown-configuration"}


def test_a_task_may_give_a_declared_variable_another_value(make_project: MakeProject) -> None:
    # GIVEN a variable of the project that a configuration uses, and a task that says what it is
    task = '[[phases.tasks]]\nconfiguration = "command/a"\nvariables = { day = "2" }\n'
    project = make_project(
        {
            "orch.toml": 'name = "P"\n[variables]\nday = "1"\n',
            "configurations/command/a.toml": 'name = "A"\n[parameters]\ncommand = "echo {{ day }}"\n',
            "orchestrations/o.toml": f'name = "O"\n[[phases]]\nname = "P"\n{task}',
        }
    )
    assert [one for one in found(project) if one.code == "undefined-variable"] == []


def test_an_expression_that_asks_for_what_has_not_ended_is_told_with_its_line(make_project: MakeProject) -> None:
    # GIVEN values that are computed in the second phase: of the first, of its own phase, and of no task at all
    values = (
        'name = "V"\n[parameters.expressions]\nright = "task.early.rows"\n'
        "wrong = '''\n1 +\ntask.late.rows'''\nodd = 'task.none.rows'\n"
    )
    early = '[[phases]]\nname = "One"\n[[phases.tasks]]\nid = "early"\nconfiguration = "command/a"\n'
    late = early.replace("One", "Two").replace("early", "late")
    asks = '[[phases.tasks]]\nid = "asks"\nconfiguration = "variables/v"\n'
    project = make_project(
        {
            "orch.toml": 'name = "P"\n',
            "components/variables.toml": 'name = "V"\ntype = "other"\ncommand = ["v"]\nexpressions = ["expressions"]\n',
            "configurations/command/a.toml": 'name = "A"\n[parameters]\ncommand = "true"\n',
            "configurations/variables/v.toml": values,
            "orchestrations/o.toml": f'name = "O"\n{early}{late}{asks}',
        }
    )
    told = {one.line: one.message for one in found(project) if one.code == "expression"}
    # THEN each is told with the line of the file that asks
    assert told.keys() == {5, 7}
    assert 'task "late" has not ended when this is computed' in told[5] and "none" in told[7]
