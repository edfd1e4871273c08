"""Tasks on the workers of a real dask scheduler, which dies, as its workers and those who execute runs do."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.backends.backend import Backend
from orch_tui.engine.backends.dask import job
from orch_tui.engine.backends.dask.backend import DaskBackend
from orch_tui.engine.processes.process import kill_processes, tagged
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.start import ActiveRun
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import queue_log, start_file
from orch_tui.project.definitions.backends import BackendSettings
from orch_tui.project.definitions.dask_settings import DaskSettings
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project

from tests.servers.dask import Dask, dask
from tests.servers.tools import program
from tests.support.attack import Tally, first_seed, trials
from tests.support.backend_contract import ArrayContract, BackendContract
from tests.support.engine_kit import begin, make_commands, statuses, until
from tests.support.owned import descendants
from tests.support.projects import latest_run, orch, started

EVERYWHERE = 'runs_on = "lab"\n'
_PATIENCE = 120.0


@pytest.fixture(scope="module")
def lab() -> Iterator[Dask]:
    with dask() as found:
        yield found


class TestContract(BackendContract):
    @pytest.fixture(autouse=True)
    def of_lab(self, lab: Dask) -> None:
        """Each of them needs it."""
        self.settings = DaskSettings(lab.address)

    def backend(self) -> Backend:
        return DaskBackend(BackendSettings("lab", "dask", dask=self.settings))


class TestArray(ArrayContract):
    @pytest.fixture
    def settings(self, lab: Dask) -> str:
        return f"{EVERYWHERE}{lab.settings}max_jobs = 2\n"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no network between these files and who looks at them."""
    monkeypatch.setattr(job, "_ANSWER", 1.0)
    monkeypatch.setattr(job, "_GONE_AFTER", 0.5)


def make(root: Path, lab: Dask, phases: Mapping[str, Mapping[str, Any]], more: str = "") -> Project:
    return make_commands(root, phases, f"{EVERYWHERE}{lab.settings}{more}")


def ended(active: ActiveRun) -> RunState:
    assert active.wait(_PATIENCE) is not None, "the run did not end"
    return read_run(active.directory)


def attempt(project: Project, task: str) -> Path:
    return latest_run(project.root, "o") / "tasks" / task / "1"


