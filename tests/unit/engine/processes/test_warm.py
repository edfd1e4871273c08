"""Attempts that are forked have all that those have that are started as programs."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.engine.processes import warm
from orch_tui.engine.processes.adopt import find_leader
from orch_tui.engine.processes.launcher import AttemptSpec, StopRequest
from orch_tui.engine.processes.local import LocalAttempt, LocalLauncher, read_exit_file
from orch_tui.engine.processes.log import open_log
from orch_tui.engine.processes.process import read_environment, read_stat, tagged, wait_for_exit
from orch_tui.engine.processes.warm import WarmStarts
from orch_tui.model.failure import FailureKind
from orch_tui.project.attempt_dir import exit_file, log_file
from orch_tui.project.concurrent.locks import is_locked

from tests.support.launcher_contract import carried, happens

RUNNER = "orch_tui.components.kit.processes.runner"


def spec(directory: Path, script: str, environment: Mapping[str, str] | None = None) -> AttemptSpec:
    """A shell script below the data runner, a built-in program that is there in this form as well."""
    directory.mkdir(parents=True, exist_ok=True)
    variables = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "ORCH_TASK": str(directory)}
    argv = (sys.executable, "-P", "-m", RUNNER, "--", "/bin/sh", "-c", script)
    return AttemptSpec(argv, {**variables, **(environment or {})}, str(directory), directory, grace=5.0)


async def forker_of(attempt: LocalAttempt) -> int:
    with open(f"/proc/{attempt.identity.pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])


@pytest.fixture
async def starts(tmp_path: Path) -> AsyncIterator[WarmStarts]:
    """With the first attempt behind it, which is started as a program."""
    made = WarmStarts(LocalLauncher())
    assert await made.start(spec(tmp_path / "first", "true"), ()) is None
    yield made
    # What the end of the executor's loop does.
    tasks = [task for task in asyncio.all_tasks() if "_listen" in repr(task)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def forked(starts: WarmStarts, what: AttemptSpec, inherit: tuple[int, ...] = ()) -> LocalAttempt:
    attempt = await starts.start(what, inherit)
    assert isinstance(attempt, LocalAttempt)
    return attempt


# Of signals the lower 32: those above are the C library's own.
_SEES = (
    "env | grep -av ^_= | grep -av ^PWD | sort; pwd; umask; ulimit -n; ulimit -c; "
    "read line || echo nothing to read; grep -E '^Sig(Blk|Ign)' /proc/self/status | "
    "sed 's/.*\\(........\\)$/\\1/'; echo error >&2"
)


async def test_it_sees_what_a_program_sees_that_is_started_plainly(starts: WarmStarts, tmp_path: Path) -> None:
    # GIVEN secrets and values of its own
    given = {"ORCH_SECRETS": "TOKEN", "TOKEN": "se=cret", "ORCH_ATTEMPT": "7", "KBC_CONFIGID": "ünïcode \udcff"}
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    plainly, warmly = spec(directory / "plain", _SEES, given), spec(directory / "warm", _SEES, given)
    # WHEN
    plain, _ = await carried(LocalLauncher().start(plainly))
    attempt = await forked(starts, warmly)
    end, _ = await carried(attempt)
    # THEN
    assert (plain.code, end.code) == (0, 0)
    texts = [log_file(one.directory).read_text("utf-8", "replace") for one in (plainly, warmly)]
    assert texts[0].replace("/plain", "/warm") == texts[1] and "nothing to read" in texts[1]
    # AND what it used is known
    assert end.usage is not None and end.usage.cpu and end.usage.peak_memory and end.usage.read


async def test_others_find_it_by_its_tag_and_its_secrets_and_the_forker_by_none(
    starts: WarmStarts, tmp_path: Path
) -> None:
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    given = {"ORCH_SECRETS": "TOKEN", "TOKEN": "abc"}
    attempt = await forked(starts, spec(directory, "touch ready; exec sleep 600", given))
    await happens((directory / "ready").exists)
    pid, forker = attempt.identity.pid, await forker_of(attempt)
    # THEN it leads a session and a group, and was started when it says
    stat = read_stat(pid)
    assert stat is not None and attempt.identity.after <= stat.start <= attempt.identity.before
    assert os.getpgid(pid) == os.getsid(pid) == pid
    # AND the kernel tells its environment and its arguments, not those of the forker
    assert pid in tagged([directory]) and forker not in tagged([directory])
    told = read_environment(pid)
    assert told["TOKEN"] == "abc" and "ORCH_ROOM" not in told
    assert "TOKEN" not in read_environment(forker)
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    assert arguments[2:4] == [b"-m", RUNNER.encode()] and arguments[-1] == os.fsencode(exit_file(directory))
    assert b"forker" in Path(f"/proc/{forker}/cmdline").read_bytes()
    # AND whoever lost its record finds its first process
    found = find_leader(spec(directory, ""))
    assert found is not None and found.identity.pid == pid
    found.release()
    stop = StopRequest()
    stop.ask(FailureKind.CANCEL)
    end, _ = await carried(attempt, stop)
    assert end.stopped is FailureKind.CANCEL and not end.killed and tagged([directory]) == []


async def test_locks_are_held_by_the_attempt_and_not_by_the_forker(starts: WarmStarts, tmp_path: Path) -> None:
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    directory.mkdir(parents=True)
    held = directory / "configuration.lock"
    descriptor = os.open(held, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    attempt = await forked(starts, spec(directory, "until [ -e go ]; do sleep 0.02; done"), (descriptor,))
    os.close(descriptor)
    assert is_locked(held) and is_locked(log_file(directory))
    (directory / "go").touch()
    assert (await carried(attempt))[0].code == 0
    assert not is_locked(held) and not is_locked(log_file(directory))


async def test_it_holds_every_lock_that_it_is_to_hold_however_many(starts: WarmStarts, tmp_path: Path) -> None:
    # GIVEN an attempt that takes a hundred slots of a pool
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    directory.mkdir(parents=True)
    slots = [directory / f"{number}.lock" for number in range(100)]
    descriptors = tuple(os.open(slot, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC) for slot in slots)
    for descriptor in descriptors:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    attempt = await forked(starts, spec(directory, "until [ -e go ]; do sleep 0.02; done"), descriptors)
    # WHEN whoever executes it lets go of them, as it does when it is killed
    for descriptor in descriptors:
        os.close(descriptor)
    # THEN all of them are still taken, until it ends
    assert all(map(is_locked, slots))
    (directory / "go").touch()
    assert (await carried(attempt))[0].code == 0
    assert not any(map(is_locked, slots))


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 3", 3), ("kill -SEGV $PPID; sleep 600", 128 + signal.SIGSEGV), ("kill -KILL $PPID; sleep 600", 137)],
    ids=["code", "fault", "killed"],
)
async def test_its_end_is_known_and_stays_in_a_file(starts: WarmStarts, tmp_path: Path, script: str, code: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    end, _ = await carried(await forked(starts, spec(directory, script)))
    assert end.code == code == read_exit_file(directory) and tagged([directory]) == []


async def test_where_it_cannot_go_it_says_so(starts: WarmStarts, tmp_path: Path) -> None:
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    what = replace(spec(directory, "true"), cwd=str(tmp_path / "nowhere"))
    end, _ = await carried(await forked(starts, what))
    assert end.code == 126 and "No such file or directory" in log_file(directory).read_text()


async def test_what_cannot_be_forked_is_left_to_a_plain_start(starts: WarmStarts, tmp_path: Path) -> None:
    long = {"ORCH_SECRETS": "LONG", "LONG": "x" * 60_000}
    for name, what in {
        "foreign": replace(spec(tmp_path / "a", ""), argv=("/bin/sh", "-c", "true")),
        "missing": replace(spec(tmp_path / "b", ""), argv=(sys.executable, "-P", "-m", "orch_tui.components.gone")),
        "too long": spec(tmp_path / "c", "true", long),
        "its own interpreter": spec(tmp_path / "d", "true", {"ORCH_SECRETS": "PYTHONPATH", "PYTHONPATH": "/"}),
    }.items():
        assert await starts.start(what, ()) is None, name
        assert not exit_file(what.directory).exists()
    # AND the next one is forked all the same
    assert (await carried(await forked(starts, spec(tmp_path / "e", "exit 4"))))[0].code == 4
    # BUT one whose run has another environment is not
    assert await starts.start(spec(tmp_path / "f", "true", {"HOME": "/"}), ()) is None


async def test_when_the_forker_is_killed_its_attempt_ends_by_its_file_and_the_next_one_gets_another(
    starts: WarmStarts, tmp_path: Path
) -> None:
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    attempt = await forked(starts, spec(directory, "touch ready; until [ -e go ]; do sleep 0.02; done; exit 5"))
    await happens((directory / "ready").exists)
    first = await forker_of(attempt)
    os.kill(first, signal.SIGKILL)
    waiting = asyncio.create_task(carried(attempt))
    (directory / "go").touch()
    assert (await waiting)[0].code == 5
    again = await forked(starts, spec(tmp_path / "again", "touch ready; until [ -e go ]; do sleep 0.02; done"))
    await happens((tmp_path / "again" / "ready").exists)
    assert await forker_of(again) != first
    (tmp_path / "again" / "go").touch()
    assert (await carried(again))[0].code == 0


async def test_one_that_does_not_answer_is_given_up_and_nothing_runs_twice(
    starts: WarmStarts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a forker that stands still
    attempt = await forked(starts, spec(tmp_path / "a", "touch ready; exec sleep 600"))
    await happens((tmp_path / "a" / "ready").exists)
    forker = await forker_of(attempt)
    os.kill(forker, signal.SIGSTOP)
    monkeypatch.setattr(warm, "_PATIENCE", 0.2)
    # THEN nothing has begun of what it was asked for, which may be started plainly
    assert await starts.start(spec(tmp_path / "b", "true"), ()) is None
    assert not exit_file(tmp_path / "b").exists() and not is_locked(log_file(tmp_path / "b"))
    stop = StopRequest()
    stop.ask(FailureKind.CANCEL, now=True)
    await carried(attempt, stop)


async def test_whoever_gives_up_a_start_gets_its_answer_also_of_a_forker_that_stands_still(
    starts: WarmStarts, tmp_path: Path
) -> None:
    # GIVEN a start that a forker which stands still was asked for
    attempt = await forked(starts, spec(tmp_path / "a", "exec sleep 600"))
    os.kill(await forker_of(attempt), signal.SIGSTOP)
    starting = asyncio.create_task(starts.start(spec(tmp_path / "b", "touch begun"), ()))
    while not os.path.lexists(log_file(tmp_path / "b")):
        await asyncio.sleep(0)
    # WHEN the executor ends
    starting.cancel()
    done, _ = await asyncio.wait({starting}, timeout=warm._PATIENCE / 2)
    # THEN it does not wait until patience ends, and the attempt is there
    assert done and starting.cancelled()
    await happens((tmp_path / "b" / "begun").exists)
    stop = StopRequest()
    stop.ask(FailureKind.CANCEL, now=True)
    await carried(attempt, stop)


_ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("script", ["exit 5", "touch ready; until [ -e go ]; do sleep 0.02; done; exit 5"])
async def test_what_its_forker_died_over_goes_on_and_its_code_is_known(
    starts: WarmStarts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    # GIVEN a forker that is killed when it has forked, before the copy has begun
    monkeypatch.setattr(warm, "_FORKER", "tests.support.dying_forker")
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    # WHEN
    attempt = await starts.start(spec(directory, script, {"PYTHONPATH": str(_ROOT)}), ())
    assert attempt is not None
    (directory / "go").touch()
    end, _ = await carried(attempt)
    # THEN it is neither lost nor said not to have begun
    assert end.code == 5 == read_exit_file(directory) and end.begun and tagged([directory]) == []


async def test_one_that_ended_without_a_code_as_its_forker_died_is_lost(
    starts: WarmStarts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "_FORKER", "tests.support.dying_forker")
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    attempt = await starts.start(spec(directory, "kill -KILL $PPID", {"PYTHONPATH": str(_ROOT)}), ())
    assert attempt is not None
    end, _ = await carried(attempt)
    assert end.code is None and tagged([directory]) == []


async def test_a_forker_without_its_executor_starts_nothing_of_what_is_unread_and_goes(tmp_path: Path) -> None:
    # GIVEN a forker that stands still, and a question that it has not read
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    what = spec(directory, "touch begun")
    forker = warm._Forker(what.environment)
    os.kill(forker._pid, signal.SIGSTOP)
    end = os.pidfd_open(forker._pid)
    variables, log = os.memfd_create("environment"), open_log(directory)
    os.write(variables, b"".join(os.fsencode(f"{name}={value}\0") for name, value in what.environment.items()))
    asked = {
        "module": RUNNER,
        "argv": what.argv,
        "cwd": what.cwd,
        "umask": 0o022,
        "exit_file": str(exit_file(directory)),
    }
    socket.send_fds(forker._socket, [json.dumps({"start": asked}).encode()], (variables, log))
    os.close(variables)
    os.close(log)
    # WHEN its executor ends, which listens by now
    await asyncio.sleep(0)
    forker._listening.cancel()
    await asyncio.gather(forker._listening, return_exceptions=True)
    # THEN it goes on, begins nothing, and ends
    assert await wait_for_exit(end, 60)
    os.close(end)
    assert not is_locked(log_file(directory)) and not exit_file(directory).exists()
    assert not (directory / "begun").exists()


async def test_it_has_the_variable_of_its_directory_that_a_shell_sets(starts: WarmStarts, tmp_path: Path) -> None:
    what = replace(spec(tmp_path / "t", ""), argv=(sys.executable, "-P", "-m", RUNNER, "--", "env"))
    assert (await carried(await forked(starts, what)))[0].code == 0
    assert f"PWD={what.cwd}" in log_file(what.directory).read_text().splitlines()


_COPIES = """
import os, signal, sys
from orch_tui.components.kit.processes import forker

class Programs:
    def run(self, attempt):
        copy = os.fork()
        if copy == 0:
            sys.exit(0)
        os.waitpid(copy, 0)
        os.kill(os.getpid(), signal.SIGKILL)

forker._run(Programs(), forker.Attempt("m", [], "/", 0o022, sys.argv[1], []))
"""


def test_a_copy_that_a_program_makes_of_itself_does_not_say_how_the_attempt_ended(tmp_path: Path) -> None:
    file = tmp_path / "exit"
    ended = subprocess.run([sys.executable, "-P", "-c", _COPIES, str(file)], timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL and not file.exists()
