"""``orch-tui keys``: what the keys of the screen do here, with the person's own configuration."""

from __future__ import annotations

import sys

import click

from orch_tui.cli.errors import SUCCESS, USAGE
from orch_tui.cli.opening import project_option
from orch_tui.cli.output import Output


@click.command("keys")
@project_option
def keys_command(project: str | None) -> int:
    """List the keys of every part of the screen. Exit code 2 if the configuration file has settings that are wrong."""
    del project  # Taken like by every command; keys are a person's, not a project's.
    from orch_tui.tui.keymap import keys_table, load_config

    Output(sys.stdout).lines(keys_table())
    return USAGE if load_config().complaints else SUCCESS
