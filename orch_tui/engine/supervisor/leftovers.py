"""Ends what an attempt has left on a worker's machine when the program that carried it was killed:
``python -m orch_tui.engine.supervisor.leftovers DIRECTORY``. Nobody else would hold its limits there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from orch_tui.engine.backends.remote import handoff
from orch_tui.engine.backends.remote.handoff import End
from orch_tui.engine.processes.launcher import Exit
from orch_tui.engine.processes.local import clean_up, read_exit_file
from orch_tui.engine.processes.process import host
from orch_tui.engine.supervisor.on_worker import hold


def main() -> None:
    """Unless somebody else carries the attempt. How it ended is said where it has begun, and nobody has said that."""
    directory = Path(sys.argv[1])
    if not hold():
        return
    # Before: what ends now is ended by us.
    code = read_exit_file(directory)
    ended = asyncio.run(clean_up(None, directory, thorough=True))
    files = handoff.names_in(directory)
    if handoff.NODE not in files or handoff.START in files or handoff.END in files:
        return
    if (node := handoff.read_node(directory)) is not None and node.host != host():
        # Another machine has it, whose locks do not reach this one.
        return
    lost = f"lost: what carried it on {host()} was killed, and took it along"
    handoff.write_end(directory, End(Exit(code, leftovers=ended) if code is not None else Exit(None, lost=lost)))


if __name__ == "__main__":
    main()
