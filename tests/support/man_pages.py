"""The manual pages, made from the commands: ``python -m tests.support.man_pages [DIRECTORY]`` (default: docs/man)."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click_man.core import generate_man_page
from orch_tui.cli.main import cli

PAGES = Path(__file__).resolve().parents[2] / "docs" / "man"


def pages() -> dict[str, str]:
    """The text of each page by its file name: one of the program and one of each command, subcommands included."""
    return dict(_pages(click.Context(cli, info_name="orch-tui")))


def _pages(context: click.Context) -> list[tuple[str, str]]:
    # Neither version nor date: they would change every page with every release, and the day it is made on.
    text = generate_man_page(context, version="", date="orch-tui")
    name = context.command_path.replace(" ", "-")
    commands = _commands(context)
    if commands:
        # click-man's own list, its last section, has only commands that are imported already, and hidden ones too.
        text = text.partition("\n.SH COMMANDS")[0]
        listed = [f".TP\n\\fB{name}\\fP\n{command.get_short_help_str(200)}" for name, command in commands.items()]
        text = "\n".join([text.rstrip(), ".SH COMMANDS", *listed])
    if context.command.epilog:
        text = "\n".join([text.rstrip(), ".SH NOTES", context.command.epilog])
    found = [(f"{name}.1", "\n".join(line.rstrip() for line in text.splitlines()) + "\n")]
    for command_name, command in commands.items():
        found += _pages(click.Context(command, info_name=command_name, parent=context))
    return found


def _commands(context: click.Context) -> dict[str, click.Command]:
    group = context.command
    if not isinstance(group, click.Group):
        return {}
    """All that are not hidden."""
    known = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in known.items() if command is not None and not command.hidden}


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    made = pages()
    for name, text in made.items():
        (directory / name).write_text(text, encoding="utf-8")
    for old in directory.glob("*.1"):
        if old.name not in made:
            old.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PAGES)
