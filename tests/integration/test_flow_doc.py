"""Every example of docs/flow.md does what the page says it does."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest
from orch_tui.cli.main import _COMMANDS
from orch_tui.conditions.condition import Expression
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryOn
from orch_tui.model.run.pools import pool_of
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.model.variables.values import text_of
from orch_tui.project.lint.check import check
from orch_tui.project.project import Project, open_project

from tests.integration.test_rules import work
from tests.support.commands import command_here
from tests.support.engine_kit import make_commands, run, write_command

PAGE = (Path(__file__).parents[2] / "docs" / "flow.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
BLOCKS = [(language, dedent(text)) for language, text in _BLOCK.findall(PAGE)]
NAMES = ("load", "publish", "alert")
TASKS = '\n[[phases.tasks]]\nid = "{0}"\nconfiguration = "command/{0}"\n'


def block(word: str, language: str = "toml") -> str:
    """The one block with this word in it."""
    (found,) = [text for kind, text in BLOCKS if kind == language and word in text]
    return found


def daily(root: Path, rows: int = 5, code: int = 0) -> Project:
    """The orchestration of the page's first example, with the phases that it names."""
    make_commands(root, {})
    (root / "orchestrations" / "o.toml").unlink()
    _, *phases = block("nothing came").split("[[phases]]")
    phases.append('\nid = "alert"\nname = "Alert"\n')
    text = "".join(f"[[phases]]{phase}{TASKS.format(id)}" for phase, id in zip(phases, NAMES, strict=True))
    (root / "orchestrations" / "daily.toml").write_text(f'name = "Daily"\n{text}')
    write_command(root, "load", work(rows, code))
    for name in NAMES[1:]:
        write_command(root, name, "true")
    return open_project(root)


def ways(state: RunState) -> dict[str, str]:
    return {phase.id: phase.status.value for phase in state.phases.values()}


def ran(root: Path, code: int = 0) -> dict[str, str]:
    done = command_here(root, "run", "daily", "-q")
    assert done.returncode == code, done.stderr

    value = json.loads(command_here(root, "show", "last", "--json").stdout)
    return {phase["id"]: phase["status"] for phase in value["phases"]}


@pytest.mark.parametrize(
    ("rows", "code", "way"),
    [
        (0, 0, {"load": "success", "publish": "skipped", "alert": "success"}),
        (5, 0, {"load": "success", "publish": "success", "alert": "skipped"}),
        (5, 1, {"load": "error", "publish": "skipped", "alert": "success"}),
    ],
)
def test_the_rules(tmp_path: Path, rows: int, code: int, way: dict[str, str]) -> None:
    daily(tmp_path, rows, code)
    assert ran(tmp_path) == way


def test_the_variables_that_a_program_leaves(tmp_path: Path) -> None:
    # GIVEN the result.json and the task of the page
    told, task = block('"variables"', "json"), block("later tasks and conditions may count on")
    command = f"cat > \"$KBC_DATADIR/result.json\" <<'X'\n{told}\nX"
    project = make_commands(tmp_path, {"one": {"load": command}, "two": {"use": "echo {{ orders }} {{ day }} > used"}})
    path = tmp_path / "orchestrations" / "o.toml"
    head, _, rest = path.read_text().partition("[[phases.tasks]]")
    path.write_text(head + task + "[[phases]]" + rest.partition("[[phases]]")[2])
    state = run(open_project(project.root))
    assert state.status is Status.SUCCESS and (tmp_path / "used").read_text() == "1200 2026-11-29\n"
    assert {name: text_of(one.value) for name, one in state.values.items()} == {
        "orders": "1200", "share": "0.25", "full": "true", "day": "2026-11-29",
    }  # fmt: skip


def test_the_expressions(tmp_path: Path) -> None:
    project = make_commands(
        tmp_path,
        {"one": {"load": work(5)}, "two": {"day": "x"}, "three": {"use": "echo {{ mood }} {{ quiet }} > used"}},
    )
    (tmp_path / "configurations" / "variables").mkdir()
    (tmp_path / "configurations" / "variables" / "day.toml").write_text(block("yesterday"))
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace("command/day", "variables/day"))
    state = run(open_project(project.root))
    assert state.status is Status.SUCCESS, state.reason
    assert (tmp_path / "used").read_text().startswith("as always ")
    assert set(state.values) == {"quiet", "mood", "yesterday"}


def test_the_pool_and_the_retry(tmp_path: Path) -> None:
    settings = f"{block('[pools]')}\n{block('connection reset')}"
    project = make_commands(
        tmp_path, {"one": {"a": {"command": "true", "pool": '"snowflake"', "weight": "2"}}}, settings
    )
    assert not check(project)
    retry = project.settings.defaults.retry
    on = (RetryOn.parse("timeout"), RetryOn.parse("contains: connection reset"))
    assert retry == Retry(3, 10.0, Backoff.DOUBLING, 3600.0, on, 5.0)
    state = run(project)
    assert pool_of(state.tasks["a"].planned) == ("snowflake", 2) and state.status is Status.SUCCESS


def test_the_rehearsals(tmp_path: Path) -> None:
    project = daily(tmp_path)
    path = tmp_path / "orchestrations" / "daily.toml"
    path.write_text(
        path.read_text().replace('id = "load"\nconfiguration', 'id = "load"\nsets = ["share"]\nconfiguration')
    )
    command_here(project.root, "run", "daily", "-q")
    lines = block("orch-tui rehearse", "").splitlines()
    assert len(lines) == 3
    for line in lines:
        # The run of the page was another one.
        words = shlex.split(re.sub(r"--replay \S+", "--replay last", line))[1:]
        done = command_here(project.root, *words)
        assert done.returncode == 0 and "Nothing was started." in done.stdout, (line, done.stderr)


def test_each_command_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"orch-tui ([a-z-]+)", PAGE))
    assert {"approve", "rehearse", "pools", "hold", "mark-done"} <= named and named <= set(_COMMANDS), named - set(
        _COMMANDS
    )


def test_each_condition_in_the_text_is_one() -> None:
    texts = [
        text
        for text in re.findall(r"`([^`\n]+)`", PAGE)
        if re.match(r"(task|phase)\[|now\.|int\(vars|timestamp\(", text)
    ]
    conditions = [text for text in texts if not text.endswith("()")]
    assert len(conditions) >= 8, conditions
    for text in conditions:
        Expression(text)


def test_each_toml_in_the_page_can_be_read() -> None:
    for language, text in BLOCKS:
        if language == "toml":
            tomllib.loads(text)
