"""What click makes of command lines, without processes."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from orch_tui.cli.main import cli
from orch_tui.cli.run.manner import parse_variables
from orch_tui.cli.shared.errors import CliError, complaint, os_sentence

from tests.support.projects import ROOT, make_project


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


@pytest.mark.parametrize("name", cli.list_commands(click.Context(cli)))
def test_every_command_has_help_and_takes_a_project(name: str) -> None:
    # WHEN
    result = invoke(name, "--help")
    # THEN
    assert result.exit_code == 0
    if name != "component":
        assert "--project" in result.output


def test_the_help_of_the_group_lists_every_command() -> None:
    # GIVEN the table of the group, which is written down so that help imports no command
    for name in cli.list_commands(click.Context(cli)):
        assert name in invoke("--help").output


def test_every_command_and_option_is_in_the_documentation() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    context = click.Context(cli)
    for name in cli.list_commands(context):
        assert f"`{name}" in text, name
    command = cli.get_command(context, "run")
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.opts[0] in text, parameter.opts


def test_the_nested_option_is_not_for_people() -> None:
    assert "--nested" not in invoke("run", "--help").output


@pytest.mark.parametrize(
    "arguments",
    [("run", "x", "--no-such"), ("logs",), ("logs", "r", "-n", "many"), ("list", "things"), ("runs", "-n", "0"),
     ("preview",), ("cancel",), ("component", "schema")],
)  # fmt: skip
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 2


def test_variables_keep_everything_after_the_first_equals_sign() -> None:
    assert parse_variables(("a=b=c", " d =", "a=last")) == {"a": "last", "d": ""}
    with pytest.raises(CliError, match="NAME=VALUE"):
        parse_variables(("=x",))


def test_json_and_csv_exclude_each_other(tmp_path: Path) -> None:
    project = make_project(tmp_path, {})
    result = invoke("preview", "a/b", "--json", "--csv", "-p", str(project))
    assert isinstance(result.exception, CliError)


@pytest.mark.parametrize(
    ("number", "words"),
    [(28, "free some space"), (30, "read-only"), (13, "permissions"), (20, "move it away"), (17, "move it away")],
)
def test_what_the_system_refuses_comes_with_a_remedy(number: int, words: str) -> None:
    # GIVEN
    error = OSError(number, "refused", "/some/\x1b[31mplace")
    # WHEN / THEN
    assert words in os_sentence(error)
    assert "\x1b" not in os_sentence(error)
    assert complaint(error) == (os_sentence(error), 2)


def test_a_fault_of_the_program_is_no_complaint() -> None:
    assert complaint(ZeroDivisionError()) is None
