"""A configuration and its texts in files of their own change together, whenever the program is killed."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.concurrent import file_set
from orch_tui.project.concurrent.file_set import complete_saves, write_together
from orch_tui.project.concurrent.save_lock import saving
from orch_tui.project.files.atomic import write_atomic
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.project import Project, open_project
from orch_tui.project.saving.writer import SaveError, save_configuration

from tests.support.projects import completed, environment
from tests.unit.project.conftest import MakeProject

_OLD, _NEW = ("old", "old query"), ("new", "new query")
# Dies by SIGKILL at the given step: before the given write (the intent is number 0), or (by "after") right behind it.
_SAVER = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from orch_tui.project.concurrent import file_set
from orch_tui.project.project import open_project
from orch_tui.project.saving.writer import save_configuration

root, when, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
count = 0

def dying(write):
    def write_and_die(*arguments):
        global count
        if (when, count) == ("before", number):
            os.kill(os.getpid(), signal.SIGKILL)
        write(*arguments)
        if (when, count) == ("after", number):
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
    return write_and_die

project = open_project(root)
value = project.configuration("sql/c")
base = project.source(project.paths.configuration("sql", "c"))
file_set.replace_json, file_set.write_atomic = dying(file_set.replace_json), dying(file_set.write_atomic)
save_configuration(project, replace(value, name="new", parameters={"sql": "new query"}), base)
"""


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project(
        {
            "configurations/sql/c.toml": 'name = "old"\n[parameters]\nsql = { file = "c.sql" }\n',
            "configurations/sql/c.sql": "old query",
        }
    )


def _saved(root: Path) -> tuple[str, str]:
    """The name in the configuration's file and the text beside it, as a program that opens the project has it."""
    value = open_project(root).configuration("sql/c")
    return value.name, value.parameters["sql"]


def _left(root: Path) -> list[Path]:
    return list(ProjectPaths(root).unfinished_saves.glob("*"))


@pytest.mark.parametrize(
    ("when", "number", "expected"),
    [
        ("before", 0, _OLD),
        ("after", 0, _NEW),
        ("before", 1, _NEW),
        ("after", 1, _NEW),
        ("before", 2, _NEW),
        ("after", 2, _NEW),
        ("never", 0, _NEW),
    ],
)
def test_a_save_that_is_killed_at_any_step_is_whole_or_not_there(
    project: Project, when: str, number: int, expected: tuple[str, str]
) -> None:
    # GIVEN a save of a configuration and its query
    command = [sys.executable, "-c", _SAVER, str(project.root), when, str(number)]
    # WHEN its program is killed
    ended = completed(command, env=environment())
    assert ended.returncode == (0 if when == "never" else -signal.SIGKILL)
    # THEN whoever opens the project finds both files as they were, or both as they were to be, and nothing is left
    assert _saved(project.root) == expected
    assert _left(project.root) == []


def test_a_disk_that_is_full_in_between_changes_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a disk that refuses the second of two files

    def refuse(path: Path, *rest: object) -> None:
        if path.name == "c.toml":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_atomic(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(file_set, "write_atomic", refuse)
    value = project.configuration("sql/c")
    base = project.source(project.paths.configuration("sql", "c"))
    # WHEN both are saved
    with pytest.raises(SaveError, match="Nothing was changed"):
        save_configuration(project, replace(value, name="new", parameters={"sql": "new query"}), base)
    # THEN the first has its old text again, and no later program goes on with it
    monkeypatch.undo()
    assert _saved(project.root) == _OLD and _left(project.root) == []


def _unfinished(project: Project) -> Path:
    """An intent as a killed program leaves it, before any of its files was written."""
    paths = project.paths
    texts = {paths.configurations / "sql" / "c.sql": "new query", paths.configuration("sql", "c"): _toml("new")}
    with saving(project.root), pytest.MonkeyPatch.context() as patched:

        class Killed(BaseException):
            pass

        def killed(path: Path, *rest: object) -> None:
            raise Killed

        # The intent is a file of the program's own, and written otherwise.
        patched.setattr(file_set, "write_atomic", killed)
        with pytest.raises(Killed):
            write_together(paths, texts)
    (intent,) = _left(project.root)
    return intent


def _toml(name: str) -> str:
    return f'name = "{name}"\n[parameters]\nsql = {{ file = "c.sql" }}\n'


def test_an_edit_of_a_persons_is_not_written_over_by_what_was_left_behind(project: Project) -> None:
    # GIVEN a save that was killed, and a person who has edited one of its files since
    _unfinished(project)
    project.paths.configuration("sql", "c").write_text(_toml("by hand"))
    # WHEN the project is opened THEN the edit is there, and the old query with it
    assert _saved(project.root) == ("by hand", "old query")
    assert _left(project.root) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: "no json",
        lambda body: json.dumps({"path": "x"}),
        lambda body: json.dumps([{**body[0], "path": "../outside.sql", "before": None}, *body[1:]]),
        lambda body: json.dumps([{**body[0], "path": "/outside.sql", "before": None}, *body[1:]]),
    ],
    ids=["no json", "no list", "above the project", "elsewhere"],
)
def test_an_intent_that_is_none_of_ours_is_not_carried_out(
    project: Project, damage: Callable[[list[dict[str, object]]], str]
) -> None:
    intent = _unfinished(project)
    intent.write_text(damage(json.loads(intent.read_text())))
    assert _saved(project.root) == _OLD
    assert _left(project.root) == [] and not (project.root.parent / "outside.sql").exists()


def test_the_next_save_completes_the_one_before(project: Project) -> None:
    # GIVEN a program that has the project open while another one is killed in a save
    value = project.configuration("sql/c")
    base = project.source(project.paths.configuration("sql", "c"))
    _unfinished(project)
    # WHEN it saves too THEN it finds that the files are others now
    with pytest.raises(Exception, match="was changed on disk"):
        save_configuration(project, replace(value, description="more"), base)
    assert _saved(project.root) == _NEW


def test_a_project_without_unfinished_saves_is_not_touched(project: Project) -> None:
    complete_saves(project.root)
    assert not project.paths.unfinished_saves.exists()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO], ids=errno.errorcode.__getitem__)
def test_a_save_is_completed_later_where_a_file_cannot_be_read_for_a_moment(
    project: Project, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    # GIVEN what a program that was killed has left to be written
    intent = _unfinished(project)
    real = os.open

    def refusing(path: Any, *arguments: Any, **more: Any) -> int:
        if os.fspath(path).endswith(".sql"):
            raise OSError(number, os.strerror(number), os.fspath(path))
        return real(path, *arguments, **more)

    # WHEN one of its files cannot be opened THEN it is kept
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refusing)
        with pytest.raises(OSError, match=os.strerror(number)):
            complete_saves(project.root)
    assert intent.exists()
    # AND it is carried out the next time
    complete_saves(project.root)
    assert _saved(project.root) == _NEW and _left(project.root) == []
