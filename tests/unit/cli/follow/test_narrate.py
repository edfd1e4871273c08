"""Events as lines, the status line, the exit code: pure functions of a run's state."""

from __future__ import annotations

import io
import json
import signal
from pathlib import Path

import pytest
from orch_tui.cli.follow.live import status_line
from orch_tui.cli.follow.narrate import Narrator, written
from orch_tui.cli.run.manner import exit_code
from orch_tui.cli.shared.output import Output
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.events.event_shape import SHAPES
from orch_tui.model.events.events import Event, EventType
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.retry import Retry
from orch_tui.model.run.phase_state import PhaseState
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.run.runstate import RunHeader, RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.model.texts.text import counted
from orch_tui.project.journal.file import JOURNAL, JournalReader

from tests.support.damage import whole_events, whole_journals
from tests.support.reasons import in_words

NOW = 1_800_000_000.0


def sample() -> RunState:
    header = RunHeader("20261122T140213Z-7f3a", "daily", "Daily", NOW, "me")
    phases = [PhaseState("first", "First", ["a", "b"], 2), PhaseState("second", "Second", ["c"], 2)]
    retried = TaskOptions(retry=Retry(2))
    tasks = [
        TaskState(PlannedTask(name, f"command/{name}", f"Task {name}", phase, Decision.RUN, options=retried))
        for name, phase in (("a", "first"), ("b", "first"), ("c", "second"))
    ]
    return RunState(header, phases, tasks)


