"""A key, and an event, in the tree of a run whose one array is unfolded to 10,000 parts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import own_identity
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.model.events import events
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project

from tests.bench.lines import measured
from tests.bench.screen.terminal import Answer, answer, memory, opened, thread_ms
from tests.pty.harness import PtyApp
from tests.support.engine_kit import make_commands

pytestmark = pytest.mark.bench
COUNT = 10_000
_MS, _CURSOR_MS, _MB = 20, 5, 90
_AT = time.time() - 2 * COUNT
_LEFT = 40
"""Parts of a run that goes on, which have not begun when it is opened."""
_EVENTS = 8
_PAUSE = 2.0


def _ended(journal: Journal, number: int, at: float, status: Status = Status.SUCCESS) -> None:
    part, kind = f"load@{number}", None if status is Status.SUCCESS else FailureKind.USER
    journal.append(events.spawning(at, part, 1))
    journal.append(events.started(at, part, 1, pid=1000 + number, start=(100, 101)))
    journal.append(events.ended(at + 1, part, 1, status, exit_code=0 if kind is None else 1, kind=kind))


def _run(project: Project, ended: int, status: Status = Status.SUCCESS) -> Journal:
    """A run of the array, so many of whose parts have ended so, without their files; it goes on."""
    run, items = "20261130T100000-aaaa", [f"data/2026/11/30/file-{number:05d}.csv" for number in range(COUNT)]
    directory, me = project.paths.run("o", run), own_identity()
    make_private(directory)
    journal = Journal.create(directory, RunHeader(run, "o", "O", _AT, "me"), plan_run(project, RunRequest("o")))
    start = (me.start, me.start)
    journal.append(events.executor(_AT, pid=me.pid, start=start, host=me.host, boot_id=me.boot_id, by="me"))
    journal.append(events.phase_started(_AT, "p"))
    journal.append(events.unfolded(_AT, "load", items))
    for number in range(1, ended + 1):
        _ended(journal, number, _AT + number, status)
    return journal


def _over(journal: Journal, status: Status) -> None:
    end = _AT + COUNT + 2
    journal.append(events.phase_ended(end, "p", status))
    journal.append(events.run_ended(end, status, None, 0, {status: 1}))
    journal.close()


def _project(directory: Path) -> Project:
    task = {"command": "true", "each": '"data/*.csv"'}
    return make_commands(directory, {"P": {"load": task}})


def _unfolding(app: PtyApp, told: str) -> None:
    """The run on the screen, the cursor on its array."""
    app.send("\r")
    app.wait_for("Components")
    app.send("w")
    app.wait_until(lambda: told in app.text(), told, patience=120)
    app.pump(_PAUSE)
    app.send("j")
    app.pump(_PAUSE)


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.ERROR])
def test_a_key_in_a_tree_of_parts(tmp_path: Path, status: Status) -> None:
    project = _project(tmp_path)
    _over(_run(project, COUNT, status), status)
    with opened(project.root, tmp_path, waits_for="Phases") as app:
        _unfolding(app, f"{status.style.glyph} {status.style.word}")
        for name, most, keys in _STEPS:
            answers: list[Answer] = [answer(app, key, 0.3) for key in keys]
            measured(f"{COUNT:,} parts in {status.value}: {name}", "ms", most, [one.ms for one in answers])
        measured(f"{COUNT:,} parts in {status.value}: memory after all of it", "MB", _MB, [memory(app)])


_STEPS = (
    ("unfold and fold", _MS, "lh" * 5 + "l"),
    ("cursor", _CURSOR_MS, "jk" * 6),
    ("page", _MS, ("\x1b[6~", "\x1b[5~") * 3),
    ("end and home", _MS, ("\x1b[F", "\x1b[H") * 3),
)


def test_events_of_parts_in_a_tree_of_them(tmp_path: Path) -> None:
    """What the thread of the screen takes for a part that begins and ends, beside what it takes for nothing."""
    project = _project(tmp_path)
    journal = _run(project, COUNT - _LEFT)
    with opened(project.root, tmp_path, waits_for="Phases") as app:
        _unfolding(app, f"{COUNT - _LEFT}/{COUNT}")
        app.send("l")
        app.pump(_PAUSE)
        taken, idle = [], []
        for number in range(COUNT - _LEFT + 1, COUNT - _LEFT + 1 + _EVENTS):
            idle.append(_thread(app))
            _ended(journal, number, _AT + number)
            taken.append(_thread(app))
    journal.close()
    measured(f"{COUNT:,} parts: a run that goes on, {_PAUSE:g} s of nothing", "ms", None, idle)
    more = [one - before for one, before in zip(taken, idle, strict=True)]
    measured(f"{COUNT:,} parts: a part begins and ends", "ms", _MS, more)


def _thread(app: PtyApp) -> float:
    """Milliseconds of the screen's thread in the next seconds."""
    before = thread_ms(app)
    app.pump(_PAUSE)
    return thread_ms(app) - before
