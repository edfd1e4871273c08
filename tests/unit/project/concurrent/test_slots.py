"""Files that screens keep of the same thing: each has its own, and what one left behind is found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from orch_tui.project.concurrent.slots import Slots, renamed, stem_of


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "drafts"


def slots(directory: Path, holder: str = "ann") -> Slots:
    return Slots(directory, "load", ".toml", holder)


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_each_screen_has_a_file_of_its_own(directory: Path) -> None:
    # GIVEN no file at all
    assert slots(directory).paths() == [] and slots(directory).holders() == []
    # WHEN three screens keep something
    kept = [slots(directory, holder).new() for holder in ("ann", "bob", "cy")]
    for number, slot in enumerate(kept):
        slot.write(f"text {number}")
        os.utime(slot.path, (number, number))
    # THEN none has the other's file, the latest is first, and who keeps them is known
    assert names([slot.path for slot in kept]) == ["load.toml", "load~2.toml", "load~3.toml"]
    assert names(slots(directory).paths()) == ["load~3.toml", "load~2.toml", "load.toml"]
    assert slots(directory).holders() == ["cy", "bob", "ann"]
    assert slots(directory).left_behind() == []
    assert kept[1].path.stat().st_mode & 0o777 == 0o600
    # WHEN one leaves THEN what it kept is left behind
    kept[1].release()
    assert names(slots(directory).left_behind()) == ["load~2.toml"]
    assert slots(directory).holders() == ["cy", "ann"]
    # AND a screen can take it, but not what another one uses
    taken = slots(directory, "dan").take(kept[1].path)
    assert taken is not None and taken.path.read_text() == "text 1"
    assert slots(directory).take(kept[0].path) is None
    # WHEN it is removed THEN the place is free, and stays its own until it is let go
    taken.remove()
    taken.remove()
    assert names(slots(directory).paths()) == ["load~3.toml", "load.toml"]
    fourth = slots(directory, "eve").new()
    assert fourth.path.name == "load~4.toml"
    for slot in (kept[0], kept[2], taken, fourth):
        slot.release()
    assert slots(directory).holders() == []
    # Locks do not stay behind.
    assert sorted(names(list(directory.iterdir()))) == ["load.toml", "load~3.toml"]


def test_a_file_that_was_left_behind_is_not_written_over(directory: Path) -> None:
    first = slots(directory).new()
    first.write("precious")
    first.release()
    second = slots(directory).new()
    assert second.path.name == "load~2.toml"
    second.release()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        *(("load.toml", "load"), ("load~2.toml", "load"), ("lo.ad~12.toml", "lo.ad")),
        *((".load.toml", None), ("load.json", None), ("load.toml.lock", None), ("toml", None)),
    ],
)
def test_the_name_of_a_file_says_what_it_is_kept_of(name: str, stem: str | None) -> None:
    assert stem_of(name, ".toml") == stem


def test_a_file_follows_what_it_is_kept_of() -> None:
    assert renamed(Path("/x/load~2.toml"), "load", "send") == Path("/x/send~2.toml")
    assert renamed(Path("/x/load.toml"), "load", "send") == Path("/x/send.toml")


def test_files_of_others_are_left_alone(directory: Path) -> None:
    mine = slots(directory).new()
    mine.write("x")
    for other in ("loader.toml", "load2.toml", "load.json", ".load.toml"):
        (directory / other).write_text("other")
    assert names(slots(directory).paths()) == ["load.toml"]
    mine.release()
