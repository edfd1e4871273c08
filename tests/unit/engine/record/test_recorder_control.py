"""The executor's pen on a full disk, and requests from other processes."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.record.recorder import Recorder
from orch_tui.engine.requests.requests import CancelRequest, Mailbox, Request, ask, who_am_i
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.run_start import initial_state
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal, JournalFull, read_run

from tests.support.reasons import in_words

T = 1_790_000_000.0


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    task = PlannedTask("t", "c/t", "T", "p", Decision.RUN)
    plan = RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 1),))
    header = RunHeader("r", "o", "O", T, "ann")
    return Recorder(Journal.create(tmp_path, header, plan), initial_state(header, plan), lambda: RunTime(T))


def test_events_wait_in_order_while_the_disk_is_full(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.record(events.executor(T, pid=1, start=(1, 1), host="h", boot_id="b", by="ann"))
    # GIVEN a disk without room
    append, room = recorder.journal.append, False

    def limited(event: Event) -> None:
        if not room and event.type != "note":
            raise JournalFull("run.toml: No space left on device")
        append(event)

    monkeypatch.setattr(recorder.journal, "append", limited)
    # WHEN things happen
    recorder.record(events.phase_started(T, "p"))
    recorder.record(events.settled(T, "t", Status.ERROR, in_words("why")))
    # THEN it says so, in the state and in the space kept back for it, and knows what happened
    assert recorder.blocked == "run.toml: No space left on device" and not recorder.flush()
    assert recorder.state.tasks["t"].status is Status.ERROR
    assert [level for _, level, _ in read_run(tmp_path).notes] == ["error"]
    # WHEN there is room again THEN everything is written, in its order
    room = True
    assert recorder.flush() and recorder.blocked is None
    state = read_run(tmp_path)
    assert state.tasks["t"].status is Status.ERROR and state.phases["p"].started == T
    assert [level for _, level, _ in state.notes] == ["error", "info"]


def test_a_request_arrives_once_and_rubbish_is_passed_over(tmp_path: Path) -> None:
    mailbox, requests = Mailbox(tmp_path), list[Request]()

    def delivered() -> list[Request]:
        requests.clear()
        mailbox.deliver(requests.append)
        return list(requests)

    assert delivered() == []
    ask(tmp_path, CancelRequest("ann", now=True))
    (tmp_path / "control" / "x.json").write_text("[1]")
    (tmp_path / "control" / "y.json").write_text("{")
    assert delivered() == [CancelRequest("ann", now=True)]
    assert delivered() == []
    ask(tmp_path, CancelRequest("bob", task="t"))
    assert delivered() == [CancelRequest("bob", task="t")]
    assert list((tmp_path / "control").iterdir()) == []


def test_who_am_i_names_user_and_host() -> None:
    assert "@" in who_am_i()
