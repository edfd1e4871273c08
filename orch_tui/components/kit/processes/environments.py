"""Programs of others in a virtual environment of their own: found, checked, given a configuration that has secrets."""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, Field

from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.processes.runner import stop_code
from orch_tui.components.kit.processes.subprocess import Ended
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line
from orch_tui.project.masking.redactor import Redactor

USER_ERROR = 1
_KEPT_LINES = 60
_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError|python[0-9.]*): No module named '?([A-Za-z0-9_.]+)")
_ERROR = re.compile(r"(?i)\b\w*(?:error|exception|critical|fatal)\b")
_STAMP = r"\d{4}-\d\d-\d\d[T ][\d:.,]+Z?"
_RECORD = re.compile(rf"(?:{_STAMP}[\s|]*)?(?:ERROR|CRITICAL|FATAL)\b")
"""The begin of an error in a log, as Singer taps write it."""
_PREFIX = re.compile(rf"{_STAMP}\s*\|\s*(?:ERROR|CRITICAL|FATAL)\s*\|\s*(?:[\w.-]+\s*\|\s*)?")
_JOINED = 3
_OWN_VARIABLES = ("ORCH_SECRETS", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV")


def _usable(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError("name a directory, relative to the project")
    return value


Directory = Annotated[str, AfterValidator(_usable)]
"""A path in a parameter that must not be empty."""

Strict = Annotated[
    bool, Field(title="Strict", description="Fail when a column of an output is gone or has another type.")
]
"""The parameter that is handed to :func:`orch_tui.components.kit.drift.check_shape`."""


def venv_field(has: str) -> Any:
    """The parameter ``venv``, for :func:`find_venv`; ``has`` says what the environment must have."""
    return Field(
        title="Virtual environment",
        description=f"Directory of the virtual environment {has}, relative to the project.",
    )


@dataclass(frozen=True, slots=True)
class Venv:
    """A virtual environment that is there. ``shown`` is how the configuration calls it."""

    shown: str
    bin: Path
    python: Path

    def install(self, what: str) -> str:
        """The command that installs something into it."""
        return f"{self.shown.rstrip('/')}/bin/pip install {what}"

    def program(self, name: str, package: str) -> Path:
        """The program ``name`` in its bin directory. Raises: UserError when it is not there or cannot be run."""
        if not name or "/" in name or name.startswith("."):
            raise UserError(f'"{safe_line(name, 60)}" is no name of a program; name one of {self.shown}/bin, no path')
        path = self.bin / name
        if not path.is_file():
            raise UserError(
                f'there is no program "{safe_line(name, 60)}" in the virtual environment {self.shown}; '
                f"run: {self.install(package)}"
            )
        if not os.access(path, os.X_OK):
            raise UserError(f'"{self.shown}/bin/{name}" is not executable; run: chmod +x {self.shown}/bin/{name}')
        return path


def find_venv(wanted: str, ctx: Context, package: str) -> Venv:
    """The virtual environment that the parameter ``venv`` names: its directory, or the Python in it.

    ``package`` is what is installed into a new one. The interpreter is not started: what it lacks shows when the
    program runs.

    Raises:
        UserError: there is none, or its Python is gone.
    """
    path = ctx.resolve(wanted)
    shown = safe_line(wanted, 200)
    if path.is_file() and os.access(path, os.X_OK):
        return Venv(str(Path(shown).parent.parent), path.parent, path)
    python = path / "bin" / "python"
    make = f"python3 -m venv {shown} && {shown.rstrip('/')}/bin/pip install {package}"
    if python.is_file() and os.access(python, os.X_OK):
        return Venv(shown, python.parent, python)
    if python.is_symlink():
        raise UserError(
            f"the Python of the virtual environment {shown} is gone ({safe_line(os.readlink(python), 200)} does not "
            f"exist any more); make it anew: rm -r {shown} && {make}"
        )
    if path.is_dir():
        raise UserError(f"{shown} is a directory, but no virtual environment (bin/python is not in it); run: {make}")
    if path.exists():
        raise UserError(f"{shown} is no virtual environment and no Python that can be run; run: {make}")
    raise UserError(f"there is no virtual environment {shown} ({safe_line(str(path), 300)}); run: {make}")


def child_environment(venv: Venv | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment for a program of ``venv``: its own bin first on the PATH, no secret that it was not given."""
    hidden = {name.strip() for name in os.environ.get("ORCH_SECRETS", "").split(",")} | {*_OWN_VARIABLES}
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    if venv is not None:
        env |= {
            "PATH": f"{venv.bin}{os.pathsep}{env.get('PATH', os.defpath)}",
            "VIRTUAL_ENV": str(venv.bin.parent),
        }
    return env | dict(more or {})


def secret_texts(value: Any, *, marked: bool = False) -> Iterator[str]:
    """Texts below keys that begin with ``#``, as Keboola marks secrets, in a value of any depth."""
    if isinstance(value, str):
        if marked:
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secret_texts(item, marked=marked or str(key).startswith("#"))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secret_texts(item, marked=marked)


def hide(ctx: Context, values: Iterable[str]) -> None:
    """Mask these values as well in everything that goes through ``ctx``, beside the secrets it knows."""
    more = [value for value in values if value]
    if more:
        names = os.environ.get("ORCH_SECRETS", "").split(",")
        known = [os.environ[name.strip()] for name in names if name.strip() in os.environ]
        ctx.redactor = Redactor([*known, *more])


class Tail:
    """A program's output line by line into the log (not with ``quiet``), and its last lines for a message."""

    def __init__(self, ctx: Context, *, quiet: bool = False) -> None:
        self._ctx = ctx
        self._quiet = quiet
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def __call__(self, line: bytes) -> None:
        """One line, without its end."""
        self.add(line.decode("utf-8", "replace"))

    def add(self, text: str) -> None:
        """The same for a text."""
        if text.strip():
            self.lines.append(text.rstrip())
        if not self._quiet:
            self._ctx.log(text.rstrip("\r\n"))

    def reason(self) -> str:
        """What most likely says why it failed: the last line that names an error, else the last one.

        Errors of a log that stand right before it are told as well: "Config validation failed" alone says nothing.
        """
        lines = [line.strip() for line in self.lines if line.strip(" \t╭╮╰╯│─╷╵┃━^~")]
        named = [line for line in lines if _ERROR.search(line)]
        # A traceback ends with its error; only a word or two of farewell may follow.
        chosen = next((line for line in reversed(lines[-3:]) if line in named), None)
        chosen = chosen or (lines[-1] if lines else "")
        told = [chosen]
        if _RECORD.match(chosen):
            end = len(lines) - lines[::-1].index(chosen)
            told = list(itertools.takewhile(_RECORD.match, reversed(lines[max(0, end - _JOINED) : end])))[::-1]
        return safe_line("; ".join(_PREFIX.sub("", line).strip("│ ").strip() for line in told), 400)


def failure(name: str, ended: Ended, tail: Tail, venv: Venv | None) -> str:
    """Why a program did not end with 0: one sentence with its own last word."""
    missing = next((found[1] for line in reversed(tail.lines) if (found := _MODULE.search(line))), None)
    if missing is not None and venv is not None:
        package = missing.split(".")[0]
        return (
            f'{name} cannot run: the virtual environment {venv.shown} lacks the module "{safe_line(missing, 100)}"; '
            f"run: {venv.install(PACKAGES.get(package, package))}"
        )
    how = f"signal {ended.code - 128}" if ended.code > 128 else f"exit code {ended.code}"
    return f"{name} ended with {how}: {tail.reason() or 'it said nothing; see the log above'}"


PACKAGES = {
    "keboola": "keboola.component",
    "singer": "singer-python",
    "dbt": "dbt-duckdb",
    "duckdb": "dbt-duckdb",
    "singer_sdk": "singer-sdk",
}
"""What to install for a module whose package has another name."""


def stop(ctx: Context, ended: Ended, sentence: str, *, user_error: bool) -> NoReturn:
    """End the task after a program failed: as a user error, or with the program's own exit code.

    Raises:
        UserError: for a user error.
        SystemExit: for anything else, after the sentence was written to standard error.
    """
    code = stop_code(ended)
    if ended.stopped and ended.code == 0:
        # It ended well because it was told to; that sentence is written already.
        raise SystemExit(code)
    if user_error and not ended.stopped:
        # The kit knows only the secrets of the environment, not those that stand in the configuration itself.
        raise UserError(ctx.redactor.text(sentence))
    sys.stdout.flush()
    sys.stderr.write(safe_line(ctx.redactor.text(sentence)) + "\n")
    sys.stderr.flush()
    raise SystemExit(code or USER_ERROR)
