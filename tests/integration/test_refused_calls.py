"""Every system call of an executor on its files refused once, by strace: a failing disk, too many files, no memory.

The run goes on, or ends and says why; whoever goes on with it then finds all of it.
"""

from __future__ import annotations

import random
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.attack import Tally, first_seed
from tests.support.projects import make_project, start
from tests.support.tracing import TASKS, Call, Traced, judge

_FILES = ("EIO",)
_ROOM = ("EIO", "ENOSPC")
REFUSALS: dict[str, tuple[str, ...]] = {
    "openat": ("EIO", "EMFILE"),
    **dict.fromkeys(("write", "mkdir", "fallocate", "rename", "link"), _ROOM),
    **dict.fromkeys(("pwrite64", "fsync", "fdatasync", "ftruncate", "unlink", "fchmod"), _FILES),
    **dict.fromkeys(("read", "pread64", "getdents64", "newfstatat"), _FILES),
    "flock": ("ENOLCK",),
    **dict.fromkeys(("clone", "clone3", "vfork"), ("EAGAIN",)),
    **dict.fromkeys(("pidfd_open", "epoll_create1", "pipe2"), ("EMFILE",)),
}
"""What a call may be refused with."""
PASSING = {"ENOSPC", "EMFILE", "EAGAIN"}
"""What is waited for: no task fails of it, but one that has begun and cannot be followed."""
WITHOUT_FILE = {"clone", "clone3", "vfork", "pidfd_open", "epoll_create1", "pipe2"}
_NO_PYTHON = 127
SAMPLE = 3
"""Refusals that are tried where not all of them are."""


def _refusals(traced: Traced) -> Iterator[tuple[Call, str]]:
    for call in traced.calls(",".join(REFUSALS)):
        if call.name in WITHOUT_FILE or (call.path or "").startswith(str(traced.project)):
            for error in REFUSALS[call.name]:
                yield call, error


@pytest.mark.parametrize("takes_over", [False, True], ids=["run", "resume"])
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "every"])
def test_whatever_call_is_refused_nothing_is_lost_or_repeated(tmp_path: Path, takes_over: bool, every: bool) -> None:
    # GIVEN the calls of an executor for its files and processes
    traced = Traced(tmp_path, takes_over=takes_over)
    refusals = list(_refusals(traced))
    if not every:
        refusals = random.Random(first_seed()).sample(refusals, SAMPLE)
    # WHEN one of them is refused
    tally = Tally()
    for call, error in refusals:
        where = f"{error} for {call}"
        code, said = traced.inject(call, f"error={error}")
        # THEN the command ends with a word, and no task is lost, run twice or left behind
        tally.look_for_traceback(said, where)
        if code not in (0, 1, 2) or (code and "error" not in said):
            tally.fault("wrong end", f"{where}: exit {code}: {said[-600:]}")
        if error in PASSING and call.name != "pidfd_open" and code == 1:
            tally.fault("gave up", f"{where}: {said[-600:]}")
        tally.seen[f"exit {code}"] += 1
        judge(traced.project, where, tally, may_fail=True)
        tally.trial_over()
    tally.require_none()


@pytest.mark.parametrize(
    "limits", [(3, 12, 30), pytest.param(tuple(range(3, 60)), marks=pytest.mark.long)], ids=["some", "every"]
)
def test_whatever_number_of_files_may_be_open_nothing_is_lost_or_repeated(
    tmp_path: Path, limits: tuple[int, ...]
) -> None:
    tally = Tally()
    for limit in limits:
        # GIVEN a project
        project = make_project(tmp_path / str(limit), {"o": TASKS})
        (project / "trace").mkdir()
        # WHEN it is run by a process that may have so many files open
        process = start(
            project,
            "run",
            "o",
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
        )
        said = process.communicate(timeout=60)[0]
        # THEN it succeeds or says why not, as far as Python itself starts
        code, where = process.returncode, f"{limit} files"
        starts = code != _NO_PYTHON and "<frozen site>" not in said and "Fatal Python error" not in said
        tally.seen[f"exit {code}" if starts else "no Python"] += 1
        if starts:
            tally.look_for_traceback(said, where)
        judge(project, where, tally, may_fail=True)
        tally.trial_over()
    tally.require_none()
