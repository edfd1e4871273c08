"""The end of a log in the terminal's own scrollback: ``python -m orch_tui.tui.log.printout LOG LINES``.

Started while the screen is away, as an editor is, so that a terminal that does not read stops this process only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from orch_tui.model.texts.text import safe_line
from orch_tui.runs.log.index import LogFile
from orch_tui.runs.log.lines import clean, coloured


def print_end(path: Path, lines: int, write: Callable[[str], object]) -> None:
    """Write the last lines, each fit for a terminal, and a line that says what they are. Raises: OSError."""
    log = LogFile(path)
    log.poll()
    blocks = log.blocks
    start = blocks.size
    for _ in range(lines):
        if not start:
            break
        start = blocks.start_before(start)
    at = start
    while at < blocks.size:
        end = blocks.end_of(at)
        write(coloured(clean(blocks.read(at, end))) + "\n")
        at = end
    what = log.problem or (f"the last {lines:,} lines of it" if start else "all of it")
    write(f"\n-- {safe_line(str(path))}: {what}. Press any key to go back to orch-tui. --\n")


def wait_for_key(descriptor: int) -> None:
    """Until a key is pressed; of what is no terminal, until a byte or its end."""
    import termios
    import tty

    if not os.isatty(descriptor):
        os.read(descriptor, 1)
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        # What was typed ahead was not meant for this.
        termios.tcflush(descriptor, termios.TCIFLUSH)
        os.read(descriptor, 32)
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)


def main(arguments: Sequence[str]) -> int:
    path, lines = Path(arguments[0]), int(arguments[1])
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        print_end(path, lines, sys.stdout.write)
        sys.stdout.flush()
        wait_for_key(sys.stdin.fileno())
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        sys.stderr.write(f"{safe_line(str(path))} cannot be read: {error.strerror or error}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
