"""An import: what would be written into a project, and writing it. Nothing that was edited here is written over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path

from orch_tui.keboola.mapping.components import RUNNER, component_text
from orch_tui.keboola.mapping.findings import Finding, Level, worst
from orch_tui.keboola.mapping.references import LEFT_OUT, References
from orch_tui.keboola.mapping.whole import OAUTH, MappedProject, map_project
from orch_tui.keboola.originals import Link, links, original_path, original_text, read_originals
from orch_tui.keboola.reading.directory import is_pulled, read_directory
from orch_tui.keboola.reading.single import read_file
from orch_tui.keboola.values import Brought, KeboolaError, Stored
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT, processors_of
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.files.source import read_source as read_file_text
from orch_tui.project.project import Project
from orch_tui.project.saving.configuration_text import house_text
from orch_tui.project.saving.orchestration_text import new_text
from orch_tui.project.saving.writer import replace_text, save_configuration, save_orchestration, write_new
from orch_tui.project.toml.decode import KEBOOLA_KEY


class Change(StrEnum):
    """What an import does with a definition. ``KEPT``: it was changed here and in Keboola, and stays as it is here."""

    NEW = "new"
    UPDATED = "updated"
    SAME = "unchanged"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Item:
    """One definition: ``ref`` is ``component/id`` or ``orchestration/id``; ``changed`` names what is different now."""

    ref: str
    value: Orchestration | Configuration
    change: Change
    link: Link
    findings: tuple[Finding, ...] = ()
    secrets: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        return worst(self.findings)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does. ``problems`` are sentences about what is refused, ``left_out`` about what is passed over;
    ``components`` are Keboola's that the project does not have, ``oauth`` what signs in with OAuth."""

    source: str
    items: tuple[Item, ...]
    originals: tuple[Stored, ...]
    brought: Brought
    problems: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    oauth: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def orchestrations(self) -> list[Item]:
        return [item for item in self.items if isinstance(item.value, Orchestration)]

    @property
    def configurations(self) -> list[Item]:
        return [item for item in self.items if isinstance(item.value, Configuration)]

    @property
    def secrets(self) -> list[str]:
        """The names that are to be given values in ``.env``."""
        return sorted({name for item in self.items for name in item.secrets})

    @property
    def exact(self) -> bool:
        """Whether everything is here what it is there."""
        kept = any(item.change is Change.KEPT for item in self.items)
        return not (self.problems or kept or any(item.level is not Level.EXACT for item in self.items))


def read_source(path: Path, branch: str | None = None) -> Brought:
    """What a pulled directory or a JSON file holds. Raises: KeboolaError."""
    if path.is_dir():
        return read_directory(path, branch)
    if not path.exists():
        raise KeboolaError(f"there is no file or directory {safe_line(str(path), 300)}")
    return read_file(path)


def plan_import(project: Project, source: Path, branch: str | None = None) -> Plan:
    """What importing ``source`` would do. Writes nothing.

    Raises:
        KeboolaError: the source cannot be read, or nothing in it can be brought over; each sentence is a line.
    """
    brought = read_source(source, branch)
    known = links(project)
    taken = set(project.configuration_refs()) - set(known.values())
    mapped = map_project(brought, References(known, taken))
    if mapped.problems and not (mapped.orchestrations or mapped.configurations):
        raise KeboolaError(*mapped.problems)
    before = map_project(read_originals(project), References(known, taken))
    items = [*_configuration_items(project, mapped, before), *_orchestration_items(project, mapped, before)]
    have = project.components()
    values = [item.value for item in items if isinstance(item.value, Configuration)]
    needed = {value.component for value in values}
    done = have[RUNNER].processors if RUNNER in have else ()
    parts = [part for value in values for part in value.parts()]
    needed |= {name for part in parts for name in processors_of(part.parameters) if name not in done}
    missing = {name for name in needed if name not in have or have[name].lacks(have[name].defaults)}
    types = {ref.partition("/")[0]: one.type for ref, one in mapped.stored.items() if one.type}
    wanted = {one.key for one in mapped.stored.values()}
    originals = tuple(
        one for one in brought.stored if one.key in wanted or any((p.component, p.id) in wanted for p in one.parents)
        or one.component not in LEFT_OUT
    )  # fmt: skip
    oauth = tuple(ref for ref, one in mapped.stored.items() if one.body.get(OAUTH))
    return Plan(
        safe_line(str(source), 300), tuple(items), originals, brought, tuple(mapped.problems), tuple(mapped.left_out),
        tuple(sorted(missing)), oauth, types,
    )  # fmt: skip


