"""Whether a test fails when a mutant is in the place of its module."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.support.mutants.mutant import Mutant
from tests.support.mutants.reach import BARE, Asked
from tests.support.owned import Owned

_LIMIT = 60
"""Seconds for one test, however long it usually takes."""
_MOST = 420.0
"""Seconds for all tests of a mutant on a machine that has other things to do as well."""
_ENDING = 20.0
_FIRST = 15


class Outcome(StrEnum):
    NOTICED = "noticed"
    LIVED = "lived"
    HUNG = "hung"
    """No answer in time, which somebody would notice."""
    UNREACHED = "unreached"
    """No test runs the line, so nothing was asked."""

    @property
    def survived(self) -> bool:
        return self in (Outcome.LIVED, Outcome.UNREACHED)


@dataclass(frozen=True)
class Judged:
    """``by`` names the test that failed first, or says what else there was."""

    outcome: Outcome
    by: str = ""


def control(mutant: Mutant, tree: Path, reach: Asked) -> Judged:
    """What the tests of the mutant say of the program as it is: anything but LIVED is a fault of the measure."""
    return _all(tree, *reach.of(mutant))


def judge(mutant: Mutant, tree: Path, inside: list[str], whole: list[str]) -> Judged:
    """Put the mutant into the tree, ask these tests (of one process, of whole processes), and put the module back.

    All that this process has started meanwhile is ended: each tree wants a process of its own."""
    if not inside and not whole:
        return Judged(Outcome.UNREACHED)
    place = tree / mutant.module
    source = place.read_text(encoding="utf-8")
    changed = mutant.of(source)
    assert changed is not None
    _put(place, changed)
    try:
        return _all(tree, inside, whole)
    finally:
        _put(place, source)


def _put(place: Path, source: str) -> None:
    """Write a module with a time that it never had: compiled modules are known by time (whole seconds) and size."""
    new = place.stat().st_mtime_ns + 1_000_000_000
    place.write_text(source, encoding="utf-8")
    os.utime(place, ns=(new, new))


def _all(tree: Path, inside: list[str], whole: list[str]) -> Judged:
    # Most mutants fall to the first tests, and the files of the others need not be imported for them.
    for tests in filter(None, (inside[:_FIRST], inside[_FIRST:])):
        judged = _ask(tree, tests)
        if judged.outcome is not Outcome.LIVED:
            return judged
    # Whole processes on a busy machine may fail for want of time: such a test is asked twice.
    return _ask(tree, whole, "--reruns", "1") if whole else Judged(Outcome.LIVED)


def _ask(tree: Path, tests: list[str], *options: str) -> Judged:
    chosen = tree / "chosen.txt"
    chosen.write_text("\n".join(tests), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", *BARE, "-p", "no:xdist", "-x", "--tb=no", "-rfE", *options]
    # Processes that a test starts have to find the mutant as well.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"CI": "1", "PYTHONPATH": str(tree)}
    owned = Owned()
    process = subprocess.Popen(
        [*command, "-o", f"timeout={_LIMIT}", f"@{chosen.name}"],
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=_MOST)
    except subprocess.TimeoutExpired:
        # Its own end stops what the tests have started.
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
        return Judged(Outcome.HUNG)
    finally:
        owned.end()
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode == 0:
        return Judged(Outcome.LIVED)
    # Without such a line the module could not even be imported, or the mutant ended pytest itself.
    failed = [line for line in printed.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return Judged(Outcome.NOTICED, failed[0][:300] if failed else f"pytest ended with {process.returncode}")
