"""The journal: whole records only, whatever happens to the writer."""

from __future__ import annotations

import errno
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.events.reasons import Reason
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import (
    BrokenJournal,
    Journal,
    JournalFull,
    JournalLocked,
    JournalReader,
    is_executed,
    parse_records,
    read_run,
    write_event,
)

T0 = 1_790_000_000.25


def _plan(count: int = 2, name: str = "Orchestration") -> RunPlan:
    tasks = tuple(PlannedTask(f"t{n}", f"command/t{n}", f"Task {n}", "p", Decision.RUN) for n in range(count))
    return RunPlan("o", name, (PlannedPhase("p", "Phase", tasks, 10),), {"region": "eu"})


def _create(directory: Path, plan: RunPlan | None = None) -> Journal:
    plan = plan or _plan()
    return Journal.create(directory, RunHeader("r1", "o", plan.name, T0, "ann@host", plan.variables), plan)


def _run_of_two(journal: Journal) -> None:
    journal.append(events.executor(T0, pid=1, start=(2, 3), host="h", boot_id="b", by="ann"))
    journal.append(events.phase_started(T0, "p"))
    journal.append(events.spawning(T0 + 1, "t0", 1))
    journal.append(events.started(T0 + 1, "t0", 1, pid=7, start=(5, 6)))
    journal.append(events.ended(T0 + 2, "t0", 1, Status.SUCCESS, exit_code=0))
    journal.sync()


@given(st.text(), st.text())
def test_any_text_survives_and_the_record_is_toml_and_json(reason: str, task: str) -> None:
    # GIVEN an event with any text a program or person may have written
    event = events.settled(T0, task, Status.ERROR, Reason.said(reason))
    text = write_event(event).encode("utf-8", "replace").decode()
    # THEN a TOML parser and the quick reader see the same, and it is one record
    by_toml = tomllib.loads(text)["event"]
    records = parse_records(text)
    assert [record.values for record in records] == by_toml
    assert by_toml[0].get("reason", "") == reason.encode("utf-8", "replace").decode()
    assert text.count("\n\n") == 1 and text.endswith("\n\n")


def test_a_state_read_back_is_the_state_that_was_written(tmp_path: Path) -> None:
    journal = _create(tmp_path)
    _run_of_two(journal)
    state = read_run(tmp_path)
    assert state.header == RunHeader("r1", "o", "Orchestration", T0, "ann@host", {"region": "eu"})
    assert {task.id: task.status for task in state.tasks.values()} == {"t0": Status.SUCCESS, "t1": Status.WAITING}
    assert state.tasks["t0"].attempts[0].seconds == pytest.approx(1.0, abs=0.002)
    assert state.counts[Status.SUCCESS] == 1 and state.counts[Status.WAITING] == 1


def test_cut_anywhere_it_is_readable_and_can_be_continued(tmp_path: Path) -> None:
    # GIVEN a journal with a header and some events
    journal = _create(tmp_path)
    header = (tmp_path / "run.toml").stat().st_size
    _run_of_two(journal)
    journal.close()
    whole = (tmp_path / "run.toml").read_bytes()
    for cut in range(header, len(whole)):
        # WHEN the file ends at any byte after the header (which appears at once, by a rename)
        (tmp_path / "run.toml").write_bytes(whole[:cut])
        state = read_run(tmp_path)
        # THEN what was whole is known, the rest is cut off and said
        recovered = Journal.recover(tmp_path / "run.toml")
        assert whole[:cut].endswith(recovered.torn)
        recovered.append(events.note(T0, "info", "taken over"))
        recovered.close()
        kinds = [event["type"] for event in tomllib.loads((tmp_path / "run.toml").read_text())["event"]]
        assert kinds[-1] == "note" and len(kinds) - 1 == whole[:cut].count(b"\n\n", header)
        assert len(state.tasks) == 2


@pytest.mark.parametrize("failure", ["short", "error"])
def test_a_write_that_fails_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str) -> None:
    # GIVEN a disk that takes only the beginning of a record, or nothing
    journal = _create(tmp_path)
    _run_of_two(journal)
    before = (tmp_path / "run.toml").read_bytes()
    write = os.write

    def failing(fd: int, data: bytes) -> int:
        if failure == "error":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", failing)
    # WHEN an event is to be written
    with pytest.raises(JournalFull, match=r"run\.toml"):
        journal.append(events.phase_ended(T0, "p", Status.SUCCESS))
    # THEN the file is as it was, and goes on when there is room
    assert (tmp_path / "run.toml").read_bytes() == before
    monkeypatch.setattr(os, "write", write)
    journal.append(events.phase_ended(T0, "p", Status.SUCCESS))
    assert read_run(tmp_path).phases["p"].status is Status.SUCCESS


def test_one_writer_and_any_number_of_readers(tmp_path: Path) -> None:
    journal = _create(tmp_path)
    assert is_executed(tmp_path)
    with pytest.raises(JournalLocked):
        Journal.recover(tmp_path / "run.toml")
    assert read_run(tmp_path).status is Status.CREATED
    journal.close()
    assert not is_executed(tmp_path)


