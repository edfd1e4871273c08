"""A network file system from the Debian packages: GlusterFS on loopback, its volume mounted by clients of their own.

Each client is a process with caches of its own, as on another machine; locks and names are the server's. Volume files
are written by hand, so that no management daemon is needed. Sources: glusterfs(8), glusterfsd(8) of GlusterFS 10.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.servers.databases import free_port
from tests.servers.tools import missing, program

_SBIN = ("/usr/sbin", "/sbin")
_PATIENCE = 60.0
_SERVER = """\
volume posix
  type storage/posix
  option directory {home}/brick
end-volume
volume locks
  type features/locks
  subvolumes posix
end-volume
volume server
  type protocol/server
  option transport-type tcp
  option transport.socket.bind-address 127.0.0.1
  option transport.socket.listen-port {port}
  option auth.addr.locks.allow 127.0.0.1
  subvolumes locks
end-volume
"""
_CLIENT = """\
volume remote
  type protocol/client
  option transport-type tcp
  option remote-host 127.0.0.1
  option remote-port {port}
  option remote-subvolume locks
end-volume
"""


def require_glusterfs() -> None:
    """Skip, or fail, where there is none, or nothing may be mounted."""
    for name in ("glusterfsd", "glusterfs"):
        program(name, *_SBIN)
    apart = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    if os.getuid() != 0 or apart.returncode != 0 or not os.path.exists("/dev/fuse"):
        missing("a network file system for tests needs root, namespaces of its own (unshare) and /dev/fuse")


@contextlib.contextmanager
def network_storage(clients: int = 2) -> Iterator[list[Path]]:
    """Where each of the clients has its mount of the one volume."""
    require_glusterfs()
    home = Path(tempfile.mkdtemp(prefix="orch-gluster-"))
    mounts = [home / f"client{number}" for number in range(clients)]
    for directory in (home / "brick", *mounts):
        directory.mkdir()
    port = free_port()
    (home / "server.vol").write_text(_SERVER.format(home=home, port=port))
    (home / "client.vol").write_text(_CLIENT.format(port=port))
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(_start("glusterfsd", home, "server", "-p", f"{home}/pid"))
        running += [_start("glusterfs", home, "client", str(mount)) for mount in mounts]
        _wait(home, mounts)
        yield mounts
    finally:
        for mount in mounts:
            subprocess.run(["umount", "--lazy", str(mount)], capture_output=True, check=False)
        for process in reversed(running):
            process.kill()
            process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _start(name: str, home: Path, volume: str, *more: str) -> subprocess.Popen[bytes]:
    log = f"{home}/{Path(more[-1]).name}.log"
    return subprocess.Popen(
        [str(program(name, *_SBIN)), "--no-daemon", "-f", f"{home}/{volume}.vol", "-l", log, *more],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(home: Path, mounts: Sequence[Path]) -> None:
    """Until the server has answered each of the clients."""
    end = time.monotonic() + _PATIENCE
    for mount in mounts:
        while True:
            with contextlib.suppress(OSError):
                if os.path.ismount(mount):
                    os.mkdir(mount / ".answers")
                    os.rmdir(mount / ".answers")
                    break
            if time.monotonic() > end:
                logs = [log.read_text(errors="replace")[-1500:] for log in sorted(home.glob("*.log"))]
                raise AssertionError("\n".join(["the network file system did not come up", *logs]))
            time.sleep(0.02)
