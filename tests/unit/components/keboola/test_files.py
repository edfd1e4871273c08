"""Files of the storage that a program of Keboola is given, and what it leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.keboola.files import InputFiles, OutputFiles
from orch_tui.model.errors import UserError
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.files.store import FileStore
from orch_tui.storage.files.values import Origin

from tests.unit.components.keboola.contexts import context


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """Four files: of 1970 and of today, with tags."""
    (tmp_path / "x").write_text("x")
    store = FileStore(ProjectPaths(tmp_path))
    store.add(tmp_path / "x", name="old.csv", tags=["in", "a"], now=1000.0)
    store.add(tmp_path / "x", name="new.csv", tags=["in", "b"], origin=Origin(run="r"))
    store.add(tmp_path / "x", name="new.zip", tags=["in", "done"])
    store.add(tmp_path / "x", name="other.csv", tags=["out"])
    return store


def taken(tmp_path: Path, mapping: dict[str, Any], last: int = 0) -> list[str]:
    """The names of what the mapping gives."""
    ctx = context(tmp_path)
    InputFiles({"input": {"files": [mapping]}}, ctx, last).write()
    folder = ctx.data_dir / "in" / "files"
    names = [path.name for path in folder.iterdir() if not path.name.endswith(".manifest")]
    for name in names:
        manifest = json.loads((folder / f"{name}.manifest").read_text())
        assert name == f"{manifest['id']}_{manifest['name']}" and manifest["size_bytes"] == 1
        (folder / name).unlink()
    return sorted(name.split("_", 1)[1] for name in names)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("mapping", "names"),
    [
        ({"tags": ["in"]}, ["new.csv", "new.zip", "old.csv"]),
        ({"tags": ["in", "b"]}, ["new.csv"]),
        ({"tags": ["in"], "limit": 1}, ["new.zip"]),
        ({"tags": ["in"], "query": "name:.csv"}, ["new.csv", "old.csv"]),
        ({"query": "tags:in AND NOT tags:done"}, ["new.csv", "old.csv"]),
        ({"source": {"tags": [{"name": "in"}, {"name": "done", "match": "exclude"}]}}, ["new.csv", "old.csv"]),
        ({"tags": ["in"], "changed_since": "-2 days"}, ["new.csv", "new.zip"]),
        ({"tags": ["in"], "filter_by_run_id": True}, ["new.csv"]),
        ({"file_ids": [1_000_000]}, ["old.csv"]),
        ({"tags": ["none"]}, []),
    ],
    ids=str,
)
def test_what_a_mapping_asks_for(tmp_path: Path, mapping: dict[str, Any], names: list[str]) -> None:
    assert taken(tmp_path, mapping) == names


def test_ten_files_are_the_most_where_nothing_is_said(tmp_path: Path) -> None:
    # GIVEN twelve files, WHEN asked for, THEN the newest ten are there; with a limit more
    (tmp_path / "x").write_text("x")
    store = FileStore(ProjectPaths(tmp_path))
    for number in range(12):
        store.add(tmp_path / "x", name=f"f{number:02}", tags=["t"], now=float(number))
    assert taken(tmp_path, {"tags": ["t"]}) == [f"f{number:02}" for number in range(2, 12)]
    assert len(taken(tmp_path, {"tags": ["t"], "limit": 100})) == 12


def test_adaptive_means_files_that_no_run_has_got(tmp_path: Path, store: FileStore) -> None:
    # GIVEN a first run, WHEN the next one asks, THEN only what is newer is there
    mapping = {"tags": ["in"], "changed_since": "adaptive"}
    ctx = context(tmp_path)
    files = InputFiles({"input": {"files": [mapping]}}, ctx, 0)
    files.write()
    newest = max(file.id for file in store.files() if "in" in file.tags)
    assert files.newest == newest
    assert taken(tmp_path / "fresh", {"tags": ["in"]}) == []
    store.add(tmp_path / "x", name="newest.csv", tags=["in"])
    for path in (ctx.data_dir / "in" / "files").iterdir():
        path.unlink()
    assert taken(tmp_path, mapping, newest) == ["newest.csv"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({}, "names neither tags nor a query"),
        ({"query": "owner:me"}, "which files do not have here"),
        ({"file_ids": [7]}, "there is no file 7"),
        ({"tags": ["in"], "changed_since": "soon"}, "is no moment"),
    ],
    ids=["any", "query", "id", "time"],
)
def test_what_a_mapping_cannot_mean_is_one_sentence(tmp_path: Path, mapping: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        taken(tmp_path, mapping)
    with pytest.raises(UserError, match="is no list of tables"):
        InputFiles({"input": {"files": "all"}}, context(tmp_path), 0)


def left(tmp_path: Path, *, publish: bool = True, files: list[dict[str, Any]] | None = None) -> list[tuple[str, ...]]:
    """Names and tags of what is stored of a file with a manifest and one without."""
    ctx = context(tmp_path)
    ctx.publish = publish
    folder = ctx.data_dir / "out" / "files"
    (folder / "told.txt").write_text("1")
    (folder / "told.txt.manifest").write_text('{"tags": ["t", "u"], "is_permanent": true}')
    (folder / "plain.txt").write_text("2")
    OutputFiles({"output": {"files": files or []}}, ctx).take()
    return [(file.name, *file.tags) for file in FileStore(ProjectPaths(tmp_path)).files()][::-1]


def test_what_a_program_leaves_is_stored(tmp_path: Path) -> None:
    assert left(tmp_path) == [("plain.txt",), ("told.txt", "t", "u")]
    told = FileStore(ProjectPaths(tmp_path)).files()[0]
    assert told.permanent and told.origin == Origin("acme.ex/one", "r", "t")


def test_a_try_stores_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert left(tmp_path, publish=False) == []
    assert "2 files of out/files would be stored" in capsys.readouterr().out


def test_the_mapping_s_tags_go_before_and_its_files_must_be_there(tmp_path: Path) -> None:
    assert left(tmp_path, files=[{"source": "told.txt", "tags": ["m"]}]) == [("plain.txt",), ("told.txt", "m")]
    with pytest.raises(UserError, match=r"out/files/none\.txt of the output mapping was not written; there is plain"):
        left(tmp_path, files=[{"source": "none.txt"}])


def test_a_link_is_no_file(tmp_path: Path) -> None:
    # GIVEN a program that leaves a link to something of this machine
    ctx = context(tmp_path)
    (ctx.data_dir / "out" / "files" / "passwd").symlink_to("/etc/passwd")
    # WHEN / THEN nothing of it is stored
    with pytest.raises(UserError, match="is no file"):
        OutputFiles({}, ctx).take()
    assert FileStore(ProjectPaths(tmp_path)).files() == []
