"""What every command needs: the project, a run by the name people give it, a task of it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from orch_tui.cli.shared.errors import CliError
from orch_tui.model.texts.text import safe_line, valid_id

if TYPE_CHECKING:
    from orch_tui.model.run.phase_state import PhaseState
    from orch_tui.model.run.runstate import RunState, TaskState
    from orch_tui.project.project import Project

F = TypeVar("F", bound=Callable[..., Any])


class NoProjectHere(CliError):
    """None was named, and there is none in the directory or above it."""


class Screen(Protocol):
    """The other face of the program, as far as commands need it. It is handed in: nothing here imports it."""

    def open(self, root: Path, *, mouse: bool) -> int:
        """Show the project until the person leaves; the exit code."""

    def keys(self) -> tuple[str, bool]:
        """The page of keys, and whether the person's configuration of them is free of mistakes."""


def project_option(function: F) -> F:
    """The option ``--project/-p`` of a command; the group's own (and its environment variable) come after it."""
    return click.option("--project", "-p", metavar="DIR", help="The project; default: here or above.")(function)


def json_option(function: F) -> F:
    """The option ``--json``, as the parameter ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="For programs: see docs/cli.md.")(function)


def wanted_project(own: str | None) -> str | None:
    """What the command's option says, else the group's, else nothing."""
    if own is not None:
        return own
    context = click.get_current_context(silent=True)
    return context.find_root().params.get("project") if context else None


def project_root(own: str | None) -> Path:
    """The directory of the project. One that was named must have an ``orch.toml`` itself.

    Raises: CliError, NoProjectHere.
    """
    named = wanted_project(own)
    try:
        start = Path(os.path.abspath(named if named is not None else "."))
    except FileNotFoundError as error:
        raise CliError("the directory you are in was deleted; go to another one, or name one with --project") from error
    places = (start,) if named is not None else (start, *start.parents)
    for directory in places:
        if os.path.lexists(directory / "orch.toml"):
            if directory != start:
                _require_trusted(directory / "orch.toml")
            return directory
    shown = safe_line(str(start), 300)
    if named is not None and not start.is_dir():
        raise CliError(f'there is no directory "{shown}"; correct --project (or ORCH_TUI_PROJECT)')
    where = "in it" if named is not None else "in it or above it"
    sentence = f'"{shown}" is no project: there is no orch.toml {where}; make one with "orch-tui new DIRECTORY"'
    raise CliError(sentence) if named is not None else NoProjectHere(sentence)


def _require_trusted(file: Path) -> None:
    """A project that was found by looking upward must not be somebody else's: its tasks would run as this user.

    As git does with the directories that it finds so (https://git-scm.com/docs/git-config, safe.directory): one's own,
    root's, and for root under sudo those of the user who called it. Raises: CliError.
    """
    owner = os.lstat(file).st_uid
    trusted = {os.geteuid(), 0}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        trusted.add(int(os.environ["SUDO_UID"]))
    if owner not in trusted:
        from orch_tui.project.files.own_files import name_of

        raise CliError(
            f'"{safe_line(str(file), 300)}" was found above this directory and belongs to {name_of(owner)}; '
            f"if you trust what it runs, name it: --project {safe_line(shlex.quote(str(file.parent)), 300)}"
        )


def open_it(own: str | None, *, tolerant: bool = False) -> Project:
    """The project. Raises: CliError, DefinitionError (a broken ``orch.toml``, unless ``tolerant``)."""
    from orch_tui.project.project import Project

    return Project(project_root(own), tolerant=tolerant)


def command_hint(*words: str) -> str:
    """``orch-tui WORDS``, as it can be typed here: with the project when it was named."""
    named = wanted_project(_own_option())
    tail = ["--project", named] if named is not None and not os.environ.get("ORCH_TUI_PROJECT") else []
    return safe_line(shlex.join(["orch-tui", *words, *tail]))


def _own_option() -> str | None:
    context = click.get_current_context(silent=True)
    return context.params.get("project") if context else None


def run_directory(project: Project, name: str | None) -> Path:
    """The run that ``name`` means: its id or the beginning of it, ``last``, or an orchestration (its latest run).

    Raises:
        CliError: there is none, or several begin so.
    """
    from orch_tui.project.history import find_run, latest

    name = "last" if name is None else name
    if not name:
        raise CliError(f"the name of the run is empty; see {command_hint('runs')}")
    if name != "last" and valid_id(name) and project.paths.runs(name).is_dir():
        newest = latest(project.paths, name)
        if newest is not None:
            return newest.directory
    try:
        found = find_run(project.paths, name)
    except LookupError as error:
        raise CliError(f"{error.args[0]}; type more of the id") from error
    if found is not None:
        return found
    if name == "last":
        raise CliError(f"the project has no run yet; start one with {command_hint('run', 'ORCHESTRATION')}")
    if name in project.orchestration_ids():
        raise CliError(f'"{name}" has not run yet; start it with {command_hint("run", name)}')
    raise CliError(
        f'there is neither a run nor an orchestration "{safe_line(name, 100)}"; see {command_hint("runs")} '
        f"and {command_hint('list')}"
    )


def find_task(state: RunState, wanted: str) -> TaskState:
    """A task of a run by its id, its configuration or the configuration's own id. Raises: CliError."""
    task = state.tasks.get(wanted)
    if task is not None:
        return task
    if "@" in wanted and (array := state.tasks.get(wanted.partition("@")[0])) is not None:
        return _find_part(array, wanted.partition("@")[2])
    fits = [t for t in state.tasks.values() if wanted in (t.configuration, t.configuration.partition("/")[2], t.name)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        ids = ", ".join(task.id for task in fits)
        raise CliError(f'"{safe_line(wanted, 100)}" fits {len(fits)} tasks: name one by its id: {ids}')
    ids = ", ".join(list(state.tasks)[:30]) + (", …" if len(state.tasks) > 30 else "")
    raise CliError(f'run {state.header.id} has no task "{safe_line(wanted, 100)}"; its tasks: {ids}')


def _find_part(array: TaskState, wanted: str) -> TaskState:
    """A part of an array by its number or by what it is run for. Raises: CliError."""
    if array.planned.each is None:
        raise CliError(f"task {array.id} has no parts: it is run once, without each; name it as {array.id}")
    if array.parts is None:
        raise CliError(f"task {array.id} has no parts in this run; it is {array.status.value}")
    states = array.parts.states
    if wanted.isdecimal() and 1 <= int(wanted) <= len(states):
        return states[int(wanted) - 1]
    for part in states:
        item = part.planned.item
        if item is not None and wanted in (item.text, item.values.get("item_name")):
            return part
    raise CliError(
        f'task {array.id} has no part "{safe_line(wanted, 100)}"; they are {array.id}@1 to '
        f"{array.id}@{len(states)}, or {array.id}@ITEM by what they are run for"
    )


def find_phase(state: RunState, wanted: str) -> PhaseState:
    """A phase of a run by its id or name. Raises: CliError."""
    phase = state.phases.get(wanted)
    fits = [phase] if phase is not None else [one for one in state.phases.values() if one.name == wanted]
    if len(fits) == 1:
        return fits[0]
    ids = ", ".join(list(state.phases)[:30])
    raise CliError(f'run {state.header.id} has no phase "{safe_line(wanted, 100)}"; its phases: {ids}')
