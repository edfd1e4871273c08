"""Components and their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Any

from orch_tui.model.components.configuration import Configuration
from orch_tui.model.dataclass import dataclass


class ComponentType(StrEnum):
    EXTRACTOR = "extractor"
    TRANSFORMATION = "transformation"
    WRITER = "writer"
    APPLICATION = "application"
    OTHER = "other"

    @property
    def phase_name(self) -> str:
        """The name of the phase that "group by component type" makes for this type."""
        return f"{self.value.capitalize()} phase"


# The order in which data flows; the documentation of Keboola's Orchestrator tells it so.
DATA_FLOW_ORDER = (
    ComponentType.EXTRACTOR,
    ComponentType.TRANSFORMATION,
    ComponentType.WRITER,
    ComponentType.APPLICATION,
    ComponentType.OTHER,
)
# What the code of Keboola's old screen did (shared reference on Keboola, "Group tasks by component type").
KEBOOLA_ORDER = (
    ComponentType.APPLICATION,
    ComponentType.EXTRACTOR,
    ComponentType.TRANSFORMATION,
    ComponentType.WRITER,
    ComponentType.OTHER,
)

TEST_CONNECTION = "testConnection"
"""The action that tries whether what a configuration connects to answers; Keboola's name for it."""

ANY_ACTION = "*"
"""Among the actions of a component: its program has more, which it alone knows."""

ORCHESTRATION_COMPONENT = "orchestration"
"""The component whose configurations are the project's own orchestrations."""
NOTIFICATION_COMPONENT = "notification"
"""The component whose tasks tell people something."""
APPROVAL_COMPONENT = "approval"
"""The component whose tasks wait for a person: the executor itself asks, no program is started."""
MEMORY_VARIABLE = "ORCH_MEMORY"
"""The bytes that a task may have, for those that can do with less than they would take."""
STORAGE_VARIABLE = "ORCH_STORAGE"
"""Tells a task where tables are; not there for the project's directory."""
STORAGE_KEYS_VARIABLE = "ORCH_STORAGE_KEYS"
"""Gives a task that has tables what only its executor knows of their place's secrets; no program of its own gets it."""
SCRATCH_VARIABLE = "ORCH_SCRATCH"
"""A directory on a disk of the node that a task runs on, where its own lies on a network; gone after it."""
TASK_ENVIRONMENT = frozenset(
    (
        *("KBC_DATADIR", "KBC_RUNID", "KBC_COMPONENTID", "KBC_CONFIGID", "KBC_CONFIGROWID"),
        *("ORCH_TASK", "ORCH_ANCESTORS", "ORCH_PROJECT", "ORCH_RUN", "ORCH_TASK_ID", "ORCH_ATTEMPT", "ORCH_SECRETS"),
        "ORCH_ITEM",
        "ORCH_ITEM_NUMBER",
        "ORCH_KEEP_VERSIONS",
        "ORCH_KEEP_VERSION_DAYS",
        MEMORY_VARIABLE,
        SCRATCH_VARIABLE,
        STORAGE_VARIABLE,
        STORAGE_KEYS_VARIABLE,
    )
)
"""Environment variables by which tasks are known and told where their data is: nothing else may set them."""


