"""Writing a secret into ``.env``: all other lines stay as they are, and the file is its owner's only."""

from __future__ import annotations

import io
from pathlib import Path

from orch_tui.model.errors import OrchError
from orch_tui.model.variables.references import is_secret_name
from orch_tui.project.files.atomic import write_atomic
from orch_tui.project.files.given_files import read_given
from orch_tui.project.project import Project
from orch_tui.project.saving.writer import SaveError, locked
from orch_tui.project.secrets import parse_env

_SHOWN = ".env"
_PRIVATE = 0o600


class NotKept(OrchError):
    """A value that ``.env`` cannot hold, or a name that nothing could refer to."""


def keep_secret(project: Project, name: str, value: str) -> None:
    """Set ``name`` in the project's ``.env``, in place of its line if there is one, else below the others.

    The file gets mode 0600; a new one too. Written in single quotes, as python-dotenv reads them back
    (https://saurabh-kumar.com/python-dotenv/).

    Raises:
        NotKept: the value or the name cannot stand there; nothing was changed.
        SaveError: the file could not be read or written; nothing was changed.
    """
    if not is_secret_name(name):
        raise NotKept(f'"{name}" is no name of a secret: letters, digits and _, beginning with a letter or _')
    path = project.paths.env_file
    with locked(project, _SHOWN):
        text = with_secret(_read(path), name, value)
        try:
            write_atomic(path, text, _PRIVATE)
        except OSError as error:
            raise SaveError(_SHOWN, error) from error


def with_secret(text: str, name: str, value: str) -> str:
    """The text of a ``.env`` in which ``name`` has this value. Raises: NotKept."""
    from dotenv.parser import parse_stream

    if not value:
        raise NotKept(f"{name} needs a value")
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    line = f"{name}='{quoted}'\n"
    pieces = [(binding.key, binding.original.string) for binding in parse_stream(io.StringIO(text))]
    # Of several lines with the name the last one counts.
    last = max((at for at, (key, _) in enumerate(pieces) if key == name), default=None)
    if last is None:
        above = text if not text or text.endswith("\n") else f"{text}\n"
        new = above + line
    else:
        found = pieces[last][1]
        blank = found[: len(found) - len(found.lstrip())]
        new = "".join(string for _, string in pieces[:last]) + blank + line
        new += "".join(string for _, string in pieces[last + 1 :])
    if parse_env(new)[0].get(name) != value:
        raise NotKept(f"the value of {name} has characters that .env cannot hold")
    return new


def _read(path: Path) -> str:
    try:
        return read_given(path).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise NotKept(".env is not UTF-8 text; save it as UTF-8, then set the secret again") from error
    except OSError as error:
        raise SaveError(_SHOWN, error) from error
