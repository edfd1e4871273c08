"""What Slurm's programs are told, and what their answers mean."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.engine.backends.slurm import commands, programs
from orch_tui.engine.backends.slurm.commands import NoAnswer, Row, Submission, look, read_row, submit, submit_arguments
from orch_tui.engine.processes.launcher import AttemptSpec
from orch_tui.model.orchestration.resources import Resources
from orch_tui.project.definitions.backends import BackendSettings

from tests.support.launcher_contract import happens

SETTINGS = BackendSettings("cluster", "slurm", "long", "sales", options=("--qos=low",))


@pytest.fixture
def spec(tmp_path: Path) -> AttemptSpec:
    return AttemptSpec(("/bin/sh", "-c", "echo s3cret"), {"TOKEN": "s3cret"}, "/", tmp_path, timeout=100.0, grace=20.0)


def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """A program of Slurm's that does this."""
    home = tmp_path / "bin"
    home.mkdir(exist_ok=True)
    (home / name).write_text(f"#!/bin/sh\n{script}\n")
    (home / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")


def test_all_that_is_asked_for_is_said_and_nothing_of_the_task(spec: AttemptSpec) -> None:
    wanted = replace(spec, resources=Resources(4, 60.0, 2), memory=100_000_000)
    told = submit_arguments(wanted, "orch-1", SETTINGS, ("n1", "n2"))
    # THEN the shorter limit holds, with the grace time and two minutes beyond it; memory has room for the supervisor
    assert {"--cpus-per-task=4", "--gres=gpu:2", "--time=4", "--mem=160M", "--exclude=n1,n2", "--qos=low"} <= set(told)
    assert {"--partition=long", "--account=sales", "--no-requeue", "--export=NIL", "--job-name=orch-1"} <= set(told)
    assert "s3cret" not in " ".join(told)
    # AND without any, the queue gives what it gives
    plain = submit_arguments(replace(spec, timeout=None), "orch-1", BackendSettings("c", "slurm"), ())
    assert not [one for one in plain if one.startswith(("--cpus", "--gres", "--time", "--mem", "--exclude", "--part"))]


def test_a_percent_in_a_path_is_no_pattern_of_slurm(spec: AttemptSpec) -> None:
    told = submit_arguments(replace(spec, directory=Path("/p/100%j")), "orch-1", SETTINGS, ())
    assert "--output=/p/100%%j/queue.log" in told


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ("echo 4711", Submission.DONE),
        ("echo '4711;cluster'", Submission.DONE),
        ("echo sbatch: error: Socket timed out on send/recv operation >&2; exit 1", Submission.UNKNOWN),
        ("echo Unable to contact slurm controller >&2; exit 1", Submission.UNKNOWN),
        ("kill -9 $$", Submission.UNKNOWN),
        ("exec sleep 600", Submission.UNKNOWN),
        ("echo Slurm temporarily unable to accept job >&2; exit 1", Submission.BUSY),
        ("echo 'Job violates accounting/QOS policy (job submit limit)' >&2; exit 1", Submission.BUSY),
        ("echo Invalid partition name specified >&2; exit 1", Submission.REFUSED),
        ("echo nothing that is an id", Submission.UNKNOWN),
    ],
)
async def test_what_an_answer_means(
    spec: AttemptSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, how: Submission
) -> None:
    fake(tmp_path, monkeypatch, "sbatch", f"cat > {tmp_path}/script; env > {tmp_path}/env; {script}")
    monkeypatch.setattr(programs, "_PATIENCE", {"sbatch": 5.0 if "sleep" not in script else 0.5})
    monkeypatch.setenv("TOKEN", "s3cret")
    answer = await submit(spec, "orch-1", SETTINGS, ())
    assert answer.how is how and (answer.job == "4711") is (how is Submission.DONE)
    # AND neither what it is given nor its surroundings hold anything of the task, and its log is the user's alone
    assert "s3cret" not in (tmp_path / "script").read_text() + (tmp_path / "env").read_text()
    assert stat.S_IMODE((spec.directory / "queue.log").stat().st_mode) == 0o600


async def test_a_queue_that_does_not_answer_is_no_empty_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, "squeue", "echo slurm_load_jobs error: Unable to contact slurm controller >&2; exit 1")
    with pytest.raises(NoAnswer, match=r"^Unable to contact slurm controller$"):
        await look()
    fake(tmp_path, monkeypatch, "squeue", "echo '7|orch-1|PENDING|Resources|'; echo; echo '8|a|b|RUNNING|None|n[1-2]'")
    assert await look() == [
        Row("7", "orch-1", "PENDING", "Resources", ""),
        Row("8", "a|b", "RUNNING", "None", "n[1-2]"),
    ]


async def test_the_queue_is_asked_for_what_is_followed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, "squeue", f"echo $* > {tmp_path}/asked")
    # GIVEN names of which a few, or more than fit into an argument, are asked for
    for names, asked in ((["orch-1", "orch-2"], True), ([f"orch-{n:016x}" for n in range(10_000)], False)):
        assert await look(names) == []
        # THEN the queue's own program leaves the others out, as far as that can be said to it
        assert ("--name=orch-1,orch-2" in (tmp_path / "asked").read_text()) is asked


@given(st.text())
def test_no_line_of_the_queue_breaks_it(line: str) -> None:
    row = read_row(line)
    assert row is None or "|".join(row) == line


@pytest.mark.parametrize(
    ("path", "limit", "how"), [("", None, Submission.REFUSED), (None, 3, Submission.BUSY)], ids=["absent", "no room"]
)
async def test_a_program_that_cannot_be_started_is_an_answer(
    spec: AttemptSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str | None,
    limit: int | None,
    how: Submission,
) -> None:
    # GIVEN a machine without Slurm, or a process that may open no more files
    fake(tmp_path, monkeypatch, "sbatch", "echo 4711")
    if path is not None:
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    if limit is not None:
        monkeypatch.setattr(commands, "open_own", refusing(errno.EMFILE))
    # WHEN it is asked THEN that is said, and no error that ends the run
    answer = await submit(spec, "orch-1", SETTINGS, ())
    assert answer.how is how and answer.job == ""
    assert ("not installed" in answer.said) == (path is not None)


def refusing(number: int) -> Callable[..., int]:
    def refuse(path: Path, *_: object) -> int:
        raise OSError(number, os.strerror(number), str(path))

    return refuse


async def test_a_question_that_nobody_waits_for_any_more_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a queue that does not answer, and somebody who goes while it is asked
    fake(tmp_path, monkeypatch, "squeue", f"echo $$ >{tmp_path}/pid; exec sleep 600")
    asking = asyncio.ensure_future(look())
    await happens(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
    pid = int((tmp_path / "pid").read_text())
    asking.cancel()
    # THEN nothing of it stays, not even what nobody has waited for
    await happens(lambda: not os.path.exists(f"/proc/{pid}"))
