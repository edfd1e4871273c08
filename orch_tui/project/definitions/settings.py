"""The project's own settings: ``orch.toml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from orch_tui.model.components.component import DATA_FLOW_ORDER, STORAGE_VARIABLE, ComponentType
from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.orchestration import LEAST_MEMORY, NO_OPTIONS, TaskOptions, Variable
from orch_tui.model.texts.text import valid_id
from orch_tui.project.definitions.schedule_fields import read_timezone
from orch_tui.project.definitions.task_fields import read_options
from orch_tui.project.definitions.variables import read_variables
from orch_tui.project.extensions.launcher_entries import LOCAL, launcher_entry, launcher_names
from orch_tui.project.toml.decode import Place, Table, did_you_mean, one_of, quote

if TYPE_CHECKING:
    from orch_tui.model.orchestration.alerts import AlertRule
    from orch_tui.project.definitions.backends import BackendSettings
    from orch_tui.project.definitions.storage_address import StorageAddress

_KEPT = ("environments",)


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """``keep_runs`` and ``keep_days`` bound the history of each orchestration, ``keep_versions`` that of a table.

    ``timezone`` is that of schedules without one of their own; empty for the machine's. ``runs_on`` names the launcher
    that starts tasks, or the backend that carries them. ``storage`` is where tables are, None for the project's
    directory. ``alerts`` are for all orchestrations. ``pools`` are sizes by
    name, ``memory`` is how many bytes those tasks together may have that say how many they need; None for any.
    """

    name: str
    max_parallel: int = 10
    defaults: TaskOptions = NO_OPTIONS
    variables: tuple[Variable, ...] = ()
    on_hangup: Literal["continue", "stop"] = "continue"
    pass_environment: tuple[str, ...] = ()
    keep_runs: int = 100
    keep_days: float | None = None
    group_order: tuple[ComponentType, ...] = DATA_FLOW_ORDER
    keep_versions: int = 3
    keep_version_days: float | None = None
    storage: StorageAddress | None = None
    timezone: str = ""
    runs_on: str = LOCAL
    alerts: tuple[AlertRule, ...] = ()
    pools: Mapping[str, int] = field(default_factory=dict, hash=False)
    memory: int | None = None
    backends: Mapping[str, BackendSettings] = field(default_factory=dict, hash=False)

    def is_far(self, runs_on: str | None) -> bool:
        """Whether tasks with this ``runs_on`` are carried by another machine."""
        return (runs_on or self.runs_on) in self.backends

    def is_place(self, runs_on: str) -> bool:
        """Whether ``runs_on`` may say this."""
        return runs_on == LOCAL or runs_on in self.backends or launcher_entry(runs_on) is not None

    @property
    def of_tables(self) -> dict[str, str]:
        """What says to a task's process where tables are, how many versions stay, and for how many days."""
        days = {} if self.keep_version_days is None else {"ORCH_KEEP_VERSION_DAYS": str(self.keep_version_days)}
        place = {} if self.storage is None else {STORAGE_VARIABLE: self.storage.as_text()}
        return {"ORCH_KEEP_VERSIONS": str(self.keep_versions), **days, **place}


def _alerts(tables: Sequence[Table]) -> tuple[AlertRule, ...]:
    if not tables:
        return ()
    from orch_tui.project.definitions.alert_fields import read_alerts

    return read_alerts(tables, whole_project=True)


def _backends(table: Table | None) -> Mapping[str, BackendSettings]:
    if table is None:
        return {}
    # Few projects have one.
    from orch_tui.project.definitions.backends import read_backends

    return read_backends(table)


def _address(table: Table | None) -> StorageAddress | None:
    if table is None or "url" not in table.data:
        return None
    # Most projects keep their tables in their directory.
    from orch_tui.project.definitions.storage_address import read_address

    return read_address(table)


def decode_settings(data: dict[str, Any], place: Place, fallback_name: str) -> ProjectSettings:
    """Settings from ``orch.toml``; what is wrong is reported and takes its default."""
    table = Table(data, place)
    runs, storage, limits = table.table("runs"), table.table("storage"), table.table("limits")
    backends = _backends(table.table("backends"))
    settings = ProjectSettings(
        name=table.text("name") or fallback_name,
        max_parallel=table.integer("max_parallel", 1) or 10,
        defaults=read_options(table.table("defaults")),
        variables=read_variables(table.table("variables")),
        on_hangup=_on_hangup(table),
        pass_environment=table.strings("pass_environment"),
        keep_runs=(runs.integer("keep", 1) if runs else None) or 100,
        keep_days=runs.number("keep_days", zero=False) if runs else None,
        group_order=_group_order(table),
        timezone=read_timezone(table),
        runs_on=_runs_on(table, backends),
        backends=backends,
        pools=_pools(table),
        memory=limits.size("memory", LEAST_MEMORY) if limits else None,
        alerts=_alerts(table.tables("alerts")),
        keep_versions=(storage.integer("keep_versions", 1) if storage else None) or 3,
        keep_version_days=storage.number("keep_days", zero=False) if storage else None,
        storage=_address(storage),
    )
    for part in (runs, storage, limits):
        if part is not None:
            part.finish()
    table.finish(kept=_KEPT)
    return settings


def _on_hangup(table: Table) -> Literal["continue", "stop"]:
    value = table.text("on_hangup", "continue")
    if value == "stop":
        return "stop"
    if value != "continue":
        remedy = did_you_mean(value, ("continue", "stop")) or "take one of these"
        table.error("on_hangup", "value", f'on_hangup is {quote(value)}; it can be "continue" or "stop"', remedy)
    return "continue"


def _pools(table: Table) -> dict[str, int]:
    own = table.table("pools", "a table of names and sizes like { snowflake = 4 }")
    if own is None:
        return {}
    sizes: dict[str, int] = {}
    for name in own.data:
        if not valid_id(name):
            own.error(name, "value", f"{quote(name)} cannot be the name of a pool", "write letters, digits and _ . -")
        elif (size := own.integer(name, 1)) is not None:
            sizes[name] = size
    own.finish(kept=tuple(own.data))
    return sizes


def _runs_on(table: Table, backends: Mapping[str, BackendSettings]) -> str:
    name = table.text("runs_on") or LOCAL
    # What packages offer is looked up only for a project that asks for it.
    if name == LOCAL or name in backends or launcher_entry(name) is not None:
        return name
    known = [*launcher_names(), *backends]
    remedy = did_you_mean(name, known) or "install the package that brings it"
    table.error(
        "runs_on", "value", f"runs_on is {quote(name)}; the launchers and backends here are {one_of(known)}", remedy
    )
    return LOCAL


def _group_order(table: Table) -> tuple[ComponentType, ...]:
    """The types in the order given; the ones not named follow in the usual order, so that no task is dropped."""
    order: list[ComponentType] = []
    names = [str(kind) for kind in ComponentType]
    for text in table.strings("group_order"):
        if text not in names:
            remedy = did_you_mean(text, names) or "take these"
            message = f"group_order names {quote(text)}; the component types are {one_of(names)}"
            table.error("group_order", "value", message, remedy)
        elif ComponentType(text) in order:
            table.warning("group_order", "duplicate", f"group_order names {quote(text)} twice", "remove one")
        else:
            order.append(ComponentType(text))
    return (*order, *(kind for kind in DATA_FLOW_ORDER if kind not in order))
