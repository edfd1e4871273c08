"""Projects and runs for tests of the engine: small shell commands as tasks, real processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.engine.runs.start import ActiveRun, RunRequest, plan_run, start_run
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project


def make_commands(
    root: Path, phases: Mapping[str, Mapping[str, str | Mapping[str, Any]]], settings: str = ""
) -> Project:
    """A project with one orchestration ``o``.

    ``phases`` maps a phase's name to its tasks: task id to a shell command, or to ``{"command": …}`` with further
    options of the task as TOML values in text (``"timeout": '"1s"'``). Each task has a configuration of its own
    unless it names one with ``configuration``.
    """
    (root / "orchestrations").mkdir(parents=True, exist_ok=True)
    (root / "configurations" / "command").mkdir(parents=True, exist_ok=True)
    (root / "orch.toml").write_text(f'name = "Test"\n{settings}\n')
    lines = ['name = "O"']
    for phase, tasks in phases.items():
        lines += ["[[phases]]", f"name = {_text(phase)}"]

        for task, body in tasks.items():
            options = dict(body) if isinstance(body, Mapping) else {"command": body}
            configuration = options.pop("configuration", task)
            if "command" in options:
                write_command(root, configuration, options.pop("command"))
            lines += ["[[phases.tasks]]", f'id = "{task}"', f'configuration = "command/{configuration}"']
            lines += [f"{key} = {value}" for key, value in options.items()]
    (root / "orchestrations" / "o.toml").write_text("\n".join(lines) + "\n")
    return open_project(root)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def write_command(root: Path, configuration: str, command: str | list[str]) -> None:
    path = root / "configurations" / "command" / f"{configuration}.toml"
    path.write_text(f"name = {_text(configuration)}\n[parameters]\ncommand = {_text(command)}\n")


def begin(project: Project, **request: Any) -> ActiveRun:
    return start_run(project, plan_run(project, RunRequest("o", **request)), by="test")


def run(project: Project, **request: Any) -> RunState:
    """Run to the end and return the state that the journal on disk folds to."""
    active = begin(project, **request)
    assert active.wait(60) is not None, "the run did not end"
    return read_run(active.directory)


def statuses(state: RunState) -> dict[str, Status]:
    return {task.id: task.status for task in state.tasks.values()}


def until(condition: Any, seconds: float = 20.0) -> None:
    """Wait for something outside of this process; fails loudly when it does not come.

    To look, which may be to read a whole journal, takes a third of the time at most: what is waited for needs the rest.
    """
    import time

    looked = time.monotonic()
    end = looked + seconds
    while not condition():
        now = time.monotonic()
        assert now < end, "it did not happen in time"
        time.sleep(max(0.01, 2 * (now - looked)))
        looked = time.monotonic()
