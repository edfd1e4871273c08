"""Schedules as the files have them: what is damaged or refused for a moment changes no time and loses none."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.project import DefinitionError, open_project
from orch_tui.scheduling.watching import Schedules

from tests.support.engine_kit import make_commands

SETTINGS = 'name = "Test"\ntimezone = "Asia/Tokyo"\n[pools]\ndb = 1\n'
Refuse = Callable[[str], Callable[[], None]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_commands(tmp_path, {"p": {"t": "true"}})
    (tmp_path / "orch.toml").write_text(SETTINGS)
    with (tmp_path / "orchestrations" / "o.toml").open("a") as file:
        file.write('\n[[schedules]]\ncron = "30 5 * * *"\n')
    return tmp_path


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Lets what has a name not be opened or listed, until what is returned is called."""
    opened, scanned, refused = os.open, os.scandir, set[str]()

    def check(path: Any) -> None:
        if not isinstance(path, int) and Path(path).name in refused:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), os.fspath(path))

    def open_(path: Any, *arguments: Any, **more: Any) -> int:
        check(path)
        return opened(path, *arguments, **more)

    def scandir(path: Any = ".") -> Any:
        check(path)
        return scanned(path)

    def begin(name: str) -> Callable[[], None]:
        refused.add(name)
        return refused.clear

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "scandir", scandir)
    return begin


def zones(schedules: Schedules) -> list[str]:
    return [watched.zone_name for watched in schedules.read()]


def test_settings_that_are_damaged_for_a_while_move_no_schedule_to_another_zone(root: Path) -> None:
    project = open_project(root)
    schedules = Schedules(project)
    assert zones(schedules) == ["Asia/Tokyo"]
    # WHEN the file is half written THEN times are due as before, AND what others have of the settings stays
    (root / "orch.toml").write_text(SETTINGS[:-3])
    assert zones(schedules) == ["Asia/Tokyo"] and project.settings.pools == {"db": 1}
    # WHEN it is whole again THEN it holds
    (root / "orch.toml").write_text(SETTINGS.replace("Tokyo", "Seoul"))
    assert zones(schedules) == ["Asia/Seoul"]


def test_a_scheduler_that_never_read_the_settings_starts_nothing(root: Path) -> None:
    # GIVEN a project that was opened though its file was damaged
    (root / "orch.toml").write_text("[pools\n")
    schedules = Schedules(open_project(root, tolerant=True))
    # THEN nobody knows when anything is due, AND once it is mended it is known
    for _ in range(2):
        with pytest.raises(DefinitionError, match=r"orch\.toml"):
            schedules.read()
    (root / "orch.toml").write_text(SETTINGS)
    assert zones(schedules) == ["Asia/Tokyo"]


@pytest.mark.parametrize("name", ["o.toml", "orch.toml"])
def test_a_file_that_is_refused_once_is_read_later_though_it_does_not_change(
    root: Path, refuse: Refuse, name: str
) -> None:
    # GIVEN a scheduler that could not open a file when it was edited
    schedules = Schedules(open_project(root))
    schedules.read()
    for file, text in (("orch.toml", "Tokyo"), ("orchestrations/o.toml", "30 5")):
        path = root / file
        path.write_text(path.read_text().replace(text, {"Tokyo": "Seoul", "30 5": "40 6"}[text]))
    give = refuse(name)
    schedules.read()
    # WHEN it can THEN the edit holds
    give()
    (found,) = schedules.read()
    assert (found.zone_name, found.schedule.cron) == ("Asia/Seoul", "40 6 * * *")


def test_a_directory_that_cannot_be_listed_is_not_empty(root: Path, refuse: Refuse) -> None:
    schedules = Schedules(open_project(root))
    schedules.read()
    give = refuse("orchestrations")
    with pytest.raises(OSError, match="Too many open files"):
        schedules.read()
    give()
    assert zones(schedules) == ["Asia/Tokyo"]
