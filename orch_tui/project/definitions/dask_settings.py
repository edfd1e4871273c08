"""What ``[backends.NAME]`` of the kind ``dask`` says: where the scheduler is, and what a task takes of its workers."""

from __future__ import annotations

import math
import os
import re
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.resources import Resources
from orch_tui.model.texts.pattern import pattern
from orch_tui.project.toml.decode import Table, one_of, quote, to_float

_ADDRESS = pattern(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):[0-9]{1,5}", re.ASCII)
_HERE = ("localhost", "127.", "[::1]")
_TLS = ("ca", "cert", "key")
_OF_TASKS = ("cpus", "gpus", "memory")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of PEM files: who may have signed the scheduler's certificate, ours, and its key."""

    ca: str
    cert: str
    key: str


@dataclass(frozen=True, slots=True)
class DaskSettings:
    """``scheduler`` is its address, or empty where ``scheduler_file`` has it, which the scheduler writes.

    ``resources`` are abstract resources of workers by name, with how much a task takes of each: a number, or which of
    its own figures (``cpus``, ``gpus``, ``memory``). See https://distributed.dask.org/en/stable/resources.html.
    """

    scheduler: str
    scheduler_file: str = ""
    tls: TlsFiles | None = None
    resources: tuple[tuple[str, float | str], ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether others on its network can talk with the scheduler, without a certificate."""
        host = self.scheduler.partition("://")[2]
        return self.tls is None and not host.startswith(_HERE)

    def unasked(self, resources: Resources) -> list[str]:
        """Which figures of a task no resource of a worker stands for; its memory is limited in any case."""
        figures = {"cpus": resources.cpus, "gpus": resources.gpus}
        asked = {of for _, of in self.resources}
        return [name for name, value in figures.items() if value and name not in asked]

    def taken(self, resources: Resources, memory: int | None) -> dict[str, float]:
        """What a task takes of a worker."""
        figures = {"cpus": resources.cpus or 1, "gpus": resources.gpus or 0, "memory": memory or 0}
        found = {name: float(figures[of]) if isinstance(of, str) else of for name, of in self.resources}
        return {name: amount for name, amount in found.items() if amount > 0}

    @property
    def told(self) -> dict[str, Any]:
        """What the program that talks with the scheduler needs."""
        tls = None if self.tls is None else {"ca": self.tls.ca, "cert": self.tls.cert, "key": self.tls.key}
        return {"scheduler": self.scheduler, "scheduler_file": self.scheduler_file, "tls": tls}


def read_dask(table: Table) -> DaskSettings | None:
    """None when it cannot be used; what is wrong is reported."""
    file, address = _path(table, "scheduler_file"), table.text("scheduler")
    tls = _tls(table.table("tls", 'a table like { ca = "/etc/dask/ca.pem", cert = ..., key = ... }'))
    resources = _resources(table.table("resources", "a table like { slot = 1 }"))
    if bool(address) == bool(file):
        how = "has both scheduler and scheduler_file" if address else "does not say where its scheduler is"
        remedy = (
            'write scheduler = "tcp://HOST:8786", or scheduler_file = "/path/of/scheduler.json", as workers have it'
        )
        table.error(None, "value", f"{table.name('scheduler').removesuffix('.scheduler')} {how}", remedy)
        return None
    if address and _ADDRESS.fullmatch(address) is None:
        message = f"{table.name('scheduler')} is {quote(address)}, which is no address of a scheduler"
        table.error("scheduler", "value", message, "write tcp://HOST:PORT or tls://HOST:PORT")
        return None
    if address.startswith("tls:") and tls is None:
        message = f"{table.name('scheduler')} needs certificates"
        remedy = 'write tls = { ca = "/etc/dask/ca.pem", cert = "/etc/dask/cert.pem", key = "/etc/dask/key.pem" }'
        table.error("scheduler", "value", message, remedy)
        return None
    if address.startswith("tcp:") and tls is not None:
        message = f"{table.name('scheduler')} has certificates that tcp:// does not use"
        table.error("scheduler", "value", message, f"write tls://{address.partition('://')[2]}")
        return None
    return DaskSettings(address, file, tls, resources)


def _path(table: Table, key: str) -> str:
    """With ``~`` as the home directory: another host that goes on with a run has another directory to begin from."""
    path = os.path.expanduser(table.text(key))
    if path and not os.path.isabs(path):
        table.error(
            key, "value", f"{table.name(key)} is {quote(path)}, which is no whole path", "begin it with / or ~/"
        )
        return ""
    return path


def _tls(table: Table | None) -> TlsFiles | None:
    if table is None:
        return None
    files = [_path(table, name) for name in _TLS]
    for name in [name for name in _TLS if name not in table.data]:
        table.error(None, "value", f"{table.name(name)} is missing", "name the three files that dask's workers have")
    table.finish()
    return TlsFiles(*files) if all(files) else None


def _resources(table: Table | None) -> tuple[tuple[str, float | str], ...]:
    if table is None:
        return ()
    found: list[tuple[str, float | str]] = []
    for name in table.data:
        amount = table.raw(name)
        if isinstance(amount, int | float) and not isinstance(amount, bool) and 0 < to_float(amount) < math.inf:
            found.append((name, to_float(amount)))
        elif amount in _OF_TASKS:
            found.append((name, amount))
        else:
            said = f"{table.name(name)} is {quote(str(amount))}; it can be a number above 0, or {one_of(_OF_TASKS)}"
            table.error(name, "value", said, "say how much of it a task takes, or which of its own figures")
    return tuple(found)