def running() -> dict[int, str]:
    """What this test has started and what that has, by pid, with its arguments."""
    found = {}
    for one in descendants():
        with contextlib.suppress(OSError):
            found[one.pid] = Path(f"/proc/{one.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def carriers(directory: Path) -> set[int]:
    """The programs on workers that carry an attempt: the shell that a worker starts, and what it runs."""
    return {pid for pid, words in running().items() if words.strip().endswith(str(directory))}


def test_tasks_run_on_workers_and_no_secret_goes_through_the_scheduler(lab: Dask, tmp_path: Path) -> None:
    # GIVEN a task with a secret, one that says that it stays here, and one that takes a worker's slot
    secret = "s3cret-of-the-lab"
    script = "[ -n ${TOKEN} ] || exit 3; touch ready; until [ -e go ]; do sleep 0.05; done; echo ${TOKEN}"
    tasks = {"a": script, "here": {"command": "hostname", "runs_on": '"local"'}, "c": "true"}
    project = make(tmp_path / "p", lab, {"P": tasks}, "resources = { slot = 4 }\n")
    (project.root / ".env").write_text(f"TOKEN={secret}\n")
    (project.root / ".env").chmod(0o600)
    active = begin(open_project(project.root))
    until((project.root / "ready").exists, _PATIENCE)
    # WHEN everybody looks at what is shown and kept THEN it is nowhere, and nor is what the task was given to do
    words = "\n".join(running().values())
    assert secret not in words and "supervisor.on_worker" in words and "distributed" not in sys.modules
    for file in (project.root / ".orch").rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file
    (project.root / "go").touch()
    state = ended(active)
    assert set(statuses(state).values()) == {Status.SUCCESS}, [task.reason for task in state.tasks.values()]
    for file in (project.root / ".orch").rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    assert secret not in lab.logs and "until [ -e go ]" not in lab.logs
    # AND the journal says where each ran
    last = state.tasks["a"].attempts[-1]
    assert (last.backend, last.node, last.job) == ("lab", os.uname().nodename, last.job_name)
    assert state.tasks["here"].attempts[-1].backend == ""


def test_one_that_runs_and_one_that_waits_are_cancelled(lab: Dask, tmp_path: Path) -> None:
    # GIVEN a task that runs, and one for which no worker has enough
    held = "trap 'echo bye; exit 0' TERM; touch ready; while :; do sleep 0.05; done"
    never = {"command": "touch ran", "resources": "{ cpus = 64 }", "runs_on": '"wide"'}
    wide = lab.settings.replace("backends.lab", "backends.wide") + 'resources = { slot = "cpus" }\n'
    project = make(tmp_path / "p", lab, {"P": {"a": held, "b": never}}, wide)
    active = begin(project)
    until((project.root / "ready").exists, _PATIENCE)
    until(lambda: "slot 64" in read_run(active.directory).tasks["b"].reason, _PATIENCE)
    assert read_run(active.directory).tasks["b"].status is Status.QUEUED
    # WHEN the run is cancelled
    active.cancel(CancelRequest("ann"))
    state = ended(active)
    # THEN the one that ran got its signal, and the other has never begun
    ran, waited = state.tasks["a"], state.tasks["b"]
    assert ran.status is Status.TERMINATED and ran.reason.startswith("cancelled by ann; ended by SIGTERM, ")
    assert "bye" in (attempt(project, "a") / "log").read_text()
    assert waited.status is Status.CANCELLED and waited.reason == "cancelled by ann; it had not begun"
    assert not (project.root / "ran").exists() and not start_file(attempt(project, "b")).exists()


def test_a_worker_that_dies_leaves_its_task_alone_and_what_dies_with_it_is_lost(
    impatient: None, tmp_path: Path
) -> None:
    with dask(workers=1) as lab:
        # GIVEN two tasks that run
        script = "touch $ORCH_TASK_ID.begun; until [ -e go ]; do sleep 0.05; done; echo end >> $ORCH_TASK_ID.ended"
        project = make(tmp_path / "p", lab, {"P": dict.fromkeys("ab", script)})
        active = begin(project)
        for name in "ab":
            until((project.root / f"{name}.begun").exists, _PATIENCE)
        a, b = attempt(project, "a"), attempt(project, "b")
        before = carriers(a)
        # WHEN their worker is killed, and all that it had begun for one of them
        lab.kill("w1")
        kill_processes([*carriers(b), *tagged([b])], signal.SIGKILL)
        # THEN nobody knows how that one would have ended
        until(lambda: read_run(active.directory).tasks["b"].status.final, _PATIENCE)
        lost = read_run(active.directory).tasks["b"].attempts[-1]
        assert lost.kind == FailureKind.LOST and "left no exit code" in lost.reason, lost.reason
        # AND the other goes on, though the scheduler gives it to another worker
        assert len(before) == 2 and before <= carriers(a)
        lab.start_worker("w1")
        until(lambda: "carried already" in queue_log(a).read_text(), _PATIENCE)
        (project.root / "go").touch()
        state = ended(active)
        assert state.tasks["a"].status is Status.SUCCESS and len(state.tasks["a"].attempts) == 1
        assert (project.root / "a.ended").read_text() == "end\n" and not (project.root / "b.ended").exists()


def test_a_supervisor_that_is_killed_takes_its_task_along(impatient: None, lab: Dask, tmp_path: Path) -> None:
    project = make(tmp_path / "p", lab, {"P": {"a": "touch ready; exec sleep 600"}})
    active = begin(project)
    until((project.root / "ready").exists, _PATIENCE)
    # WHEN what carries it is killed (by the kernel, which has no memory left, say)
    carrier = next(pid for pid, words in running().items() if "-m orch_tui.engine.supervisor.on_worker orch-" in words)
    os.kill(carrier, signal.SIGKILL)
    # THEN its worker ends what is left, and it is lost
    last = ended(active).tasks["a"].attempts[-1]
    assert last.kind == FailureKind.LOST and "was killed, and took it along" in last.reason, last.reason
    assert tagged([attempt(project, "a")]) == []


def test_a_scheduler_that_dies_is_said_and_survived(impatient: None, tmp_path: Path) -> None:
    with dask(workers=1) as lab:
        script = "echo begin >> trace; touch ready; until [ -e go ]; do sleep 0.05; done"
        never = {"command": "true", "runs_on": '"wide"'}
        wide = lab.settings.replace("backends.lab", "backends.wide") + "resources = { slot = 5 }\n"
        project = make(tmp_path / "p", lab, {"P": {"a": script, "b": never}}, wide)
        active = begin(project)
        until((project.root / "ready").exists, _PATIENCE)
        until(lambda: "slot 5" in read_run(active.directory).tasks["b"].reason, _PATIENCE)
        # WHEN the scheduler is killed, which takes all that it knew along, and its workers with it
        lab.kill("scheduler")
        until(lambda: any("does not answer" in text for _, _, text in read_run(active.directory).notes), _PATIENCE)
        # THEN what runs goes on to its end
        (project.root / "go").touch()
        until(lambda: read_run(active.directory).tasks["a"].status is Status.SUCCESS, _PATIENCE)
        assert read_run(active.directory).tasks["b"].status is Status.QUEUED
        # AND what waited is asked for again when it answers, without using up a retry
        lab.kill("w1")
        lab.start_scheduler()
        until(lambda: len(read_run(active.directory).tasks["b"].attempts) == 2, _PATIENCE)
        until(lambda: any("answers again" in text for _, _, text in read_run(active.directory).notes), _PATIENCE)
        active.cancel(CancelRequest("ann"))
        state = ended(active)
        first = state.tasks["b"].attempts[0]
        assert not first.counts and "the scheduler does not know it any more" in first.reason
        assert (project.root / "trace").read_text() == "begin\n"


def execute(project: Project, directory: Path | None = None) -> subprocess.Popen[str]:
    """A process that executes a run, or takes it over; it has said that it does."""
    module = "kill_me" if directory is None else "take_over_me"
    arguments = [str(project.root)] if directory is None else [str(project.root), str(directory)]
    argv = [sys.executable, "-m", f"tests.integration.{module}", *arguments]
    return started(argv, stdout=subprocess.PIPE)


@trials(short=3, long=20)
def test_executors_are_killed_around_submission(lab: Dask, tmp_path: Path, trials: int) -> None:
    tally, seed = Tally(), first_seed()
    for number in range(trials):
        rng = random.Random(seed + number)
        script = "echo begin >> trace.$ORCH_TASK_ID; sleep 0.1; echo end >> trace.$ORCH_TASK_ID"
        names = [f"t{n}" for n in range(4)]
        phases = {"P": dict.fromkeys(names[:2], script), "Q": dict.fromkeys(names[2:], script)}
        project = make(tmp_path / str(number), lab, phases)
        process = execute(project)
        try:
            assert process.stdout is not None
            directory = Path(process.stdout.readline().strip())
            # WHEN it is killed within the time that submitting takes, once or twice
            for _ in range(rng.randrange(1, 3)):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(rng.random() * rng.choice([0.3, 2.0, 6.0]))
                process.kill()
                process.communicate()
                tally.seen["kills"] += 1
                if read_run(directory).finished:
                    break
                process = execute(project, directory)
                assert process.stdout is not None and process.stdout.readline()
            process.communicate(timeout=_PATIENCE)
        finally:
            process.kill()
            process.communicate()
        # THEN nothing is lost and nothing has run twice
        state = read_run(directory)
        if set(statuses(state).values()) != {Status.SUCCESS}:
            tally.fault("state", f"seed {seed + number}: {[(t.id, t.status, t.reason) for t in state.tasks.values()]}")
        for name in names:
            trace = project.root / f"trace.{name}"
            lines = trace.read_text().split() if trace.exists() else []
            if lines != ["begin", "end"]:
                tally.fault("lost" if "end" not in lines else "twice", f"seed {seed + number}: {name} {lines}")
            tally.seen["asked again"] += len(state.tasks[name].attempts) > 1
        tally.trial_over()
    tally.require_none()
    assert tally.seen["kills"] >= trials


def certificates(home: Path) -> dict[str, str]:
    """Of an authority and of who is signed by it, as files: ``ca``, ``cert``, ``key``."""
    home.mkdir()
    ca, ca_key, cert, key, request = (str(home / name) for name in ("ca", "ca.key", "cert", "key", "request"))
    new = ["req", "-newkey", "rsa:2048", "-nodes"]
    for argv in (
        [*new, "-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", ca_key, "-out", ca],
        [*new, "-subj", "/CN=lab", "-keyout", key, "-out", request],
        ["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-out", cert],
    ):
        subprocess.run([program("openssl"), *argv], check=True, capture_output=True)
    return {"ca": ca, "cert": cert, "key": key}


def test_a_backend_can_be_asked_whether_it_is_fit_and_talks_by_certificates(tmp_path: Path) -> None:
    own, others = certificates(tmp_path / "own"), certificates(tmp_path / "others")
    tls = [f"--tls-ca-file={own['ca']}", f"--tls-cert={own['cert']}", f"--tls-key={own['key']}"]
    with dask(workers=1, tls=tls) as lab:
        files = ", ".join(f'{name} = "{path}"' for name, path in own.items())
        project = make(tmp_path / "p", lab, {"P": {"a": "true"}}, f"tls = {{ {files} }}\n")
        # WHEN one that works is asked THEN it says where it has begun
        done = orch(project.root, "check", "--backend", "lab")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith(f"lab: {os.uname().nodename} · job orch-"), done.stdout
        # WHEN the scheduler knows nothing of our certificates THEN that is why it does not begin
        settings = (project.root / "orch.toml").read_text()
        (project.root / "orch.toml").write_text(
            settings.replace(own["cert"], others["cert"]).replace(own["key"], others["key"])
        )
        active = begin(open_project(project.root))
        until(lambda: "the scheduler does not answer: " in read_run(active.directory).tasks["a"].reason, _PATIENCE)
        active.cancel(CancelRequest("ann"))
        assert ended(active).tasks["a"].status is Status.CANCELLED
