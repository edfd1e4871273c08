"""The names of a project's components and configurations, as lists and tasks show them. No Textual."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from orch_tui.model.components.component import DATA_FLOW_ORDER, ORCHESTRATION_COMPONENT, Component, ComponentType
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import DefinitionError, Project
from orch_tui.tui.filtering import filter_words, matches

_NAME_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Label:
    """What a task runs, in words. ``problem`` says why it cannot run: "configuration missing"."""

    component: str
    configuration: str
    problem: str = ""

    @property
    def text(self) -> str:
        return f"{self.component} · {self.configuration}"


@dataclass(frozen=True, slots=True)
class ComponentEntry:
    id: str
    name: str
    type: ComponentType
    configurations: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class ConfigurationEntry:
    """``problem`` is the first thing wrong with its file; it can be added all the same."""

    ref: str
    name: str
    description: str = ""
    problem: str = ""


class Catalog:
    """Reads definitions when they are first asked for and keeps what it found until :meth:`forget`."""

    def __init__(self, project: Project, orchestration_id: str) -> None:
        self._project = project
        self._self_ref = f"{ORCHESTRATION_COMPONENT}/{orchestration_id}"
        self.forget()

    def forget(self) -> None:
        """Definitions may have changed: look again."""
        self._labels: dict[str, Label] = {}
        self._entries: dict[str, ConfigurationEntry] = {}
        self._refs: dict[str, list[str]] | None = None
        self._elsewhere: Counter[str] | None = None

    def component(self, component_id: str) -> Component | None:
        return self._project.component(component_id)

    def type_of(self, ref: str) -> ComponentType | None:
        """The type of the component of a configuration; None for a component that is not there."""
        component = self.component(ref.partition("/")[0])
        return component.type if component else None

    def label(self, ref: str) -> Label:
        """What a task that runs this configuration is called."""
        found = self._labels.get(ref)
        if found is None:
            found = self._labels[ref] = self._label(ref)
        return found

    def _label(self, ref: str) -> Label:
        component_id, _, configuration_id = ref.partition("/")
        component = self.component(component_id)
        component_name = safe_line(component.name if component else component_id, _NAME_LIMIT)
        entry = self.entry(ref)
        name = entry.name or safe_line(configuration_id, _NAME_LIMIT)
        return Label(component_name, name, "component missing" if component is None else entry.problem)

    def entry(self, ref: str) -> ConfigurationEntry:
        """One configuration with its name; a broken or missing one goes by its id."""
        found = self._entries.get(ref)
        if found is None:
            found = self._entries[ref] = self._entry(ref)
        return found

    def _entry(self, ref: str) -> ConfigurationEntry:
        try:
            value = self._project.configuration(ref)
        except DefinitionError as error:
            missing = any(problem.code.startswith("missing-") for problem in error.problems[:1])
            problem = "configuration missing" if missing else "configuration broken"
            return ConfigurationEntry(ref, safe_line(ref.partition("/")[2], _NAME_LIMIT), problem=problem)
        return ConfigurationEntry(ref, safe_line(value.name, _NAME_LIMIT), safe_line(value.description, 300))

    def _by_component(self) -> dict[str, list[str]]:
        if self._refs is None:
            self._refs = {}
            for ref in self._project.configuration_refs():
                if ref != self._self_ref:
                    self._refs.setdefault(ref.partition("/")[0], []).append(ref)
        return self._refs

    def components(self, filter_text: str = "") -> list[ComponentEntry]:
        """The components by type, in it those that have configurations first, then by name; the words of the filter may
        be in names, ids or configurations."""
        words, refs = filter_words(filter_text), self._by_component()
        entries = []
        for component in self._project.components().values():
            mine = refs.get(component.id, [])
            own = f"{component.name} {component.id} {component.type}"
            if not words or matches(own, words) or any(matches(f"{own} {ref}", words) for ref in mine):
                name, text = safe_line(component.name, _NAME_LIMIT), safe_line(component.description, 300)
                entries.append(ComponentEntry(component.id, name, component.type, len(mine), text))

        def order(entry: ComponentEntry) -> tuple[int, bool, str]:
            return DATA_FLOW_ORDER.index(entry.type), not entry.configurations, entry.name.casefold()

        return sorted(entries, key=order)

    def configurations(self, component_id: str, filter_text: str = "") -> list[ConfigurationEntry]:
        """The configurations of a component by name; words that name the component itself do not count."""
        component = self.component(component_id)
        own = f"{component.name} {component.id} {component.type}" if component else component_id
        words = [word for word in filter_words(filter_text) if not matches(own, (word,))]
        entries = [self.entry(ref) for ref in self._by_component().get(component_id, [])]
        wanted = [entry for entry in entries if matches(f"{entry.name} {entry.ref}", words)]
        return sorted(wanted, key=lambda entry: entry.name.casefold())

    def used_elsewhere(self, ref: str) -> int:
        """How many tasks of the other orchestrations of the project run it; unreadable ones do not count."""
        if self._elsewhere is None:
            self._elsewhere = Counter()
            for orchestration_id in self._project.orchestration_ids():
                if f"{ORCHESTRATION_COMPONENT}/{orchestration_id}" != self._self_ref:
                    self._elsewhere.update(self._tasks_of(orchestration_id))
        return self._elsewhere[ref]

    def _tasks_of(self, orchestration_id: str) -> list[str]:
        try:
            other: Orchestration = self._project.orchestration(orchestration_id)
        except DefinitionError:
            return []
        return [task.configuration for task in other.tasks()]
