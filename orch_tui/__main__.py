"""The entry point of ``orch-tui`` and of ``python -m orch_tui``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the process's exit code."""
    from orch_tui.cli.main import run_command_line

    return run_command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
