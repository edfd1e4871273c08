"""Secrets that would be seen all the same are told by ``check``."""

from __future__ import annotations

import json

import pytest
from orch_tui.project.lint.check import check

from tests.unit.project.conftest import MakeProject


def command(script: object, **environment: str) -> dict[str, str]:
    """The file of a configuration of ``command``."""
    lines = ["[parameters]", f"command = {json.dumps(script)}"]
    lines += ["[parameters.environment]", *(f"{name} = {json.dumps(text)}" for name, text in environment.items())]
    return {"configurations/command/c.toml": "\n".join(lines) + "\n"}


def told(make_project: MakeProject, files: dict[str, str], code: str) -> list[tuple[str, str, str, str]]:
    problems = check(make_project(files))
    return [(p.severity.value, p.place, p.message, p.remedy) for p in problems if p.code == code]


@pytest.fixture(autouse=True)
def values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("API_TOKEN", "hunter22-hunter22"), ("YEAR", "2026"), ("WORD", "True"), ("PIN", "12")):
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("script", "environment", "shown"),
    [
        ('curl -H "Bearer $TOKEN" x', {"TOKEN": "${API_TOKEN}"}, "API_TOKEN (TOKEN) is in the arguments of curl"),
        ("mysql -p${API_TOKEN}", {}, "API_TOKEN is in the arguments of mysql"),
        ('psql "$DSN"', {"DSN": "postgres://me:${API_TOKEN}@db/x"}, "API_TOKEN (DSN) is in the arguments of psql"),
    ],
)  # fmt: skip
def test_a_secret_in_the_arguments_of_a_program_is_a_warning(
    make_project: MakeProject, script: str, environment: dict[str, str], shown: str
) -> None:
    # GIVEN a script that gives its secret to a program as an argument
    # WHEN the project is checked / THEN it is told with the place, the way out and not the value
    ((severity, place, message, remedy),) = told(make_project, command(script, **environment), "secret-in-arguments")
    assert (severity, place) == ("warning", "configurations/command/c.toml:2") and shown in message
    assert ("curl -K -" in remedy) is ("curl" in script) and "docs/secrets.md" in remedy and "hunter" not in message


def test_a_secret_in_a_list_of_arguments_is_an_error(make_project: MakeProject) -> None:
    files = command(["tool", "--token", "${API_TOKEN}", "$${WORD}", "${shell_variable}"])
    ((severity, _, message, _),) = told(make_project, files, "secret-in-arguments")
    assert severity == "error" and "secret API_TOKEN in a list of arguments" in message


def test_secrets_that_stay_out_of_arguments_are_not_told(make_project: MakeProject) -> None:
    script = 'printf \'header = "Authorization: Bearer %s"\\n\' "$TOKEN" | curl -K - x; PGPASSWORD=${API_TOKEN} psql'
    assert told(make_project, command(script, TOKEN="${API_TOKEN}"), "secret-in-arguments") == []


@pytest.mark.parametrize(
    ("name", "why"), [("PIN", "fewer than 4"), ("YEAR", "short number"), ("WORD", "a word that logs are full of")]
)
def test_a_value_that_is_not_masked_is_told(make_project: MakeProject, name: str, why: str) -> None:
    # GIVEN a secret whose value is short or an ordinary text, beside one that is not
    files = {"configurations/sql/c.toml": f'[parameters]\nx = "${{API_TOKEN}}"\ny = "${{{name}}}"\n'}
    # WHEN the project is checked / THEN the rule is told, not the value
    ((severity, _, message, _),) = told(make_project, files, "secret-not-masked")
    assert severity == "warning" and f"secret {name} is not masked" in message and why in message


def test_variables_that_are_called_like_secrets_are_told(make_project: MakeProject) -> None:
    # GIVEN variables with values, some of whose names are those of secrets
    text = """
name = "O"
[variables]
db_password = "x"
token_url = "https://x"
secret = ""
[[phases]]
id = "p"
[[phases.tasks]]
id = "t"
configuration = "sql/c"
variables = { API-KEY = "y", author = "z" }
"""
    # WHEN the project is checked / THEN these are told
    problems = told(make_project, {"orchestrations/o.toml": text, "configurations/sql/c.toml": ""}, "secret-variable")
    assert [message.split('"')[1] for _, _, message, _ in problems] == ["db_password", "API-KEY"]
    assert problems[1][3] == "put the value into .env, and write ${API_KEY} where {{ API-KEY }} stands"
