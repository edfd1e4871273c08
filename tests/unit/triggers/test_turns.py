"""Facts are found, and each is part of exactly one occurrence, whatever is killed."""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.status import Status
from orch_tui.project.project import Project, open_project
from orch_tui.scheduling.outage import Moment, this_moment
from orch_tui.scheduling.pauses import pause
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Outcome, Pause, Record
from orch_tui.storage.place import PlaceError
from orch_tui.storage.storage import Storage
from orch_tui.triggers import turns
from orch_tui.triggers.store import read_seen
from orch_tui.triggers.turns import Pulled, TriggerCompanion, triggers_of
from orch_tui.triggers.values import Occurrence

from tests.support.engine_kit import make_commands
from tests.support.tables import put

FILES = '\n[[triggers]]\nid = "in"\nfiles = "incoming/*.csv"\nstable = "5s"\n'


@dataclass
class Started:
    """Takes the place of processes: what would be started, and nothing is."""

    started: list[float] = field(default_factory=list)
    gone: list[tuple[tuple[str, str, float], int]] = field(default_factory=list)
    descriptors: Sequence[int] = ()

    def start(self, watched: object, start: object) -> None:
        self.started.append(start.at)  # type: ignore[attr-defined]

    def ended(self) -> list[tuple[tuple[str, str, float], int]]:
        gone, self.gone = self.gone, []
        return gone

    def leave(self) -> None: ...


@dataclass
class Desk:
    """A scheduler's triggers with a clock; each ``turn`` is that of a new scheduler unless it is the same one's."""

    project: Project
    late: float = 0.0
    processes: Started = field(default_factory=Started)
    companion: TriggerCompanion | None = None

    def turn(self, *, killed: bool = False) -> float | None:
        if self.companion is None or killed:
            self.companion = TriggerCompanion(self.project)
            self.companion._processes = self.processes  # type: ignore[assignment]
        self.project.reload()
        now = this_moment()
        return self.companion.turn(Moment(now.now + self.late, now.up + self.late, now.awake, now.boot))

    @property
    def pulled(self) -> Pulled:
        return triggers_of(self.project)[0]

    def going(self) -> Occurrence | None:
        seen = read_seen(self.project.paths, "o", self.pulled.trigger.id)
        return seen.going if seen is not None else None

    def settle(self) -> Occurrence:
        """The occurrence comes to a run."""
        going = self.going()
        assert going is not None
        FileLedger(self.project.paths, self.pulled.watched).settle(Record(going.at, Outcome.STARTED, run="r"))
        self.processes.gone.append((("o", self.pulled.watched.id, going.at), 0))
        return going


def desk(root: Path, trigger: str) -> Desk:
    make_commands(root, {"P": {"t": "true"}})
    (root / "incoming").mkdir()
    with (root / "orchestrations" / "o.toml").open("a") as file:
        file.write(trigger)
    return Desk(open_project(root))


def test_files_that_come_start_one_run_once_they_are_stable(tmp_path: Path) -> None:
    # GIVEN a file that was there before, and two that come
    it = desk(tmp_path, FILES)
    (tmp_path / "incoming" / "old.csv").touch()
    it.turn()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "incoming" / name).write_text("1")
    # WHEN they have just come, THEN it is known when to look again
    wake = it.turn()
    assert it.going() is None and wake is not None and time.time() < wake < time.time() + 6
    # WHEN they have not changed for a while, THEN both start one run, and are started by no other
    it.late = 6.0
    it.turn()
    going = it.settle()
    assert [Path(name).name for name in _names(going)] == ["a.csv", "b.csv"] and "2 files: a.csv, b.csv" in going.words
    it.turn()
    assert it.going() is None and it.processes.started == [going.at]
    # WHEN one is written again, and one comes whose times are old, THEN those are new
    (tmp_path / "incoming" / "a.csv").write_text("12")
    (tmp_path / "incoming" / "c.csv").write_text("1")
    os.utime(tmp_path / "incoming" / "c.csv", (1, 1))
    it.turn()
    assert [Path(name).name for name in _names(it.settle())] == ["a.csv", "c.csv"]


def _names(going: Occurrence) -> list[str]:
    return list(json.loads(going.variables["trigger_files"]))


def test_a_scheduler_that_is_killed_starts_the_same_and_not_another(tmp_path: Path) -> None:
    # GIVEN files that were found, and a scheduler that is killed before its process has claimed them
    it = desk(tmp_path, FILES)
    it.turn()
    (tmp_path / "incoming" / "a.csv").touch()
    it.late = 6.0
    it.turn()
    (tmp_path / "incoming" / "b.csv").touch()
    # WHEN the next one looks, THEN it starts the same facts again; the claim lets one of them through
    it.turn(killed=True)
    assert len(set(it.processes.started)) == 1 and len(it.processes.started) == 2
    first = it.settle()
    # AND what came meanwhile starts the next run, behind it
    it.late = 12.0
    it.turn(killed=True)
    second = it.settle()
    assert second.at > first.at and [Path(name).name for name in _names(second)] == ["b.csv"]


def test_a_start_that_fails_is_tried_some_times(tmp_path: Path) -> None:
    it = desk(tmp_path, FILES)
    it.turn()
    (tmp_path / "incoming" / "a.csv").touch()
    it.late = 6.0
    for _ in range(14):
        before = len(it.processes.started)
        it.turn()
        if len(it.processes.started) > before:
            it.processes.gone.append((("o", it.pulled.watched.id, it.processes.started[-1]), 2))
        it.late += 60
    assert len(it.processes.started) == 5 and it.going() is None


