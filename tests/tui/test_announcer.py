"""How the terminal's title and bell tell of runs."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.runs.start import RunRequest
from orch_tui.model.status import Status
from orch_tui.project.files.own_files import open_own
from orch_tui.project.history import summarize
from orch_tui.project.project import Project, open_project
from orch_tui.runs.live.control import RunControl
from orch_tui.tui import announcer
from orch_tui.tui.announcer import Announcer

from tests.tui.conftest import MakeRun, write_files


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcer, "_LOOK_SECONDS", 0.01)


@pytest.fixture
def gated(tmp_path: Path) -> Project:
    gate = 'until [ -e "$ORCH_PROJECT/$ORCH_ORCHESTRATION" ]; do sleep 0.02; done'
    one = "[[phases]]\nname = 'A'\n[[phases.tasks]]\nconfiguration = 'command/%s'\n"
    files = {"orch.toml": 'name = "P"\n'}
    for name in ("one", "two"):
        command = gate.replace("$ORCH_ORCHESTRATION", name)
        files[f"configurations/command/{name}.toml"] = f"name = '{name}'\n[parameters]\ncommand = '''{command}'''\n"
        files[f"orchestrations/{name}.toml"] = f"name = 'The {name}'\n" + one % name
    return open_project(write_files(tmp_path / "project", files))


@pytest.mark.usefixtures("quick")
async def test_the_title_follows_runs_to_their_ends(gated: Project) -> None:
    # GIVEN two runs that go on
    titles: list[str] = []
    rings: list[str] = []
    control = RunControl(gated)
    runs = {name: control.start(control.plan(RunRequest(name))) for name in ("one", "two")}
    told = Announcer(titles.append, lambda: rings.append(titles[-1]))
    try:
        told.follow([("The one", runs["one"].directory)])
        told.follow([("The one", runs["one"].directory), ("The two", runs["two"].directory)])
        assert titles == ["● The one", "● 2 runs"] and rings == []
        # WHEN they end one after the other
        for name in runs:
            (gated.root / name).touch()
            async with asyncio.timeout(60):
                while len(rings) < 1 + (name == "two"):
                    await asyncio.sleep(0.01)
        # THEN the title says what still runs, then how the last one ended, and it rang twice
        assert titles == ["● The one", "● 2 runs", "● The two", "✔ The two 1/1"] and len(rings) == 2
    finally:
        told.stop()
        for name, run in runs.items():
            (gated.root / name).touch()
            run.wait(60)


@pytest.mark.usefixtures("quick")
async def test_a_run_that_is_interrupted_or_gone_is_not_followed_for_ever(project: Project, make_run: MakeRun) -> None:
    titles: list[str] = []
    interrupted = project.paths.run("alpha", make_run("alpha", None))
    told = Announcer(titles.append, lambda: None)
    # WHEN one is followed that nobody executes, and one that is not there
    told.follow([("Alpha", interrupted), ("Gone", project.paths.run("alpha", "20200101-000000"))])
    async with asyncio.timeout(60):
        while told._looking is not None and not told._looking.done():
            await asyncio.sleep(0.01)
    assert titles == ["● 2 runs", "● Gone", "Gone"] and not told._followed


@pytest.mark.usefixtures("quick")
async def test_a_run_is_called_by_the_name_that_becomes_known_later(gated: Project) -> None:
    # GIVEN a run of an orchestration whose file the list has not read yet: it is known by its id
    titles: list[str] = []
    control = RunControl(gated)
    run = control.start(control.plan(RunRequest("one")))
    told = Announcer(titles.append, lambda: None)
    try:
        told.follow([("one", run.directory)])
        # WHEN the file was read THEN the run that is followed already is called by the name, now and at its end
        told.follow([("The one", run.directory)])
        assert titles == ["● one", "● The one"]
        # AND while the files are read anew it keeps it
        told.follow([("one", run.directory)])
        assert titles == ["● one", "● The one"]
        (gated.root / "one").touch()
        async with asyncio.timeout(60):
            while told._followed:
                await asyncio.sleep(0.01)
        assert titles[-1] == "✔ The one 1/1"
    finally:
        told.stop()
        (gated.root / "one").touch()
        run.wait(60)


@pytest.mark.usefixtures("quick")
async def test_a_look_that_broke_off_is_begun_again_when_the_run_is_seen_again(
    project: Project, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a run, and a thread that cannot be started at the first look at it
    titles: list[str] = []
    directory = project.paths.run("alpha", make_run("alpha", Status.ERROR))
    told = Announcer(titles.append, lambda: None)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(asyncio.BaseEventLoop, "run_in_executor", _refuses)
            told.follow([("Alpha", directory)])
            assert told._looking is not None
            await asyncio.wait({told._looking})
            assert isinstance(told._looking.exception(), RuntimeError)
        # WHEN the list shows the run again THEN it is followed to its end
        told.follow([("Alpha", directory)])
        async with asyncio.timeout(60):
            while told._followed:
                await asyncio.sleep(0.01)
        assert titles == ["● Alpha", "✘ Alpha 0/1"]
    finally:
        told.stop()


@pytest.mark.usefixtures("quick")
async def test_a_run_that_cannot_be_read_for_a_moment_has_not_ended(
    project: Project, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    rings: list[str] = []
    directory = project.paths.run("alpha", make_run("alpha", Status.SUCCESS))
    told = Announcer(titles.append, lambda: rings.append(titles[-1]))
    looks = 0
    real = open_own

    def refusing(path: Any, *more: Any) -> int:
        nonlocal looks
        looks += 1
        if looks < 4:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), os.fspath(path))
        return real(path, *more)

    # GIVEN a machine without a descriptor for the first three looks
    monkeypatch.setattr("orch_tui.project.history.open_own", refusing)
    try:
        told.follow([("Alpha", directory)])
        async with asyncio.timeout(60):
            while told._followed:
                await asyncio.sleep(0.01)
        # THEN it is told and rung for once: as it ended
        assert titles == ["● Alpha", "✔ Alpha 1/1"] and rings == ["✔ Alpha 1/1"] and looks >= 4
    finally:
        told.stop()


def _refuses(*_: object) -> None:
    raise RuntimeError("can't start new thread")


def test_how_a_run_ended_is_said_with_the_tasks_that_succeeded(project: Project, make_run: MakeRun) -> None:
    run = summarize(project.paths.run("alpha", make_run("alpha", Status.ERROR)))
    assert announcer.ended("Al\x07pha", run) == "✘ Alpha 0/1"
