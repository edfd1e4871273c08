"""``orch-tui keys``: what the keys of the screen do here, with the person's own configuration."""

from __future__ import annotations

import sys

import click

from orch_tui.cli.shared.errors import SUCCESS, USAGE
from orch_tui.cli.shared.opening import Screen, project_option
from orch_tui.cli.shared.output import Output


@click.command("keys")
@project_option
@click.pass_obj
def keys_command(screen: Screen, project: str | None) -> int:
    """List the keys of every part of the screen. Exit code 2 if the configuration file has settings that are wrong."""
    del project  # Taken like by every command; keys are a person's, not a project's.
    lines, right = screen.keys()
    Output(sys.stdout).lines(lines)
    return SUCCESS if right else USAGE
