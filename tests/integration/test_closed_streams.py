"""Streams that are closed, full or gone, of those who watch a run and of the one that executes it: no run is harmed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run

from tests.support.projects import argv, end, environment, latest_run, make_project, start, wait_for_file

TASK = "touch started; n=0; while [ ! -e go ]; do n=$((n + 1)); echo line $n; sleep 0.05; done; echo the end"
SANE = {0, 1, 2, 129, 130, 141, -signal.SIGPIPE, -signal.SIGHUP}
"""Ends of who has lost a stream: as if nothing were wrong, with an error that could not be told, by the loss."""


@dataclass(frozen=True)
class Loss:
    """What a process is started with; ``leaves`` are closed at our end once the run is under way."""

    name: str
    closed: tuple[int, ...] = ()
    full: tuple[int, ...] = ()
    leaves: tuple[int, ...] = ()


LOSSES = (
    *(Loss(f"without {name}", closed=(number,)) for number, name in enumerate(("stdin", "stdout", "stderr"))),
    Loss("without any", closed=(0, 1, 2)),
    Loss("full stdout", full=(1,)),
    Loss("full stdout and stderr", full=(1, 2)),
    Loss("nobody reads stdout", leaves=(1,)),
    Loss("nobody reads stdout and stderr", leaves=(1, 2)),
)
WATCHERS = (
    ("watch", "daily"),
    ("logs", "daily", "a", "-f"),
    ("logs", "daily", "-f"),
    ("logs", "daily", "a", "-f", "--raw"),
)
_SHORT = {(("watch", "daily"), 1), (("watch", "daily"), 6), (("logs", "daily", "a", "-f"), 4)}


def _closing(numbers: tuple[int, ...]) -> Callable[[], None]:
    def close() -> None:
        for number in numbers:
            os.close(number)

    return close


def _begin(project: Path, arguments: tuple[str, ...], loss: Loss, told: Path) -> subprocess.Popen[str]:
    """What it says on the streams that it keeps goes into the file."""
    with told.open("w") as file, open(os.devnull) as nothing, open("/dev/full", "w") as full:
        streams: dict[int, IO[str] | int] = {0: nothing, 1: file, 2: file}
        streams |= dict.fromkeys(loss.full, full) | dict.fromkeys(loss.leaves, subprocess.PIPE)
        return subprocess.Popen(
            argv(*arguments),
            cwd=project,
            env=environment(),
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            preexec_fn=_closing(loss.closed),
            text=True,
        )


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        end(process)


def _leave(process: subprocess.Popen[str]) -> None:
    """When it has said something, nobody reads any more."""
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            if stream is process.stdout:
                stream.readline()
            stream.close()


def _sane(process: subprocess.Popen[str], what: str, told: Path) -> None:
    code = process.wait(60)
    said = told.read_text(errors="replace")
    assert code in SANE, f"{what}: exit {code}: {said}"
    assert "Traceback" not in said and "Exception ignored" not in said, f"{what}: {said}"


def _pairs() -> list[Any]:
    return [
        pytest.param(
            watcher,
            loss,
            id=f"{' '.join(watcher)}, {loss.name}",
            marks=() if (watcher, n) in _SHORT else pytest.mark.long,
        )
        for watcher in WATCHERS
        for n, loss in enumerate(LOSSES)
    ]


@pytest.mark.parametrize(("watcher", "loss"), _pairs())
def test_who_watches_a_run_may_lose_any_stream(
    tmp_path: Path, started: list[subprocess.Popen[str]], watcher: tuple[str, ...], loss: Loss
) -> None:
    # GIVEN a run, and a process that watches it without a stream, or whose reader leaves
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": TASK}, "Second": {"b": "touch second"}}})
    run = start(project, "run", "daily", stdout=subprocess.DEVNULL)
    started.append(run)
    wait_for_file(project / "started", run)
    process = _begin(project, watcher, loss, tmp_path / "told")
    started.append(process)
    _leave(process)
    # WHEN the run goes on to its end
    (project / "go").touch()
    # THEN both end as they should, and nothing but the end of a stream was wrong
    assert run.wait(60) == 0
    _sane(process, " ".join(watcher), tmp_path / "told")
    assert (project / "second").exists() and read_run(latest_run(project, "daily")).status is Status.SUCCESS


@pytest.mark.parametrize(
    ("manner", "loss"),
    [
        pytest.param(
            manner,
            loss,
            id=f"{' '.join(manner) or 'plain'}, {loss.name}",
            marks=() if (manner, n) in {((), 3), ((), 5), (("--json",), 7)} else pytest.mark.long,
        )
        for manner in ((), ("--json",), ("--quiet",))
        for n, loss in enumerate(LOSSES)
    ],
)
def test_who_executes_a_run_may_lose_any_stream(
    tmp_path: Path, started: list[subprocess.Popen[str]], manner: tuple[str, ...], loss: Loss
) -> None:
    # GIVEN a run whose executor lacks a stream, or whose reader leaves
    project = make_project(tmp_path / "p", {"daily": {"First": {"a": TASK}, "Second": {"b": "touch second"}}})
    process = _begin(project, ("run", "daily", *manner), loss, tmp_path / "told")
    started.append(process)
    wait_for_file(project / "started", process)
    if not manner:
        _leave(process)
    else:
        # It says nothing before its end.
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    # WHEN it goes on THEN it comes to its end, and that is what its exit code says
    (project / "go").touch()
    _sane(process, f"run {' '.join(manner)}", tmp_path / "told")
    assert process.returncode == 0
    assert (project / "second").exists() and read_run(latest_run(project, "daily")).status is Status.SUCCESS