def test_a_follower_gets_each_event_once_and_notices_a_new_file(tmp_path: Path) -> None:
    journal = _create(tmp_path)
    reader = JournalReader(tmp_path / "run.toml")
    assert reader.poll() == ([], False)
    _run_of_two(journal)
    found, restarted = reader.poll(limit=200)
    while more := reader.poll(limit=200)[0]:
        found += more
    assert not restarted and [event.type for event in found][-1] == "ended" and len(found) == 5
    assert reader.poll() == ([], False)
    # WHEN the file is replaced by a shorter one
    journal.close()
    (tmp_path / "run.toml").unlink()
    _create(tmp_path).close()
    assert reader.poll() == ([], True)
    assert reader.initial().header.id == "r1"


def test_a_half_written_record_is_not_read_until_it_is_whole(tmp_path: Path) -> None:
    journal = _create(tmp_path)
    reader = JournalReader(tmp_path / "run.toml")
    reader.poll()
    record = write_event(events.phase_started(T0, "p")).encode()
    with (tmp_path / "run.toml").open("ab") as file:
        file.write(record[:-1])
        file.flush()
        assert reader.poll()[0] == []
        file.write(record[-1:])
    assert [event.type for event in reader.poll()[0]] == ["phase_started"]
    journal.close()


def test_a_plan_longer_than_one_poll_is_read_whole(tmp_path: Path) -> None:
    journal = _create(tmp_path, _plan(300))
    _run_of_two(journal)
    reader = JournalReader(tmp_path / "run.toml")
    found, _ = reader.poll(limit=500)
    assert len(reader.initial().tasks) == 300
    while more := reader.poll(limit=500)[0]:
        found += more
    assert len(found) == 5
    journal.close()


def test_a_journal_edited_by_hand_is_still_read(tmp_path: Path) -> None:
    journal = _create(tmp_path)
    _run_of_two(journal)
    journal.close()
    path = tmp_path / "run.toml"
    path.write_text(path.read_text().replace('type = "phase_started"', "type   =   'phase_started'  # looked at"))
    assert read_run(tmp_path).phases["p"].started == T0


@pytest.mark.parametrize("text", ["", "nonsense\n\n", '[run]\nformat = 99\nid = "x"\n\n', '[run]\nid = "x"\n\n'])
def test_what_is_no_journal_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(BrokenJournal):
        read_run(tmp_path)


def test_unknown_events_of_a_newer_program_are_passed_over(tmp_path: Path) -> None:
    journal = _create(tmp_path)
    journal.append(Event("telemetry", T0, {"value": 1}))
    _run_of_two(journal)
    journal.close()
    assert read_run(tmp_path).tasks["t0"].status is Status.SUCCESS


def test_events_written_into_the_reserve_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = _create(tmp_path)
    reserve = tmp_path / "reserve"
    assert reserve.stat().st_size == 16384
    journal.append_in_reserve(events.note(T0, "error", "full"))
    assert not reserve.exists()
    assert read_run(tmp_path).notes == [(T0, "error", "full")]
    journal.close()


def test_a_record_longer_than_what_is_read_at_once_is_read_whole(tmp_path: Path) -> None:
    # GIVEN an event with a long reason between two short ones
    journal = _create(tmp_path)
    journal.append(events.note(T0, "info", "before"))
    journal.append(events.note(T0, "info", "x" * 50_000))
    journal.append(events.note(T0, "info", "after"))
    # WHEN it is read in pieces that are much smaller
    reader = JournalReader(tmp_path / "run.toml")
    texts: list[int] = []
    while (found := reader.poll(2_000)[0]) or not texts:
        texts += [len(event.data["text"]) for event in found if event.type == "note"]
    # THEN every event came once
    assert texts == [6, 50_000, 5]


@pytest.mark.parametrize("torn", [0, 1, 65_534, 65_535, 65_536, 131_071, 200_000])
@pytest.mark.parametrize("whole", [b"", b"a = 1\n\n", b"a = 1\n\n" * 20_000], ids=["none", "one", "many"])
def test_half_a_record_of_any_length_is_cut_right_behind_the_last_whole_one(
    tmp_path: Path, whole: bytes, torn: int
) -> None:
    # GIVEN a journal whose writer died while it wrote: the blank line may lie on the edge of what is read at once
    path = tmp_path / "run.toml"
    path.write_bytes(whole + b"x" * torn)
    # WHEN it is taken over THEN it has all whole records and nothing else, and what was cut is kept
    journal = Journal.recover(path)
    assert path.read_bytes() == whole and journal.torn == b"x" * torn
    journal.close()


@pytest.mark.parametrize("shadow", [False, True])
def test_a_run_beside_the_real_tables_is_known_as_one(tmp_path: Path, *, shadow: bool) -> None:
    header = RunHeader("r", "o", "O", T0, "ann", shadow=shadow)
    (tmp_path / "r").mkdir()
    Journal.create(tmp_path / "r", header, _plan()).close()
    assert read_run(tmp_path / "r").header.shadow is shadow
