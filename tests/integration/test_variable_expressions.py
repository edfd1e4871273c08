"""The component ``variables`` with expressions: what a run knows, as values, exactly or with a sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from orch_tui.components.kit.schema import validate_parameters
from orch_tui.model.problem import Severity
from orch_tui.model.status import Status
from orch_tui.project.lint.check import check
from orch_tui.project.project import Project, open_project

from tests.support.commands import command_here
from tests.support.engine_kit import make_commands, run

EXPRESSIONS = {
    "rows": 'task["load"].rows',
    "share": 'double(task["load"].rows) / 40.0',
    "late": 'task["load"].seconds > 600.0',
    "names": '["a", task["load"].variables.tag]',
    "started": "now - duration('0s') > timestamp('2020-01-01T00:00:00Z') ? timestamp('2026-11-29T10:00:00Z') : now",
    "given": 'vars.limit + "!"',
}


def expressed(root: Path, expressions: dict[str, str], *, sets: str = "[]", more: str = "") -> Project:
    """``load`` tells 12 rows, the task ``now`` sets variables out of expressions, ``use`` writes them down."""
    told = '{"variables": {"tag": "b"}, "files": [{"path": "x", "rows": 12}]}'
    load = f"cat > \"$KBC_DATADIR/result.json\" <<'X'\n{told}\nX"
    project = make_commands(root, {"one": {"load": load}, "two": {"use": "echo {{ rows }} {{ share }} > used"}})
    path = root / "orchestrations" / "o.toml"
    task = f'[[phases]]\nname = "mid"\n[[phases.tasks]]\nid = "now"\nconfiguration = "variables/facts"\nsets = {sets}\n'
    text = 'variables.limit = "3"\n' + path.read_text().replace(
        '[[phases]]\nname = "two"', task + '[[phases]]\nname = "two"'
    )
    path.write_text(text)
    (root / "configurations" / "variables").mkdir(exist_ok=True)
    lines = "".join(f"{name} = {json.dumps(text)}\n" for name, text in expressions.items())
    (root / "configurations" / "variables" / "facts.toml").write_text(
        f'name = "Facts"\n{more}[parameters.expressions]\n{lines}'
    )
    return open_project(project.root)


def test_the_component_variables_sets_them_from_expressions_over_the_run(tmp_path: Path) -> None:
    # GIVEN a task with expressions, which its orchestration does not have to say again
    project = expressed(tmp_path, EXPRESSIONS)
    assert not [problem for problem in check(project) if problem.severity is Severity.ERROR]
    # WHEN it runs THEN each has the type that its expression gave it
    state = run(project)
    assert state.status is Status.SUCCESS, state.reason
    values = {name: one.value for name, one in state.values.items() if one.task == "now"}
    assert values == {
        "rows": 12,
        "share": 0.3,
        "late": False,
        "names": ("a", "b"),
        "started": datetime(2026, 11, 29, 10, tzinfo=UTC),
        "given": "3!",
    }
    assert (tmp_path / "used").read_text() == "12 0.3\n"
    # AND the log says what each saw
    assert 'share: task["load"].rows is 12' in command_here(tmp_path, "logs", state.header.id, "now").stdout


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("task.lod.rows", "character 1", 'there is no task "lod"; did you mean "load"?'),
        ("task.load.row", "character 1", 'a task has no "row"; did you mean "rows"?'),
        ("1 +\n vars.limt", "line 2, character 2", 'no variable "limt" is declared'),
        ("task.use.rows", "character 1", 'task "use" has not ended when this is computed'),
        ("phase.mid.status", "character 1", 'phase "mid" has not ended when this is computed'),
        ("task.load.rows +", "character 17", "the expression ends too early"),
    ],
)
def test_what_is_wrong_with_an_expression_is_told_with_its_file_line_and_place(
    tmp_path: Path, text: str, place: str, sentence: str
) -> None:
    expressed(tmp_path, {"rows": "1", "share": "2.0", "bad": text})
    [problem] = check(open_project(tmp_path), lambda c, p: validate_parameters(c, p, tmp_path))
    assert (problem.file, problem.line) == ("configurations/variables/facts.toml", 6 if "\n" in text else 5)
    assert sentence in problem.message and place in problem.message, problem.message


def test_an_expression_that_gives_no_value_fails_its_task_which_sets_nothing(tmp_path: Path) -> None:
    state = run(expressed(tmp_path, {"rows": "1", "share": "2.0", "bad": "task.load.rows / (task.load.rows - 12)"}))
    assert state.tasks["now"].status is Status.ERROR and not state.tasks["now"].values
    assert state.tasks["now"].reason == "exit code 1: expressions.bad: a division by zero"


def test_an_expression_may_stand_beside_a_query_and_not_set_the_same(tmp_path: Path) -> None:
    project = expressed(tmp_path, {"rows": "1"}, sets='["share"]', more='parameters.sql = "select 0.5 as share"\n')
    assert (state := run(project)).status is Status.SUCCESS, state.reason
    assert (tmp_path / "used").read_text() == "1 0.5\n"
    # AND what both set is refused
    other = expressed(tmp_path, {"rows": "1", "share": "1"}, more='parameters.sql = "select 1 as rows"\n')
    assert '"rows" is set by an expression and by the query' in run(other).tasks["now"].reason
