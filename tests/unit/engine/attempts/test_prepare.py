"""What an attempt is made of may be refused by the system for a moment: that says nothing of the task."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.attempts.prepare import Preparer
from orch_tui.engine.attempts.programs import PrepareError
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.model.run.plan import RunPlan
from orch_tui.project.attempt_dir import attempt_directory, make_attempt
from orch_tui.project.extensions.manifests import BUILTIN_COMPONENTS
from orch_tui.project.project import Project, open_project
from orch_tui.project.secrets import Secrets

from tests.support.engine_kit import make_commands
from tests.support.past_runs import BEGIN, Past, write_past
from tests.support.projects import make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One whose task has a secret."""
    made = make_commands(tmp_path, {"P": {"a": "true"}})
    with (tmp_path / "configurations" / "command" / "a.toml").open("a") as file:
        file.write('env = { TOKEN = "${TOKEN}" }\n')
    (tmp_path / ".env").write_text("TOKEN=x\n")
    (tmp_path / ".env").chmod(0o600)
    made.reload()
    return made


def _preparer(project: Project) -> tuple[Preparer, Any]:
    plan = plan_run(project, RunRequest("o"))
    directory = project.root / "run"
    directory.mkdir()
    # A project that has read nothing yet.
    fresh = open_project(project.root)
    preparer = Preparer(fresh, plan, "r", directory, Secrets(project.root))
    return preparer, next(iter(plan.tasks()))


