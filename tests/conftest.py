"""What holds for every test: it owns the processes that it starts, and it has a limit of time."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from orch_tui.engine.requests.requests import CancelRequest
from orch_tui.engine.runs.start import ActiveRun

from tests.support.effort import examples, go_to_length
from tests.support.owned import Owned, adopt_orphans, take_interrupts

# An installed program has its modules compiled. Without, each of the thousands of processes that tests start would
# compile them again, and so would every worker the tests.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# CI tries the same examples every time: what it says of a change is about that change. By hand each run tries others.
# No deadline for a single example: a busy machine is no fault.
_USUAL = 100
_PROFILES: dict[str, dict[str, Any]] = {"ci": {"derandomize": True, "database": None}, "by hand": {}}

_PASSED = pytest.StashKey[bool]()
_STATE = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()
_ENDING = 3.0
"""Seconds for what ends by itself, and for an executor to notice that its tasks are gone."""
_LIMITS = {"slow": 900, "bench": 1800, "long": 6 * 3600}
"""Seconds that a test with this marker may take; all others have ``timeout`` of pyproject.toml."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--at-length", action="store_true", help="property tests with all their examples")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("at_length") or config.getoption("markexpr") == "long":
        go_to_length()
    profile = "ci" if os.environ.get("CI") else "by hand"
    settings.register_profile(profile, deadline=None, max_examples=examples(_USUAL), **_PROFILES[profile])
    settings.load_profile(profile)
    # Little of what collecting the tests makes is garbage.
    gc.set_threshold(50_000, 20, 20)
    # Projects of tests are not to be among those that the person opened last.
    config.stash[_STATE] = state = tempfile.TemporaryDirectory(prefix="orch-tui-state-")
    os.environ["XDG_STATE_HOME"] = state.name
    # Each context for TLS reads all authorities of the machine, for as long as a test of a connector takes, and here
    # nobody talks with anyone whom they have signed.
    os.environ["SSL_CERT_FILE"] = str(Path(__file__).parent / "support" / "signs_nothing.pem")
    os.environ["SSL_CERT_DIR"] = state.name
    take_interrupts()
    adopt_orphans()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_STATE].cleanup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several workers, unless another way is asked for (``--dist``)."""
    if config.getoption("dist") != "load":
        return None
    from tests.support.shares import ByFile

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        limits = [seconds for marker, seconds in _LIMITS.items() if item.get_closest_marker(marker)]
        if limits and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(max(limits)))


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: the collector need not walk through them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Whether the test itself passed, for the end of its processes."""
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture(autouse=True)
def owned_processes(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Owned]:
    """Nothing that a test starts outlives it: neither its processes nor the runs that it executes itself.

    A test that passes has ended them itself.
    """
    executed: list[ActiveRun] = []
    start = ActiveRun.start

    def remembered(run: ActiveRun) -> None:
        executed.append(run)
        start(run)

    monkeypatch.setattr(ActiveRun, "start", remembered)
    owned = Owned()
    yield owned
    for run in executed:
        if run.alive:
            run.cancel(CancelRequest("the end of the test", now=True))
    passed = request.node.stash.get(_PASSED, False)
    try:
        if passed:
            # A program that has told of its end is not gone yet.
            owned.wait(_ENDING)
    finally:
        # Also when the time of the test is over in this moment.
        left = owned.end()
    for run in executed:
        # What broke it is the test's affair; here it only has to be over.
        with contextlib.suppress(Exception):
            run.wait(_ENDING)
    if left and passed:
        pytest.fail("the test passed but left processes behind: " + "; ".join(left), pytrace=False)
