"""Executors under strace, one thread of them: which system calls they make, and what becomes of a run when one fails.

The executor and its command run on the main thread of a process of its own, so that its calls have one order.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from orch_tui.engine.processes.process import tagged
from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.paths import ProjectPaths

from tests.servers.tools import missing, program
from tests.support.attack import Tally
from tests.support.engine_kit import until
from tests.support.projects import Tasks, environment, make_project, orch, wait_for_file

_EXECUTOR = [sys.executable, "-m", "tests.integration.execute_me", "run"]
_CALL = re.compile(r"(\w+)\((.*)")
# Of an argument, and of a descriptor (-y).
_PATH = re.compile(r"(?:(?<=\")|(?<=\d<))/[^\">]+")
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
def _probe(strace: str) -> str:
    """Why nothing can be traced here; empty if it can."""
    inject = ["-qq", "-o", os.devnull, "-e", "inject=getpid:signal=SIGCONT:when=1", "true"]
    done = subprocess.run([strace, *inject], capture_output=True, text=True, timeout=30, check=False)
    return "" if done.returncode == 0 else f"strace may trace nothing here: {done.stderr.strip()[:200]}"


def tracer() -> list[str]:
    """The command that traces another; the test is skipped, or fails, where there is none or it may not."""
    strace = str(program("strace"))
    if why := _probe(strace):
        missing(why)
    return [strace]


@dataclass(frozen=True, slots=True)
class Call:
    """The ``number``-th call (from 1) of ``name``, for ``path`` if it has one; ``line`` is how strace tells it."""

    name: str
    path: str | None
    number: int
    line: str

    def __str__(self) -> str:
        return f"{self.name} {self.path or ''} {self.number}, {self.line[:150]}"


class Traced:
    """A project that is made anew for each trial, in one place so that the calls stay the same."""

    def __init__(self, root: Path, *, takes_over: bool) -> None:
        self.project = root / "project"
        self._log = root / "calls"
        self._takes_over = takes_over
        self._tracer = tracer()

    def calls(self, names: str) -> list[Call]:
        """All calls of these names (with commas between), from the first that touches ``.orch``."""
        # The first start of a program writes its modules, which later ones do not.
        for _ in range(2):
            self._prepare()
            code, said = self._run(names)
            assert code == 0, said
        found = []
        counts: Counter[tuple[str, str | None]] = Counter()
        is_ours = False
        for line in self._log.read_text(errors="replace").splitlines():
            if call := _CALL.match(line):
                path = next((one for one in _PATH.findall(call[2]) if one != str(self.project)), None)
                counts[call[1], path] += 1
                is_ours = is_ours or str(self.project / ".orch") in line
                if is_ours:
                    found.append(Call(call[1], path, counts[call[1], path], line))
        return found

    def inject(self, call: Call, what: str) -> tuple[int, str]:
        """A fresh run in which this call gets ``what`` (``error=EIO``, …); its exit code and its words."""
        self._prepare()
        where = ["-P", call.path] if call.path else []
        return self._run(call.name, *where, "-e", f"inject={call.name}:{what}:when={call.number}")

    def _prepare(self) -> None:
        shutil.rmtree(self.project, ignore_errors=True)
        make_project(self.project, {"o": TASKS})
        (self.project / "trace").mkdir()
        if self._takes_over:
            # An executor that is gone: one task has ended and nobody has recorded it, others have not begun.
            first = subprocess.Popen(
                [*_EXECUTOR, "o"], cwd=self.project, env=environment(), stdout=subprocess.DEVNULL, text=True
            )
            wait_for_file(self.project / "trace" / "plain", first, filled=True)
            first.kill()
            first.wait(30)
            until(lambda: not is_executed(self._directory))

    @property
    def _directory(self) -> Path:
        (run,) = run_ids(ProjectPaths(self.project), "o")
        return ProjectPaths(self.project).run("o", run)

    def _run(self, names: str, *options: str) -> tuple[int, str]:
        argv = [*_EXECUTOR, *(["--resume", self._directory.name] if self._takes_over else ["o"])]
        # With the paths of descriptors (-y), so that it is seen where a call goes to.
        tracing = [*self._tracer, "-qq", "-y", "-s", "60", "-o", str(self._log), "-e", f"trace={names}", *options]
        done = subprocess.run(
            [*tracing, *argv],
            cwd=self.project,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


def runs_of(project: Path) -> list[Path]:
    """The runs of ``o``, oldest first."""
    paths = ProjectPaths(project)
    return [paths.run("o", run) for run in sorted(run_ids(paths, "o"))]


def judge(project: Path, where: str, tally: Tally, *, may_fail: bool = False) -> None:
    """Go on with what is on the disk, and look at what has come of it.

    ``may_fail``: the run may have ended in an error, and what failed of it is run again.
    """
    runs = runs_of(project)
    unfinished = [run for run in runs if not _finished(run)]
    going_on = ["--resume", unfinished[-1].name] if unfinished else ["o"]
    if unfinished or not runs:
        _run_on(project, where, tally, *going_on, may_fail=may_fail and bool(unfinished))
    # That something of a task cannot be read is a warning.
    good = (Status.SUCCESS, Status.WARNING) if may_fail else (Status.SUCCESS,)
    if may_fail and read_run(runs_of(project)[-1]).status not in good:
        tally.seen["failed"] += 1
        _run_on(project, where, tally, "o", "--rerun-failed")
    runs = runs_of(project)
    for name, whole in WHOLE.items():
        trace = project / "trace" / name
        lines = trace.read_text().split() if trace.exists() else []
        if lines != whole:
            tally.fault("lost" if len(lines) < len(whole) else "repeated", f"{where}: {name} {lines}")
    if left := tagged(sorted(directory for run in runs for directory in run.glob("tasks/*/*"))):
        tally.fault("left behind", f"{where}: {left}")
    state = read_run(runs[-1])
    if state.status not in good:
        tally.fault("wrong state", f"{where}: {state.status} {[task.reason for task in state.tasks.values()]}")


def _run_on(project: Path, where: str, tally: Tally, *what: str, may_fail: bool = False) -> None:
    done = orch(project, "run", *what)
    said = done.stdout + done.stderr
    tally.look_for_traceback(said, where)
    if done.returncode not in ((0, 1) if may_fail else (0,)):
        tally.fault("wrong end", f"{where}: run {' '.join(what)}: exit {done.returncode}: {said[-600:]}")


def _finished(run: Path) -> bool:
    until(lambda: not is_executed(run))
    return read_run(run).finished
