"""An export: changes that were made here, written into what was pulled, or one orchestration as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orch_tui.keboola.back.flows import FlowWritten, Surroundings, write_flow
from orch_tui.keboola.mapping.orchestrations import MappedOrchestration, map_orchestration
from orch_tui.keboola.mapping.references import References
from orch_tui.keboola.originals import Link, link_of, links, read_originals
from orch_tui.keboola.values import FLOW, Body, Brought, KeboolaError, Stored
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project


@dataclass(slots=True)
class Known:
    """What an export knows of a project: what things came from, and what they were.

    ``mapped`` are orchestrations as they were made of their originals, by id.
    """

    project: Project
    originals: Brought
    references: References
    links: Mapping[tuple[str, str], str]
    mapped: dict[str, MappedOrchestration] = field(default_factory=dict)

    def original(self, orchestration_id: str) -> Stored | None:
        """What an orchestration was in Keboola; None for one that was made here, or is a copy."""
        ref = f"{ORCHESTRATION_COMPONENT}/{orchestration_id}"
        link = link_of(self.project, ref)
        if link is None or self.links.get(link.key) != ref:
            return None
        return self.originals.by_key().get(link.key)

    def base(self, orchestration_id: str) -> MappedOrchestration | None:
        """What that original is here."""
        original = self.original(orchestration_id)
        if original is None:
            return None
        if orchestration_id not in self.mapped:
            self.mapped[orchestration_id] = map_orchestration(
                original, orchestration_id, self.references, self.originals
            )
        return self.mapped[orchestration_id]

    def configuration(self, ref: str) -> Configuration | None:
        """A configuration of the project, without its file; None where it cannot be read."""
        try:
            return replace(self.project.configuration(ref), file=None)
        except DefinitionError:
            return None

    def reference(self, ref: str) -> Body:
        """How a task in the API's form names what is called ``ref`` here."""
        key = self.references.key_of(ref)
        if key is None:
            component, configuration = split_ref(ref)
            key = (FLOW if component == ORCHESTRATION_COMPONENT else component, configuration)
        return {"componentId": key[0], "configId": key[1]}


def known_of(project: Project) -> Known:
    """Raises: KeboolaError when an original is damaged."""
    found = links(project)
    originals = read_originals(project)
    references = References(found, set(project.configuration_refs()) - set(found.values()))
    references.add_all(originals)
    return Known(project, originals, references, found)


def single_flow(project: Project, orchestration_id: str, component: str | None = None) -> FlowWritten:
    """One orchestration as the body of a flow or an orchestrator; ``component`` says which, without it what it was.

    Raises:
        DefinitionError: there is no such orchestration, or it cannot be read.
        KeboolaError: Keboola would refuse it.
    """
    value = project.orchestration(orchestration_id)
    known = known_of(project)
    original = known.original(orchestration_id)
    base = known.base(orchestration_id)
    if original is None or (component is not None and component != original.component):
        original = Stored(component or FLOW, orchestration_id, orchestration_id, {}, place=orchestration_id)
        base = None
    around = Surroundings(known.configuration, known.reference)
    brought = replace(known.originals, subscriptions=known.originals.subscriptions)
    return write_flow(value, original, base, known.references, brought, around)


__all__ = ["KeboolaError", "Known", "Link", "known_of", "single_flow"]
