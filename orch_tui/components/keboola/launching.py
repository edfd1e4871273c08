"""Programs for Keboola's common interface: found, given their environment, run on a data folder, and why they failed.

Sources: https://developers.keboola.com/extend/common-interface/environment/ (variables),
https://developers.keboola.com/extend/common-interface/actions/ (synchronous actions).
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from orch_tui.components.keboola.data_folder import DataFolder
from orch_tui.components.keboola.parameters import Parameters
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.processes.environments import (
    USER_ERROR,
    Tail,
    Venv,
    child_environment,
    failure,
    find_venv,
    stop,
)
from orch_tui.components.kit.processes.line_subprocess import run_program
from orch_tui.components.kit.processes.subprocess import NOT_EXECUTABLE, NOT_FOUND, Ended
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import scratch_folder
from orch_tui.project.paths import make_private

PACKAGE = "keboola.component"
_NAMESPACE = Path(__file__).with_name("namespace.py")
_ACTION_SECONDS = 25.0
_LEVEL = re.compile(r"^(EMERGENCY|ALERT|CRITICAL|ERROR|WARNING) (?=\S)")
_USER_EXCEPTION = re.compile(r"(?:^|[\s.])\w*User(?:Exception|Error): ")
_ELSEWHERE = re.compile(r"['\"\s(]/data(?:/(?:in|out|config\.json)\b[^\s'\"]*)?['\"\s:)]|['\"]/data/")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is there: how it is started, where, and what it is called. ``venv`` is None for a command."""

    argv: list[str]
    name: str
    directory: Path
    venv: Venv | None = None
    shown: str = ""


def find_program(parameters: Parameters, ctx: Context) -> Program:
    """What the parameters name. Raises: UserError when it or its environment is not there."""
    if parameters.command is not None:
        return _of_command(parameters.command, ctx)
    venv = find_venv(parameters.venv or "", ctx, PACKAGE)
    if parameters.module is not None:
        name = safe_line(parameters.module, 100)
        return Program([str(venv.python), "-u", "-m", parameters.module], name, ctx.project, venv)
    path = ctx.resolve(parameters.program or "")
    shown = safe_line(parameters.program or "", 200)
    if path.is_dir():
        raise UserError(f'"{shown}" is a directory; name the component\'s file in it, such as {shown}/src/component.py')
    if not path.is_file():
        raise UserError(f'there is no program "{shown}" ({safe_line(str(path), 300)}); correct the parameter program')
    # In Keboola's images the working directory is the one that has src in it; schemas are looked for there.
    directory = path.parent.parent if path.parent.name == "src" else path.parent
    return Program([str(venv.python), "-u", str(path)], path.name, directory, venv)


def _of_command(command: list[str] | str, ctx: Context) -> Program:
    try:
        argv = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        raise UserError(f"the parameter command cannot be read: {error}; write it as a list of arguments") from error
    if not argv:
        raise UserError('the parameter command is empty; write it like ["node", "ex-crm/src/index.js"]')
    first = safe_line(argv[0], 200)
    path = str(ctx.resolve(argv[0])) if "/" in argv[0] else shutil.which(argv[0])
    if path is None or not os.path.isfile(path):
        raise UserError(f'there is no program "{first}" to run; install it, or correct the parameter command')
    if not os.access(path, os.X_OK):
        raise UserError(f'"{first}" is not executable; run: chmod +x {shlex.quote(path)}')
    # It is called what its script is: "index.js" says more than "node".
    script = next((part for part in argv[1:] if not part.startswith("-")), argv[0])
    return Program([path, *argv[1:]], safe_line(Path(script).name, 100) or first, ctx.project)


