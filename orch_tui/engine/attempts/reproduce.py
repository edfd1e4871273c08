"""The command that starts an attempt once more by hand, with nothing of the run in its way.

It is made from what the attempt's ``config.json`` keeps of its start: the program, the directory, the environment.
Secrets, and values of variables that the project passes on, are never kept; the command takes them from the shell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.processes.process import TASK_TAG
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import OrchError
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.texts.pattern import pattern
from orch_tui.model.variables.references import resolve_secrets
from orch_tui.project.attempt_dir import DATA_SUBFOLDERS, attempt_directory, config_file
from orch_tui.project.definitions.shell import PLAIN
from orch_tui.project.files.own_files import read_own

_PLAIN = pattern(r"[\w@%+=:,./-]+", re.ASCII)
_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_NESTED = "--nested"
# Stands for a secret until the text around it is quoted: no text from a file has a NUL.
_MARK = "\0"


class CannotReproduce(OrchError):
    """There is no such command; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """``command`` is text for ``/bin/sh``. ``secrets`` must be set where it is pasted; ``notes`` are sentences."""

    command: str
    secrets: tuple[str, ...]
    notes: tuple[str, ...]


def reproduce(run_directory: Path, task: TaskState, number: int | None = None) -> Reproduction:
    """The command for attempt ``number`` (None: the last one) of a task. Reads one file and changes nothing.

    Raises:
        CannotReproduce: the task never began, or its files are gone or of an older version.
    """
    number = number if number is not None else task.attempt.number if task.attempt is not None else None
    if number is None:
        raise CannotReproduce(f'"{task.name}" has not begun in this run, so there is no command of it')
    directory = attempt_directory(run_directory, task.id, number)
    config = read_attempt_config(directory)
    about = config["orch_tui"]
    start = about.get("start")
    if not isinstance(start, dict):
        raise CannotReproduce(f"{directory}/config.json does not say how the attempt was started: it is too old")
    if about.get("component") == ORCHESTRATION_COMPONENT:
        return _nested(start)
    return _program(directory, config, start)


def read_attempt_config(directory: Path) -> dict[str, Any]:
    """The ``config.json`` of an attempt, with ``parameters`` and ``orch_tui`` in it.

    Raises:
        CannotReproduce: it is gone, or is not what this program wrote.
    """
    path = config_file(directory)
    try:
        config = json.loads(read_own(path))
    except FileNotFoundError as error:
        raise CannotReproduce(f"the files of this attempt are gone: there is no {path} any more") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotReproduce(f"{path} cannot be read: {reason}") from error
    if not (isinstance(config, dict) and all(isinstance(config.get(key), dict) for key in ("parameters", "orch_tui"))):
        raise CannotReproduce(f"{path} is not what this program wrote there")
    return config


def _nested(start: Mapping[str, Any]) -> Reproduction:
    """A nested orchestration, as a run of its own: it would else count as a part of a run that goes on without it."""
    argv = [str(part) for part in start["program"]]
    if _NESTED in argv:
        at = argv.index(_NESTED)
        del argv[at : at + 2]
    note = "it starts a run of its own of the nested orchestration, with the environment of your shell"
    return Reproduction(f"(cd {quote(start['directory'])} && {_words(argv)})\n", (), (note,))


