"""What an attempt starts: the argument vector of its program, what is wrapped around it, and its tables."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.attempts.task_facts import fill_command, program_problem
from orch_tui.model.components.component import Component
from orch_tui.model.components.configuration import Configuration, WriteMode
from orch_tui.model.errors import OrchError
from orch_tui.model.variables.references import is_small, resolve_secrets, secret_names
from orch_tui.project.definitions.shell import shell_argv

# -P: the working directory is the project, whose own copy.py must not take the place of the standard library's.
RUNNER = ("-P", "-m", "orch_tui.components.kit.processes.runner")
ROWS_RUNNER = ("-P", "-m", "orch_tui.components.kit.processes.rows")


class PrepareError(OrchError):
    """The task cannot be started; the text says why and what to do."""


def inline_program(
    component: Component, parameters: Mapping[str, Any], environment: dict[str, str], root: Path
) -> tuple[list[str], str]:
    """A program that the configuration itself names (``command``, ``directory``, ``environment``), and its directory.

    Adds to the environment what the configuration sets. Raises: PrepareError.
    """
    command = parameters.get("command")
    configuration = Configuration(component.id, "", "", parameters=parameters)
    if problem := program_problem(root, component, configuration):
        raise PrepareError(problem)
    cwd = root / str(below) if (below := parameters.get("directory")) else root
    if not cwd.is_dir():
        raise PrepareError(f'directory "{cwd}" does not exist; the parameter "directory" is relative to the project')
    settings = parameters.get("environment") or {}
    if not isinstance(settings, Mapping):
        raise PrepareError('the parameter "environment" must be a table of texts')
    known = environment.get("ORCH_SECRETS", "").split(",")
    if strange := sorted(secret_names(settings).difference(known)):
        raise PrepareError(
            f"the value of a variable brings ${{{strange[0]}}} into the environment; a secret must be named in the "
            "configuration itself, where the plan can see it"
        )
    secrets = {name: environment[name] for name in known if name}
    environment |= {name: str(value) for name, value in resolve_secrets(dict(settings), secrets.get).items()}
    argv = inline_argv(parameters, root, component, environment.get("PATH"))
    visible = secret_names(argv[:-1] if isinstance(command, str) else argv)
    if names := sorted(name for name in visible if name in known or not is_small(name)):
        raise PrepareError(
            f"secret {names[0]} in a list of arguments would be visible in the list of processes; write the command "
            "as one text (the shell reads the variable), or let the program read it from its environment"
        )
    return argv, str(cwd)


def inline_argv(parameters: Mapping[str, Any], root: Path, component: Component, path: str | None) -> list[str]:
    """What the parameter ``command`` starts: a text is for a shell, a list is a program with its arguments."""
    command, shell = parameters.get("command"), parameters.get("shell")
    if not isinstance(command, str):
        return [str(part) for part in command or ()]
    *words, script = shell_argv(command, shell, path)
    return [*fill_command(words, root, component), script] if shell is not None else [*words, script]


def wrapper_of(component: Component, configuration: Configuration, names: Collection[str], *, stage: bool) -> list[str]:
    """What starts the program for each row; then what brings the tables and masks secrets (``names``), around a program
    that does neither."""
    rows = ["--parallel", str(configuration.row_parallel), "--"]
    outer = [sys.executable, *ROWS_RUNNER, *rows] if configuration.rows else []
    tables = not component.staged and (configuration.reads or configuration.writes)
    if not tables and not names:
        return outer
    options = ["--stage", "--tables", component.tables] if stage and tables else []
    return [*outer, sys.executable, *RUNNER, *options, "--"]


def tables_of(configuration: Configuration, versions: Mapping[str, int]) -> dict[str, Any]:
    """For config.json; ``versions`` are those of inputs that are not the newest, by table."""
    return {
        "input": {
            "tables": [
                {
                    "source": item.table,
                    "destination": item.name,
                    **({"version": versions[item.table]} if item.table in versions else {}),
                }
                for item in configuration.inputs
            ]
        },
        "output": {
            "tables": [
                {
                    "source": item.name,
                    "destination": item.table,
                    "mode": item.mode.value,
                    "incremental": item.mode is WriteMode.INCREMENTAL,
                    "primary_key": list(item.primary_key),
                }
                for item in configuration.outputs
            ]
        },
    }
