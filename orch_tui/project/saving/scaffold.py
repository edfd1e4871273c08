"""A new project that runs at once."""

from __future__ import annotations

import os
from pathlib import Path

from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.atomic import write_atomic
from orch_tui.project.files.given_files import read_given
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project, open_project
from orch_tui.project.saving.writer import SaveError
from orch_tui.project.toml.decode import quote
from orch_tui.project.toml.text import string_text

# What may be there already: a fresh clone of an empty repository, say.
_HARMLESS = {
    ".git",
    ".gitignore",
    ".gitattributes",
    ".github",
    ".gitlab-ci.yml",
    ".editorconfig",
    "README.md",
    "LICENSE",
}
_IGNORED = (".env", ".orch/")

_SETTINGS = """\
# A project of orch-tui. All keys are optional.
name = {name}

# Tasks that run at the same time, at most.
max_parallel = 10

[defaults]
# A task that takes longer is stopped.
timeout = "1h"
"""
_HELLO = """\
name = "Hello"
description = "Says hello; the text of the command goes to /bin/sh."

[parameters]
command = "echo \\"Hello from {{ place }}\\""
"""
_FIRST = """\
name = "First steps"
description = "Phases run one after another; the tasks of a phase run in parallel."

[variables]
place = "orch-tui"

[[phases]]
id = "greet"
name = "Greet"

[[phases.tasks]]
id = "hello"
configuration = "command/hello"

[[phases]]
id = "look-around"
name = "Look around"

[[phases.tasks]]
id = "list-files"
configuration = "command/list-files"
"""
_LIST = """\
name = "List files"
description = "Lists the definitions of this project."

[parameters]
command = "ls orch.toml orchestrations configurations"
"""
_SAMPLE = {
    "configurations/command/hello.toml": _HELLO,
    "configurations/command/list-files.toml": _LIST,
    "orchestrations/first-steps.toml": _FIRST,
}
_ENV = "# Copy this file to .env, then: chmod 600 .env\n# A configuration uses a secret as ${NAME}.\nAPI_TOKEN=\n"


def in_the_way(root: Path) -> list[str]:
    """What is in a directory that no project is made beside. Raises: OSError."""
    there = sorted(entry.name for entry in os.scandir(root)) if root.exists() else []
    return [entry for entry in there if entry not in _HARMLESS]


def new_project(path: Path, name: str | None = None, *, sample: bool = True) -> Project:
    """Write a small project into ``path``, which may not exist yet or hold no more than a fresh repository does.

    Without ``sample`` it has no orchestration yet.

    Raises:
        DefinitionError: the directory has other things in it, or it is no directory.
        SaveError: a file cannot be written.
    """
    root = Path(os.path.abspath(path))
    shown = quote(str(root), 300)
    try:
        others = in_the_way(root)
    except NotADirectoryError:
        raise _refused(f"{shown} is a file", "name a directory") from None
    except OSError as error:
        raise SaveError(str(root), error) from error
    if "orch.toml" in others:
        raise _refused(f"there is a project in {shown} already", f"open it: orch-tui {safe_line(str(path), 200)}")
    if others:
        names = ", ".join(quote(entry, 40) for entry in others[:3])
        raise _refused(
            f"{shown} is not empty: it has {names}{', …' if len(others) > 3 else ''}", "name a new directory"
        )
    files = {
        ".env.example": _ENV,
        **(_SAMPLE if sample else {}),
        # Last: a directory is a project from here on.
        "orch.toml": _SETTINGS.format(name=string_text(name or root.name or "project")),
    }
    for file, text in files.items():
        _write(root / file, text)
        if file == ".env.example":
            _ignore(root / ".gitignore")
    return open_project(root)


def _ignore(path: Path) -> None:
    """Adds what git must not keep to a ``.gitignore`` that may be there."""
    text = read_given(path).decode("utf-8", "surrogateescape") if path.exists() else ""
    missing = [line for line in _IGNORED if line not in text.splitlines()]
    if missing:
        start = text if not text or text.endswith("\n") else text + "\n"
        _write(path, (start + "\n".join(missing) + "\n").encode("utf-8", "surrogateescape"))


def _write(path: Path, text: str | bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text)
    except OSError as error:
        raise SaveError(str(path), error) from error


def _refused(message: str, remedy: str) -> DefinitionError:
    return DefinitionError([Problem(Severity.ERROR, "not-empty", message, remedy)])
