"""What a run and the history look like: one picture each at the two sizes people have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.attempts.prepare import Preparer
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.model.events import events
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project
from orch_tui.project.secrets import Secrets
from orch_tui.tui.app import OrchApp
from textual.pilot import Pilot

from tests.support.clocks import stopped_at
from tests.support.reasons import in_words
from tests.tui.conftest import NOW
from tests.tui.driving import until
from tests.tui.seed import sample_project
from tests.tui.settling import settled

SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["wide", "small"])
START = NOW - 14


@pytest.fixture(autouse=True)
def unicode_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@contextmanager
def a_run(
    project: Project, name: str, start: float, *more: events.Event, continues: str | None = None
) -> Iterator[Path]:
    """A run of the sample whose journal has these events, and that is executed as long as it is open."""
    directory = project.paths.run("campaigns", name)
    make_private(directory)
    plan = plan_run(project, RunRequest("campaigns"))
    header = RunHeader(name, "campaigns", "Campaigns", start, "ann@host (pts/1)", plan.variables, rerun_of=continues)
    journal = Journal.create(directory, header, plan)
    first = (
        events.executor(start, pid=1, start=(1, 1), host="h", boot_id="b", by="ann@host"),
        events.phase_started(start, "extractor-phase"),
        *_begun("campaigns", start),
        *_begun("email-recipient-index", start),
    )
    for event in (*first, *more):
        journal.append(event)
    yield directory
    journal.close()


def _begun(task: str, at: float) -> tuple[events.Event, events.Event]:
    return events.spawning(at, task, 1), events.started(at, task, 1, pid=9, start=(1, 1))


def extracted(start: float) -> tuple[events.Event, ...]:
    return (
        events.ended(start + 3.1, "campaigns", 1, Status.SUCCESS),
        events.ended(start + 5.0, "email-recipient-index", 1, Status.SUCCESS),
        events.phase_ended(start + 5.0, "extractor-phase", Status.SUCCESS),
        events.phase_started(start + 5.0, "transformation-phase"),
        *_begun("campaign-performance", start + 5.0),
    )


def succeeded(start: float) -> tuple[events.Event, ...]:
    return (
        *extracted(start),
        events.ended(start + 17.0, "campaign-performance", 1, Status.SUCCESS),
        events.phase_ended(start + 17.0, "transformation-phase", Status.SUCCESS),
        events.phase_started(start + 17.0, "second-transformation-phase"),
        *_begun("campaign-recipient", start + 17.0),
        events.ended(start + 24.0, "campaign-recipient", 1, Status.SUCCESS),
        events.phase_ended(start + 24.0, "second-transformation-phase", Status.SUCCESS),
        events.phase_started(start + 24.0, "writer-phase"),
        *_begun("new-recipients", start + 24.0),
        events.ended(start + 26.0, "new-recipients", 1, Status.SUCCESS),
        events.phase_ended(start + 26.0, "writer-phase", Status.SUCCESS),
        events.run_ended(start + 26.0, Status.SUCCESS, None, 26.0, {}),
    )


def failed(start: float) -> tuple[events.Event, ...]:
    return (
        *extracted(start),
        events.ended(
            start + 9.0,
            "campaign-performance",
            1,
            Status.ERROR,
            'exit code 1: the column "[opens]" is not in the table',
            kind=FailureKind.USER,
            exit_code=1,
        ),
        events.phase_ended(start + 9.0, "transformation-phase", Status.ERROR),
        *(
            events.phase_skipped(start + 9.0, phase, Status.SKIPPED, in_words('phase "Transformation phase" failed'))
            for phase in ("second-transformation-phase", "writer-phase")
        ),
        events.run_ended(start + 9.0, Status.ERROR, in_words("SQL · Campaign Performance: exit code 1"), 9.0, {}),
    )


def shown(pane: str | None, *keys: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """The workbench with the newest run, and keys pressed in it."""

    async def play(pilot: Pilot[int]) -> None:
        pilot.app.open_workbench("campaigns")  # type: ignore[attr-defined]
        await pilot.pause()
        if "w" in keys:
            await pilot.press("w")
        await until(pilot, lambda: getattr(pilot.app.screen, "run_shown", None) is not None)
        await settled(pilot)
        # What a screen shows when another one is opened above it stays so: it has to be settled before each key.
        for key in (*([pane] if pane is not None and pilot.app.size.width < 100 else ()), *keys):
            if key != "w":
                await pilot.press(key)
                await settled(pilot)

    return play


@SIZES
def test_live(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    # GIVEN a run that another process executes, in its second phase, and an earlier one that tells how long it takes
    project = sample_project(tmp_path)
    with a_run(project, "20261122T115946.000Z-aa", START - 10_800, *succeeded(START - 10_800)):
        pass
    with a_run(project, "20261122T145946.000Z-aa", START, *extracted(START)) as directory:
        log = directory / "tasks" / "campaign-performance" / "1" / "log"
        log.parent.mkdir(parents=True)
        log.write_text("".join(f"2026-11-22 14:59:5{at} campaigns of page {at} of 12 joined\n" for at in range(1, 10)))
        app = OrchApp(project, clock=stopped_at(NOW))
        assert snap_compare(app, terminal_size=size, run_before=shown(None, *["down"] * 4))


@SIZES
def test_failed(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    # GIVEN a run that failed, with the log of the task that did
    project = sample_project(tmp_path)
    with a_run(project, "20261122T145946.000Z-aa", START, *failed(START)) as directory:
        log = directory / "tasks" / "campaign-performance" / "1" / "log"
        log.parent.mkdir(parents=True)
        log.write_text('reading\nBinder Error: the column "[opens]" is not in the table\n')
    app = OrchApp(project, clock=stopped_at(NOW))
    assert snap_compare(app, terminal_size=size, run_before=shown(None, "w", *["down"] * 4))


@SIZES
def test_history(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    # GIVEN some runs
    project = sample_project(tmp_path)
    for number, seconds in enumerate((8.0, 9.5, 8.2, 8.4, 14.0, 8.8)):
        start = NOW - 86400 * (7 - number)
        ended = events.run_ended(start + seconds, Status.SUCCESS, None, seconds, {})
        with a_run(project, f"2026111{number}T150000.000Z-aa", start, ended):
            pass
    # AND one that failed, and was continued
    first = "20261122T145546.000Z-aa"
    with a_run(project, first, START - 240, *failed(START - 240)):
        pass
    ended = events.run_ended(START + 8.1, Status.SUCCESS, None, 8.1, {})
    with a_run(project, "20261122T145946.000Z-aa", START, ended, continues=first):
        pass
    app = OrchApp(project, clock=stopped_at(NOW))
    assert snap_compare(app, terminal_size=size, run_before=shown(None, "w", "H"))


@SIZES
def test_text_of_an_attempt(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    # GIVEN a task that failed, whose configuration was edited since
    project = sample_project(tmp_path)
    with a_run(project, "20261122T145946.000Z-aa", START, *failed(START)) as directory:
        plan = plan_run(project, RunRequest("campaigns"))
        task = next(task for task in plan.tasks() if task.id == "campaign-performance")
        preparer = Preparer(project, plan, directory.name, directory, Secrets(project.root))
        preparer.prepare(task, 1)
    texts = list((project.paths.configurations / "sql").glob("campaign-performance.*"))
    for file in texts:
        text = file.read_text().replace("group by campaign_id", "where cost > 0\ngroup by campaign_id")
        file.write_text(text)
    app = OrchApp(project, clock=stopped_at(NOW))
    assert snap_compare(app, terminal_size=size, run_before=shown("3", "w", "exclamation_mark", "t"))
