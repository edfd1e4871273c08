"""What an executor and a node tell each other by files, and what only one of them may do."""

from __future__ import annotations

import stat
from pathlib import Path

from orch_tui.engine.backends.backend import Verdict
from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.finding import inspect_files
from orch_tui.engine.backends.remote.handoff import End, Node
from orch_tui.engine.processes.launcher import AttemptSpec, Exit
from orch_tui.model.failure import FailureKind
from orch_tui.model.memory import MemoryEnd
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.usage import Usage
from orch_tui.project.attempt_dir import is_carried, start_file
from orch_tui.project.concurrent.locks import Lock, holder_of, is_locked

KNOWN = AttemptState(1, 0.0, backend="cluster", job_name="orch-1", job="7")


def test_what_is_to_be_started_is_taken_once(tmp_path: Path) -> None:
    spec = AttemptSpec(("x", "ü"), {"A": "s3cret"}, "/", tmp_path, 5.0, 2.0, 100, memory=10**8)
    handoff.write_start(spec, spec.environment, 4.0)
    assert stat.S_IMODE(start_file(tmp_path).stat().st_mode) == 0o600
    taken = handoff.take_start(tmp_path)
    assert taken is not None and (taken.argv, taken.environment, taken.timeout) == (spec.argv, spec.environment, 4.0)
    assert (taken.grace, taken.max_log, taken.memory) == (2.0, 100, 10**8)
    assert handoff.take_start(tmp_path) is None and not handoff.forget_start(tmp_path)


def test_one_says_who_has_it(tmp_path: Path) -> None:
    assert handoff.claim(tmp_path, Node("n1", "7")) and not handoff.claim(tmp_path, Node(refused="it was stopped"))
    assert handoff.read_node(tmp_path) == Node("n1", "7")
    # WHEN it is only being written THEN nobody is named yet
    (tmp_path / "node.json").write_text('{"host": "n')
    assert handoff.read_node(tmp_path) is None


def test_an_end_comes_back_whole(tmp_path: Path) -> None:
    exits = [
        Exit(0, usage=Usage(1, 0.5, 2, 3)),
        Exit(None, FailureKind.TIMEOUT, killed=True, seconds_to_stop=1.5, leftovers=2),
        Exit(-9, oom=True, oom_by="Slurm", memory=MemoryEnd.EXCEEDED),
        Exit(None, unstarted="it had not begun", again=5),
    ]
    for number, one in enumerate(exits):
        end = End(one, float(number), (28, "No space left on device", "log") if number else None)
        handoff.write_end(tmp_path, end)
        assert handoff.read_end(tmp_path) == end


def test_what_became_of_it_is_found_by_files_alone(tmp_path: Path) -> None:
    def verdict() -> Verdict:
        return inspect_files(tmp_path, KNOWN).verdict

    assert verdict() is Verdict.QUEUED
    handoff.claim(tmp_path, Node("n1", "7"))
    assert verdict() is Verdict.RUNNING
    handoff.write_end(tmp_path, End(Exit(None, lost="lost: its node failed")))
    assert verdict() is Verdict.LOST
    handoff.write_end(tmp_path, End(Exit(None, unstarted="it had not begun")))
    assert verdict() is Verdict.UNSTARTED
    handoff.write_end(tmp_path, End(Exit(3)))
    assert verdict() is Verdict.FINISHED


def test_a_configuration_stays_in_use_until_its_attempt_elsewhere_is_over(tmp_path: Path) -> None:
    # GIVEN a lock whose holder is gone, and an attempt that was about to be sent
    attempt, path = tmp_path / "run" / "tasks" / "t" / "1", tmp_path / "x.lock"
    attempt.mkdir(parents=True)
    lock = Lock.acquire(path, "run r, t")
    assert lock is not None
    lock.describe("run r, t", attempt)
    lock.close()
    # THEN it is free as long as nothing was sent
    assert not is_carried(attempt) and not is_locked(path)
    # WHEN it was sent, and has begun THEN nobody gets it, and who has it is said
    spec = AttemptSpec(("x",), {}, "/", attempt)
    handoff.write_start(spec, {}, None)
    assert is_locked(path) and holder_of(path) == "run r, t" and Lock.acquire(path, "another") is None
    handoff.claim(attempt, Node("n1", "7"))
    handoff.take_start(attempt)
    assert is_locked(path)
    # WHEN it is over THEN it is free, and the next one leaves nothing of it
    handoff.write_end(attempt, End(Exit(0)))
    again = Lock.acquire(path, "another")
    assert again is not None and holder_of(path) == "another"
    again.close()
