"""``[backends.NAME]`` of ``orch.toml``: where tasks may run that do not run on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line, valid_id
from orch_tui.project.extensions.backend_entries import DASK, SLURM, backend_entry, backend_kinds
from orch_tui.project.extensions.launcher_entries import LOCAL, launcher_entry
from orch_tui.project.toml.decode import Table, did_you_mean, one_of, quote

if TYPE_CHECKING:
    from orch_tui.project.definitions.dask_settings import DaskSettings

_MAX_JOBS = 200
# What a job is known by, and what keeps it from running twice (sbatch(1)).
_OWN_OPTIONS = (
    *("-a", "--array", "-J", "--job-name", "-o", "--output", "-e", "--error", "-i", "--input", "-D", "--chdir"),
    *("--open-mode", "--parsable", "--requeue", "--no-requeue", "--export", "--export-file", "--wrap", "-W", "--wait"),
    *("-n", "--ntasks", "-N", "--nodes", "-M", "--clusters", "-H", "--hold", "--get-user-env", "-Q", "--quiet"),
)


@dataclass(frozen=True, slots=True)
class BackendSettings:
    """``partition`` and ``account`` are empty for those that the queue chooses. ``max_jobs`` of one executor are in
    the queue or run at once. ``options`` go to the queue's own program for submitting. ``values`` is the whole table,
    ``dask`` what one of that kind says.
    """

    name: str
    kind: str
    partition: str = ""
    account: str = ""
    max_jobs: int = _MAX_JOBS
    options: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    dask: DaskSettings | None = None


def read_backends(table: Table | None) -> dict[str, BackendSettings]:
    """By name; what is wrong is reported, and that backend is left out."""
    if table is None:
        return {}
    found: dict[str, BackendSettings] = {}
    for name in table.data:
        if not valid_id(name) or name == LOCAL or launcher_entry(name) is not None:
            why = "is no possible id" if not valid_id(name) else "is the name of a launcher"
            table.error(name, "value", f"{quote(name)} {why}, and cannot be that of a backend", "take another name")
            table.raw(name)
        elif (own := table.table(name, 'a table like { kind = "slurm" }')) and (backend := _read(name, own)):
            found[name] = backend
    table.finish()
    return found


def _read(name: str, table: Table) -> BackendSettings | None:
    kind = table.text("kind")
    if kind == DASK:
        return _read_dask(name, table)
    if kind != SLURM and (not kind or backend_entry(kind) is None):
        known = backend_kinds()
        remedy = did_you_mean(kind, known) or ("install the package that brings it" if kind else "name its kind")
        said = f"is {quote(kind)}, and no backend of that kind is installed here" if kind else "is missing"
        message = f"{table.name('kind')} {said}; it can be {one_of(known)}"
        table.error("kind" if kind else None, "value", message, remedy)
        return None
    options = tuple(option for option in table.strings("options") if _may_be(option, table))
    backend = BackendSettings(
        name,
        kind,
        _word(table, "partition"),
        _word(table, "account"),
        table.integer("max_jobs", 1) or _MAX_JOBS,
        options if kind == SLURM else table.strings("options"),
        dict(table.data),
    )
    # A package knows best what it takes.
    table.finish(kept=() if kind == SLURM else tuple(table.data))
    return backend


def _read_dask(name: str, table: Table) -> BackendSettings | None:
    # Few projects have one.
    from orch_tui.project.definitions.dask_settings import read_dask

    dask, most = read_dask(table), table.integer("max_jobs", 1) or _MAX_JOBS
    table.finish()
    return None if dask is None else BackendSettings(name, DASK, max_jobs=most, values=dict(table.data), dask=dask)


def _word(table: Table, key: str) -> str:
    value = table.text(key)
    if value != safe_line(value) or any(char.isspace() for char in value) or value.startswith("-"):
        table.error(key, "value", f"{table.name(key)} is {quote(value)}, which is no name", "write one word")
        return ""
    return value


def _may_be(option: str, table: Table) -> bool:
    word = option.partition("=")[0]
    own = next((one for one in _OWN_OPTIONS if word == one or (len(one) == 2 and option[:2] == one)), None)
    if option.startswith("-") and own is None and "\0" not in option:
        return True
    why = f"orch-tui sets {own} itself" if own else "options begin with - and hold their value: --qos=low"
    table.error("options", "value", f"{table.name('options')} has {quote(option)}; {why}", "leave it out")
    return False
