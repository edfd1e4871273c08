"""What any backend must do: the tests of one are a class below :class:`BackendContract` that makes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.backends.backend import Backend, Job, Left, Verdict
from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.processes.local import read_exit_file
from orch_tui.engine.processes.process import own_identity
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.events import events
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.attempt_state import AttemptState
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.project.concurrent.locks import Lock, is_locked
from orch_tui.project.journal.file import read_run

from tests.support.engine_kit import begin, make_commands, until
from tests.support.launcher_contract import happens, shell

_RUN = 120.0
"""Seconds that a run on a backend may take."""


@dataclass
class Told:
    """What a backend told, in order, and what a journal would know of the attempt by it."""

    known: AttemptState
    words: list[str] = field(default_factory=list)
    killing_for: list[tuple[FailureKind, float]] = field(default_factory=list)

    def queued(self, job: str, reason: str) -> None:
        self.words.append("queued")
        self.known.job = job or self.known.job

    def started(self, *, process: Identity | None = None, node: str = "", job: str = "") -> None:
        self.words.append("started")
        where: dict[str, Any] = {"node": node, "job": job}
        if process is not None:
            where |= {"pid": process.pid, "start": (process.after, process.before)}
        event = events.started(1.0, "t", 1, **where)
        self.known.begin(event.at, event.data)

    def killing(self, why: FailureKind, grace: float) -> None:
        self.words.append("killing")
        self.killing_for.append((why, grace))

    def note(self, level: str, text: str) -> None:
        self.words.append(text)


def beside(directory: Path, task: str) -> Path:
    """The first attempt of another task."""
    return directory.parents[1] / task / "1"


def starter() -> dict[str, Any]:
    """This process, as a journal names the executor."""
    me = own_identity()
    return {"pid": me.pid, "host": me.host, "boot_id": me.boot_id}


class BackendContract:
    """``backend`` makes a new one, as each executor has its own."""

    def backend(self) -> Backend:
        raise NotImplementedError

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        return tmp_path / "run" / "tasks" / "t" / "1"

    async def begin(self, spec: AttemptSpec) -> tuple[Job, Told]:
        backend = self.backend()
        name = backend.name_job()
        spec.directory.mkdir(parents=True, exist_ok=True)
        log_file(spec.directory).touch()
        job = await backend.start(spec, name)
        return job, Told(AttemptState(1, 0.0, backend=backend.key, job_name=name))

    async def carry(self, spec: AttemptSpec, stop: StopRequest | None = None) -> tuple[Exit, Told]:
        job, told = await self.begin(spec)
        return await job.wait(stop or StopRequest(), told), told

    async def stopped(self, spec: AttemptSpec, ready: Callable[[], bool], *, now: bool = False) -> tuple[Exit, Told]:
        """Stopped by a person as soon as it is ready."""
        stop = StopRequest()
        waiting = asyncio.ensure_future(self.carry(spec, stop))
        await happens(ready, 60)
        stop.ask(FailureKind.CANCEL, now=now)
        return await waiting

    async def test_ends_are_known_told_once_and_stay_in_files(self, directory: Path) -> None:
        # GIVEN several that go on together
        scripts = {"exit 0": 0, "exit 3": 3, "no-such-program-here": 127}
        specs = [shell(beside(directory, f"t{n}"), script) for n, script in enumerate(scripts)]
        ends = await asyncio.gather(*map(self.carry, specs))
        # THEN
        for spec, (end, told), code in zip(specs, ends, scripts.values(), strict=True):
            assert end.code == code == read_exit_file(spec.directory)
            assert (end.stopped, end.lost, end.unstarted, end.begun) == (None, "", "", True)
            assert told.words.count("started") == 1 and told.words[-1] == "started"
            assert told.known.pid is not None or told.known.node

    async def test_it_sees_only_what_it_is_given(self, directory: Path) -> None:
        script = "read line || echo nothing to read; pwd; echo $GIVEN $HOME; echo error >&2"
        await self.carry(shell(directory, script))
        assert log_file(directory).read_text() == f"nothing to read\n{directory}\nyes\nerror\n"

    async def test_it_may_end_in_peace_and_what_is_deaf_is_killed(self, directory: Path) -> None:
        # GIVEN one that hears TERM, and one that does not and has a child that left its group
        kind = shell(directory, "trap 'echo bye; exit 0' TERM; touch ready; while :; do sleep 0.02; done")
        script = "trap '' TERM; setsid sleep 600 & touch ready; while :; do sleep 0.02; done"
        deaf = replace(shell(beside(directory, "u"), script), grace=0.2)
        (gentle, told), (hard, _) = await asyncio.gather(
            self.stopped(kind, (directory / "ready").exists), self.stopped(deaf, (deaf.directory / "ready").exists)
        )
        # THEN it was told first, and its own code counts
        assert (gentle.stopped, gentle.killed, gentle.code) == (FailureKind.CANCEL, False, 0)
        assert told.killing_for == [(FailureKind.CANCEL, 10.0)]
        assert "bye" in log_file(directory).read_text().splitlines()
        assert (hard.stopped, hard.killed) == (FailureKind.CANCEL, True)
        assert hard.seconds_to_stop is not None and hard.seconds_to_stop >= 0.2

    async def test_its_limits_hold_and_what_it_leaves_is_ended_and_counted(self, directory: Path) -> None:
        script = "head -c 5000 /dev/zero; exec sleep 600"
        late = replace(shell(directory, script), timeout=0.3)
        long = replace(shell(beside(directory, "u"), script), max_log=1000)
        untidy = shell(beside(directory, "v"), "sleep 600 & exit 0")
        (one, told), (two, _), (three, _) = await asyncio.gather(*map(self.carry, (late, long, untidy)))
        assert one.stopped is FailureKind.TIMEOUT and told.killing_for == [(FailureKind.TIMEOUT, 10.0)]
        assert two.stopped is FailureKind.LOG_LIMIT
        assert (three.code, three.leftovers) == (0, 1) and not is_locked(log_file(untidy.directory))

    async def test_another_executor_finds_and_follows_it(self, directory: Path) -> None:
        # GIVEN one that goes on while nobody waits for it any more
        spec = shell(directory, "touch ready; until [ -e go ]; do sleep 0.02; done; exit 7")
        job, told = await self.begin(spec)
        waiting = asyncio.ensure_future(job.wait(StopRequest(), told))
        await happens(lambda: (directory / "ready").exists() and "started" in told.words, 60)
        waiting.cancel()
        await asyncio.wait({waiting})
        # WHEN another one looks
        other = self.backend()
        finding = other.inspect(directory, told.known, starter())
        assert finding.verdict is Verdict.RUNNING
        followed = other.adopt(spec, Left(told.known, starter(), finding, lambda at: at))
        (directory / "go").touch()
        # THEN its end is known, and its beginning is not told anew
        later = Told(told.known)
        assert (await followed.wait(StopRequest(), later)).code == 7 and "started" not in later.words
        assert other.inspect(directory, told.known, starter()).exit_code == 7


class ArrayContract:
    """What becomes of an array on a backend on other machines: in a class below it, ``settings`` is the text of
    orch.toml by which all tasks go there, two jobs at once."""

    @pytest.fixture
    def settings(self) -> str:
        raise NotImplementedError

    def test_each_part_is_a_job_of_its_own_and_the_configuration_is_theirs_together(
        self, settings: str, tmp_path: Path
    ) -> None:
        # GIVEN an array with a part that fails, on a backend that may have two jobs at once
        count = "touch run.{{ item }}; ls run.* | wc -l >> counts; sleep 0.3; rm run.{{ item }}; test {{ item }} != c"
        task = {"command": f"echo $ORCH_ITEM; {count}", "each": '["a", "b", "c", "d"]'}
        project = make_commands(tmp_path / "p", {"P": {"load": task}}, settings)
        # WHEN it begins, nobody else gets its configuration, also where no process here has it
        active = begin(project)
        try:
            until(lambda: _runs(active.directory), _RUN)
            assert Lock.acquire(project.paths.configuration_lock("command/load"), "somebody") is None
            assert active.wait(_RUN) is Status.ERROR
        finally:
            active.cancel(CancelRequest("test", now=True))
        state = read_run(active.directory)
        # THEN each part had a job, a node and a log of its own, and the array ended as they did
        parts = [state.task(f"load@{number}") for number in (1, 2, 3, 4)]
        attempts = [part.attempts[-1] for part in parts]
        assert [part.status for part in parts] == [Status.SUCCESS, Status.SUCCESS, Status.ERROR, Status.SUCCESS]
        assert len({one.job for one in attempts}) == 4 and all(one.node for one in attempts)
        logs = [log_file(attempt_directory(active.directory, part.id, 1)).read_text() for part in parts]
        assert logs == ["a\n", "b\n", "c\n", "d\n"]
        assert state.tasks["load"].reason.startswith("1 of 4 parts failed; load@3: exit code 1")
        # AND there were never more at once, and its configuration is free
        assert max(map(int, (project.root / "counts").read_text().split())) <= 2
        lock = Lock.acquire(project.paths.configuration_lock("command/load"), "somebody")
        assert lock is not None
        lock.free()

    def test_who_takes_it_over_goes_on_with_its_parts(self, settings: str, tmp_path: Path) -> None:
        # GIVEN an array of which two parts run, when its executor hands it over
        wait = "touch began.{{ item }}; until [ -e go ]; do sleep 0.05; done; echo {{ item }} >> ran"
        project = make_commands(tmp_path / "p", {"P": {"load": {"command": wait, "each": '["a", "b", "c"]'}}}, settings)
        active = begin(project)
        until(lambda: len(list(project.root.glob("began.*"))) == 2, _RUN)
        first = [path.suffix[1:] for path in project.root.glob("began.*")]
        assert active.hand_over(_RUN)
        # WHEN another one goes on THEN each part does its work once
        later = take_over(project, active.directory, by="test")
        (project.root / "go").touch()
        assert later.wait(_RUN) is Status.SUCCESS
        assert sorted((project.root / "ran").read_text().split()) == ["a", "b", "c"]
        state = read_run(active.directory)
        assert [len(state.task(f"load@{' abc'.index(item)}").attempts) for item in first] == [1, 1]
        assert [part.status for part in state.parts.values()] == [Status.SUCCESS] * 3


def _runs(directory: Path) -> bool:
    return any(part.status is Status.PROCESSING for part in read_run(directory).parts.values())
