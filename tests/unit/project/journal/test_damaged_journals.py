"""A damaged journal is an error of one run with its place, and nothing that is read from one can break its reader."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from orch_tui.model.checks.values import Check, CheckKind, CheckResult, Verdict
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import event_shape, events
from orch_tui.model.events.events import EventType
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.events.reasons import Reason, decode_reason
from orch_tui.model.events.row_results import RowResult
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.approval import Question
from orch_tui.model.run.run_start import plan_of
from orch_tui.model.run.runstate import RunState, fold
from orch_tui.model.run.waits import why
from orch_tui.model.status import FINAL, Status
from orch_tui.model.usage import Usage
from orch_tui.project.history import latest, run_ids, runs, summarize
from orch_tui.project.journal.file import BrokenJournal, JournalReader, read_run
from orch_tui.project.journal.format import write_event
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.pruning import prune_runs

from tests.support import damage
from tests.support.damage import AFTER, BEFORE, DECISION, RUN, T0, damaged, put_runs, whole_journals


def _broken(directory: Path, text: str | bytes) -> BrokenJournal:
    (directory / "run.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(BrokenJournal) as caught:
        read_run(directory)
    return caught.value


@pytest.mark.parametrize("kind", whole_journals())
def test_whole_journals_are_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "run.toml").write_text(whole_journals()[kind])
    state = read_run(tmp_path)
    assert len(state.tasks) == 5 and state.finished == (kind != "going")
    assert state.tasks["a"].options.retry is not None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'type = "spawning"\nat = "2026',
            'type = "spawning"\nat = 5\nold = "2026',
            "the time of the event spawning is 5",
        ),
        ('task = "b"\nattempt = 1', 'task = "zzz"\nattempt = 1', "the run has no task 'zzz'"),
        ('phase = "p"\nstatus', 'phase = "zzz"\nstatus', "the run has no phase 'zzz'"),
        ("attempt = 2", 'attempt = "x"', "attempt is 'x', which is not a whole number"),
        ("attempt = 2", "attempt = true", "attempt is True"),
        ("attempt = 2", "attempt = 0", "attempt is 0"),
        ("pid = 7", "pid = -1", "pid is -1"),
        ("pid = 7", f"pid = {10**30}", "pid is a number, which"),
        ("start = [5, 6]", "start = [5]", "start is [5]"),
        ('status = "error"', 'status = "processing"', "status is 'processing', which is not a final status"),
        ('status = "error"', "status = 3", "status is 3"),
        ('kind = "user"', 'kind = "weather"', "kind is 'weather'"),
        ("exit = 1\n", "exit = 1.5\n", "exit is 1.5"),
        ("leftovers = 2", "leftovers = -2", "leftovers is -2"),
        ("seconds = 6.0", 'seconds = "x"', "seconds is 'x', which is not a number of seconds"),
        ("count_error = 2", "count_error = []", "count_error is []"),
        ('by = "ann@host"\n\n', "by = 7\n\n", "by is 7"),
        ("max_parallel = 2\n", "max_parallel = 0\n", "max_parallel is 0"),
        ('id = "c"', 'id = "../../x"', "id is '../../x', which is not an id"),
        ('id = "c"', 'id = "b"', 'it has the task "b" twice'),
        ('phase = "q"\n', 'phase = "zzz"\n', 'the phase "zzz" of the task "c" is missing'),
        ("tasks = 5", "tasks = 7", "it has 5 of the 7 tasks of its plan"),
        ("tasks = 5", 'tasks = "x"', "tasks is 'x'"),
        ("retries = 2", 'retries = "x"', "retries is 'x'"),
        ("retries = 2\n", "", "it has no retries"),
        ('retry_backoff = "doubling"', 'retry_backoff = "x"', "retry_backoff is 'x'"),
        ('variables = ["x=1"]', 'variables = ["x"]', "variables is ['x']"),
        ("format = 1", "format = 99", "format 99; this program reads up to 1"),
        ('name = "O"', 'name = "\\ud800"', "name is"),
        ("[[event]]", "[[evenx]]", 'a journal has no "evenx"'),
        ("retry_at = ", "retry_at = 1e300 # ", "retry_at is 1e+300"),
        ("attempt = 2", "attempt = " + "9" * 5000, "no TOML"),
        ("attempt = 2", "attempt = " + "[" * 3000 + "]" * 3000, "no TOML"),
    ],
)
def test_each_kind_of_damage_is_told_with_what_is_wrong(tmp_path: Path, old: str, new: str, told: str) -> None:
    # GIVEN a journal with one value that cannot be
    text = whole_journals()["failed"]
    assert old in text
    # WHEN / THEN
    error = _broken(tmp_path, text.replace(old, new, 1))
    assert (
        told in error.why and str(tmp_path / "run.toml") in str(error) and "other runs are not affected" in str(error)
    )


@pytest.mark.parametrize("wanted", ["attempt = 2", "seconds = 6.0", 'kind = "launch"'])
@pytest.mark.parametrize("limit", [1 << 20, 700])
def test_the_line_of_the_damaged_record_is_told(tmp_path: Path, wanted: str, limit: int) -> None:
    # GIVEN a journal in which one record is damaged, read at once or in small pieces
    text = whole_journals()["failed"]
    head, _, tail = text.partition(wanted)
    start = head.rindex("[[event]]")
    (tmp_path / "run.toml").write_text(f"{head}{wanted.partition(' = ')[0]} = {{ a = 1 }}{tail}")
    reader = JournalReader(tmp_path / "run.toml")
    # WHEN
    with pytest.raises(BrokenJournal) as caught:
        while reader.poll(limit)[0]:
            pass
    # THEN
    assert caught.value.line == text.count("\n", 0, start) + 1
    # AND asking again does not go on behind the damage
    with pytest.raises(BrokenJournal):
        reader.poll(limit)


def test_no_line_is_told_that_may_be_the_wrong_one(tmp_path: Path) -> None:
    # GIVEN a journal that a person has rewritten, with blank lines of its own
    text = whole_journals()["failed"].replace("attempt = 2", "\n\nattempt = 'x'", 1)
    assert _broken(tmp_path, text).line is None


def test_a_summary_tells_the_damage_and_its_neighbours_are_as_they_were(tmp_path: Path) -> None:
    # GIVEN three runs, one with `seconds = "x"`
    paths = ProjectPaths(tmp_path)
    text = whole_journals()["failed"].replace("seconds = 6.0", 'seconds = "x"')
    put_runs(paths.runs("o"), text.encode())
    # THEN
    found = list(runs(paths, "o"))
    assert [run.id for run in found] == [AFTER, RUN, BEFORE]
    assert [run.state for run in found] == ["success", "broken", "success"]
    assert "seconds is 'x'" in (found[1].broken or "")
    newest = latest(paths, "o")
    assert newest is not None and newest.id == AFTER


def test_a_journal_that_is_no_file_or_closed_is_a_broken_run(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    directory = put_runs(paths.runs("o"), b"")
    (directory / "run.toml").unlink()
    (directory / "run.toml").mkdir()
    assert [run.state for run in runs(paths, "o")] == ["success", "broken", "success"]


def test_last_records_longer_than_one_look_are_found(tmp_path: Path) -> None:
    # GIVEN journals that end with a very long record, whole or torn, or begin with one
    paths = ProjectPaths(tmp_path)
    text = whole_journals()["failed"]
    for more in ("", '[[event]]\ntype = "note"\ntext = "' + "x" * 50_000):
        directory = put_runs(paths.runs("o"), (text.replace('"A failed"', f'"{"A" * 20_000}"') + more).encode())
        assert summarize(directory).status is Status.ERROR and len(summarize(directory).reason) == 20_000
    directory = put_runs(paths.runs("o"), text.replace('name = "O"', f'name = "{"O" * 30_000}"').encode())
    assert summarize(directory).state == "error"


def test_a_broken_run_is_kept_when_old_ones_are_deleted(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    put_runs(paths.runs("o"), b"nonsense\n\n")
    assert prune_runs(paths, "o", keep=1, keep_days=None, now=T0) == [BEFORE]
    assert run_ids(paths, "o") == [AFTER, RUN]


def test_a_record_that_stands_twice_is_no_second_attempt(tmp_path: Path) -> None:
    text = whole_journals()["success"]
    spawning = text[text.index('[[event]]\ntype = "spawning"') :].split("\n\n")[0] + "\n\n"
    (tmp_path / "run.toml").write_text(text.replace(spawning, spawning * 2))
    assert len(read_run(tmp_path).tasks["a"].attempts) == 2


def test_every_event_that_this_program_writes_has_the_shape_that_is_asked_for() -> None:
    # GIVEN each constructor of an event, called with every argument
    examples: dict[Any, Any] = {
        float: 5.0, int: 1, str: "t", bool: True, Status: Status.ERROR, FailureKind: FailureKind.USER,
        Reason: decode_reason(None, "t"),
    }  # fmt: skip
    special: dict[str, Any] = {
        "start": (1, 2), "why": "cancel", "counts": dict.fromkeys(FINAL, 1), "results": {"rows": 1},
        "variables": {"rows": 1},
        "decision": DECISION,
        "checks": (CheckResult(Check(CheckKind.ROWS, "a/t"), Verdict.FAILED, 0.0),),
        "usage": Usage(1, 2.0, 3, 4), "rows": (RowResult("r", "R", Status.ERROR),),
        "question": Question("May it go on?", approvers=("ann",), timeout=60.0),
        "one": Intervention("x", InterventionKind.LIMIT, "ann", "why", phase="t", limit=2),
        "items": ["de", "fr"], "reused": [2], "left_out": [1],
    }  # fmt: skip
    seen = set()
    for name in (kind.value for kind in EventType):
        constructor = getattr(events, name)
        hints = get_type_hints(constructor)
        arguments = {}
        for parameter in inspect.signature(constructor).parameters.values():
            kinds = [
                kind for kind in examples if kind == hints[parameter.name] or kind in _parts(hints[parameter.name])
            ]
            arguments[parameter.name] = special[parameter.name] if parameter.name in special else examples[kinds[0]]
        event = constructor(*[arguments.pop("at")], **arguments)
        # THEN it passes, every key of it is known, and without a needed key it does not pass
        shape = event_shape.SHAPES[event.type]
        assert event_shape.event_complaint(event.type, event.data, {"t"}, {"t"}) is None
        assert set(event.data) <= {field.key for field in shape}
        for field in shape:
            rest = {key: value for key, value in event.data.items() if key != field.key}
            assert (event_shape.event_complaint(event.type, rest, {"t"}, {"t"}) is not None) == field.needed
        seen.add(event.type)
    assert seen == set(event_shape.SHAPES)


def _parts(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__args__", ())


def _read_all(directory: Path) -> RunState | None:
    """What any reader of one run does; None for a broken one."""
    summarize(directory)
    try:
        state = read_run(directory)
    except BrokenJournal as error:
        assert error.why and error.path is not None and "\n" not in str(error)
        return None
    plan_of(state)
    for task in state.tasks.values():
        why(state, task, RunTime(T0))
    return state


def _attack(directory: Path, count: int) -> tuple[int, int]:
    """How many of the damaged journals could be read, and how many not."""
    paths = ProjectPaths(directory)
    readable = 0
    for seed in damage.seeds(count):
        place = put_runs(paths.runs("o"), damaged(seed))
        try:
            readable += _read_all(place) is not None
            assert [run.id for run in runs(paths, "o")] == [AFTER, RUN, BEFORE]
        except Exception as error:
            raise AssertionError(f"damage {seed}") from error
    return readable, count - readable


def test_damaged_journals_are_read_or_said_to_be_broken(tmp_path: Path) -> None:
    readable, broken = _attack(tmp_path, 400)
    assert readable > 40 and broken > 40


@pytest.mark.long
def test_damaged_journals_are_read_or_said_to_be_broken_at_length(tmp_path: Path) -> None:
    print(_attack(tmp_path, 20_000))


def test_an_event_written_by_a_newer_program_may_say_more(tmp_path: Path) -> None:
    text = whole_journals()["failed"].replace("attempt = 2", 'attempt = 2\nweather = "fine"')
    text += write_event(events.Event("telemetry", T0, {"task": 7}))
    (tmp_path / "run.toml").write_text(text)
    assert fold(read_run(tmp_path), []).finished
