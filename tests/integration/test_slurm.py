"""Tasks as jobs of a real Slurm cluster of two nodes, each with a host name, mounts and processes of its own."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.backends.backend import Backend
from orch_tui.engine.backends.slurm import job, watch
from orch_tui.engine.backends.slurm.backend import SlurmBackend
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import end_file, node_file, start_file
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.definitions.backends import BackendSettings
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project

from tests.servers.slurm import Cluster, slurm
from tests.servers.tools import missing
from tests.support.attack import Tally, first_seed, trials
from tests.support.backend_contract import ArrayContract, BackendContract
from tests.support.engine_kit import begin, make_commands, run, statuses, until
from tests.support.executors import host as on_host
from tests.support.projects import ROOT, latest_run, orch, start, wait_for_file

SETTINGS = '[backends.cluster]\nkind = "slurm"\n'
EVERYWHERE = f'runs_on = "cluster"\n{SETTINGS}'
SAMPLES = ROOT / "sample_configs"
_PATIENCE = 90.0


@pytest.fixture(scope="module")
def whole_cluster() -> Iterator[Cluster]:
    with slurm() as cluster:
        yield cluster


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no network between these files and who looks at them."""
    monkeypatch.setattr(job, "_ANSWER", 1.0)
    monkeypatch.setattr(job, "_GONE_AFTER", 0.5)
    monkeypatch.setattr(watch, "_LOOK_RUNNING", 2.0)


