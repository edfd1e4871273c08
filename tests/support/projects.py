"""Small projects of shell commands, made in a test's own directory, and the program run on them as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from tests.support.warm import WarmInterpreter, WarmProcess, starts_alike, warm

Task: TypeAlias = "str | Mapping[str, Any]"
Tasks: TypeAlias = Mapping[str, Task]
Phases: TypeAlias = Mapping[str, Tasks]
ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 120
"""Seconds for a program that ends by itself."""
_COMMANDS = ("orch_tui.cli.run.command", "orch_tui.engine.runs.start")


def make_project(path: Path, orchestrations: Mapping[str, Phases], settings: str = "") -> Path:
    """``{"orchestration-id": {"Phase name": {"task-id": "shell command"}}}``.

    A task may be a table: ``command`` (or ``configuration``) and any option of a task.
    """
    (path / "orchestrations").mkdir(parents=True, exist_ok=True)
    (path / "configurations" / "command").mkdir(parents=True, exist_ok=True)
    (path / "orch.toml").write_text(f'name = "Test"\n{settings}')
    for name, phases in orchestrations.items():
        lines = [f"name = {toml(name.capitalize())}"]
        for phase, tasks in phases.items():
            lines += ["[[phases]]", f"name = {toml(phase)}"]
            for task_id, given in tasks.items():
                task = {"command": given} if isinstance(given, str) else dict(given)
                command = task.pop("command", None)
                if command is not None:
                    file = path / "configurations" / "command" / f"{task_id}.toml"
                    file.write_text(f"[parameters]\ncommand = {toml(command)}\n")
                task.setdefault("configuration", f"command/{task_id}")
                lines += ["[[phases.tasks]]", f"id = {toml(task_id)}"]
                lines += [f"{key} = {toml(value)}" for key, value in task.items()]
        (path / "orchestrations" / f"{name}.toml").write_text("\n".join(lines) + "\n")
    return path


def toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    # DEL apart, what JSON writes is TOML; a pair of surrogates is not, so nothing outside of ASCII is escaped.
    return json.dumps(value, ensure_ascii=False)


def environment(**more: str) -> dict[str, str]:
    """What a user's shell would have, without what the test runner's own shell says of colours or projects."""
    dropped = (
        "NO_COLOR",
        "ORCH_TUI_PROJECT",
        "ORCH_TASK",
        "ORCH_ANCESTORS",
        "COLUMNS",
        "PYTEST_ADDOPTS",
    )
    base = {key: value for key, value in os.environ.items() if key not in dropped}
    return base | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TERM": "xterm"} | more


def argv(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "orch_tui", *arguments]


def orch(project: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The program run to its end in the project's directory."""
    return completed(argv(*arguments), cwd=project, env=environment(**more))


def start(project: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """The program started; its output is merged into one pipe unless told otherwise."""
    usual = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, "cwd": project}
    more: dict[str, Any] = usual | options
    return started(argv(*arguments), env=environment(**more.pop("env", {})), **more)


def started(command: Sequence[str], loaded: tuple[str, ...] = _COMMANDS, **options: Any) -> subprocess.Popen[str]:
    """As ``subprocess.Popen`` with text for streams. The modules ``loaded``, by themselves those of a run, are there
    already where that makes no difference (:mod:`tests.support.warm`)."""
    ordinary = options.keys() <= {"stdin", "stdout", "stderr", "cwd", "env", "start_new_session"}
    if ordinary and WarmInterpreter.can_start(command) and starts_alike(options.get("env") or os.environ):
        options.pop("start_new_session", None)
        return WarmProcess(warm(*loaded), command, **options)
    return subprocess.Popen(command, text=True, **options)


def completed(command: Sequence[str], *, check: bool = False, **options: Any) -> subprocess.CompletedProcess[str]:
    """:func:`started` to its end, both streams captured.

    Raises: subprocess.TimeoutExpired; subprocess.CalledProcessError with ``check`` for another exit code than 0.
    """
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        try:
            out, err = process.communicate(timeout=_PATIENCE)
        except BaseException:
            process.kill()
            raise
    result = subprocess.CompletedProcess(command, process.returncode, out, err)
    if check:
        result.check_returncode()
    return result


def wait_for_file(path: Path, process: subprocess.Popen[str] | None = None, *, filled: bool = False) -> None:
    """Until a task has made the file (and written into it): the event to wait for, since a task cannot call back."""
    deadline = time.monotonic() + 30
    while not path.exists() or (filled and not path.stat().st_size):
        if process is not None and process.poll() is not None:
            raise AssertionError(f"the program ended with {process.returncode} before {path.name} was there")
        if time.monotonic() > deadline:
            raise AssertionError(f"{path} was not made")
        time.sleep(0.01)


def living(pid_file: Path) -> bool:
    """Whether the process whose pid a task wrote still lives (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid_file.read_text().strip()}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def latest_run(project: Path, orchestration: str) -> Path:
    return max((project / ".orch" / "runs" / orchestration).iterdir())


def end(process: subprocess.Popen[str]) -> None:
    """For the clean-up of a test that failed half-way."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
