"""A program that is started while other threads go on."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest
from orch_tui.engine.processes.unheld_spawn import spawn

_TELL = 'printf "%s|%s|%s" "$1" "$GIVEN" "$(cut -d" " -f6 /proc/self/stat)" >&7'


def test_a_program_gets_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    # GIVEN a file that is to be its descriptor 7, and one that is not for it
    out = os.open(tmp_path / "out", os.O_RDWR | os.O_CREAT)
    hidden = os.open(tmp_path / "hidden", os.O_RDWR | os.O_CREAT)
    try:
        script = f"{_TELL}; ls /proc/self/fd >&7; env | grep -c . >&7"
        pid = spawn(
            "/bin/sh", ["sh", "-c", script, "name", "ž '"], {"GIVEN": "a\nb", "PATH": os.environ["PATH"]}, {7: out}
        )
        assert os.waitpid(pid, 0)[1] == 0
        told = os.pread(out, 4096, 0).decode()
    finally:
        os.close(out)
        os.close(hidden)
    # THEN it has its argument, its environment and a session of its own
    assert told.startswith(f"ž '|a\nb|{pid}")
    # AND of this process only the descriptors of its streams and that one
    assert str(hidden) not in told.split()[1:] or hidden <= 7


@pytest.mark.parametrize("default", [False, True])
def test_what_is_ignored_here_is_ignored_there_unless_it_is_said(*, default: bool) -> None:
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        signals = [signal.SIGUSR1] if default else []
        pid = spawn("/bin/sh", ["sh", "-c", "kill -USR1 $$"], {}, {}, signals)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert code == (-signal.SIGUSR1 if default else 0)


def test_what_cannot_be_started_says_why_and_of_what(tmp_path: Path) -> None:
    for path, number in ((tmp_path / "none", errno.ENOENT), (tmp_path, errno.EACCES)):
        with pytest.raises(OSError, match=os.strerror(number)) as caught:
            spawn(str(path), ["x"], {}, {})
        assert caught.value.errno == number and caught.value.filename == str(path)
    with pytest.raises(OSError, match=os.strerror(errno.E2BIG)):
        spawn("/bin/true", ["true", "x" * (1 << 20)], {}, {})
    with pytest.raises(ValueError, match="null"):
        spawn("/bin/true", ["true", "a\0b"], {}, {})
