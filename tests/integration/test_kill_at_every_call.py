"""``kill -9`` of an executor at each of its system calls, by strace, and what ``run --resume`` makes of it then.

The executor runs on the main thread of a process of its own, so that its calls have one order. A kill comes before the
call is carried out; calls that nobody else can see the effect of are left out, since a kill there is as one before the
next call that somebody can.
"""

from __future__ import annotations

import functools
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from orch_tui.engine.process import tagged
from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.paths import ProjectPaths

from tests.support.engine_kit import until
from tests.support.projects import Tasks, environment, make_project, orch, wait_for_file

CHANGES = (
    "mkdir,mkdirat,rmdir,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,write,writev,pwrite64,"
    "ftruncate,fsync,fdatasync,flock,fcntl,chmod,fchmod,fchmodat,pipe2,clone,clone3,fork,vfork,kill,tgkill,"
    "pidfd_send_signal,wait4,waitid,exit_group"
)
OPENS = "openat"
"""Only those that make a file are of interest."""
_CALL = re.compile(r"(?:\d+ +)?(\w+)\(")
# A task's process is let go where it becomes another program, and makes none of these calls before. Only the calls that
# are asked for stop the executor.
_FOLLOWING = ["strace", "-f", "-b", "execve", "--seccomp-bpf", "-qq"]
SAMPLE = 8
"""Calls that are tried where not all of them are."""
TASKS: dict[str, Tasks] = {
    "Extract": {
        # The first attempt fails; if a kill used up the retry, the task would have none left.
        "again": {
            "command": "echo begin >> trace/again; if [ -e trace/once ]; then echo end >> trace/again; "
            "else touch trace/once; exit 3; fi",
            "retry": {"attempts": 1, "delay": "50ms"},
        },
        "plain": "echo begin >> trace/plain; sleep 0.1; echo end >> trace/plain",
    },
    "Write": {"leaving": "sleep 777 & echo begin >> trace/leaving; echo end >> trace/leaving"},
}
WHOLE = {
    "again": ["begin", "begin", "end"],
    "plain": ["begin", "end"],
    "leaving": ["begin", "end"],
}


