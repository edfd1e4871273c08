"""A real Slurm cluster from the Debian packages, on loopback: each node has its own host name, mounts and processes.

Its daemons run as root without systemd, and write nothing outside of their directory. What keeps it small and quick:
no accounting, no task plugin, and communication on 127.0.0.1 alone. Sources: slurm.conf(5), unshare(1).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.servers.databases import free_port
from tests.servers.tools import missing, program
from tests.support.owned import descendants

_SBIN = ("/usr/sbin", "/sbin")
_PATIENCE = 60.0
_CPUS = 4
# An empty value would stop every client; without config_overrides the nodes would be found too small.
_CONFIG = """\
ClusterName=orchtest
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={home}/munge/socket
CredType=cred/munge
StateSaveLocation={home}/state
SlurmdSpoolDir={home}/spool-%n
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/slurmd-%n.pid
SlurmctldLogFile={home}/log/slurmctld
SlurmdLogFile={home}/log/slurmd-%n
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType={gather}
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=10
ReturnToService=2
KillWait=2
MinJobAge={min_age}
MaxJobCount=20000
SlurmctldTimeout=120
SlurmdTimeout=300
BatchStartTimeout=600
MessageTimeout={message}
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
PartitionName=debug Nodes=ALL Default=YES LLN=YES MaxTime=INFINITE State=UP
PartitionName=small Nodes=n1 LLN=YES MaxTime=10 State=UP
"""
_NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory=2000 State=UNKNOWN\n"
# The host name must be known there, and nowhere else. The shell reaps what jobs leave behind.
_HOST = (
    'hostname "$1"; mount --bind "$2/hosts" /etc/hosts; [ -z "$3" ] || mount --bind "$3" "$4"; slurmd -D -N "$1" & wait'
)


class Cluster:
    """``nodes`` are ``n1``, ``n2``. ``environment`` is what programs need to find it. ``seen`` is what single nodes see
    in the place of a directory, as ``{"n2": (other, directory)}``."""

    def __init__(
        self, home: Path, nodes: int, seen: Mapping[str, tuple[Path, Path]], *, min_age: int, message: int, oom: bool
    ) -> None:
        self.home = home
        self._seen = seen
        self.nodes = [f"n{number}" for number in range(1, nodes + 1)]
        self.environment = {"SLURM_CONF": str(home / "slurm.conf")}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._configure(min_age, message, oom)

    def _configure(self, min_age: int, message: int, oom: bool) -> None:
        for name in ("state", "log", "munge", "key"):
            (self.home / name).mkdir()
        (self.home / "key").chmod(0o700)
        key = self.home / "key" / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        own = "".join(f"127.0.0.1 {node}\n" for node in self.nodes)
        (self.home / "hosts").write_text(Path("/etc/hosts").read_text() + own)
        host = os.uname().nodename.partition(".")[0]
        gather = "jobacct_gather/linux\nJobAcctGatherFrequency=1\nJobAcctGatherParams=OverMemoryKill" if oom else ""
        text = _CONFIG.format(
            home=self.home,
            host=host,
            port=free_port(),
            min_age=min_age,
            message=message,
            gather=gather or "jobacct_gather/none",
        )
        lines = [_NODE.format(name=node, host=host, port=free_port(), cpus=_CPUS) for node in self.nodes]
        head, _, partitions = text.partition("PartitionName=")
        (self.home / "slurm.conf").write_text(f"{head}{''.join(lines)}PartitionName={partitions}")

    # -- daemons -----------------------------------------------------------------------------------------------

    def up(self) -> None:
        munge = self.home / "munge"
        self._start(
            "munged",
            ["munged", "--foreground", "--force", f"--key-file={self.home}/key/munge.key", f"--socket={munge}/socket",
             f"--pid-file={munge}/pid", f"--log-file={self.home}/log/munged", f"--seed-file={munge}/seed"],
        )  # fmt: skip
        self._until(lambda: (munge / "socket").exists(), "munge has no socket")
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        self.wait_for_nodes()

    def wait_for_nodes(self) -> None:
        self._until(lambda: len(self.told("sinfo", "-N", "-h", "-t", "idle,mix,alloc").splitlines()) >= len(self.nodes))

    def start_controller(self) -> None:
        self._start("slurmctld", ["slurmctld", "-D"])

    def pause_controller(self) -> None:
        """It takes what is sent, and answers nothing until :meth:`wake_controller`."""
        self._daemons["slurmctld"].send_signal(signal.SIGSTOP)

    def wake_controller(self) -> None:
        self._daemons["slurmctld"].send_signal(signal.SIGCONT)

    def kill_controller(self) -> None:
        """SIGKILL; what it has not saved is forgotten."""
        self._kill("slurmctld")

    def start_node(self, node: str) -> None:
        (self.home / f"spool-{node}").mkdir(exist_ok=True)
        apart = ["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"]
        other = map(str, self._seen.get(node, ("", "")))
        self._start(node, [*apart, "sh", "-c", _HOST, "sh", node, str(self.home), *other])

    def kill_node(self, node: str) -> None:
        """As if its plug was pulled, and somebody told the controller."""
        self.cut_off(node)
        self.set_node(node, "down")

    def cut_off(self, node: str) -> None:
        """As if its plug was pulled, and nobody has noticed."""
        self._kill(node)

    def set_node(self, node: str, state: str) -> None:
        """What the controller is told of it: ``down``, ``drain``, ``resume``."""
        self.run("scontrol", "update", f"nodename={node}", f"state={state}", "reason=test")

    def _start(self, name: str, argv: Sequence[str]) -> None:
        with (self.home / "log" / f"{name}.out").open("ab") as output:
            path = os.environ["PATH"] + ":/usr/sbin:/sbin"
            own = {"PATH": path, "LANG": "C.UTF-8", **self.environment}
            self._daemons[name] = subprocess.Popen(
                argv, env=own, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def _kill(self, name: str) -> None:
        daemon = self._daemons.pop(name)
        # The first process of a node's namespace takes all others of it along.
        daemon.send_signal(signal.SIGKILL)
        daemon.wait(30)

    def down(self) -> None:
        for name in list(self._daemons):
            with contextlib.suppress(ProcessLookupError):
                self._kill(name)

    # -- clients -----------------------------------------------------------------------------------------------

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=120, check=False
        )

    def told(self, *argv: str) -> str:
        return self.run(*argv).stdout

    def queue(self, *states: str) -> list[str]:
        """The names of the jobs that are not over, or that are in one of these states."""
        chosen = [f"--states={','.join(states)}"] if states else []
        done = self.run("squeue", "--noheader", "--format=%j", *chosen)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def wait_until_empty(self) -> None:
        """Until no job is left, and no process of one."""
        self._until(lambda: not self.queue(), "jobs are left in the queue")
        self._until(lambda: not _stepds(), "a job's own process is left")

    def cancel_all(self) -> None:
        self.run("scancel", f"--user={os.getuid()}")

    def _until(self, condition: Any, what: str = "the cluster did not come up") -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"{what}\n{self._logs()}")
            time.sleep(0.02)

    def _logs(self) -> str:
        logs = sorted((self.home / "log").iterdir())
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)


def _stepds() -> list[str]:
    """Processes of ours that carry jobs, which go a little after their job has."""
    return [process.words for process in descendants() if process.state not in "ZX" and "slurmstepd" in process.words]


def require_slurm() -> None:
    """Skip, or fail, where there is no Slurm, or no way to give a node a host name of its own."""
    for name in ("sbatch", "slurmctld", "slurmd", "munged"):
        program(name, *_SBIN)
    apart = subprocess.run(
        ["unshare", "--mount", "--pid", "--uts", "--fork", "--mount-proc", "true"], capture_output=True, check=False
    )
    if os.getuid() != 0 or apart.returncode != 0:
        missing("a Slurm cluster for tests needs root and namespaces of its own (unshare)")


@contextmanager
def slurm(
    nodes: int = 2,
    *,
    min_age: int = 300,
    message: int = 10,
    oom: bool = False,
    seen: Mapping[str, tuple[Path, Path]] = MappingProxyType({}),
) -> Iterator[Cluster]:
    """``seen``: see :class:`Cluster`; ``min_age``: seconds for which an ended job is known; ``message``: for which
    clients try; ``oom``: a job that takes more memory than it asked for is ended."""
    require_slurm()
    # Not in pytest's own directory: the path of a socket must be short.
    home = Path(tempfile.mkdtemp(prefix="orch-slurm-"))
    home.chmod(0o755)
    cluster = Cluster(home, nodes, seen, min_age=min_age, message=message, oom=oom)
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()
        shutil.rmtree(home, ignore_errors=True)