def tell(directory: Path, *told: Event, quiet: bool = False, starts: bool = True) -> tuple[list[str], RunState]:
    """Lines without their time."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    narrator, state, lines = Narrator(Output(stream), directory, quiet=quiet, starts=starts), sample(), []
    for event in told:
        state.apply(event)
        line = narrator.tell(event, state)
        if line is not None:
            lines.append(line[9:])
    return lines, state


BEGUN = (
    events.executor(NOW, pid=1, start=(1, 1), host="h", boot_id="b", by="me"),
    events.phase_started(NOW, "first"),
    events.spawning(NOW, "a", 1),
    events.started(NOW, "a", 1, pid=5, start=(5, 5)),
)


def test_a_task_that_succeeds_says_how_long_it_took_and_what_it_wrote(tmp_path: Path) -> None:
    # GIVEN an attempt that wrote two tables and a file
    place = tmp_path / "tasks" / "a" / "1"
    place.mkdir(parents=True)
    tables = [{"table": "x/y", "rows": 1000, "written": 1}, {"table": "x/z", "rows": 1500}]
    (place / "result.json").write_text(json.dumps({"tables": tables, "files": [{"path": "o.csv", "rows": 3}]}))
    # WHEN
    lines, _ = tell(tmp_path, *BEGUN, events.ended(NOW + 3.1, "a", 1, Status.SUCCESS, exit_code=0))
    # THEN
    assert lines == [
        'run 20261122T140213Z-7f3a of "Daily": 3 tasks in 2 phases',
        'phase 1 "First"',
        "● processing  Task a",
        "✔ success     Task a  3.1 s  1 501 rows in 2 tables, 3 rows in 1 file",
    ]


@pytest.mark.parametrize("body", ["", "[]", '{"tables": 5}', '{"tables": [1, {"table": 2}]}', "\x00", '{"files": {}}'])
def test_any_result_json_is_survived(tmp_path: Path, body: str) -> None:
    (tmp_path / "result.json").write_text(body)
    assert written(tmp_path) == ""


def test_rows_that_are_no_count_are_none(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(
        '{"tables": [{"table": "a/b", "rows": "many"}, {"table": "a/c", "rows": -1}]}'
    )
    assert written(tmp_path) == "0 rows in 2 tables"


def test_failures_retries_waits_and_stops_say_why(tmp_path: Path) -> None:
    # WHEN
    lines, state = tell(
        tmp_path,
        *BEGUN,
        events.waiting(NOW, "b", in_words("configuration in use by run x")),
        events.ended(NOW + 1, "a", 1, Status.ERROR, "exit code 1: \x1b[31mno\nway", retry_at=NOW + 9),
        events.spawning(NOW + 9, "a", 2),
        events.killing(NOW + 10, "a", 2, "timeout", 10.0),
        events.ended(NOW + 12, "a", 2, Status.ERROR, "timed out", kind=FailureKind.TIMEOUT, leftovers=2),
        events.settled(NOW + 12, "b", Status.CANCELLED, in_words("cancelled by me")),
        events.phase_ended(NOW + 12, "first", Status.ERROR),
        events.phase_skipped(NOW + 12, "second", Status.SKIPPED, in_words('phase "First" failed')),
        events.cancel(NOW + 12, "you", now=True),
        events.note(NOW + 12, "error", "the journal cannot be written"),
        events.run_ended(NOW + 12, Status.ERROR, in_words("Task a: timed out"), 12.0, {}),
    )
    # THEN
    assert lines[3] == "○ waiting     Task b  configuration in use by run x"
    assert lines[4].startswith("✘ error       Task a  1.0 s  exit code 1: no way; attempt 2 of 3 at ")
    assert lines[5:] == [
        "● processing  Task a  attempt 2 of 3",
        "◌ terminating Task a  timed out; killed in 10 s if it does not end",
        "✘ error       Task a  3.0 s  timed out  2 processes it had left behind stopped",
        "□ cancelled   Task b  cancelled by me",
        '✘ error       phase 1 "First"  12 s',
        '– skipped     phase 2 "Second"  phase "First" failed',
        "the run is being cancelled at once, by you",
        "error: the journal cannot be written",
        "✘ error       run 20261122T140213Z-7f3a  12 s  3 tasks: 1 error, 1 cancelled, 1 skipped  Task a: timed out",
    ]
    assert state.first_failure == "a"


def test_quiet_keeps_what_went_wrong_and_a_status_line_replaces_the_starts(tmp_path: Path) -> None:
    # GIVEN
    told = (
        *BEGUN,
        events.ended(NOW, "a", 1, Status.SUCCESS),
        events.settled(NOW, "b", Status.WARNING, in_words("odd")),
    )
    # WHEN / THEN
    assert tell(tmp_path, *told, quiet=True)[0] == ["▲ warning     Task b  odd"]
    assert not [line for line in tell(tmp_path, *told, starts=False)[0] if "processing" in line]


def test_events_of_a_newer_program_are_passed_over(tmp_path: Path) -> None:
    assert tell(tmp_path, Event("handover", NOW, {"to": "x"}))[0] == []


def test_the_status_line_names_what_runs_or_why_nothing_does(tmp_path: Path) -> None:
    # GIVEN
    _, state = tell(tmp_path, *BEGUN, events.spawning(NOW, "b", 1))
    # WHEN / THEN
    assert status_line(state, RunTime(NOW + 3661), unicode=True) == '● 0/3  1:01:01  phase 1/2 "First"  Task a +1'
    # AND when the one waits for its retry and the other is done
    state.apply(events.ended(NOW, "b", 1, Status.SUCCESS))
    state.apply(events.ended(NOW, "a", 1, Status.ERROR, "no", retry_at=NOW + 8))
    assert (
        status_line(state, RunTime(NOW), unicode=False)
        == '* 1/3  00:00  phase 1/2 "First"  Task a waits: retry in 8.0 s'
    )


@pytest.mark.parametrize(
    ("status", "strict", "number", "code"),
    [
        (Status.SUCCESS, True, None, 0),
        (Status.SUCCESS, False, signal.SIGINT, 0),
        (Status.WARNING, False, None, 0),
        (Status.WARNING, True, None, 3),
        (Status.WARNING, True, signal.SIGTERM, 143),
        (Status.ERROR, False, None, 1),
        (Status.CANCELLED, False, None, 1),
        (Status.TERMINATED, True, None, 1),
        (Status.TERMINATED, False, signal.SIGINT, 130),
        (Status.CANCELLED, False, signal.SIGHUP, 129),
    ],
)
def test_exit_codes(status: Status, strict: bool, number: int | None, code: int) -> None:
    assert exit_code(status, strict=strict, signal=number) == code


def test_counts_read_as_english() -> None:
    assert [counted(number, "row") for number in (0, 1, 2, 12345)] == ["0 rows", "1 row", "2 rows", "12 345 rows"]


def test_what_an_event_may_do_without_is_missed_by_nobody(tmp_path: Path) -> None:
    # GIVEN journals with every kind of event, and in each event one of the fields that it may have taken away
    (tmp_path / JOURNAL).write_text(next(iter(whole_journals().values())))
    tried, out = set(), Output(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    for told in whole_events().values():
        for number, event in enumerate(told):
            for key in event.data.keys() - {field.key for field in SHAPES[event.type] if field.needed}:
                poorer = event._replace(data={name: value for name, value in event.data.items() if name != key})
                # WHEN the whole of it is told THEN nothing of what is left needs that one
                reader = JournalReader(tmp_path / JOURNAL)
                reader.poll()
                state, narrator = reader.initial(), Narrator(out, tmp_path)
                for one in [*told[:number], poorer, *told[number + 1 :]]:
                    state.apply(one)
                    narrator.tell(one, state)
                tried.add((event.type, key))
    # AND that was about all of them
    optional = {(kind, field.key) for kind, fields in SHAPES.items() for field in fields if not field.needed}
    assert {kind.value for kind in EventType} == {event.type for told in whole_events().values() for event in told}
    assert {(kind, key) for kind, key in optional - tried if not key.startswith("count_")} == set()


def test_what_a_journal_has_only_the_cause_of_is_told_by_it(tmp_path: Path) -> None:
    # GIVEN events of a program that writes no sentence beside the cause
    waits = Event("waiting", NOW, {"task": "a", "because": ["configuration-in-use", "run x"]})
    settled = Event("settled", NOW, {"task": "b", "status": "cancelled", "because": ["run-cancelled", "ann@host"]})
    passed = Event(
        "phase_skipped",
        NOW,
        {"phase": "second", "status": "skipped", "because": ["phase-before", "f", "First", "error"]},
    )
    # WHEN / THEN
    lines, _ = tell(tmp_path, *BEGUN, waits, settled, passed)
    assert [line[14:] for line in lines[-3:]] == [
        "Task a  configuration in use by run x",
        "Task b  the run was cancelled by ann@host",
        'phase 2 "Second"  phase "First" failed',
    ]
