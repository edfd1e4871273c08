"""The projects that a person had on the screen last, for where no project is named; and what to open there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from orch_tui.cli.shared.errors import CliError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.own_files import read_own, replace_json

_MOST = 9
"""Each has one digit as its key."""
_LIMIT = 1 << 16
"""Bytes of the file that are read, at most."""
_HERE = "n"


def _file() -> Path:
    # Others see neither which projects there are nor where.
    from platformdirs import user_state_path

    return user_state_path("orch-tui") / "recent.json"


def recent_projects() -> list[Path]:
    """Directories, the last opened first; what is no project any more is left out."""
    return [one for one in _kept() if os.path.lexists(one / "orch.toml")]


def _kept() -> list[Path]:
    try:
        found = json.loads(read_own(_file(), _LIMIT))
    except (OSError, ValueError):
        # Not there yet, somebody else's, or broken: the next project that is opened makes it anew.
        return []
    texts = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    return [Path(one) for one in texts if os.path.isabs(one) and "\0" not in one][:_MOST]


def remember(root: Path) -> None:
    """The project is the last one opened."""
    kept = _kept()
    if kept[:1] == [root]:
        return
    texts = [os.fspath(one) for one in (root, *(one for one in kept if one != root))][:_MOST]
    try:
        _file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_json(_file(), texts, durable=False)
    except OSError:
        # No home that can be written to: only the list is lost, and nothing else needs it.
        return


def ask_for_project(outside: CliError) -> Path:
    """Which of the recent projects to open, or a new one made here where nothing is in its way. ``outside`` says why it
    is asked.

    Raises: CliError, DefinitionError, SaveError (it cannot be made here), click.Abort (Ctrl-C, end of input).
    """
    from orch_tui.project.saving.scaffold import in_the_way, new_project

    known = recent_projects()
    choices = [str(number) for number, _ in enumerate(known, 1)]
    if not in_the_way(Path.cwd()):
        choices.append(_HERE)
    if not choices:
        raise outside
    click.echo(safe_line(outside.sentence.partition(";")[0], 400))
    for number, one in zip(choices, known, strict=False):
        click.echo(f"  {number}  {safe_line(one.name, 60)}  {safe_line(os.fspath(one), 300)}")
    if _HERE in choices:
        click.echo(f"  {_HERE}  make a new project here")
    answer = click.prompt("Which one", type=click.Choice(choices), default=choices[0], show_choices=False)
    return known[int(answer) - 1] if answer != _HERE else new_project(Path.cwd()).root
