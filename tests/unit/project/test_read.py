"""Reading a project: values, and every kind of bad file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from orch_tui.model.components.component import DATA_FLOW_ORDER, ComponentType
from orch_tui.model.components.configuration import TableInput, TableOutput, WriteMode
from orch_tui.model.orchestration.orchestration import Task, TaskOptions, Variable
from orch_tui.model.orchestration.retry import Backoff, Retry
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.project import DefinitionError, Project, open_project

from tests.unit.project.conftest import MakeProject

FULL = """\
name = "Full"
description = "All keys"
max_parallel = 4
[defaults]
timeout = 90
[variables]
day = "1"
count = 7
where = { description = "Where to" }
[[phases]]
name = "First phase"
max_parallel = 2
[[phases.tasks]]
configuration = "sql/a"
enabled = false
continue_on_failure = true
retry = { attempts = 3, delay = "1m", backoff = "doubling" }
timeout = "1h30m"
delay = "250ms"
grace = 5
max_log_mb = 1.5
max_parallel = 1
variables = { day = "2", n = true }
[[phases.tasks]]
configuration = "reader/a"
[[schedules]]
cron = "30 5 * * 1-5"
[[schedules]]
cron = "@daily"
enabled = false
[notifications]
x = 1
"""


def one(project: Project, orchestration: str = "a") -> list[Problem]:
    with pytest.raises(DefinitionError) as error:
        project.orchestration(orchestration)
    return error.value.problems


def test_all_keys_of_an_orchestration(make_project: MakeProject) -> None:
    # GIVEN a file with every key, WHEN it is read
    project = make_project({"orchestrations/a.toml": FULL})
    value = project.orchestration("a")
    # THEN the value has them all, ids are made of names, and nothing is wrong
    assert (value.name, value.description, value.max_parallel) == ("Full", "All keys", 4)
    assert value.defaults == TaskOptions(timeout=90)
    assert value.variables == (Variable("day", "1"), Variable("count", "7"), Variable("where", None, "Where to"))
    assert [(phase.id, phase.name, phase.max_parallel) for phase in value.phases] == [("first-phase", "First phase", 2)]
    options = TaskOptions(Retry(3, 60.0, Backoff.DOUBLING), 5400.0, 0.25, 5.0, 1.5)
    first = Task("a", "sql/a", False, True, options, 1, {"day": "2", "n": "true"})
    assert value.phases[0].tasks == (first, Task("a-2", "reader/a"))
    assert value.schedules == (Schedule("30 5 * * 1-5"), Schedule("@daily", enabled=False))
    assert project.problems() == []


@pytest.mark.parametrize(
    ("folder", "name"), [("nightly loads", "nightly loads"), ("x" * 81, "x" * 79 + "…"), ("\x07", "project")]
)
def test_a_project_without_a_name_has_that_of_its_folder(tmp_path: Path, folder: str, name: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "orch.toml").write_text("")
    assert open_project(tmp_path / folder).settings.name == name


def test_written_ids_are_kept_clear_of_derived_ones(make_project: MakeProject) -> None:
    # GIVEN a task without an id before one whose id would be derived for it
    text = (
        '[[phases]]\n[[phases.tasks]]\nconfiguration = "sql/a"\n[[phases.tasks]]\nid = "a"\nconfiguration = "sql/b"\n'
    )
    # WHEN they are read, THEN the written id stays
    value = make_project({"orchestrations/a.toml": text}).orchestration("a")
    assert [task.id for task in value.tasks()] == ["a-2", "a"]
    assert (value.name, value.phases[0].id) == ("a", "phase")


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ("name = 1\n", 1, "name must be a text, not the number 1", "correct"),
        ('name = "x"\nmax_parallel = 0\n', 2, "max_parallel is 0; the least is 1", "correct"),
        ("max_parallel = true\n", 1, "must be a whole number, not true", "correct"),
        ('[[phases]]\n[[phases.tasks]]\nid = "x"\n', 2, "phases[1].tasks[1].configuration is missing", "component-id/"),
        ('[[phases]]\n[[phases.tasks]]\nconfiguration = "x"\n', 3, '"x" is no reference', "component-id/"),
        ('[[phases]]\n[[phases.tasks]]\nconfiguration = "../x"\n', 3, "cannot be a file name", "letters"),
        ('[[phases]]\n[[phases.tasks]]\nconfiguration = "a/b"\ntimeout = "3 weeks"\n', 4, "no duration", '"30m"'),
        ('[[phases]]\n[[phases.tasks]]\nconfiguration = "a/b"\ndelay = -1\n', 4, "no possible duration", '"30m"'),
        ('[[phases]]\n[[phases.tasks]]\nconfiguration = "a/b"\nretry = 3\n', 4, "must be a table like {", "correct"),
        ('[[phases]]\n[[phases.tasks]]\nconfiguration = "a/b"\ntimeout = 0\n', 4, "no time at all", "no limit"),
        ('[[phases]]\n[[phases.tasks]]\nconfiguration = "a/b"\ntimeout = "0h 0m"\n', 4, "no time at all", "no limit"),
        ("[defaults]\ntimeout = 0.0\n", 2, "defaults.timeout is 0.0: no time at all", "no limit"),
        ('[defaults.retry]\nattempts = 1\ntotal = "0s"\n', 3, "retry.total is 0s: no time at all", "no limit"),
        (
            '[[phases]]\n[[phases.tasks]]\nconfiguration = "a/b"\nretry = { attempts = 1, backoff = "dubling" }\n',
            4,
            '"dubling"; it can be "constant" or "doubling"',
            'did you mean "doubling"?',
        ),
        ('[[phases]]\nid = "p"\n[[phases]]\nid = "p"\n', 4, 'phases[2].id: "p" is the id of phases[1] too', "another"),
        ('[[phases]]\nid = "a b/"\n', 2, "is no possible id", "letters"),
        ('[phases]\nname = "x"\n', 1, "phases must be a list of tables, not a table", "[[phases]]"),
        ("phases = [1]\n", 1, "phases[1] must be a table, not the number 1", "correct"),
        ('[variables]\n"a b" = "x"\n', 2, '"a b" cannot be the name of a variable', "letter"),
        ("[variables]\na = 1979-05-27\n", 2, "must be a text, not the date or time 1979-05-27", "quotes"),
        ("[defaults]\nmax_log_mb = nan\n", 2, "max_log_mb is nan; it must be above 0", "correct"),
        ('a = "x\n', 1, "broken TOML: ", "toml.io"),
        ("a = 1\nb = \n", 2, "broken TOML: Invalid value", "toml.io"),
        ("a = " + "[" * 5000, 1, "nested too deeply", "[tables]"),
        ("a = 1" + "0" * 5000, 1, "broken TOML: ", "toml.io"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_is_told_with_its_line_and_a_remedy(
    make_project: MakeProject, text: str, line: int, message: str, remedy: str
) -> None:
    # GIVEN an orchestration with one mistake beside a good one
    project = make_project({"orchestrations/a.toml": text, "orchestrations/b.toml": 'name = "B"\n'})
    # WHEN it is read
    (problem,) = one(project)
    # THEN file, line, message and remedy say so, and the other one is usable
    assert (problem.severity, problem.place) == (Severity.ERROR, f"orchestrations/a.toml:{line}")
    assert message in problem.message and remedy in problem.remedy
    assert project.orchestration("b").name == "B"
    assert project.problems() == [problem]


def test_all_mistakes_of_a_file_come_at_once(make_project: MakeProject) -> None:
    # GIVEN a file with two errors and an unknown key, WHEN it is read
    project = make_project({"orchestrations/a.toml": "name = 1\nmax_paralel = 2\n[defaults]\ntimeout = []\n"})
    problems = one(project)
    # THEN all are there, and the text has a line for each
    assert [(problem.code, problem.line) for problem in problems] == [("type", 1), ("type", 4), ("unknown-key", 2)]
    text = str(DefinitionError(problems))
    assert text.count("\n") == 2
    assert 'a.toml:2: max_paralel is no key we know (did you mean "max_parallel"?)' in text


def test_an_unknown_key_is_only_a_warning(make_project: MakeProject) -> None:
    # GIVEN a good file with an unknown key, WHEN it is read, THEN it is usable
    project = make_project({"orchestrations/a.toml": 'name = "A"\n[extra]\nx = 1\n'})
    assert project.orchestration("a").name == "A"
    assert [(p.severity, p.code, p.line) for p in project.problems()] == [(Severity.WARNING, "unknown-key", 2)]


def test_messages_are_safe_for_a_terminal(make_project: MakeProject) -> None:
    # GIVEN keys and values with escape sequences and line ends
    text = '"\\u001b[31mkey\\n" = 1\nmax_parallel = "\\u001b]0;x\\u0007[b]\\n"\n'
    # WHEN they are told, THEN controls are gone and brackets stay
    text = str(DefinitionError(one(make_project({"orchestrations/a.toml": text}))))
    assert "\x1b" not in text and "\x07" not in text and text.count("\n") == 1 and "[b]" in text


def test_files_that_are_no_texts(make_project: MakeProject, tmp_path: Path) -> None:
    # GIVEN files that are not UTF-8, too long, a directory, a pipe, links out of the project, badly named
    project = make_project({"orchestrations/good.toml": ""})
    directory = project.paths.orchestrations
    (directory / "a.toml").write_bytes(b'ok = 1\nname = "\xff"\n')
    (directory / "b.toml").write_bytes(b"#" * (5 * 1024 * 1024 + 1))
    (directory / "c.toml").mkdir()
    os.mkfifo(directory / "d.toml")
    (tmp_path / "outside.toml").write_text("")
    (directory / "e.toml").symlink_to(tmp_path / "outside.toml")
    (directory / "f.toml").symlink_to(directory / "nowhere.toml")
    (directory / "g.toml").symlink_to(directory / "good.toml")
    (directory / "bad name.toml").write_text("")
    (directory / ".hidden.toml").write_text("= broken")
    # WHEN everything is read
    problems = {Path(problem.file or "").name: problem for problem in project.problems()}
    # THEN each is told, and the good ones are usable (a link inside of the project too)
    assert {name: (p.code, p.line) for name, p in problems.items()} == {
        "a.toml": ("encoding", 2),
        "b.toml": ("huge", None),
        "bad name.toml": ("invalid-id", None),
        "c.toml": ("unreadable", None),
        "d.toml": ("unreadable", None),
        "e.toml": ("symlink", None),
        "f.toml": ("missing-file", None),
    }
    assert project.orchestration("g").name == "g"
    assert "bad name" not in project.orchestration_ids()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(make_project: MakeProject) -> None:
    # GIVEN a file without permissions, WHEN it is read, THEN the reason is told
    project = make_project({"orchestrations/a.toml": ""})
    project.paths.orchestration("a").chmod(0)
    assert "Permission denied" in one(project)[0].message


def test_all_keys_of_a_configuration(make_project: MakeProject) -> None:
    # GIVEN a configuration with tables and a text in a file of its own, at some depth
    text = (
        'name = "Q"\ndescription = "D"\n[parameters]\nx = [{ sql = { file = "q.sql" } }, { file = 1 }]\n'
        '[[inputs]]\ntable = "in/orders"\n[[outputs]]\ntable = "out/sums"\nname = "s"\n'
        'mode = "incremental"\nprimary_key = ["id"]\n'
    )
    project = make_project({"configurations/sql/q.toml": text, "configurations/sql/q.sql": "select 1\r\n"})
    # WHEN it is read
    value = project.configuration("sql/q")
    # THEN the text is a parameter and the names of tables have defaults
    assert value.parameters == {"x": [{"sql": "select 1\r\n"}, {"file": 1}]}
    assert value.inputs == (TableInput("in/orders", "orders"),)
    assert value.outputs == (TableOutput("s", "out/sums", WriteMode.INCREMENTAL, ("id",)),)
    assert project.problems() == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('[parameters]\na = { file = "no.sql" }\n', 2, 'the file "no.sql": the file cannot be read: No such file'),
        ('[parameters]\na = { file = "../../../x" }\n', 2, "outside of the project"),
        ('[parameters]\na = { file = "/etc/passwd" }\n', 2, "outside of the project"),
        ('[parameters]\na = { file = "link.sql" }\n', 2, "outside of the project"),
        ('[parameters]\na = { file = "" }\n', 2, "cannot be the name of a file"),
        ('[[inputs]]\ntable = "x"\n', 2, 'inputs[1].table: "x" is no name of a table'),
        ('[[outputs]]\ntable = "a/b"\nmode = "incremental"\n', 3, "there is no primary_key"),
        ("parameters = []\n", 1, "parameters must be a table, not a list"),
    ],
)
def test_bad_configurations(make_project: MakeProject, text: str, line: int, message: str) -> None:
    # GIVEN a configuration with one mistake, WHEN it is read, THEN place and message say so
    project = make_project({"configurations/sql/a.toml": text})
    (project.paths.configurations / "sql" / "link.sql").symlink_to("/etc/passwd")
    with pytest.raises(DefinitionError) as error:
        project.configuration("sql/a")
    (problem,) = error.value.problems
    assert problem.place == f"configurations/sql/a.toml:{line}" and message in problem.message


def test_references_that_lead_nowhere(make_project: MakeProject) -> None:
    # GIVEN a project with a configuration and an orchestration
    project = make_project({"configurations/sql/campaigns.toml": "", "orchestrations/nightly.toml": 'name = "N"\n'})
    # WHEN others are asked for, THEN the nearest is offered, and no path outside is ever looked at
    for ref, remedy in [("sql/campaign", 'did you mean "sql/campaigns"?'), ("sql/..", "create it"), ("x", "")]:
        with pytest.raises(DefinitionError) as error:
            project.configuration(ref)
        assert remedy in error.value.problems[0].remedy
    with pytest.raises(DefinitionError, match='did you mean "nightly"'):
        project.orchestration("nightli")
    # AND an orchestration is a configuration too
    assert project.configuration("orchestration/nightly").name == "N"
    assert project.configuration_refs() == ["orchestration/nightly", "sql/campaigns"]


def test_components_of_the_users_own(make_project: MakeProject) -> None:
    # GIVEN manifests: a good one, one that hides a built-in one, and broken ones
    schema = '[schema]\ntype = "object"\n'
    project = make_project(
        {
            "components/mine.toml": 'name = "Mine"\ncommand = "echo hi"\ntables = "csv"\n' + schema,
            "components/sql.toml": 'type = "writer"\ncommand = ["x"]\nparameters_model = "os:system"\n',
            "components/none.toml": 'name = "None"\n',
            "components/bad.toml": 'type = "extracter"\ncommand = 1\ntables = "cvs"\n',
        }
    )
    # WHEN they are read
    components = project.components()
    # THEN the good ones are there, and the others are told about
    assert components["mine"].command == ("/bin/sh", "-c", "echo hi")
    assert components["mine"].schema == {"type": "object"} and not components["mine"].builtin
    assert components["sql"].type is ComponentType.WRITER and components["sql"].parameters_model is None
    assert components["reader"].builtin and "none" not in components and "bad" not in components
    found = {(Path(p.file or "").stem, p.code, p.severity) for p in project.problems()}
    assert found == {
        ("sql", "shadowed-component", Severity.WARNING),
        ("sql", "unknown-key", Severity.WARNING),
        ("none", "missing-key", Severity.ERROR),
        ("bad", "value", Severity.ERROR),
        ("bad", "type", Severity.ERROR),
    }


def test_two_rows_of_one_id(make_project: MakeProject) -> None:
    # GIVEN a configuration with a row of the same id twice
    project = make_project({"configurations/sql/a.toml": 'name = "A"\n[[rows]]\nid = "x"\n[[rows]]\nid = "x"\n'})
    # WHEN it is read THEN it is told where, and the remedy is about what is wrong
    with pytest.raises(DefinitionError) as raised:
        project.configuration("sql/a")
    (problem,) = raised.value.problems
    assert problem.code == "duplicate-id" and problem.remedy == "give one of them another id"


def test_settings(make_project: MakeProject) -> None:
    # GIVEN all keys of orch.toml
    text = (
        'name = "P"\nmax_parallel = 3\non_hangup = "stop"\npass_environment = ["LANG"]\n'
        'group_order = ["writer", "extractor"]\n[runs]\nkeep = 5\nkeep_days = 2.5\n[storage]\nkeep_versions = 1\n'
        "[environments.prod]\nx = 1\n"
    )
    # WHEN they are read
    project = make_project({"orch.toml": text})
    # THEN they hold, and types that were not named follow
    settings = project.settings
    assert (settings.name, settings.max_parallel, settings.on_hangup) == ("P", 3, "stop")
    assert (settings.keep_runs, settings.keep_days, settings.keep_versions) == (5, 2.5, 1)
    assert settings.group_order[:2] == (ComponentType.WRITER, ComponentType.EXTRACTOR)
    assert set(settings.group_order) == set(DATA_FLOW_ORDER) and settings.pass_environment == ("LANG",)
    assert project.problems() == []


def test_opening_a_project(make_project: MakeProject, tmp_path: Path) -> None:
    # GIVEN a project whose orch.toml is broken
    project = make_project({"orch.toml": "max_parallel = -1\nname = ", "orchestrations/a.toml": ""})
    # WHEN it is opened from a directory inside, THEN it is an error, or for the tolerant a problem and defaults
    with pytest.raises(DefinitionError, match=r"orch\.toml:2"):
        open_project(project.paths.orchestrations)
    tolerant = open_project(project.paths.orchestrations, tolerant=True)
    assert tolerant.settings.max_parallel == 10 and tolerant.root == project.root
    assert "orch.toml" in {problem.file for problem in tolerant.problems()}
    # AND where there is none, the remedy is told
    with pytest.raises(DefinitionError, match="orch-tui new"):
        open_project(tmp_path)


def test_files_are_read_once_until_reload(make_project: MakeProject) -> None:
    # GIVEN an orchestration that was read
    project = make_project({"orchestrations/a.toml": 'name = "A"\n'})
    project.orchestration("a")
    # WHEN its file changes
    project.paths.orchestration("a").write_text('name = "B"\n')
    # THEN the first value holds until it is forgotten or everything is reloaded
    assert project.orchestration("a").name == "A"
    project.forget(project.paths.orchestration("a"))
    assert project.orchestration("a").name == "B"
    project.paths.orchestration("a").write_text('name = "C"\n')
    project.reload()
    assert project.orchestration("a").name == "C"


def test_reading_imports_nothing_heavy(make_project: MakeProject) -> None:
    # GIVEN a project, WHEN a fresh interpreter reads it
    root = make_project({"orchestrations/a.toml": FULL, "configurations/sql/a.toml": ""}).root
    code = (
        "import sys, pathlib; from orch_tui.project.project import open_project\n"
        f"p = open_project(pathlib.Path({str(root)!r}))\n"
        "p.orchestration('a'); p.configuration('sql/a'); p.components()\n"
        "print([m for m in ('tomlkit', 'pydantic', 'duckdb', 'textual', 'difflib', 'dotenv') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # THEN no library that a run does not need is imported
    assert result.stdout.strip() == "[]"


def test_ids_are_in_their_own_order_not_in_that_of_file_names(make_project: MakeProject) -> None:
    project = make_project({f"orchestrations/{one}.toml": 'name = "x"' for one in ("a-b", "a", "a.c", "B")})
    assert project.orchestration_ids() == ["B", "a", "a-b", "a.c"]


def test_what_a_project_says_of_its_tables_reaches_the_processes_of_its_tasks(make_project: MakeProject) -> None:
    # GIVEN nothing THEN three versions stay, without an end
    settings = make_project({"orch.toml": 'name = "P"\n'}).settings
    assert settings.of_tables == {"ORCH_KEEP_VERSIONS": "3"}
    # GIVEN both THEN both are told
    text = 'name = "P"\n[storage]\nkeep_versions = 7\nkeep_days = 2.5\n'
    settings = make_project({"orch.toml": text}).settings
    assert settings.of_tables == {"ORCH_KEEP_VERSIONS": "7", "ORCH_KEEP_VERSION_DAYS": "2.5"}


@pytest.mark.parametrize("table", ["runs", "storage"])
def test_nothing_is_kept_for_no_days(make_project: MakeProject, table: str) -> None:
    project = make_project({"orch.toml": f'name = "P"\n[{table}]\nkeep_days = 0\n'})
    (problem,) = project.problems()
    assert "keep_days" in problem.message and "it must be above 0" in problem.message and problem.line == 3
