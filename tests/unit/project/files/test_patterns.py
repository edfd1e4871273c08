"""Files that a pattern finds are those that ``glob`` finds, and a folder that does not answer is no empty one."""

from __future__ import annotations

import errno
import glob
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.files.patterns import find_paths

_NAMES = ("a", "b", ".h", "x.csv", "y.csv", ".z.csv", "d[1]", "**")
_PATTERNS = (
    *("*", "**", "**/*.csv", "*/*.csv", "a/**", "a/*/", "**/", "./*.csv", "a/../*", "a//*.csv", ".*", "*/.h/*"),
    *("**/x.csv", "d[[]1]/*", "[ab]/x.csv", "nope/*", "x.csv/*", "x.csv", "a/", "a/**/b/**/*.csv", "**/**", "[", "a/["),
    *("lo*/*", "lo*/**/x.csv", "loop/*.csv", ""),
)


def _make(folder: Path, depth: int, chance: random.Random) -> None:
    for name in chance.sample(_NAMES, 5):
        if "." in name[1:] or not depth:
            (folder / name).touch()
        else:
            (folder / name).mkdir()
            _make(folder / name, depth - 1, chance)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "p[1]*"
    root.mkdir()
    _make(root, 2, random.Random(5))
    (root / "loop").symlink_to(root / "a")
    return root


@pytest.mark.parametrize("pattern", _PATTERNS)
def test_it_finds_what_glob_finds(tree: Path, pattern: str) -> None:
    assert find_paths(pattern, tree) == sorted(filter(None, glob.glob(pattern, root_dir=tree, recursive=True)))


def test_an_absolute_pattern_finds_absolute_paths(tree: Path) -> None:
    whole = f"{glob.escape(str(tree))}/*.csv"
    assert find_paths(whole, "/") == [str(tree / name) for name in find_paths("*.csv", tree)] != []


def _unlistable(folder: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: Any) -> Iterator[Any]:
        if Path(path) == folder:
            raise OSError(number, os.strerror(number), str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EMFILE])
@pytest.mark.parametrize("pattern", ["in/*.csv", "*/*.csv", "**/*.csv"])
def test_a_folder_that_does_not_answer_is_not_empty(
    tmp_path: Path, pattern: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN files in two folders, one of which cannot be listed now
    for folder in ("in", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").touch()
    _unlistable(tmp_path / "in", number, monkeypatch)
    # WHEN they are looked for, THEN that is said, with the folder
    with pytest.raises(OSError, match="in") as raised:
        find_paths(pattern, tmp_path)
    assert raised.value.errno == number


def test_a_folder_of_others_is_passed_over_only_where_no_one_named_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a folder that this user may not read
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "a.csv").touch()
    _unlistable(tmp_path / "lost+found", errno.EACCES, monkeypatch)
    # WHEN a pattern comes upon it, THEN it finds the others; WHEN it is named, THEN that is said
    assert find_paths("**/*.csv", tmp_path) == ["a.csv"]
    with pytest.raises(PermissionError):
        find_paths("lost+found/*.csv", tmp_path)


def test_a_link_to_a_folder_that_it_is_in_gives_no_file_twice_and_no_endless_search(tmp_path: Path) -> None:
    # GIVEN files in folders with links that lead back up: two of them are as many ways as two to the fortieth
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("in/a.csv", "in/deep/b.csv"):
        (tmp_path / name).touch()
    for name, to in (("in/here", "."), ("in/deep/up", ".."), ("in/again", "../in")):
        (tmp_path / name).symlink_to(to)
    # WHEN files at any depth are looked for, THEN each is found once
    assert find_paths("in/**/*.csv", tmp_path) == ["in/a.csv", "in/deep/b.csv"]
    # AND folders are, too; the links themselves are names like others
    found = find_paths("in/**", tmp_path)
    assert found == sorted(["in/", "in/a.csv", "in/again", "in/deep", "in/deep/b.csv", "in/deep/up", "in/here"])


def test_a_link_to_a_folder_beside_it_is_followed(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026" / "a.csv").touch()
    (tmp_path / "latest").symlink_to("2026")
    assert find_paths("**/*.csv", tmp_path) == ["2026/a.csv", "latest/a.csv"]
