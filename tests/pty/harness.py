"""A real terminal for tests: a program on a pseudo-terminal, its screen by pyte, its bytes, its end."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.terminal import TerminalScreen, TerminalStream
from tests.support.warm import WarmInterpreter, warm

_ROOT = Path(__file__).resolve().parents[2]
# Long enough for a loaded machine; nothing ever waits this long when all is well.
PATIENCE = 30.0
_LOADED = (
    "orch_tui.tui.app",
    "orch_tui.tui.workbench.screen",
    "orch_tui.cli.run.command",
    "orch_tui.engine.runs.start",
)


class PtyApp:
    """A child process with a terminal of its own. Waits are for what is seen, never for time alone."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        environment: Mapping[str, str | None] | None = None,
        cold: bool = False,
    ) -> None:
        """``environment`` is laid over the present one; None takes a variable out. A program in Python is forked from
        one that has its modules, unless it is to start ``cold``: for tests of the start itself, and of variables that
        are read when modules are loaded.
        """
        columns, rows = size
        self.screen = TerminalScreen(columns, rows)
        self._stream = TerminalStream(self.screen)
        self.log = bytearray()
        self.started = time.monotonic()
        # pytest-xdist tells its workers COLUMNS, which would be believed more than the terminal.
        unset = dict.fromkeys(("COLUMNS", "LINES"))
        merged = {**os.environ, **unset, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})}
        clean = {name: value for name, value in merged.items() if value is not None}
        window = struct.pack("HHHH", rows, columns, 0, 0)
        self._status: int | None = None
        if not cold and WarmInterpreter.can_start(argv):
            self.fd, terminal = pty.openpty()
            try:
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, window)
                self.pid = warm(*_LOADED).start(argv, clean, _ROOT, (terminal, terminal, terminal))
            finally:
                os.close(terminal)
            return
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # Here, so that the program never sees another size.
            fcntl.ioctl(0, termios.TIOCSWINSZ, window)
            os.chdir(_ROOT)
            os.execvpe(argv[0], list(argv), clean)

    def __enter__(self) -> PtyApp:
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.kill(self.pid, signal.SIGCONT)
            os.waitpid(self.pid, 0)
        self.hang_up()

    # --- reading ---

    def pump(self, seconds: float) -> bytes:
        """Read for a while, answering the query for synchronised output as terminals do."""
        end, seen = time.monotonic() + seconds, bytearray()
        while (left := end - time.monotonic()) > 0:
            data = self._read(left)
            if data is None:
                break
            seen += data
        return bytes(seen)

    def _read(self, patience: float) -> bytes | None:
        """What is there, empty after ``patience`` seconds of nothing; None when the child has closed its side."""
        if self.fd < 0 or not select.select([self.fd], [], [], patience)[0]:
            return b"" if self.fd >= 0 else None
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return None
        self.log += data
        # Private modes with "$" or ">" confuse pyte, and have no picture.
        self._stream.feed(_without_queries(data))
        if b"\x1b[?2026$p" in data:
            os.write(self.fd, b"\x1b[?2026;2$y")
        return data or None

    def wait_until(self, true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Read until it is true. Raises: AssertionError with the screen after ``patience`` seconds."""
        end = time.monotonic() + patience
        while not true():
            left = end - time.monotonic()
            if left <= 0 or self._read(min(left, 0.2)) is None:
                # The last bytes may have made it true.
                assert true(), f"waited in vain for {what}; the screen:\n{self.text()}"
                return

    def wait_for(self, text: str) -> None:
        """Read until the text is on the screen."""
        self.wait_until(lambda: text in self.text(), repr(text))

    def wait_gone(self, text: str) -> None:
        """Read until the text is not on the screen."""
        self.wait_until(lambda: text not in self.text(), f"{text!r} to go")

    def text(self) -> str:
        """The screen as lines of text."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def settle(self, quiet: float = 0.4) -> None:
        """Read until nothing came for ``quiet`` seconds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not self.pump(quiet):
                return
        raise AssertionError(f"never quiet; the screen:\n{self.text()}")

    # --- doing ---

    def send(self, keys: str | bytes) -> None:
        os.write(self.fd, keys.encode() if isinstance(keys, str) else keys)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal as a lost connection does."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def exit_code(self) -> int:
        """Wait for the end: the exit code, or minus the signal that killed it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.fd >= 0:
                self._read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
                if self.fd >= 0:
                    self.pump(0.05)
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"it did not end; the screen:\n{self.text()}")

    def state(self) -> str:
        """The letter of the process state: ``R``, ``S``, ``T`` (stopped), …"""
        return Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

    def cpu(self) -> float:
        """Seconds of user and system time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def restored(self) -> bool:
        """Whether the alternate screen was left, the cursor shown, and mouse and keyboard modes switched off."""
        return all(
            self.log.rfind(off) > self.log.rfind(on)
            for on, off in (
                (b"\x1b[?1049h", b"\x1b[?1049l"),
                (b"\x1b[?25l", b"\x1b[?25h"),
                (b"\x1b[?2004h", b"\x1b[?2004l"),
                (b"\x1b[?1003h", b"\x1b[?1003l"),
            )
            if on in self.log
        )


def _without_queries(data: bytes) -> bytes:
    import re

    # pyte has no alternate screen: entering and leaving it clears the only one.
    data = re.sub(rb"\x1b\[\?1049[hl]", b"\x1b[2J\x1b[H", data)
    return re.sub(rb"\x1b\[[<>=?][0-9;]*(?:\$p|u)", b"", data)


def orch_tui(project: Path, **options: object) -> list[str]:
    """The command line of the screen, without what the installed script adds."""
    call = ", ".join(["Path(sys.argv[1])", *(f"{name}={value!r}" for name, value in options.items())])
    loaded = "from orch_tui.tui.quick_start import load_textual; load_textual(); from orch_tui.tui.app import run_app"
    code = f"import sys; from pathlib import Path; {loaded}; sys.exit(run_app({call}))"
    return [sys.executable, "-c", code, str(project)]
