"""The entry point of ``orch-tui`` and of ``python -m orch_tui``."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line; the process's exit code."""
    # Collecting while modules are imported finds nothing and costs a tenth of the start-up.
    gc.set_threshold(20_000)
    try:
        from orch_tui.cli.main import run_command_line

        return run_command_line(sys.argv[1:])
    except KeyboardInterrupt:
        # Ctrl-C before a command could take care of it.
        return 130


if __name__ == "__main__":
    sys.exit(main())
