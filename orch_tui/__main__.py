"""The entry point of ``orch-tui`` and of ``python -m orch_tui``."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path


class _Screen:
    """The screen, for the command line, which knows it only by its protocol; imported when it is needed."""

    def open(self, root: Path, *, mouse: bool) -> int:
        """Show the project until the person leaves; the exit code."""
        from orch_tui.tui.quick_start import load_textual

        load_textual()
        from orch_tui.tui.app import run_app

        return run_app(root, mouse=mouse)

    def keys(self) -> tuple[str, bool]:
        """The page of keys, and whether the person's configuration of them is free of mistakes."""
        from orch_tui.tui.keymap import keys_table, load_config

        return keys_table(), not load_config().complaints


def main() -> int:
    """Run the command line; the process's exit code."""
    # Collecting while modules are imported finds nothing, and costs a twentieth of the time before the first task.
    gc.set_threshold(100_000)
    _open_missing_streams()
    try:
        from orch_tui.cli.main import run_command_line

        return run_command_line(sys.argv[1:], _Screen())
    except KeyboardInterrupt:
        # Ctrl-C before a command could take care of it.
        return 130
    finally:
        # The process ends, and its memory with it. To look for garbage in all that is there takes the interpreter as
        # long as a tenth of a trivial run.
        gc.freeze()


def _open_missing_streams() -> None:
    """A descriptor 0, 1 or 2 that the caller closed would be taken by the next file that is opened: a journal, say."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - open to the end
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    sys.exit(main())