def _program(directory: Path, config: Mapping[str, Any], start: Mapping[str, Any]) -> Reproduction:
    about, parameters = config["orch_tui"], config["parameters"]
    inline = "program" not in start
    program = _inline(parameters.get("command"), start) if inline else [str(part) for part in start["program"]]
    secrets = tuple(str(name) for name in start["secrets"])
    fixed: dict[str, str] = {
        **start["environment"],
        "KBC_COMPONENTID": str(about["component"]),
        "KBC_CONFIGID": str(about["configuration"]),
        "ORCH_TASK_ID": str(about["task"]),
        "ORCH_ATTEMPT": str(about["attempt"]),
        **({"ORCH_ITEM": str(about["item"]), "ORCH_ITEM_NUMBER": str(about["item_number"])} if "item" in about else {}),
        **({"ORCH_SECRETS": ",".join(secrets)} if secrets else {}),
    }
    words = {name: f"{name}={quote(value)}" for name, value in fixed.items() if _NAME.fullmatch(name)}
    words |= {name: f'{name}="$d"' for name in ("KBC_DATADIR", TASK_TAG)}
    words |= {name: f'${{{name}+"{name}=${name}"}}' for name in start["passed"] if _NAME.fullmatch(name)}
    words |= {name: f"{name}={_secret(name)}" for name in secrets if _NAME.fullmatch(name)}
    if inline:
        words |= _settings(parameters.get("environment"))
    folders = " ".join(f'"$d"/{folder}' for folder in DATA_SUBFOLDERS)
    lines = [
        "(",
        '  d=$(mktemp -d) && echo "data folder: $d" >&2 &&',
        f'  cp {quote(str(config_file(directory)))} "$d" &&',
        f"  mkdir -p {folders} &&",
        f"  cd {quote(start['directory'])} && exec env -i \\",
        *(f"    {words[name]} \\" for name in sorted(words)),
        f"    {_words([*start['wrapper'], *program])} </dev/null",
        ")",
    ]
    return Reproduction("\n".join(lines) + "\n", secrets, tuple(_notes(config, secrets, start["passed"])))


def _inline(command: Any, start: Mapping[str, Any]) -> list[str]:
    if not isinstance(command, str):
        return [str(part) for part in command or ()]
    # Older attempts do not say which shell it was: there was only one.
    return [*(str(part) for part in start.get("shell", PLAIN)), command]


def _notes(config: Mapping[str, Any], secrets: Iterable[str], passed: Iterable[str]) -> Iterable[str]:
    storage = config.get("storage") or {}
    read = [str(item.get("source")) for item in (storage.get("input") or {}).get("tables") or ()]
    written = [str(item.get("destination")) for item in (storage.get("output") or {}).get("tables") or ()]
    yield "it does all that the task does, in a data folder of its own"
    if read:
        yield f"it reads the tables as they are now: {', '.join(read)}"
    if written:
        yield f"it publishes its tables as the task does: {', '.join(written)}"
    if secrets:
        yield f"set these secrets in your shell first: {', '.join(secrets)}"
    if names := ", ".join(str(name) for name in passed):
        yield f"passed on from your shell: {names}"


def _settings(environment: Any) -> dict[str, str]:
    """What the configuration sets: ``PGPASSWORD = "${PASSWORD}"`` stays a reference, to the shell's variable."""
    words = {}
    for name, value in (environment if isinstance(environment, Mapping) else {}).items():
        # Each reference becomes its name between two marks, and then a variable of the shell outside of the quotes.
        parts = str(resolve_secrets(value, lambda wanted: f"{_MARK}{wanted}{_MARK}")).split(_MARK)
        texts = [_secret(part) if at % 2 else quote(part) if part else "" for at, part in enumerate(parts)]
        words[name] = f"{name}={''.join(texts)}"
    return words


def _secret(name: str) -> str:
    return f'"${{{name}?set this secret first}}"'


def _words(argv: Iterable[str]) -> str:
    return " ".join(quote(part) for part in argv)


def quote(text: str) -> str:
    """``text`` as one word of any POSIX shell, safe to print and to paste: control characters are written as octal.

    Line ends stay as they are, so that a script can still be read.
    """
    if _PLAIN.fullmatch(text):
        return text
    parts: list[str] = []
    for hidden, piece in _pieces(text):
        if hidden:
            octal = "".join(f"\\{byte:03o}" for byte in piece.encode("utf-8", "surrogateescape"))
            parts.append(f"\"$(printf '{octal}')\"")
        else:
            parts.append("'" + piece.replace("'", "'\"'\"'") + "'")
    return "".join(parts) or "''"


def _pieces(text: str) -> Iterable[tuple[bool, str]]:
    """Runs of characters: whether they must not be printed as they are, and the run itself."""
    run, hidden = "", False
    for character in text:
        bad = not character.isprintable() and character != "\n"
        if run and bad is not hidden:
            yield hidden, run
            run = ""
        run, hidden = run + character, bad
    if run:
        yield hidden, run
