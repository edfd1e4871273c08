"""For pytest while the map is made: names the running test to coverage, and writes what each test took.

``-p tests.support.mutants.plugin``, with ``COVERAGE_PROCESS_START`` set, so that coverage runs in every process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

TIMES = "ORCH_MUTANTS_TIMES"
"""Names the variable with the file for seconds by test: only of those that passed."""

_seconds: dict[str, float] = {}
_not_passed: set[str] = set()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    measuring = coverage.Coverage.current()
    if measuring is not None:
        measuring.switch_context(item.nodeid)
    try:
        return (yield)
    finally:
        if measuring is not None:
            measuring.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration
    if report.outcome == "failed" or (report.when == "call" and not report.passed) or report.skipped:
        _not_passed.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        # A worker may be ended before its own end comes.
        measuring = coverage.Coverage.current()
        if measuring is not None:
            measuring.stop()
            measuring.save()
        return
    passed = {test: seconds for test, seconds in _seconds.items() if test not in _not_passed}
    Path(os.environ[TIMES]).write_text(json.dumps(passed), encoding="utf-8")
