"""The command line with its executor on the main thread, so that a tracer of one thread sees all that both do.

``python -m tests.integration.execute_me run …`` in the project's directory. What the command tells, it tells when the
run is over.
"""

from __future__ import annotations

import sys

from orch_tui.cli.main import run_command_line
from orch_tui.engine.runs import run_directory
from orch_tui.engine.runs.start import ActiveRun

from tests.support.commands import NoScreen


class _Over:
    """In the place of the executor's thread."""

    def join(self, timeout: float | None = None) -> None:
        return

    def is_alive(self) -> bool:
        return False


def _execute(self: ActiveRun) -> None:
    self._main()
    self._thread = _Over()  # type: ignore[assignment]


if __name__ == "__main__":
    ActiveRun.start = _execute  # type: ignore[method-assign]
    # The same paths each time.
    run_directory.new_run_id = lambda *_: "20261129T120000.000Z-aa"
    sys.exit(run_command_line(sys.argv[1:], NoScreen()))
