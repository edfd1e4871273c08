"""The project's file storage."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.files.store import FileStore
from orch_tui.storage.files.values import FileStoreError, Origin


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(ProjectPaths(tmp_path))


def written(tmp_path: Path, name: str = "a.txt", text: str = "text") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_file_is_kept_with_its_tags_and_found_again(tmp_path: Path, store: FileStore) -> None:
    # GIVEN a file and a directory of slices
    path = written(tmp_path)
    (tmp_path / "slices").mkdir()
    written(tmp_path / "slices", "one", "1")
    written(tmp_path / "slices", "two", "22")
    # WHEN they are stored, in the same moment
    first = store.add(path, tags=["b", "a", "b"], permanent=True, origin=Origin("x/y", "r", "t"), now=1000.0)
    second = store.add(tmp_path / "slices", now=1000.0)
    # THEN they are listed, the newest first, with all that was said of them
    assert [file.id for file in store.files()] == [second.id, first.id] == [1_000_001, 1_000_000]
    found = store.get(first.id)
    assert found == first and found.tags == ("b", "a") and found.size == 4 and found.permanent
    assert (second.sliced, second.size) == (True, 3)
    # AND what is changed or removed at the source stays as it was
    path.write_text("other")
    store.give(first, tmp_path / "copy.txt")
    store.give(second, tmp_path / "copies")
    assert (tmp_path / "copy.txt").read_text() == "text" and (tmp_path / "copies" / "two").read_text() == "22"
    assert oct(first.path.stat().st_mode & 0o777) == "0o600"


def test_tags_are_given_and_taken_and_files_removed(tmp_path: Path, store: FileStore) -> None:
    # GIVEN
    file = store.add(written(tmp_path), tags=["a", "b"])
    # WHEN / THEN
    assert store.tag(file.id, ["c", "a"], ["b"]).tags == ("a", "c")
    store.remove(file.id)
    assert store.files() == [] and store.get(file.id) is None
    for act in (lambda: store.tag(file.id, ["x"]), lambda: store.remove(file.id)):
        with pytest.raises(FileStoreError, match="there is no file"):
            act()


def test_many_at_once_lose_nothing(tmp_path: Path, store: FileStore) -> None:
    # GIVEN a file, WHEN several give it tags and store others, all in one moment
    file = store.add(written(tmp_path), now=5.0)

    def work(number: int) -> None:
        store.tag(file.id, [f"t{number}"])
        store.add(tmp_path / "a.txt", name=f"n{number}", now=5.0)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # THEN every tag and every file is there
    found = store.get(file.id)
    assert found is not None and set(found.tags) == {f"t{number}" for number in range(6)}
    assert len({one.id for one in store.files()}) == 7


@pytest.mark.parametrize(
    "name", ["", ".hidden", "a/b", "a\nb", "x" * 201], ids=["empty", "dot", "slash", "line", "long"]
)
def test_what_can_be_no_name_is_refused(tmp_path: Path, store: FileStore, name: str) -> None:
    path = written(tmp_path)
    if name:
        with pytest.raises(FileStoreError, match="cannot be the name"):
            store.add(path, name=name)
    with pytest.raises(FileStoreError, match="cannot be a tag"):
        store.add(path, tags=[" "])
    assert store.files() == []


def test_links_and_pipes_are_not_followed(tmp_path: Path, store: FileStore) -> None:
    # GIVEN a link, a pipe, and a directory with a link in it
    target = written(tmp_path, "secret.txt", "s3cr3t")
    (tmp_path / "link").symlink_to(target)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(target)
    # WHEN / THEN none is stored, and nothing is left of the try
    for name in ("link", "pipe", "folder"):
        with pytest.raises(FileStoreError, match="is no file"):
            store.add(tmp_path / name)
    assert store.files() == [] and list((tmp_path / ".orch" / "files").iterdir()) == []


def test_a_damaged_file_is_listed_as_that(tmp_path: Path, store: FileStore) -> None:
    # GIVEN a file whose description is no JSON, and one in which something is missing
    files = [store.add(written(tmp_path), now=float(number)) for number in (1, 2)]
    (files[0].path.parent / "file.json").write_text("{")
    (files[1].path.parent / "file.json").write_text('{"created": "2026-01-01T00:00:00+00:00", "tags": []}')
    # WHEN / THEN both are there, with the reason; tags they have none, and removing them works
    first, second = store.files()
    assert "'name' is missing" in first.problem and "cannot be read" in second.problem
    with pytest.raises(FileStoreError, match="repair it, or remove the file"):
        store.tag(first.id, ["x"])
    store.remove(first.id)
    assert [file.id for file in store.files()] == [second.id]