class Launch:
    """One start of a program; ``tail`` has what it printed."""

    def __init__(self, program: Program, parameters: Parameters, ctx: Context, component: str) -> None:
        """``component`` is what it is to be called: a processor has another id than the task."""
        self.program = program
        self.tail = Tail(ctx)
        self.stopped = False
        """Whether somebody stopped it."""
        self._parameters = parameters
        self._ctx = ctx
        self._component = component

    def run(self, folder: DataFolder, *, as_data: bool = False) -> Ended:
        """Run it to its end; its output is the task's log. ``as_data``: it finds its folder at ``/data`` too.

        Raises: UserError when it cannot be started.
        """
        ended = self._start(folder, None, as_data)
        self.stopped = bool(ended.stopped)
        return ended

    def ask(self, folder: DataFolder, *, as_data: bool = False) -> tuple[Ended, list[str]]:
        """Run it for a synchronous action; the lines of its standard output. Raises: UserError, also for no answer."""
        self.tail = Tail(self._ctx, quiet=True)
        answer: list[str] = []
        return self._start(folder, answer, as_data), answer

    def _start(self, folder: DataFolder, answer: list[str] | None, as_data: bool) -> Ended:
        with ExitStack() as stack:
            place = "/data" if as_data else str(folder.path)
            more = {**self._variables(place), **self._parameters.environment}
            if self._parameters.log == "gelf" and answer is None:
                from orch_tui.components.keboola.gelf import listener

                port = stack.enter_context(listener(self.tail.add))
                more |= {"KBC_LOGGER_ADDR": "127.0.0.1", "KBC_LOGGER_PORT": str(port)}
            argv = self.program.argv
            if as_data:
                # By its file, for a quick start: it needs nothing of this package.
                argv = [sys.executable, "-I", "-S", str(_NAMESPACE), str(folder.path), "--", *argv]
            return run_program(
                argv,
                out=self.tail if answer is None else lambda line: answer.append(line.decode("utf-8", "replace")),
                err=self.tail,
                cwd=self.program.directory,
                env=child_environment(self.program.venv, more),
                timeout=None if answer is None else _ACTION_SECONDS,
            )

    def _variables(self, place: str) -> dict[str, str]:
        """What Keboola's runner sets, for a project that is here."""
        temporary = scratch_folder(self._ctx.data_dir)
        make_private(temporary)
        return {
            "KBC_DATADIR": f"{place}/",
            "KBC_COMPONENTID": self._component,
            "KBC_STACKID": "orch-tui",
            "KBC_PROJECTID": "0",
            "KBC_BRANCHID": "main",
            "KBC_CONFIGVERSION": "1",
            "KBC_STAGING_FILE_PROVIDER": "local",
            # Without it the library leaves out of manifests what only newer queues know, write_always among it.
            "KBC_PROJECT_FEATURE_GATES": "queuev2",
            "KBC_COMPONENT_RUN_MODE": "run",
            "KBC_DATA_TYPE_SUPPORT": self._parameters.data_types.value,
            "TMPDIR": str(temporary),
        }

    def require_success(self, ended: Ended) -> None:
        """Raises: UserError for the exit code 1, with the program's own sentence; SystemExit for any other failure."""
        if ended.code == 0 and not ended.stopped:
            return
        user_error = ended.code == USER_ERROR
        if user_error and (reason := for_the_user(self.tail)) and "No module named" not in reason:
            # Exit code 1 is the component's word for the user, so it is passed on without ours around it.
            sentence = reason
        else:
            sentence = self.failure(ended)
        stop(self._ctx, ended, f"{sentence}{self._hint()}", user_error=user_error)

    def failure(self, ended: Ended) -> str:
        """Why it did not end with 0."""
        if ended.code in (NOT_FOUND, NOT_EXECUTABLE) and self.program.venv is None:
            return f"{self.program.name} was not found or cannot be run (exit code {ended.code}): {self.tail.reason()}"
        return failure(self.program.name, ended, self.tail, self.program.venv)

    def _hint(self) -> str:
        if self._parameters.data_folder == "/data" or not any(_ELSEWHERE.search(line) for line in self.tail.lines):
            return ""
        return '; it looks for its folder at /data, which data_folder = "/data" gives it'


def for_the_user(tail: Tail) -> str:
    """What the program told the user before it ended with 1: the exception with that name and all after it, as
    Keboola shows it, else what is most likely the reason."""
    lines = [line.strip() for line in tail.lines if line.strip()]
    begin = next((number for number in reversed(range(len(lines))) if _USER_EXCEPTION.search(lines[number])), None)
    if begin is None:
        return spoken(tail.reason())
    first = lines[begin][_USER_EXCEPTION.search(lines[begin]).end() :]  # type: ignore[union-attr]
    # A log may tell the same once more, with its level.
    told = itertools.takewhile(lambda line: _LEVEL.match(line) is None, lines[begin + 1 :])
    return safe_line(" ".join(filter(None, (first, *told))), 1000) or spoken(tail.reason())


def spoken(reason: str) -> str:
    """The message without the level of a log before it, and without the class of an exception for users."""
    reason = _LEVEL.sub("", reason)
    return re.sub(r"^[\w.]*User(Exception|Error): (?=\S)", "", reason)
