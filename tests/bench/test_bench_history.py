"""Ten thousand runs of history: how long a search of them takes, and what they cost the screen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from orch_tui.project.history import all_runs
from orch_tui.project.newest_runs import NewestRuns
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.run_index import RunIndex
from orch_tui.runs.past.cures import Cures
from orch_tui.runs.past.failures import group_failures
from orch_tui.runs.past.query import parse_query
from orch_tui.tui.home.state.inbox_look import InboxBoard
from orch_tui.tui.home.state.model import read_runs
from orch_tui.tui.home.state.sweep import Sweep

from tests.support.past_runs import make_history
from tests.support.projects import environment

RUNS = 10_000
_NAMES = [f"o{number}" for number in range(5)]


def _cpu(what: str, act: object, times: int = 3) -> float:
    """The least CPU time of some calls, printed in milliseconds."""
    least = float("inf")
    for _ in range(times):
        begin = time.process_time()
        assert callable(act)
        act()
        least = min(least, time.process_time() - begin)
    print(f"  {what}: {least * 1000:.1f} ms")
    return least


@pytest.mark.bench
def test_ten_thousand_runs(tmp_path: Path) -> None:
    paths = make_history(tmp_path / "many", RUNS, _NAMES, logs=True)
    few = make_history(tmp_path / "few", 100, _NAMES)
    print(f"\n{RUNS} runs, CPU time")
    _cpu("all journals, without the index", lambda: list(all_runs(paths)), 1)
    _cpu("the index made", lambda: RunIndex(paths).all_runs(), 1)
    read = _cpu("the index read", lambda: RunIndex(paths).all_runs())
    known = RunIndex(paths).all_runs()
    test = parse_query("status=error error~timeout took>10s since=2026-11-05", time.time())
    searched = _cpu("a search of them", lambda: list(filter(test, known)))
    words = parse_query("timeout", time.time())
    _cpu("a search for a word, notes too", lambda: list(filter(words, known)))
    groups = group_failures(known)
    _cpu("failures grouped", lambda: group_failures(known))
    _cpu("what cured them, the first time", lambda: Cures(paths, known).told(groups), 1)
    _cpu("what cured them, again", lambda: Cures(paths, known).told(groups))
    command = [sys.executable, "-P", "-m", "orch_tui", "--project", str(paths.root)]
    for words_ in (["runs", "--where", "status=error took>10s"], ["failures"], ["grep", "campaign-1'"]):
        begin, before = time.monotonic(), os.times()
        done = subprocess.run([*command, *words_], env=environment(), capture_output=True, check=False)
        after, clock = os.times(), time.monotonic() - begin
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        print(f"  orch-tui {' '.join(words_)}: {cpu:.2f} s, {clock:.2f} s of the clock, exit code {done.returncode}")
    print("the home screen's looks, CPU time, with 100 runs and with 10,000")
    for name, of in (("100", few), ("10,000", paths)):
        _looks(name, of)
    assert read + searched < 1.0


def _looks(name: str, paths: ProjectPaths) -> None:
    # What was just made is listed again each time: a file system's clock is coarse.
    time.sleep(3)
    sweep, board, newest = Sweep(paths), InboxBoard(paths), NewestRuns(paths)
    _cpu(f"{name}: last runs", lambda: sweep.read(_NAMES))
    last = sweep.read(_NAMES)
    _cpu(f"{name}: inbox", lambda: board.read(last, {}))
    _cpu(f"{name}: a row", lambda: read_runs(newest, "o0"))