def _refusing(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> Callable[[], None]:
    """The file of this name cannot be opened until what is returned is called."""
    refused, opened, read = [True], os.open, Path.read_text

    def open_(path: Any, *arguments: Any, **more: Any) -> int:
        if refused[0] and os.fspath(path).endswith(name):
            raise OSError(number, os.strerror(number), os.fspath(path))
        return opened(path, *arguments, **more)

    def read_text(path: Path, *arguments: Any, **more: Any) -> str:
        if refused[0] and path.name == name:
            raise OSError(number, os.strerror(number), str(path))
        return read(path, *arguments, **more)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(Path, "read_text", read_text)
    return lambda: refused.__setitem__(0, False)


@pytest.mark.parametrize("name", ["a.toml", ".env"])
def test_what_cannot_be_read_for_a_moment_is_read_later(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    preparer, task = _preparer(project)
    # GIVEN a file that cannot be opened for want of descriptors
    give = _refusing(monkeypatch, name, errno.EMFILE)
    # WHEN / THEN that is what is said, twice, and not that the task can never start
    for _ in range(2):
        with pytest.raises(OSError, match="Too many open files"):
            preparer.prepare(task, 1)
    # WHEN there are some again THEN all is there
    give()
    assert preparer.prepare(task, 1).environment["TOKEN"] == "x"


@pytest.mark.parametrize(("name", "says"), [("a.toml", "Input/output error"), (".env", "secret TOKEN is not set")])
def test_what_waiting_does_not_help_is_an_error_of_the_task(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    preparer, task = _preparer(project)
    _refusing(monkeypatch, name, errno.EIO)
    with pytest.raises(PrepareError, match=says):
        preparer.prepare(task, 1)


@pytest.mark.parametrize("name", ["command/command.toml", "components/command.toml"])
def test_a_component_that_cannot_be_read_for_a_moment_is_not_gone(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name.startswith("components"):
        # The project has its own.
        (project.root / "components").mkdir()
        shipped = BUILTIN_COMPONENTS / "command" / "command.toml"
        (project.root / "components" / "command.toml").write_text(shipped.read_text())
    preparer, task = _preparer(project)
    # GIVEN the manifest of its component, which cannot be opened for want of descriptors
    give = _refusing(monkeypatch, name, errno.EMFILE)
    for _ in range(2):
        with pytest.raises(OSError, match="Too many open files"):
            preparer.prepare(task, 1)
    # WHEN there are some again THEN it begins
    give()
    assert preparer.prepare(task, 1).environment["TOKEN"] == "x"


def test_components_that_cannot_be_listed_for_a_moment_are_not_gone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    preparer, task = _preparer(project)
    real = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path) == BUILTIN_COMPONENTS:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        with pytest.raises(OSError, match="Too many open files"):
            preparer.prepare(task, 1)
    assert preparer.prepare(task, 1).environment["TOKEN"] == "x"


def test_a_task_is_told_who_writes_the_tables_that_it_reads(tmp_path: Path) -> None:
    # GIVEN a task that reads tables of tasks before it, beside it and behind it, one of its own and one of nobody
    project = make_commands(tmp_path, {"P1": {"a": "true"}, "P2": {"b": "true", "c": "true"}, "P3": {"d": "true"}})
    folder = tmp_path / "configurations" / "command"
    for name in "acd":
        with (folder / f"{name}.toml").open("a") as file:
            file.write(f'[[outputs]]\nname = "t"\ntable = "m/{name}"\n')
    with (folder / "b.toml").open("a") as file:
        file.write('[[outputs]]\nname = "t"\ntable = "m/b"\n')
        file.writelines(f'[[inputs]]\ntable = "m/{name}"\nname = "{name}"\n' for name in "abcdx")
    project.reload()
    plan = plan_run(project, RunRequest("o"))
    (tmp_path / "run").mkdir()
    preparer = Preparer(project, plan, "r", tmp_path / "run", Secrets(tmp_path))
    reader = next(task for task in plan.tasks() if task.id == "b")
    # WHEN it is prepared, and once more for another attempt
    told = [json.loads((preparer.prepare(reader, n).directory / "config.json").read_text()) for n in (1, 2)]
    # THEN each table has its sentence for the case that it is not there
    nobody = "no task of this orchestration writes it; check the name, or run the orchestration that does"
    expected = {
        "m/a": 'task "Command · a" (a) in phase 1 "P1" writes it; it has not done so (will run)',
        "m/b": nobody,
        "m/c": 'task "Command · c" (c) in phase 2 "P2" writes it, at the same time: move that task to an earlier phase',
        "m/d": 'task "Command · d" (d) in phase 3 "P3" writes it, which comes later: move that task to an earlier '
        "phase, or this one to a later",
        "m/x": nobody,
    }
    assert [one["orch_tui"]["writers"] for one in told] == [expected, expected]


def _made(project: Project, plan: RunPlan) -> AttemptSpec:
    directory = project.root / "run"
    directory.mkdir()
    made = Preparer(project, plan, "r", directory, Secrets(project.root)).prepare(next(iter(plan.tasks())), 1)
    assert isinstance(made, AttemptSpec)
    return made


def test_a_command_is_started_as_it_is_written(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"a": "echo a | cat"}})
    made = _made(project, plan_run(project, RunRequest("o")))
    assert made.argv[-1] == "echo a | cat" and made.cwd == str(tmp_path) and made.nested is None


def test_a_nested_orchestration_is_a_run_of_its_own_that_knows_to_whom_it_belongs(tmp_path: Path) -> None:
    # GIVEN a task that runs another orchestration
    nested = {"configuration": "orchestration/inner"}
    project = open_project(make_project(tmp_path, {"o": {"P": {"t": nested}}, "inner": {"P": {"a": "true"}}}))
    # WHEN it begins
    argv = _made(project, plan_run(project, RunRequest("o"))).argv
    # THEN it is begun from its beginning
    own = ("--project", str(tmp_path), "--nested", "o/r/t")
    assert argv == (sys.executable, "-P", "-m", "orch_tui", "run", "inner", *own)


@pytest.mark.parametrize("shadow", [False, True], ids=["publishes", "a shadow"])
def test_a_nested_orchestration_is_repeated_by_the_run_that_it_began_then(tmp_path: Path, shadow: bool) -> None:
    # GIVEN an earlier run whose task began a nested one
    nested = {"configuration": "orchestration/inner"}
    project = open_project(make_project(tmp_path, {"o": {"P": {"t": nested}}, "inner": {"P": {"a": "true"}}}))
    project.paths.make_state()
    earlier = write_past(project.paths, Past(task="t"))
    make_attempt(attempt_directory(project.paths.run("o", earlier), "t", 1), {}, data_folder=False)
    inner = write_past(project.paths, Past("inner", BEGIN + 1, parent=f"o/{earlier}/t"))
    # WHEN it is repeated as it ran
    plan = replace(plan_run(project, RunRequest("o")), as_it_ran=earlier, shadow=shadow)
    argv = _made(project, plan).argv
    # THEN so is the nested one, and it publishes nothing where the whole does not
    assert argv[5:7] == ("--as-it-ran", inner) and ("--shadow" in argv) is shadow


def test_only_a_nested_orchestration_has_the_environment_of_who_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a variable of the shell that the project does not pass on
    monkeypatch.setenv("OF_THE_SHELL", "x")
    nested = {"configuration": "orchestration/inner"}
    root = make_project(tmp_path, {"o": {"P": {"t": nested}}, "inner": {"P": {"a": "true"}}})
    project = open_project(root)
    # WHEN a nested orchestration begins THEN it has it, as the run itself, and a task of its own has not
    made = _made(project, plan_run(project, RunRequest("o")))
    assert made.environment["OF_THE_SHELL"] == "x"
    (root / "run").rename(root / "earlier")
    made = _made(project, plan_run(project, RunRequest("inner")))
    assert "OF_THE_SHELL" not in made.environment and "PATH" in made.environment
