"""Programs of this package that serve one executor, which talks with them at their descriptor 3."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence

from orch_tui.engine.processes.launcher import PYTHON
from orch_tui.engine.processes.local import DEFAULT_SIGNALS

_SOCKET = 3


def start_own_program(
    module: Sequence[str], environment: Mapping[str, str], kind: socket.SocketKind
) -> tuple[socket.socket, int]:
    """Start a module, with its arguments, in a session of its own that reads and writes nothing else.

    Returns: the executor's end of the socket, and the process id.
    Raises: OSError.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    try:
        pid = os.posix_spawn(
            sys.executable,
            [*PYTHON, *module],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, theirs.fileno(), _SOCKET),
            ],
            setsid=True,
            setsigdef=DEFAULT_SIGNALS,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return ours, pid