@functools.cache
def _no_tracing() -> str:
    """Why no call can be killed here; empty if one can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(
        [*_FOLLOWING, "-o", os.devnull, "-e", "inject=getpid:signal=SIGCONT:when=1", "true"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return "" if done.returncode == 0 else f"strace may trace nothing here: {done.stderr.strip()[:200]}"


@dataclass
class Tally:
    """What was seen, over all calls."""

    calls: int = 0
    killed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def fault(self, kind: str, what: str) -> None:
        self.faults[kind] += 1
        self.examples.append(f"{kind}: {what}")


class Traced:
    """A project that is made anew for each kill, in one place so that the calls stay the same."""

    def __init__(self, root: Path, *, takes_over: bool) -> None:
        self.project = root / "project"
        self._log = root / "calls"
        self._takes_over = takes_over

    def calls(self) -> list[tuple[str, int, str]]:
        """What can be killed, from the first call that touches ``.orch``: its name, the how many-th of it, its text."""
        # The first start of a program writes its modules, which later ones do not.
        for _ in range(2):
            self._prepare()
            code, said = self._run(f"{CHANGES},{OPENS}")
            assert code == 0, said
        found = []
        counts: Counter[str] = Counter()
        is_ours = False
        for line in self._log.read_text(errors="replace").splitlines():
            if call := _CALL.match(line):
                counts[call[1]] += 1
                is_ours = is_ours or str(self.project / ".orch") in line
                if is_ours and (call[1] != OPENS or "O_CREAT" in line):
                    found.append((call[1], counts[call[1]], line))
        return found

    def kill_at(self, name: str, number: int) -> tuple[int, str]:
        """A fresh run whose executor is killed at this call, counted from 1; its exit code and its words."""
        self._prepare()
        return self._run(name, "-e", f"inject={name}:signal=SIGKILL:when={number}")

    def _prepare(self) -> None:
        shutil.rmtree(self.project, ignore_errors=True)
        make_project(self.project, {"o": TASKS})
        (self.project / "trace").mkdir()
        if self._takes_over:
            # An executor that is gone: one task has ended and nobody has recorded it, others have not begun.
            first = subprocess.Popen(
                self._executor(), cwd=self.project, env=environment(), stdout=subprocess.DEVNULL, text=True
            )
            wait_for_file(self.project / "trace" / "plain", first, filled=True)
            first.kill()
            first.wait(30)
            until(lambda: not is_executed(self._directory))

    @property
    def _directory(self) -> Path:
        (run,) = run_ids(ProjectPaths(self.project), "o")
        return ProjectPaths(self.project).run("o", run)

    def _executor(self) -> list[str]:
        return [sys.executable, "-m", "tests.integration.execute_me", str(self.project)]

    def _run(self, names: str, *options: str) -> tuple[int, str]:
        argv = self._executor() + ([str(self._directory)] if self._takes_over else [])
        tracer = ["strace", "-qq", "-o", str(self._log), "-e", f"trace={names}", *options]
        done = subprocess.run(
            [*tracer, *argv],
            cwd=self.project,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


def _judge(project: Path, where: str, tally: Tally) -> None:
    """Go on with what is on the disk, and look at what has come of it."""
    paths = ProjectPaths(project)
    runs = [paths.run("o", run) for run in run_ids(paths, "o")]
    unfinished = [run for run in runs if not _finished(run)]
    going_on = ["--resume", unfinished[-1].name] if unfinished else ["o"]
    if unfinished or not runs:
        done = orch(project, "run", *going_on)
        if "Traceback" in done.stdout + done.stderr:
            tally.fault("traceback", f"{where}: {(done.stdout + done.stderr)[-600:]}")
        if done.returncode != 0:
            tally.fault("wrong end", f"{where}: exit {done.returncode}: {(done.stdout + done.stderr)[-600:]}")
    runs = [paths.run("o", run) for run in run_ids(paths, "o")]
    for name, whole in WHOLE.items():
        trace = project / "trace" / name
        lines = trace.read_text().split() if trace.exists() else []
        if lines != whole:
            tally.fault("lost" if len(lines) < len(whole) else "repeated", f"{where}: {name} {lines}")
    if left := tagged(sorted(directory for run in runs for directory in run.glob("tasks/*/*"))):
        tally.fault("left behind", f"{where}: {left}")
    state = read_run(runs[-1])
    if state.status is not Status.SUCCESS:
        tally.fault("wrong state", f"{where}: {state.status} {[task.reason for task in state.tasks.values()]}")


def _finished(run: Path) -> bool:
    until(lambda: not is_executed(run))
    return read_run(run).finished


@pytest.mark.parametrize("takes_over", [False, True], ids=["run", "resume"])
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "every"])
def test_a_kill_at_any_call_loses_and_repeats_nothing(tmp_path: Path, takes_over: bool, every: bool) -> None:
    if why := _no_tracing():
        pytest.skip(why)
    # GIVEN the calls of an executor, from the first that touches what it leaves on the disk
    traced = Traced(tmp_path, takes_over=takes_over)
    calls = traced.calls()
    if not every:
        chance = random.Random(8) if os.environ.get("CI") else random.Random()
        calls = chance.sample(calls, SAMPLE)
    # WHEN it is killed at each of them
    tally = Tally()
    for name, number, call in calls:
        code, said = traced.kill_at(name, number)
        # How often it looks at its tasks is never the same, so that some of the last calls do not come again.
        tally.calls += 1
        tally.killed += code != 0
        where = f"{name} {number}, {call[:100]}{'' if code else ', not killed'}"
        if "Traceback" in said:
            tally.fault("traceback", f"{where}: {said[-400:]}")
        # THEN whoever goes on with it finds all of it
        _judge(traced.project, where, tally)
        if tally.calls % 25 == 0:
            print(f"{tally.calls} of {len(calls)} calls, {tally.killed} kills, {dict(tally.faults)}", flush=True)
    print(f"{tally.calls} calls tried, {tally.killed} kills, faults {dict(tally.faults)}")
    assert not tally.faults, "\n".join(tally.examples[:10])
    assert tally.killed >= tally.calls // 2, "most calls have to come again for this to mean anything"