@dataclass(frozen=True, slots=True)
class Component:
    """A program that can be configured.

    ``command`` is the argument vector; ``{python}``, ``{project}`` and ``{component_dir}`` in it are replaced when
    a task starts. With ``inline`` the program comes from the configuration instead: its parameter ``command`` (a
    text for ``/bin/sh -c`` or a list of arguments), ``directory`` and ``environment``.
    ``tables`` is the form in which the program reads and writes tables: ``parquet`` or ``csv`` (Keboola's common
    interface). ``staged`` says that the program fetches its inputs and publishes its outputs itself; for the others
    the data runner does so around them. ``parameters_model`` ("module:Class") names the pydantic model of a built-in
    component, ``schema`` is the JSON Schema of a user's own. ``programs`` are parameters whose text is a program: what
    looks like a reference in them may be the program's own. ``actions`` are what the program does besides its task
    when ``action`` in config.json says so (Keboola's synchronous actions); :data:`ANY_ACTION` among them stands for
    those that only the program of a configuration knows.
    ``pool`` and ``weight`` are what its tasks take of the project's pools. ``sets`` are parameters that name the
    variables its tasks set, by their keys or, in a list of tables, by ``name``; ``expressions`` are parameters that
    hold CEL expressions over the facts of the run, by those names. ``sources`` and ``targets`` are parameters that say
    what its tasks read and write outside of the storage: files, databases, addresses. ``runner`` is the id of a
    built-in component that runs it, whose command and model it has; ``defaults`` are parameters that all its
    configurations have unless they say otherwise. ``installed_by`` are those of a runner without which there is no
    program; ``venv|command`` means either of the two. ``processors`` are ids of those stages of Keboola that a runner
    does by itself; any other one is a component.
    """

    id: str
    name: str
    type: ComponentType
    description: str = ""
    command: tuple[str, ...] = ()
    inline: bool = False
    tables: str = "parquet"
    staged: bool = False
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    parameters_model: str | None = None
    actions: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    pool: str | None = None
    weight: int | None = None
    sets: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    directory: str = ""
    file: str | None = None
    builtin: bool = False
    runner: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict, hash=False)
    installed_by: tuple[str, ...] = ()
    processors: tuple[str, ...] = ()

    def configured(self, configuration: Configuration) -> Configuration:
        """The configuration with what it has of the component's defaults."""
        if not self.defaults:
            return configuration
        return replace(configuration, parameters={**self.defaults, **configuration.parameters})

    def lacks(self, parameters: Mapping[str, Any]) -> list[str]:
        """What is to be named before its program can be started, of a component that another one runs."""
        if self.runner is None:
            return []
        either = [entry.split("|") for entry in self.installed_by]
        return [" or ".join(names) for names in either if not any(parameters.get(name) for name in names)]

    def lacking_processors(
        self, parameters: Mapping[str, Any], component_of: Callable[[str], Component | None]
    ) -> list[str]:
        """The processors of a configuration that are neither done by its runner nor installed; none where there are
        none in this component. ``component_of`` gives the component of an id."""
        if not self.processors:
            return []

        def installed(name: str) -> bool:
            one = component_of(name)
            return one is not None and one.runner is not None and not one.lacks(one.defaults)

        named = [name for name in processors_of(parameters) if name not in self.processors]
        return [name for name in named if not installed(name)]

    def run_by(self, runner: Component) -> Component:
        """This component with what it takes from the one that runs it."""
        return replace(
            self,
            command=runner.command,
            tables=runner.tables,
            staged=runner.staged,
            parameters_model=runner.parameters_model,
            actions=runner.actions,
            programs=runner.programs,
            installed_by=runner.installed_by,
            processors=runner.processors,
        )

    def answers_to(self, action: str) -> bool:
        """Whether its program may be asked for this action."""
        return action in self.actions or ANY_ACTION in self.actions

    @property
    def can_be_tested(self) -> bool:
        """True when its program can try a connection without doing its task."""
        return TEST_CONNECTION in self.actions


def processors_of(parameters: Mapping[str, Any]) -> list[str]:
    """The ids of the stages before and after a program of Keboola, each once; of what is no such list, none."""
    chain = parameters.get("processors")
    found = []
    for side in ("before", "after"):
        stages = chain.get(side) if isinstance(chain, Mapping) else None
        for stage in stages if isinstance(stages, list) else ():
            definition = stage.get("definition") if isinstance(stage, Mapping) else None
            if isinstance(definition, Mapping) and definition.get("component"):
                found.append(str(definition["component"]))
    return list(dict.fromkeys(found))
