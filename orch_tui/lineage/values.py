"""What lineage consists of: tables, the configurations that make one of another, and their columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from orch_tui.model.components.component import ComponentType


class Kind(StrEnum):
    """What a node of the graph is."""

    TABLE = "table"
    JOB = "configuration"
    OUTSIDE = "outside"


class Node(NamedTuple):
    """``name`` is ``bucket/table``, ``component-id/configuration-id``, or what is read or written outside of the
    storage in words."""

    kind: Kind
    name: str


class Column(NamedTuple):
    """A column of a stored table; ``name`` as the storage or, before the first run, the SQL has it."""

    table: str
    name: str


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """A task that runs a configuration. ``number`` is that of its phase, from 1."""

    orchestration: str
    task: str
    phase: str
    number: int
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """A configuration as what makes tables of tables.

    ``sources`` and ``targets`` are in words what it reads and writes outside of the storage; ``places`` are the tasks
    that run it, in the order of orchestrations and phases.
    """

    ref: str
    name: str
    type: ComponentType
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    places: tuple[TaskPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class TracedTable:
    """What one configuration makes a table of, as its SQL says.

    ``columns``: for each of its columns those that its values are made of. ``rest`` are tables of which further columns
    pass under their own names. ``rows`` are columns that decide which rows there are. ``reads`` are the tables that
    this one is made of: of several outputs of a script not all are made of all inputs.
    """

    columns: dict[str, frozenset[Column]]
    rest: frozenset[str]
    rows: frozenset[Column]
    reads: tuple[str, ...]
