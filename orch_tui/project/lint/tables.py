"""How data flows between the tasks of an orchestration: tables read before they are written, or written twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from functools import cache, partial

from orch_tui.model.components.configuration import Configuration
from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.lint.nesting import Lookup, all_tasks, nested_id
from orch_tui.project.lint.task_names import NameOf
from orch_tui.project.project import Project
from orch_tui.project.toml.decode import quote

Configurations = Callable[[str], Configuration | None]


@dataclass(slots=True)
class _Flow:
    """Who writes each table: by table, the phase's number and the task, in order."""

    writers: dict[str, list[tuple[int, Task]]] = field(default_factory=dict)
    reads: list[tuple[int, Phase, Task, tuple[str, ...]]] = field(default_factory=list)


def table_problems(
    project: Project, value: Orchestration, configuration: Configurations, orchestration: Lookup, name_of: NameOf
) -> Iterator[Problem]:
    """Disabled tasks neither read nor write; a nested orchestration writes what its tasks write."""
    flow = _Flow()
    for number, phase in enumerate(value.phases):
        first: dict[str, Task] = {}
        for task in phase.tasks:
            if not task.enabled:
                continue
            reads, writes = _tables(task, configuration, orchestration)
            for table in writes:
                flow.writers.setdefault(table, []).append((number, task))
                other = first.setdefault(table, task)
                if other is not task and other.configuration != task.configuration:
                    yield _two_writers(phase, other, task, table, name_of)
            if reads:
                flow.reads.append((number, phase, task, reads))
    in_storage = cache(partial(_in_storage, project))
    elsewhere = cache(partial(_writer_elsewhere, project, value.id, configuration, orchestration))
    for number, phase, task, reads in flow.reads:
        for table in reads:
            writers = flow.writers.get(table, [])
            if any(at < number for at, _ in writers):
                continue
            others = [(at, writer) for at, writer in writers if writer is not task]
            problem = _order(value, number, task, table, others, name_of) if others else None
            if problem is None:
                if writers or in_storage(table):
                    continue
                problem = _no_writer(name_of(task), table, elsewhere(table))
            elif in_storage(table):
                # It would run, on the rows of the run before.
                problem = (Severity.WARNING, *problem[1:])
            severity, code, message, remedy = problem
            yield Problem(severity, code, message, remedy, phase=phase.id, task=task.id)


def _tables(task: Task, configuration: Configurations, lookup: Lookup) -> tuple[tuple[str, ...], tuple[str, ...]]:
    child = nested_id(task)
    if child is None:
        found = configuration(task.configuration)
        if found is None:
            return (), ()
        return tuple(item.table for item in found.reads), tuple(item.table for item in found.writes)
    inner = lookup(child)
    written = _written(inner, configuration, lookup) if inner is not None else ()
    return (), tuple(dict.fromkeys(written))


def _written(value: Orchestration, configuration: Configurations, lookup: Lookup) -> Iterator[str]:
    for task in all_tasks(value, lookup):
        found = configuration(task.configuration)
        for item in found.writes if found is not None else ():
            yield item.table


def _two_writers(phase: Phase, first: Task, second: Task, table: str, name_of: NameOf) -> Problem:
    message = (
        f"the tasks {name_of(first)} and {name_of(second)} of the phase {quote(phase.name)} both write the table "
        f"{quote(table)}; which one is last is a matter of chance"
    )
    remedy = "move one of them to another phase, or let it write another table"
    return Problem(Severity.WARNING, "two-writers", message, remedy, phase=phase.id, task=second.id)


def _order(
    value: Orchestration, number: int, task: Task, table: str, writers: list[tuple[int, Task]], name_of: NameOf
) -> tuple[Severity, str, str, str]:
    at, writer = writers[0]
    here, there = quote(value.phases[number].name), quote(value.phases[at].name)
    reads = f"the task {name_of(task)} reads the table {quote(table)}, which the task {name_of(writer)}"
    if at == number:
        message = f"{reads} of the same phase {here} writes; the order of the two is a matter of chance"
    else:
        message = f"{reads} writes only in the later phase {there}"
    return Severity.ERROR, "read-before-write", message, f"move {name_of(task)} to a phase after {there}"


def _no_writer(task: str, table: str, other: str | None) -> tuple[Severity, str, str, str]:
    reads = f"the task {task} reads the table {quote(table)}, which"
    if other is not None:
        message = f"{reads} is not in storage yet; the orchestration {quote(other)} writes it"
        return Severity.WARNING, "table-not-yet", message, f"run {quote(other)} first"
    message = f"{reads} nobody writes and storage does not have"
    return (
        Severity.ERROR,
        "no-such-table",
        message,
        "correct the name, or add a task that writes it in an earlier phase",
    )


def _writer_elsewhere(
    project: Project, besides: str, configuration: Configurations, lookup: Lookup, table: str
) -> str | None:
    """The first other orchestration that writes a table."""
    for other_id in project.orchestration_ids():
        other = lookup(other_id) if other_id != besides else None
        if other is not None and table in _written(other, configuration, lookup):
            return other_id
    return None


def _in_storage(project: Project, table: str) -> bool:
    """A cheap look: the table's directory with its manifest. What a server has is asked by who runs a task."""
    return project.settings.storage is not None or (project.paths.storage / table / "table.toml").exists()
