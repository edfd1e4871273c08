"""``orch-tui files``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.files.store import FileStore

from tests.support.commands import command_here
from tests.support.projects import make_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path, {})


def test_a_file_is_added_listed_tagged_copied_and_removed(root: Path) -> None:
    # GIVEN
    (root / "report.txt").write_text("all is well")
    # WHEN it is added
    added = command_here(root, "files", "add", "report.txt", "--tag", "report", "--tag", "daily")
    assert added.returncode == 0 and "report.txt, 11 B" in added.stdout
    id = added.stdout.split(":")[0]
    # THEN it is listed, in both ways, by tag and by query
    assert "report, daily" in command_here(root, "files").stdout
    listed = json.loads(command_here(root, "files", "--json", "-t", "daily", "-q", "name:*.txt").stdout)
    assert [(one["id"], one["tags"], one["broken"]) for one in listed] == [(int(id), ["report", "daily"], None)]
    assert json.loads(command_here(root, "files", "--json", "-t", "other").stdout) == []
    # WHEN it gets another tag, THEN it has it
    tagged = command_here(root, "files", "tag", id, "--add", "done", "--remove", "daily")
    assert tagged.stdout == f"{id}: report.txt: report, done\n"
    # WHEN it is copied, THEN nothing is written over
    assert command_here(root, "files", "get", id, "copy.txt").returncode == 0
    assert (root / "copy.txt").read_text() == "all is well"
    again = command_here(root, "files", "get", id, "copy.txt")
    assert again.returncode == 1 and "is there already" in again.stderr
    # WHEN it is removed, THEN it is gone
    assert command_here(root, "files", "remove", id).returncode == 0
    assert "no file yet" in command_here(root, "files").stderr
    assert "there is no file" in command_here(root, "files", "get", id).stderr


def test_old_files_go_only_when_they_are_not_permanent(root: Path) -> None:
    # GIVEN an old file, an old permanent one, a new one
    (root / "a").write_text("")
    store = FileStore(ProjectPaths(root))
    store.add(root / "a", name="old", now=1000.0)
    store.add(root / "a", name="kept", now=1001.0, permanent=True)
    store.add(root / "a", name="new")
    # WHEN / THEN
    done = command_here(root, "files", "prune", "--yes")
    assert done.returncode == 0 and "1 file removed" in done.stdout
    assert [file.name for file in store.files()] == ["new", "kept"]
    assert "there is no such file" in command_here(root, "files", "prune", "--yes").stderr


def test_what_is_wrong_is_one_sentence(root: Path) -> None:
    for arguments, says in (
        (("files", "-q", "owner:me"), "which files do not have here"),
        (("files", "tag", "7"), "name tags with --add or --remove"),
        (("files", "tag", "7", "--add", "x"), "there is no file 7"),
    ):
        done = command_here(root, *arguments)
        assert done.returncode != 0 and says in done.stderr and len(done.stderr.splitlines()) == 1
