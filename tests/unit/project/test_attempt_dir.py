"""The directory of an attempt: made whole or not at all, and its files are named in one place."""

from __future__ import annotations

import ast
import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.project import attempt_dir
from orch_tui.project.attempt_dir import (
    attempt_directory,
    config_file,
    exit_file,
    input_tables,
    log_file,
    make_attempt,
    output_files,
    told_files,
    unmasked_mark,
)

PACKAGE = Path(attempt_dir.__file__).parents[1]
OWN_NAMES = frozenset({"log", "exit", "config.json", "result.json", "progress.json", "state.json", "unmasked", "tmp"})
# What Singer and dbt expect in folders of their own, and where tests of connections run.
OF_OTHERS = {"components/singer/tap.py", "components/dbt/project.py", "engine/trials/alone.py"}


def test_an_attempt_has_an_empty_log_its_configuration_and_only_the_folders_that_were_asked_for(tmp_path: Path) -> None:
    # GIVEN the directory of the second attempt of a task
    directory = attempt_directory(tmp_path / "run", "load", 2)
    # WHEN it is made without a data folder
    make_attempt(directory, {"parameters": {"a": 1}}, data_folder=False)
    # THEN it is where the run's page says, for its owner only
    assert directory == tmp_path / "run" / "tasks" / "load" / "2"
    assert {entry.name for entry in directory.iterdir()} == {"log", "config.json"}
    assert log_file(directory).read_bytes() == b"" and not exit_file(directory).exists()
    assert json.loads(config_file(directory).read_text()) == {"parameters": {"a": 1}}
    assert directory.stat().st_mode & 0o777 == 0o700 and log_file(directory).stat().st_mode & 0o777 == 0o600
    # WHEN another is made with one, and with secrets
    other = attempt_directory(tmp_path / "run", "load", 3)
    make_attempt(other, {}, data_folder=True, secrets=True)
    # THEN the folders of the common interface are there, and its files count as unmasked
    assert input_tables(other).is_dir() and output_files(other).is_dir() and unmasked_mark(other).exists()
    assert [path.relative_to(other).as_posix() for path in told_files(other)] == [
        "result.json",
        "progress.json",
        "out/state.json",
    ]


def test_what_a_killed_executor_left_under_the_name_of_an_attempt_goes(tmp_path: Path) -> None:
    directory = attempt_directory(tmp_path, "load", 1)
    make_attempt(directory, {}, data_folder=True)
    exit_file(directory).write_text("0\n")
    make_attempt(directory, {}, data_folder=False)
    assert not exit_file(directory).exists() and not input_tables(directory).exists()


def test_nothing_is_left_of_an_attempt_that_the_disk_has_no_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a disk that takes only half of what is written
    monkeypatch.setattr(os, "write", lambda fd, data: len(data) // 2)
    directory = attempt_directory(tmp_path, "load", 1)
    # WHEN an attempt is made
    with pytest.raises(OSError) as failure:
        make_attempt(directory, {"parameters": {}}, data_folder=True)
    # THEN it says so, and the directory is gone
    assert failure.value.errno == errno.ENOSPC and not os.path.lexists(directory)


def _named_paths(tree: ast.Module) -> Iterator[str]:
    """The file names that code puts after a slash, by ``/ "name"`` or in an f-string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
            yield str(node.right.value)
        elif isinstance(node, ast.JoinedStr):
            yield from (
                part.value.removeprefix("/")
                for part in node.values
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.startswith("/")
            )


def test_no_other_module_names_the_files_of_an_attempt() -> None:
    # GIVEN every module but the one, those of the screen and the command line too
    spelled = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in PACKAGE.rglob("*.py")
        if path != Path(attempt_dir.__file__) and path.relative_to(PACKAGE).as_posix() not in OF_OTHERS
        for name in _named_paths(ast.parse(path.read_text(encoding="utf-8")))
        if name.split("/")[-1] in OWN_NAMES
    }
    # THEN none puts such a name behind a directory
    assert spelled == set()
