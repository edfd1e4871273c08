"""All that one source holds, as definitions of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orch_tui.keboola.mapping.configurations import MappedConfiguration, map_configuration
from orch_tui.keboola.mapping.findings import Finding, Level
from orch_tui.keboola.mapping.orchestrations import MappedOrchestration, map_orchestration
from orch_tui.keboola.mapping.references import FOLDED, LEFT_OUT, References
from orch_tui.keboola.mapping.shared_code import SharedTexts, lacks_shared, shared_texts
from orch_tui.keboola.values import SHARED_CODE, Brought, KeboolaError, Stored
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import Configuration, split_ref

OAUTH = "authorization"


@dataclass(slots=True)
class MappedProject:
    """``orchestrations`` by id, ``configurations`` by what they are called here; ``made`` are configurations that only
    tasks of one orchestration need, with its id; ``stubs`` are those that tasks name and that were not in the source,
    with Keboola's component and id. ``problems`` are sentences about what was refused."""

    orchestrations: dict[str, MappedOrchestration] = field(default_factory=dict)
    configurations: dict[str, MappedConfiguration] = field(default_factory=dict)
    made: dict[str, tuple[Configuration, str]] = field(default_factory=dict)
    stubs: dict[str, tuple[Configuration, tuple[str, str]]] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def map_project(brought: Brought, references: References) -> MappedProject:
    """``references`` has the names that things have here already, and gets those of the others."""
    references.add_all(brought)
    mapped = MappedProject(left_out=list(brought.left_out), problems=list(brought.problems))
    for one in brought.stored:
        ref = references.ref(*one.key)
        if one.component in LEFT_OUT:
            mapped.left_out.append(f"{one.component}/{one.id}: {one.component} is not brought over")
        if one.component in FOLDED or ref is None or one.component in LEFT_OUT:
            continue
        mapped.stored[ref] = one
        if one.is_orchestration:
            _orchestration(one, split_ref(ref)[1], references, brought, mapped)
        else:
            shared = shared_texts(one, brought)
            mapped.configurations[ref] = _noted(one, map_configuration(one, ref, shared), shared)
    for ref in [ref for ref in mapped.stubs if ref in mapped.configurations]:
        del mapped.stubs[ref]
    return mapped


def findings_of(stored: Stored, ref: str, references: References, brought: Brought) -> tuple[Finding, ...]:
    """What is not here what it is there of one thing of ``brought``, all of which ``references`` has names for.

    Raises: KeboolaError.
    """
    if stored.is_orchestration:
        return map_orchestration(stored, split_ref(ref)[1], references, brought).findings
    shared = shared_texts(stored, brought)
    return _noted(stored, map_configuration(stored, ref, shared), shared).findings


def _orchestration(
    one: Stored, orchestration_id: str, references: References, brought: Brought, mapped: MappedProject
) -> None:
    try:
        found = map_orchestration(one, orchestration_id, references, brought)
    except KeboolaError as error:
        mapped.problems += error.sentences
        return
    mapped.orchestrations[orchestration_id] = found
    for made in found.made:
        mapped.made[made.ref] = (made, orchestration_id)
    for ref, (name, keboola_id) in (found.referred or {}).items():
        component, configuration = split_ref(ref)
        if component == ORCHESTRATION_COMPONENT:
            continue
        key = references.key_of(ref) or (component, keboola_id)
        description = "Only what runs it was imported from Keboola, not the configuration itself."
        mapped.stubs[ref] = (Configuration(component, configuration, name, description), key)


def _noted(one: Stored, mapped: MappedConfiguration, shared: SharedTexts) -> MappedConfiguration:
    found = list(mapped.findings)
    body: Mapping[str, object] = one.body
    if one.disabled:
        found.append(Finding(Level.DIFFERS, "it is disabled in Keboola; here its tasks decide"))
    if (body.get("shared_code_id") or body.get("shared_code_path")) and lacks_shared(body, shared):
        found.append(Finding(Level.CANNOT_RUN, f"it takes code of others ({SHARED_CODE}), which was not brought along"))
    return replace(mapped, findings=tuple(found)) if len(found) != len(mapped.findings) else mapped