@pytest.fixture
def cluster(whole_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """With nothing in its queue before and after."""
    for name, value in whole_cluster.environment.items():
        monkeypatch.setenv(name, value)
    yield whole_cluster
    whole_cluster.cancel_all()
    whole_cluster.wait_until_empty()


def own_cluster(monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)


def make(tmp_path: Path, phases: Mapping[str, Mapping[str, Any]], settings: str = EVERYWHERE) -> Project:
    return make_commands(tmp_path / "p", phases, settings)


def attempt(project: Project, task: str, number: int = 1) -> Path:
    return latest_run(project.root, "o") / "tasks" / task / str(number)


def ended(active: Any) -> RunState:
    assert active.wait(_PATIENCE) is not None, "the run did not end"
    return read_run(active.directory)


def wait_for_status(directory: Path, task: str, status: Status) -> None:
    until(lambda: read_run(directory).tasks[task].status is status, _PATIENCE)


class TestContract(BackendContract):
    @pytest.fixture(autouse=True)
    def of_cluster(self, cluster: Cluster) -> None:
        """Each of them needs it."""

    def backend(self) -> Backend:
        return SlurmBackend(BackendSettings("cluster", "slurm"))


class TestArray(ArrayContract):
    @pytest.fixture
    def settings(self, cluster: Cluster) -> str:
        return f"{EVERYWHERE}max_jobs = 2\n"


def test_tasks_run_on_nodes_and_the_journal_says_where(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN tasks of which the phase, the task itself or nobody says that they run on the cluster
    tell = "hostname; echo $SLURM_JOB_ID; stat -c %a $ORCH_SCRATCH; echo $ORCH_SCRATCH > scratch"
    phases = {"P": {"a": {"command": tell, "runs_on": '"cluster"', "resources": "{ cpus = 2 }"}, "here": "hostname"}}
    project = make(tmp_path, phases, SETTINGS)
    # WHEN
    state = run(project)
    # THEN one has run on a node, in a job of its own, and the other here
    assert set(statuses(state).values()) == {Status.SUCCESS}
    last = state.tasks["a"].attempts[-1]
    host, job, mode = (attempt(project, "a") / "log").read_text().split()
    assert mode == "700" and not Path((project.root / "scratch").read_text().strip()).exists()
    assert (last.backend, last.node, last.job) == ("cluster", host, job) and host in cluster.nodes
    assert last.place == f"{host} · job {job}" and last.job_name.startswith("orch-")
    here = state.tasks["here"].attempts[-1]
    assert here.backend == "" and here.pid is not None
    assert (attempt(project, "here") / "log").read_text().split() == [os.uname().nodename]
    # AND people and programs are told
    shown = orch(project.root, "show", state.header.id, "a").stdout
    assert f"{host} · job {job}" in shown
    told = json.loads(orch(project.root, "show", "o", "--json").stdout)
    told_task = told["phases"][0]["tasks"][0]
    assert (told_task["backend"], told_task["node"], told_task["job"]) == ("cluster", host, job)
    # AND a run may be told to stay here
    done = orch(project.root, "run", "o", "--backend", "local", "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_run(latest_run(project.root, "o")).tasks["a"].attempts[-1].backend == ""


ENDS: dict[str, str | dict[str, Any]] = {
    "late": {"command": "exec sleep 600", "timeout": '"1s"', "grace": '"5s"'},
    "deaf": {"command": "trap '' TERM; exec sleep 600", "timeout": '"1s"', "grace": '"300ms"'},
    "long": {"command": "head -c 3000000 /dev/zero; exec sleep 600", "max_log_mb": "1"},
    "twice": {
        "command": "[ -e again ] && exit 0; touch again; exit 5",
        "retry": '{ attempts = 1, delay = "100ms" }',
    },
    "leaves": "sleep 600 & sleep 601 & exit 0",
    "fails": "echo no such thing; exit 1",
    "absent": "exec /no/such/program",
    "killed": "kill -KILL $$",
}


def test_each_end_is_told_in_the_words_that_a_local_run_has(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN tasks that end in every way
    tasks = {
        name: {**({"command": body} if isinstance(body, str) else body), "continue_on_failure": "true"}
        for name, body in ENDS.items()
    }
    words: dict[str, dict[str, tuple[Any, ...]]] = {}
    for place, settings in (("local", ""), ("cluster", EVERYWHERE)):
        # WHEN they run here, and there
        state = ended(begin(make(tmp_path / place, {"P": tasks}, f"max_parallel = 8\n{settings}")))
        words[place] = {
            task.id: (
                task.status,
                re.sub(r"\d+(\.\d+)? s after", "N s after", task.reason),
                task.kind,
                [
                    (one.status, one.exit_code, one.killing, 0 if one.killing else one.leftovers)
                    for one in task.attempts
                ],
            )
            for task in state.tasks.values()
        }
    # THEN all of it is the same
    assert words["cluster"] == words["local"]
    assert "timed out after 1.0 s; ended by SIGTERM" in words["cluster"]["late"][1]
    assert words["cluster"]["leaves"][3][0][3] == 2


def test_one_that_runs_and_one_that_waits_are_cancelled(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN a task that has a node for itself, and one for which there will never be room
    held = {"command": "trap 'echo bye; exit 0' TERM; touch ready; while :; do sleep 0.05; done"}
    never = {"command": "touch ran", "resources": "{ cpus = 4 }", "runs_on": '"one"'}
    own = '[backends.one]\nkind = "slurm"\npartition = "small"\n'
    project = make(tmp_path, {"P": {"a": {**held, "resources": "{ cpus = 4 }"}, "b": never}}, EVERYWHERE + own)
    cluster.run("scontrol", "update", "nodename=n1", "state=drain", "reason=test")
    try:
        active = begin(project)
        wait_for_file(project.root / "ready")
        wait_for_status(active.directory, "b", Status.QUEUED)
        # (Its reason is the queue's own, once that was asked.)
        until(lambda: read_run(active.directory).tasks["b"].reason != "")
        # WHEN the run is cancelled
        active.cancel(CancelRequest("ann"))
        state = ended(active)
    finally:
        cluster.run("scontrol", "update", "nodename=n1", "state=resume")
    # THEN the one that ran got its signal, and the other has never begun
    ran, waited = state.tasks["a"], state.tasks["b"]
    assert ran.status is Status.TERMINATED and re.match(r"cancelled by ann; ended by SIGTERM, ", ran.reason)
    assert "bye" in (attempt(project, "a") / "log").read_text()
    assert waited.status is Status.CANCELLED and waited.reason == "cancelled by ann; it had not begun"
    assert not (project.root / "ran").exists() and not start_file(attempt(project, "b")).exists()
    assert cluster.queue("PENDING") == []


def test_what_the_queue_refuses_is_said_in_its_words(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN a partition that is not there, and more memory than any node has
    own = '[backends.none]\nkind = "slurm"\npartition = "nowhere"\n'
    tasks = {
        "a": {"command": "true", "runs_on": '"none"', "continue_on_failure": "true"},
        "b": {"command": "true", "memory": '"4TB"', "retry": "{ attempts = 3 }"},
    }
    state = run(make(tmp_path, {"P": tasks}, EVERYWHERE + own))
    # THEN nothing of it is tried again
    assert "could not be started: the queue refused it: " in state.tasks["a"].reason
    assert "nvalid partition" in state.tasks["a"].reason and state.tasks["a"].kind == FailureKind.LAUNCH
    assert "Memory specification can not be satisfied" in state.tasks["b"].reason
    assert len(state.tasks["b"].attempts) == 1


def test_a_backend_can_be_asked_whether_it_is_fit(cluster: Cluster, tmp_path: Path) -> None:
    own = '[backends.none]\nkind = "slurm"\npartition = "nowhere"\n'
    project = make(tmp_path, {"P": {"a": "true"}}, EVERYWHERE + own)
    # WHEN one that works is asked THEN it says which node has answered, and nothing is wrong
    done = orch(project.root, "check", "--backend", "cluster")
    assert done.returncode == 0 and re.match(r"cluster: n[12] · job \d+, begun after ", done.stdout), done.stdout
    # WHEN one that does not THEN it says why
    done = orch(project.root, "check", "--backend", "none")
    assert done.returncode == 2 and "nvalid partition" in done.stdout, done.stdout
    assert orch(project.root, "check", "--backend", "local").returncode == 2


def test_at_most_so_many_jobs_are_in_the_queue(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN a backend for one job at a time
    script = "mkdir alone || exit 9; sleep 0.1; rmdir alone"
    project = make(tmp_path, {"P": {"a": script, "b": script}}, f"{EVERYWHERE}max_jobs = 1\n")
    # WHEN / THEN each of them is alone there
    assert set(statuses(ended(begin(project))).values()) == {Status.SUCCESS}


# -- secrets ---------------------------------------------------------------------------------------------------


@pytest.fixture
def somebody() -> Iterator[str]:
    """Another user of this machine."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        missing("another user can be made by root only, with useradd")
    name = f"orch-{os.getpid()}"
    subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/bin/sh", name], check=True)
    try:
        yield name
    finally:
        subprocess.run(["userdel", name], check=True)


LOOK = """
{ scontrol show job -dd; squeue -o %all; ps auxeww; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; } </dev/null 2>&1
grep -rsF -f - "$@"
"""
"""What somebody looks at; which words they look for in files is not on their command line, where they would be seen."""


def test_no_secret_is_anywhere_where_others_look(
    cluster: Cluster, tmp_path: Path, somebody: str, request: pytest.FixtureRequest
) -> None:
    # GIVEN a task that runs with a secret in its environment, and one that waits for room with it
    secret, public = "s3cret-of-the-cluster", "what-everybody-may-read"
    script = "[ -n ${TOKEN} ] || exit 3; touch ready; until [ -e go ]; do sleep 0.05; done; echo ${TOKEN}"
    waits = {"command": script, "resources": "{ cpus = 64 }"}
    project = make(tmp_path, {"P": {"a": script, "b": waits}}, EVERYWHERE)
    (project.root / ".env").write_text(f"TOKEN={secret}\n")
    (project.root / ".env").chmod(0o600)
    (project.root / "public").write_text(public)
    own = [path for path in (tmp_path, *tmp_path.parents) if path != Path("/") and path.stat().st_uid == 0]
    for path in own:
        request.addfinalizer(partial(path.chmod, path.stat().st_mode & 0o7777))
        path.chmod(path.stat().st_mode & 0o7777 | 0o055)
    active = begin(open_project(project.root))
    wait_for_file(project.root / "ready")
    wait_for_status(active.directory, "b", Status.QUEUED)
    assert secret in start_file(attempt(project, "b")).read_text()
    # WHEN another user looks at the queue, at processes and at all files of the project and of the cluster
    places = [project.root, cluster.home, *Path("/tmp").glob("orch-*")]
    done = subprocess.run(
        ["sh", "-c", LOOK, "sh", *map(str, places)],
        input=f"{secret}\n{public}\n".encode(),
        capture_output=True,
        user=somebody,
        group=somebody,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    # THEN they see what is for everybody, and no secret
    seen = done.stdout.decode("utf-8", "replace")
    assert "JobName=orch-" in seen and "orch_tui.engine.supervisor" in seen and public in seen
    assert secret not in seen
    # AND the controller has not written it down
    for file in (cluster.home / "state").rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    # AND of the files of the attempts only the user reads any
    for file in (project.root / ".orch").rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file
    # WHEN both have ended THEN nothing has kept it
    (project.root / "go").touch()
    wait_for_status(active.directory, "a", Status.SUCCESS)
    active.cancel(CancelRequest("ann"))
    assert ended(active).tasks["b"].status is Status.CANCELLED
    for file in (project.root / ".orch").rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file


# -- executors that die ----------------------------------------------------------------------------------------


def execute(project: Project, directory: Path | None = None, host: str = "other") -> subprocess.Popen[str]:
    """A process that executes a run, or takes it over on a host of this name."""
    module = "kill_me" if directory is None else "take_over_me"
    arguments = [str(project.root)] if directory is None else [str(project.root), str(directory)]
    argv = [*on_host(host), sys.executable, "-m", f"tests.integration.{module}", *arguments]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True)


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_run_is_taken_over_on_another_host(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN a run whose executor is killed while one task runs and another waits for room
    wait = "touch ready.$ORCH_TASK_ID; until [ -e go ]; do sleep 0.05; done; echo done >> trace.$ORCH_TASK_ID"
    full = {"command": wait, "resources": "{ cpus = 4 }", "runs_on": '"one"'}
    own = '[backends.one]\nkind = "slurm"\npartition = "small"\n'
    project = make(tmp_path, {"P": {"a": full, "b": full}}, EVERYWHERE + own)
    process = execute(project, host="first")
    assert process.stdout is not None
    directory = Path(process.stdout.readline().strip())
    until(lambda: len(list(project.root.glob("ready.*"))) == 1, _PATIENCE)
    end(process)
    # THEN both configurations stay in use, though the locks have nobody here
    for name in "ab":
        assert is_locked(project.paths.configuration_lock(f"command/{name}"))
    # WHEN another host goes on
    process = execute(project, directory, "second")
    assert process.stdout is not None and process.stdout.readline()
    (project.root / "go").touch()
    process.communicate(timeout=_PATIENCE)
    # THEN each has run once, as the same job
    state = read_run(directory)
    assert set(statuses(state).values()) == {Status.SUCCESS}, [task.reason for task in state.tasks.values()]
    assert [one["host"] for one in state.executors] == ["first", "second"]
    assert [len(task.attempts) for task in state.tasks.values()] == [1, 1]
    assert all((project.root / f"trace.{name}").read_text() == "done\n" for name in "ab")
    assert not any(is_locked(project.paths.configuration_lock(f"command/{name}")) for name in "ab")


def test_what_a_run_left_in_the_queue_is_asked_for_by_who_waits_for_it(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN jobs of a run whose executor is killed, with nobody who goes on with it
    waits = "touch ready.$ORCH_TASK_ID; until [ -e go ]; do sleep 0.05; done; echo done >> trace.$ORCH_TASK_ID"
    project = make(tmp_path, {"P": {"a": waits, "b": waits}})
    process = execute(project, host="first")
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    until(lambda: len(list(project.root.glob("ready.*"))) == 2, _PATIENCE)
    end(process)
    # WHEN somebody starts another run THEN it waits for the configurations as long as the jobs go on
    active = begin(project)
    until(lambda: all(task.status is Status.WAITING for task in read_run(active.directory).tasks.values()), _PATIENCE)
    assert not list(project.root.glob("trace.*"))
    # WHEN one of the jobs is taken out of the queue, where nothing on its node can say so, and the other ends by itself
    (name,) = {task.attempts[-1].job for task in read_run(left).tasks.values() if task.id == "a"}
    cluster.run("scancel", "--signal=KILL", "--full", name)
    (project.root / "go").touch()
    # THEN both configurations become free, and each task has run for the new run
    assert set(statuses(ended(active)).values()) == {Status.SUCCESS}
    assert (project.root / "trace.b").read_text() == "done\ndone\n"
    assert (project.root / "trace.a").read_text() == "done\n"
    # AND the journal of the one that was left is as it was
    assert not read_run(left).finished
    assert not any(is_locked(project.paths.configuration_lock(f"command/{name}")) for name in "ab")


@trials(short=2, long=100)
def test_executors_are_killed_around_submission(cluster: Cluster, tmp_path: Path, trials: int) -> None:
    tally, seed = Tally(), first_seed()
    for number in range(trials):
        rng = random.Random(seed + number)
        root = tmp_path / str(number)
        script = "echo begin >> trace.$ORCH_TASK_ID; sleep 0.1; echo end >> trace.$ORCH_TASK_ID"
        names = [f"t{n}" for n in range(4)]
        project = make(root, {"P": dict.fromkeys(names[:2], script), "Q": dict.fromkeys(names[2:], script)})
        process = execute(project, host="h0")
        assert process.stdout is not None
        directory = Path(process.stdout.readline().strip())
        # WHEN it is killed within the time that submitting takes, twice, each time on another host
        for kill in range(rng.randrange(1, 3)):
            time.sleep(rng.random() * rng.choice([0.03, 0.1, 2.0]))
            end(process)
            tally.seen["kills"] += 1
            if read_run(directory).finished:
                break
            process = execute(project, directory, f"h{kill + 1}")
            assert process.stdout is not None and process.stdout.readline()
        process.communicate(timeout=_PATIENCE)
        # THEN nothing is lost, nothing has run twice, and nothing is left in the queue
        state = read_run(directory)
        if set(statuses(state).values()) != {Status.SUCCESS}:
            tally.fault("state", f"seed {seed + number}: {[(t.id, t.status, t.reason) for t in state.tasks.values()]}")
        for name in names:
            trace = project.root / f"trace.{name}"
            lines = trace.read_text().split() if trace.exists() else []
            if lines != ["begin", "end"]:
                tally.fault("lost" if "end" not in lines else "twice", f"seed {seed + number}: {name} {lines}")
            tally.seen["resubmitted"] += len(state.tasks[name].attempts) > 1
        if cluster.queue("PENDING"):
            tally.fault("left", f"seed {seed + number}: {cluster.queue()}")
        shutil.rmtree(root)
        tally.trial_over()
    tally.require_none()
    assert tally.seen["kills"] >= trials


# -- a cluster that fails --------------------------------------------------------------------------------------


def test_a_controller_that_dies_is_said_and_survived(
    impatient: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with slurm(message=1) as cluster:
        own_cluster(monkeypatch, cluster)
        script = "touch ready; until [ -e go ]; do sleep 0.05; done"
        project = make(tmp_path, {"P": {"a": script}, "Q": {"b": "true"}})
        active = begin(project)
        wait_for_file(project.root / "ready")
        # WHEN the controller is killed THEN that is said, once
        cluster.kill_controller()
        until(lambda: any("does not answer" in text for _, _, text in read_run(active.directory).notes), _PATIENCE)
        # AND what runs goes on to its end, which needs no queue
        (project.root / "go").touch()
        wait_for_status(active.directory, "a", Status.SUCCESS)
        # AND what is to be submitted waits for it
        cluster.start_controller()
        state = ended(active)
        assert set(statuses(state).values()) == {Status.SUCCESS}, [task.reason for task in state.tasks.values()]
        assert sum("does not answer" in text for _, _, text in state.notes) == 1


def test_a_node_that_dies_takes_its_task_along_and_nothing_is_guessed(
    impatient: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with slurm(min_age=2) as cluster:
        own_cluster(monkeypatch, cluster)
        script = "hostname > where; echo begin >> trace; [ -e again ] || { touch again; exec sleep 600; }"
        tasks = {"a": {"command": script, "retry": '{ attempts = 1, delay = "0s", on = ["lost"] }'}}
        project = make(tmp_path, {"P": tasks})
        active = begin(project)
        wait_for_file(project.root / "again")
        # WHEN its node dies
        node = (project.root / "where").read_text().strip()
        cluster.kill_node(node)
        state = ended(active)
        # THEN it is lost, with the word of the queue, and tried again as any failure: on another node
        first, second = state.tasks["a"].attempts
        assert first.kind == FailureKind.LOST and first.counts, first
        assert first.reason.startswith("lost: ") and "left no exit code" in first.reason
        assert second.status is Status.SUCCESS and second.node != node
        assert (project.root / "trace").read_text() == "begin\nbegin\n"


def test_memory_that_is_taken_beyond_what_was_asked_for_is_named(
    impatient: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with slurm(oom=True) as cluster:
        own_cluster(monkeypatch, cluster)
        greedy = f"exec {sys.executable} -c 'x = bytearray(300_000_000); import time; time.sleep(60)'"
        # WHEN one has a limit of its own, which its node holds, and one only what the queue gives it
        own = {"command": greedy, "memory": '"100MB"', "continue_on_failure": "true"}
        state = ended(begin(make(tmp_path, {"P": {"own": own, "queued": greedy}})))
        # THEN both say so, and who has said it
        assert "over its memory limit of 100MB, as the kernel says" in state.tasks["own"].reason
        assert "out of memory, as Slurm says" in state.tasks["queued"].reason, state.tasks["queued"].reason
        cluster.wait_until_empty()


def test_a_job_that_begins_again_does_nothing(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN a task whose job the queue would give a second allocation
    script = "echo begin >> trace; touch ready; until [ -e go ]; do sleep 0.05; done"
    project = make(tmp_path, {"P": {"a": script}})
    active = begin(project)
    wait_for_file(project.root / "ready")
    directory = attempt(project, "a")
    # WHEN its supervisor is started once more for the same attempt
    again = subprocess.run(
        [sys.executable, "-P", "-m", "orch_tui.engine.supervisor", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    # THEN that one says so and leaves all as it was
    assert again.returncode == 0 and again.stdout.startswith("not begun on ")
    (project.root / "go").touch()
    assert set(statuses(ended(active)).values()) == {Status.SUCCESS}
    assert (project.root / "trace").read_text() == "begin\n"
    assert json.loads(end_file(directory).read_text())["code"] == 0 and node_file(directory).exists()


FLIGHTS = {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458, "airlines": 16}
"""As a local run has them (test_samples_components.py)."""


def rows(project: Path) -> dict[str, int]:
    storage = project / ".orch" / "storage"
    return {
        str(file.parent.relative_to(storage)): tomllib.loads(file.read_text())["rows"]
        for file in storage.glob("*/*/table.toml")
    }


# -- samples ---------------------------------------------------------------------------------------------------


def test_the_samples_give_on_the_cluster_what_they_give_here(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN the sample project, with its tasks on the cluster
    root = tmp_path / "samples"
    shutil.copytree(SAMPLES, root, ignore=shutil.ignore_patterns(".orch", "out", ".env", "__pycache__"))
    settings = root / "orch.toml"
    settings.write_text(
        settings.read_text().replace("max_parallel = 4", 'max_parallel = 8\nruns_on = "cluster"\n') + f"\n{SETTINGS}"
    )
    here = tmp_path / "here"
    shutil.copytree(SAMPLES, here, ignore=shutil.ignore_patterns(".orch", "out", ".env", "__pycache__"))
    assert orch(here, "run", "campaigns", "--plain").returncode == 0
    # WHEN both run together
    going = [start(root, "run", name, "--json", stderr=subprocess.DEVNULL) for name in ("campaigns", "flights")]
    for process in going:
        said, _ = process.communicate(timeout=240)
        assert process.returncode == 0, said[-3000:]
        tasks = [task for phase in json.loads(said)["phases"] for task in phase["tasks"] if task["attempts"]]
        assert tasks and {task["node"] for task in tasks} <= set(cluster.nodes)
    # THEN
    assert {name: count for name, count in rows(root).items() if name in rows(here)} == rows(here)
    assert {name: rows(root)[f"flights/{name}"] for name in FLIGHTS} == FLIGHTS
