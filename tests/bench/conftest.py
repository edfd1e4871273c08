"""At the end of a run its measured lines stand together."""

from __future__ import annotations

import pytest

from tests.bench.lines import LINES, table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured: what, budget, median, spread."""
    if LINES:
        terminalreporter.section("measured: what, at most, median, spread")
        terminalreporter.write_line(table(LINES))