def test_a_pause_keeps_facts_for_later(tmp_path: Path) -> None:
    it = desk(tmp_path, FILES)
    it.turn()
    (tmp_path / "incoming" / "a.csv").touch()
    it.late = 6.0
    pause(it.project.paths, Pause("o", time.time(), time.time() + 100, "me"))
    wake = it.turn()
    assert it.going() is None and wake is not None and wake > time.time() + 90
    it.late = 101.0
    it.turn()
    assert it.going() is not None


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Desk]:
    """``o`` runs after ``other``."""
    it = desk(tmp_path, '\n[[triggers]]\nafter = "other"\n')
    text = (tmp_path / "orchestrations" / "o.toml").read_text().partition("\n[[triggers]]")[0]
    (tmp_path / "orchestrations" / "other.toml").write_text(text)
    yield it


def _run_other(it: Desk, *, well: bool = True) -> str:
    (it.project.root / "configurations/command/t.toml").write_text(
        f'[parameters]\ncommand = "{"true" if well else "false"}"\n'
    )
    project = open_project(it.project.root)
    active = start_run(project, plan_run(project, RunRequest("other")), by="test")
    assert active.wait(30) in (Status.SUCCESS, Status.ERROR)
    return active.id


def test_each_run_of_another_orchestration_starts_one(upstream: Desk) -> None:
    # GIVEN one that ended before anybody waited for it
    _run_other(upstream)
    upstream.turn()
    assert upstream.going() is None
    # WHEN two succeed and one fails between them
    first, _, second = _run_other(upstream), _run_other(upstream, well=False), _run_other(upstream)
    upstream.turn()
    assert upstream.settle().variables["trigger_run"] == first
    upstream.turn()
    assert upstream.settle().variables["trigger_run"] == second
    # THEN there is no other
    upstream.turn()
    assert upstream.going() is None and len(upstream.processes.started) == 2


def test_tables_start_it_when_all_are_new_and_not_before_it_has_cooled_down(tmp_path: Path) -> None:
    it = desk(tmp_path, '\n[[triggers]]\ntables = ["raw/a", "raw/b"]\ncool_down = "1h"\n')
    versions = {"raw/a": 1}
    _write(it, versions)
    it.turn()
    # WHEN only one of them changes, THEN it waits for the other
    versions["raw/a"] = 2
    _write(it, versions)
    it.turn()
    assert it.going() is None
    versions["raw/b"] = 1
    _write(it, versions)
    it.turn()
    assert "2 tables: raw/a, raw/b" in it.settle().words
    # WHEN both change again at once, THEN that is remembered until it has cooled down
    _write(it, {"raw/a": 3, "raw/b": 2})
    wake = it.turn()
    assert it.going() is None and wake is not None and wake > time.time() + 3500
    it.late = 3700.0
    it.turn()
    assert it.going() is not None


def _write(it: Desk, versions: dict[str, int]) -> None:
    storage = Storage(it.project.paths.storage)
    for table, version in versions.items():
        while (info := storage.get(table)) is None or info.version < version:
            put(storage, table, "SELECT 1 AS n")


class Far:
    """A server that answers when it is let, with these versions of tables or a fault."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers, self.asked = threading.Event(), 0
        self.versions: dict[str, str] | OSError = {}
        monkeypatch.setattr(turns, "are_far", lambda paths: True)
        monkeypatch.setattr(turns, "versions_of", self._versions_of)

    def _versions_of(self, paths: object, tables: Sequence[str]) -> dict[str, str]:
        self.asked += 1
        assert self.answers.wait(60)
        if isinstance(self.versions, OSError):
            raise self.versions
        return self.versions


def heard(it: Desk) -> float | None:
    """The turn that is due since a server has answered."""
    assert it.companion is not None
    assert select.select(it.companion.descriptors, [], [], 30)[0]
    return it.turn()


def test_a_server_that_does_not_answer_delays_no_turn_and_no_other_trigger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a trigger of a table on a server, and one of files
    far = Far(monkeypatch)
    it = desk(tmp_path, f'\n[[triggers]]\nid = "far"\ntables = ["raw/rows"]\n{FILES}')
    # WHEN the server does not answer, THEN the turn ends at once, and nobody asks it twice
    assert it.turn() is None and it.turn() is None and far.asked == 1
    # AND a file that comes meanwhile starts its run
    (tmp_path / "incoming" / "a.csv").touch()
    it.late = 6.0
    it.turn()
    assert len(it.processes.started) == 1
    # WHEN it answers, THEN what is there was there before, and it is asked again after a while
    far.versions = {"raw/rows": "1"}
    far.answers.set()
    assert heard(it) is not None and far.asked == 1
    it.late = 40.0
    it.turn()
    heard(it)
    # WHEN there is a new version, THEN that starts a run
    far.versions = {"raw/rows": "2"}
    it.late = 80.0
    it.turn()
    heard(it)
    seen = read_seen(it.project.paths, "o", "far")
    assert seen is not None and seen.going is not None and len(it.processes.started) == 2


def test_what_a_server_refuses_is_said_until_it_answers_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a server that refuses
    far = Far(monkeypatch)
    far.versions = PlaceError("no such bucket")
    far.answers.set()
    it = desk(tmp_path, '\n[[triggers]]\nid = "far"\ntables = ["raw/rows"]\n')
    it.turn()
    # WHEN it has said so, THEN each turn does, also while it is asked again
    with pytest.raises(PlaceError, match="no such bucket"):
        heard(it)
    far.answers.clear()
    it.late = 15.0
    with pytest.raises(PlaceError, match="no such bucket"):
        it.turn()
    # WHEN it answers, THEN all is well
    far.versions = {}
    far.answers.set()
    assert heard(it) is not None
