"""What was read of a Keboola project, in one form whatever it came from: that of its API.

Sources: https://developers.keboola.com/cli/structure/ (directories), https://keboola.docs.apiary.io/ (stored
configurations).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orch_tui.model.errors import OrchError

Body = dict[str, Any]
"""A JSON object as Keboola has it."""

ORCHESTRATOR, FLOW = "keboola.orchestrator", "keboola.flow"
ORCHESTRATIONS = (ORCHESTRATOR, FLOW)
SCHEDULER, VARIABLES, SHARED_CODE = "keboola.scheduler", "keboola.variables", "keboola.shared-code"
OWN_KEY = "orch-tui"
"""Where a thing of Keboola keeps what only this program knows of it; Keboola keeps keys that it does not know."""


class KeboolaError(OrchError):
    """One or several sentences, each on a line, about what cannot be read or brought over."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences
        super().__init__("\n".join(sentences))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a configuration. ``path`` is its directory below that of the configuration, if it has one."""

    id: str
    name: str
    body: Body = field(hash=False)
    description: str = ""
    disabled: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Parent:
    """The configuration that a scheduler or variables belong to, and what they are to it (``schedulerFor``, …)."""

    kind: str
    component: str
    id: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored configuration of a component, flows and orchestrators among them.

    ``type`` is the type of its component where it is known. ``place`` says where it was read, for sentences; ``path``
    is its directory below that of the branch. ``slug`` is the name of that directory, or empty.
    """

    component: str
    id: str
    name: str
    body: Body = field(hash=False)
    description: str = ""
    disabled: bool = False
    rows: tuple[Row, ...] = ()
    type: str = ""
    place: str = ""
    path: str = ""
    parents: tuple[Parent, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.component, self.id

    @property
    def is_orchestration(self) -> bool:
        return self.component in ORCHESTRATIONS

    @property
    def slug(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to events of one configuration. ``channel`` is "email" or "webhook"."""

    event: str
    configuration: str
    channel: str
    address: str
    overtime: float | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """All that one source holds. ``left_out`` says of what was passed over, and why."""

    stored: tuple[Stored, ...]
    subscriptions: tuple[Subscription, ...] = ()
    left_out: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    layout: str = ""

    def of(self, component: str) -> list[Stored]:
        return [one for one in self.stored if one.component == component]

    def by_key(self) -> Mapping[tuple[str, str], Stored]:
        return {one.key: one for one in self.stored}

    def children(self, parent: Stored, kind: str) -> list[Stored]:
        """What belongs to a configuration by a relation of this kind, in the order of the source."""
        wanted = Parent(kind, parent.component, parent.id)
        return [one for one in self.stored if wanted in one.parents]