def _configuration_items(project: Project, mapped: MappedProject, before: MappedProject) -> list[Item]:
    items = []
    for ref, found in mapped.configurations.items():
        link = Link(*mapped.stored[ref].key)
        base = before.configurations[ref].value if ref in before.configurations else None
        items.append(_item(project, ref, found.value, base, link, found.findings, found.secrets))
    for ref, (made, owner) in mapped.made.items():
        base = before.made[ref][0] if ref in before.made else None
        items.append(_item(project, ref, made, base, Link(made_for=owner)))
    for ref, (stub, key) in mapped.stubs.items():
        if ref not in project.configuration_refs():
            items.append(Item(ref, stub, Change.NEW, Link(*key)))
    return items


def _orchestration_items(project: Project, mapped: MappedProject, before: MappedProject) -> list[Item]:
    items = []
    for orchestration_id, found in mapped.orchestrations.items():
        ref = f"{ORCHESTRATION_COMPONENT}/{orchestration_id}"
        base = before.orchestrations[orchestration_id].value if orchestration_id in before.orchestrations else None
        link = Link(*mapped.stored[ref].key)
        items.append(_item(project, ref, found.value, base, link, found.findings, found.secrets))
    return items


def _item(
    project: Project,
    ref: str,
    value: Orchestration | Configuration,
    base: Orchestration | Configuration | None,
    link: Link,
    findings: tuple[Finding, ...] = (),
    secrets: tuple[str, ...] = (),
) -> Item:
    change, changed = _change(project, ref, value, base)
    return Item(ref, value, change, link, findings, secrets, changed)


def _change(
    project: Project, ref: str, value: Orchestration | Configuration, base: Orchestration | Configuration | None
) -> tuple[Change, tuple[str, ...]]:
    if ref not in project.configuration_refs():
        return Change.NEW, ()
    try:
        ours = current(project, ref)
    except DefinitionError:
        return Change.KEPT, ("it cannot be read here",)
    if ours == value or base == value:
        return Change.SAME, ()
    if base is None and isinstance(ours, Configuration) and not (ours.parameters or ours.inputs or ours.outputs):
        base = ours
    changed = different_fields(ours, value)
    return (Change.UPDATED if ours == base else Change.KEPT), changed


def current(project: Project, ref: str) -> Orchestration | Configuration:
    """The definition as it is in the project, without its file. Raises: DefinitionError."""
    component, _, name = ref.partition("/")
    if component == ORCHESTRATION_COMPONENT:
        return project.orchestration(name)
    return replace(project.configuration(ref), file=None)


def different_fields(first: object, second: object) -> tuple[str, ...]:
    """The names of the fields of two definitions that are not equal."""
    names = [one.name for one in fields(first)]  # type: ignore[arg-type]
    return tuple(name for name in names if getattr(first, name) != getattr(second, name))


def carry_out(project: Project, plan: Plan) -> None:
    """Write what the plan says: components and configurations first, so that no orchestration names what is not there.

    Raises:
        DefinitionError: a definition cannot be written so that it reads back equal.
        ChangedOnDisk, SaveError: see :mod:`orch_tui.project.saving.writer`. What was written before stays; the same
            import again goes on.
    """
    for component in plan.components:
        path = project.paths.component(component)
        if not path.exists():
            write_new(project, path, component_text(component, plan.types.get(component, "")))
    for item in plan.items:
        if item.change is Change.NEW:
            _write_new(project, item)
        elif item.change is Change.UPDATED:
            _update(project, item)
    kept = {item.link.key for item in plan.items if item.change is Change.KEPT}
    for one in plan.originals:
        if one.key not in kept:
            _write_original(project, one, plan.brought)


def _write_new(project: Project, item: Item) -> None:
    extra: Mapping[str, object] = {KEBOOLA_KEY: item.link.as_table()}
    if isinstance(item.value, Orchestration):
        path, text = project.paths.orchestration(item.value.id), new_text(item.value, extra)
    else:
        path = project.paths.configuration(item.value.component, item.value.id)
        text = house_text(item.value, extra)
    write_new(project, path, text)
    if current(project, item.ref) != item.value:
        raise KeboolaError(f"{project.paths.relative(path)} does not read back as it was written; please report this")


def _update(project: Project, item: Item) -> None:
    value = item.value
    if isinstance(value, Orchestration):
        save_orchestration(project, value, project.source(project.paths.orchestration(value.id)))
    else:
        path = project.paths.configuration(value.component, value.id)
        save_configuration(project, value, project.source(path))


def _write_original(project: Project, stored: Stored, brought: Brought) -> None:
    path = original_path(project, stored.key)
    text = original_text(stored, brought)
    if not path.exists():
        write_new(project, path, text)
    elif (before := read_file_text(path, project.root, project.paths.relative(path)).text) != text:
        replace_text(project, path, before, text)


__all__ = ["Change", "Item", "Plan", "carry_out", "current", "is_pulled", "plan_import", "read_source"]
