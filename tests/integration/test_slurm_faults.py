"""What goes wrong with a real Slurm cluster, and the word for each: nothing is guessed, runs twice or is left."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.engine.backends.remote import telling
from orch_tui.engine.backends.slurm import job, watch
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.trials.probe import probe
from orch_tui.model.failure import FailureKind
from orch_tui.model.problem import Severity
from orch_tui.model.run.runstate import RunState, TaskState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project

from tests.servers.slurm import Cluster, slurm
from tests.support.engine_kit import begin, make_commands, statuses, until
from tests.support.executors import Executor
from tests.support.owned import descendants
from tests.support.projects import wait_for_file

SETTINGS = 'runs_on = "cluster"\n[backends.cluster]\nkind = "slurm"\n'
WAITS = "echo begin >> trace.$ORCH_TASK_ID; until [ -e go ]; do sleep 0.05; done"
_PATIENCE = 90.0


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that the node n2 does not have."""
    return tmp_path_factory.mktemp("hidden")


@pytest.fixture(scope="module")
def whole_cluster(hidden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Forgets ended jobs after two seconds; its programs wait a second for an answer."""
    with slurm(min_age=2, message=1, seen={"n2": (tmp_path_factory.mktemp("empty"), hidden)}) as cluster:
        yield cluster


@pytest.fixture
def cluster(whole_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """With nothing that a test leaves in its queue."""
    patient_with(whole_cluster, monkeypatch)
    yield whole_cluster
    whole_cluster.wake_controller()
    for node in whole_cluster.nodes:
        whole_cluster.set_node(node, "resume")
    try:
        # What has ended is on its way out for a moment.
        whole_cluster.wait_until_empty()
    finally:
        whole_cluster.cancel_all()


def patient_with(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use it, with as much patience as one needs where no network is between."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(job, "_ANSWER", 3.0)
    monkeypatch.setattr(job, "_GONE_AFTER", 0.5)
    monkeypatch.setattr(watch, "_LOOK_RUNNING", 2.0)
    monkeypatch.setattr(telling, "_SAY_AGAIN", 0.0)


def make(tmp_path: Path, phases: dict[str, dict[str, object]], more: str = "") -> Project:
    return make_commands(tmp_path / "p", phases, SETTINGS + more)  # type: ignore[arg-type]


def ended(active: object) -> RunState:
    assert active.wait(_PATIENCE) is not None, "the run did not end"  # type: ignore[attr-defined]
    return read_run(active.directory)  # type: ignore[attr-defined]


def reason(directory: Path, task: str, words: str) -> TaskState:
    """The task once it waits for this."""
    until(lambda: words in read_run(directory).tasks[task].reason, _PATIENCE)
    return read_run(directory).tasks[task]


def kill(*words: str) -> None:
    """SIGKILL to the groups of all processes below this one whose command has one of these words, before any sees the
    end of another."""
    found = [process.pid for process in descendants() if any(word in process.words for word in words)]
    groups = {os.getpgid(pid) for pid in found} - {os.getpgrp()}
    assert groups
    for how in (signal.SIGSTOP, signal.SIGKILL):
        for group in groups:
            os.killpg(group, how)


def traces(project: Project) -> list[str]:
    return [line for file in project.root.glob("trace.*") for line in file.read_text().split()]


def test_what_the_queue_keeps_for_ever_or_refuses_is_said(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN tasks that ask for more than a node has, for more time than their partition gives, and by an unknown option
    more = (
        '[backends.small]\nkind = "slurm"\npartition = "small"\n[backends.odd]\nkind = "slurm"\noptions = ["--odd=1"]\n'
    )
    tasks: dict[str, object] = {
        "wide": {"command": "touch ran", "resources": "{ cpus = 64 }"},
        "long": {"command": "touch ran.long", "resources": '{ time = "3h" }', "runs_on": '"small"'},
        "odd": {"command": "touch ran", "runs_on": '"odd"', "continue_on_failure": "true"},
    }
    active = begin(make(tmp_path, {"P": tasks}, more))
    # THEN what needs somebody says so, and what is refused has failed in the queue's words
    assert reason(active.directory, "wide", "PartitionConfig: will never start").status is Status.QUEUED
    long = reason(active.directory, "long", "PartitionTimeLimit: will never start").attempts[-1].job
    until(lambda: read_run(active.directory).tasks["odd"].status.final)
    odd = read_run(active.directory).tasks["odd"]
    assert odd.kind == FailureKind.LAUNCH and "the queue refused it: " in odd.reason and "--odd=1" in odd.reason
    # WHEN somebody holds the one, and then lets it go with less time THEN it says that, and runs
    cluster.run("scontrol", "uhold", long)
    reason(active.directory, "long", "JobHeldUser: held by its user (scontrol release)")
    cluster.run("scontrol", "update", f"jobid={long}", "timelimit=5")
    cluster.run("scontrol", "release", long)
    until(lambda: read_run(active.directory).tasks["long"].status is Status.SUCCESS, _PATIENCE)
    # WHEN the run is cancelled THEN the other has never begun
    active.cancel(CancelRequest("ann"))
    state = ended(active)
    assert state.tasks["wide"].reason == "cancelled by ann; it had not begun"
    assert (active.directory.parents[3] / "ran.long").exists() and not (active.directory.parents[3] / "ran").exists()


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "not heard"])
def test_a_question_without_an_answer_is_no_second_job(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: bool
) -> None:
    # GIVEN an sbatch that says once that it timed out, whether or not the controller has heard it
    real, bin_, once = shutil.which("sbatch"), tmp_path / "bin", tmp_path / "once"
    bin_.mkdir()
    ask = f'{real} "$@"' if heard else "cat"
    said = "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"
    script = f'[ -e {once} ] && exec {real} "$@"\ntouch {once}\n{ask} > {tmp_path}/said\necho "{said}" >&2\nexit 1\n'
    (bin_ / "sbatch").write_text(f"#!/bin/sh\n{script}")
    (bin_ / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    project = make(tmp_path, {"P": {"a": "echo begin >> trace.a"}})
    # WHEN
    state = ended(begin(project))
    # THEN it has run once; what was never heard was sent again, without using up a retry
    task = state.tasks["a"]
    assert task.status is Status.SUCCESS and traces(project) == ["begin"]
    assert [one.counts for one in task.attempts] == ([True] if heard else [False, True])
    if not heard:
        assert task.attempts[0].reason == "it had not begun: the queue does not know it"


def test_a_job_that_somebody_ends_or_begins_again_is_lost_and_says_how(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN two tasks that run
    task = {"command": WAITS, "continue_on_failure": "true"}
    project = make(tmp_path, {"P": {"again": task, "gone": task}})
    active = begin(project)
    until(lambda: len(traces(project)) == 2, _PATIENCE)
    until(lambda: all(task.attempts[-1].job for task in read_run(active.directory).tasks.values()))
    state = read_run(active.directory)
    jobs = {name: task.attempts[-1].job for name, task in state.tasks.items()}
    # WHEN an administrator wants one to begin again THEN the queue refuses it, and it runs on
    done = cluster.run("scontrol", "requeue", jobs["again"])
    assert done.returncode != 0 and "disabled" in done.stderr
    # WHEN it is forced, and the other is ended
    cluster.run("scontrol", "update", f"jobid={jobs['again']}", "requeue=1")
    assert cluster.run("scontrol", "requeue", jobs["again"]).returncode == 0
    cluster.run("scancel", jobs["gone"])
    state = ended(active)
    # THEN both are lost, in the queue's words; none has begun twice
    assert state.tasks["again"].reason == "lost: the queue ended it to begin it once more (scontrol requeue)"
    assert state.tasks["gone"].reason.startswith("lost: it was cancelled there (scancel) (CANCELLED on n")
    assert {task.kind for task in state.tasks.values()} == {FailureKind.LOST}
    assert traces(project) == ["begin", "begin"]


def test_what_the_queue_has_forgotten_is_lost(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN a task whose executor is killed, and then all that carried it on its node
    project = make(tmp_path, {"P": {"a": "touch ready; exec sleep 61234"}})
    executor = Executor(project.root)
    wait_for_file(project.root / "ready")
    executor.kill()
    name = executor.state.tasks["a"].attempts[-1].job_name
    kill(f"engine.supervisor {executor.directory}", "sleep 61234")
    # WHEN somebody goes on after the queue has forgotten it
    until(lambda: name not in cluster.told("squeue", "--states=all", "--noheader", "--format=%j"), _PATIENCE)
    after = Executor(project.root, executor.directory)
    assert after.process.wait(_PATIENCE) == 0
    # THEN that is what is said, and no exit code is guessed
    task = after.state.tasks["a"]
    assert task.reason.startswith("lost: the queue does not know it, and it left no exit code"), task
    assert task.kind == FailureKind.LOST and task.attempts[-1].exit_code is None


def test_a_controller_that_does_not_answer_is_said_once_and_survived(cluster: Cluster, tmp_path: Path) -> None:
    # GIVEN a task that runs, and one that comes after it
    project = make(tmp_path, {"P": {"a": WAITS}, "Q": {"b": WAITS.replace("-e go", "-e end")}})
    active = begin(project)
    until(lambda: traces(project) == ["begin"], _PATIENCE)
    # WHEN the controller takes all questions and answers none THEN that is said
    cluster.pause_controller()
    until(lambda: any("does not answer" in text for _, _, text in read_run(active.directory).notes), _PATIENCE)
    # AND what runs comes to its end
    (project.root / "go").touch()
    until(lambda: read_run(active.directory).tasks["a"].status is Status.SUCCESS, _PATIENCE)
    # WHEN it answers again THEN that is said, and the other runs, once
    cluster.wake_controller()
    until(lambda: any("answers again" in text for _, _, text in read_run(active.directory).notes), _PATIENCE)
    (project.root / "end").touch()
    state = ended(active)
    assert set(statuses(state).values()) == {Status.SUCCESS} and traces(project) == ["begin", "begin"]
    said = [text for _, _, text in state.notes]
    assert sum("does not answer" in text for text in said) == sum("answers again" in text for text in said) == 1


def test_a_node_without_the_project_or_without_python_is_not_fit(
    cluster: Cluster, hidden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_commands(hidden / "p", {"P": {"a": "true"}}, SETTINGS)
    for node, python in (("n2", sys.executable), ("n1", "/no/such/python")):
        # GIVEN a node that does not have the project's directory, or this Python
        for one in cluster.nodes:
            cluster.set_node(one, "resume" if one == node else "drain")
        monkeypatch.setattr(sys, "executable", python)
        # WHEN it is asked whether it is fit
        (problem,) = probe(project, "cluster").problems
        # THEN it says what the queue says, and what must be there
        assert problem.severity is Severity.ERROR and "on the backend cluster did not answer: " in problem.message
        assert node in problem.message and ("/no/such/python" in problem.message) == (node == "n1"), problem
        assert python in problem.remedy and "under the same paths" in problem.remedy


def test_a_job_whose_node_dies_before_it_begins_is_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with slurm(min_age=2, message=1) as cluster:
        patient_with(cluster, monkeypatch)
        # GIVEN the only node that takes jobs, which nobody knows to be dead
        cluster.set_node("n2", "drain")
        cluster.cut_off("n1")
        project = make(tmp_path, {"P": {"a": "hostname >> trace.a"}})
        active = begin(project)
        until(lambda: "n1" in cluster.told("squeue", "--noheader", "--format=%N"), _PATIENCE)
        # WHEN that is noticed, and another takes jobs
        cluster.set_node("n1", "down")
        cluster.set_node("n2", "resume")
        state = ended(active)
        # THEN it says whose fault it was, and uses up no retry
        first, second = state.tasks["a"].attempts
        assert first.reason == "it had not begun: its node failed (NODE_FAIL on n1)" and not first.counts
        assert second.status is Status.SUCCESS and second.node == "n2" and traces(project) == ["n2"]
