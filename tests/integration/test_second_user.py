"""A second user of a project in which somebody else ran: what is kept from them is said to be, and never "none yet".

The commands run in a child of this process that has become another user: the interpreter itself may lie where that
user cannot read, so everything is imported before, by the same commands.
"""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest

from tests.support.commands import command_here
from tests.support.projects import latest_run, make_project

NOBODY = 65534
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("runs",),
    ("runs", "o"),
    ("runs", "--json"),
    ("show", "o"),
    ("show", "last"),
    ("show", "RUN"),
    ("logs", "o", "a"),
    ("watch", "o"),
    ("cancel", "o"),
    ("hold", "o"),
    ("run", "o"),
    ("run", "o", "--rerun-failed"),
    ("run", "--resume"),
    ("run", "o", "--dry-run", "--rerun-failed"),
    ("tables",),
    ("preview", "main.t"),
    ("missed",),
)
READ_ONLY = (("list",), ("check",), ("run", "o", "--dry-run"), ("list", "--json"))
"""What needs nothing of what was run."""
NONE_YET = ("no run", "never ran", "no runs", "not run yet", "no table", "nothing")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs the rights of root")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Anybody may read it; a run of its owner is in it."""
    made = make_project(tmp_path / "p", {"o": {"P": {"a": "echo hello"}}})
    assert command_here(made, "run", "o").returncode == 0
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == 0 and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o055)
    return made


def _as_nobody(project: Path, *arguments: str) -> tuple[int, str]:
    """The exit code of the command for the other user, and all that it said."""
    # All that it needs is imported here.
    command_here(project, *arguments)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            os.close(reading)
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            done = command_here(project, *arguments, HOME="/nonexistent")
            os.write(writing, (done.stdout + done.stderr).encode()[:60000])
            code = done.returncode
        except BaseException:  # noqa: BLE001 - its parent tells it
            os.write(writing, traceback.format_exc().encode()[-60000:])
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), said


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_is_kept_from_another_user_is_said_to_be(project: Path, command: tuple[str, ...]) -> None:
    run = latest_run(project, "o").name
    code, said = _as_nobody(project, *(run if word == "RUN" else word for word in command))
    assert "Traceback" not in said
    assert not any(words in said.lower() for words in NONE_YET), said
    assert "ermission denied" in said or "belongs to root" in said, said
    assert code == (0 if command == ("list",) else 2), said


@pytest.mark.parametrize("kept", ["orchestrations", "configurations", "configurations/command"])
@pytest.mark.parametrize("command", [("list",), ("list", "configurations"), ("check",), ("run", "o")], ids=" ".join)
def test_definitions_that_are_kept_from_another_user_are_not_told_as_none(
    project: Path, command: tuple[str, ...], kept: str
) -> None:
    # GIVEN a directory of definitions that only its owner may read, WHEN another user asks for them
    (project / kept).chmod(0o700)
    code, said = _as_nobody(project, *command)
    # THEN it says which directory, and never that there are none
    assert code == 2 and f"{kept}: the directory cannot be read: Permission denied" in said.replace(" error:", ""), said
    assert "Traceback" not in said and not any(words in said for words in ("has no", "no problems", "no task")), said


@pytest.mark.parametrize("command", READ_ONLY, ids=" ".join)
def test_the_definitions_are_there_for_another_user(project: Path, command: tuple[str, ...]) -> None:
    code, said = _as_nobody(project, *command)
    assert code == 0 and "Traceback" not in said, said
