"""``kill -9`` of an executor at each of its system calls, by strace, and what ``run --resume`` makes of it then.

A kill comes before the call is carried out; calls that nobody else can see the effect of are left out, since a kill
there is as one before the next call that somebody can.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.attack import Tally, first_seed
from tests.support.tracing import Traced, judge

CHANGES = (
    "mkdir,mkdirat,rmdir,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,write,writev,pwrite64,"
    "ftruncate,fsync,fdatasync,flock,fcntl,chmod,fchmod,fchmodat,pipe2,clone,clone3,fork,vfork,kill,tgkill,"
    "pidfd_send_signal,wait4,waitid,exit_group"
)
OPENS = "openat"
"""Only those that make a file are of interest."""
SAMPLE = 4
"""Calls that are tried where not all of them are."""


@pytest.mark.parametrize("takes_over", [False, True], ids=["run", "resume"])
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "every"])
def test_a_kill_at_any_call_loses_and_repeats_nothing(tmp_path: Path, takes_over: bool, every: bool) -> None:
    # GIVEN the calls of an executor, from the first that touches what it leaves on the disk
    traced = Traced(tmp_path, takes_over=takes_over)
    calls = [call for call in traced.calls(f"{CHANGES},{OPENS}") if call.name != OPENS or "O_CREAT" in call.line]
    if not every:
        calls = random.Random(first_seed()).sample(calls, SAMPLE)
    # WHEN it is killed at each of them
    tally = Tally()
    for call in calls:
        code, said = traced.inject(call, "signal=SIGKILL")
        # How often it looks at its tasks is never the same, so that some of the last calls do not come again.
        tally.seen["killed"] += code != 0
        where = f"{call}{'' if code else ', not killed'}"
        tally.look_for_traceback(said, where)
        # THEN whoever goes on with it finds all of it
        judge(traced.project, where, tally)
        tally.trial_over()
    tally.require_none()
    assert tally.seen["killed"] >= tally.trials // 2, "most calls have to come again for this to mean anything"
