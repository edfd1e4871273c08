"""What the backend of this machine tells, and to whom it gives what another executor left."""

from __future__ import annotations

import os
from pathlib import Path

from orch_tui.engine.backends.backend import Left, Verdict
from orch_tui.engine.backends.local import LocalBackend
from orch_tui.engine.processes.launcher import Identity, StopRequest
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.attempt_state import AttemptState

from tests.support.launcher_contract import shell


class Told:
    def __init__(self) -> None:
        self.said: list[tuple[str, object]] = []

    def queued(self, job: str, reason: str) -> None:
        self.said.append(("queued", (job, reason)))

    def started(self, *, process: Identity | None = None, node: str = "", job: str = "") -> None:
        self.said.append(("started", process))

    def killing(self, why: FailureKind, grace: float) -> None:
        self.said.append(("killing", (why, grace)))

    def note(self, level: str, text: str) -> None:
        self.said.append(("note", text))


async def test_its_process_is_told_once_and_never_for_one_that_was_adopted(tmp_path: Path) -> None:
    backend, told = LocalBackend(LocalLauncher()), Told()
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    spec = shell(directory, "exit 3")
    # WHEN an attempt is started THEN its process is told before its end is known
    end = await (await backend.start(spec, backend.name_job())).wait(StopRequest(), told)
    assert end.code == 3 and [word for word, _ in told.said] == ["started"]
    assert isinstance(told.said[0][1], Identity)
    # WHEN another executor finds it later THEN the answer is there, and nothing is told anew
    known = AttemptState(1, 0.0)
    finding = backend.inspect(directory, known, {})
    assert (finding.verdict, finding.exit_code) == (Verdict.FINISHED, 3)
    later = Told()
    end = await backend.adopt(spec, Left(known, {}, finding, lambda at: at)).wait(StopRequest(), later)
    assert end.code == 3 and later.said == []


def test_what_another_machine_started_is_not_judged_here(tmp_path: Path) -> None:
    finding = LocalBackend(LocalLauncher()).inspect(tmp_path, AttemptState(1, 0.0, pid=os.getpid()), {"host": "far"})
    assert finding.verdict is Verdict.OTHER_HOST and "far" in finding.text
