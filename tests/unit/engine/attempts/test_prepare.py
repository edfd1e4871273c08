"""What an attempt is made of may be refused by the system for a moment: that says nothing of the task."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.attempts.prepare import PrepareError, Preparer
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.project.project import Project, open_project
from orch_tui.project.secrets import Secrets

from tests.support.engine_kit import make_commands


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
