"""What was brought over, as it was in Keboola: kept below ``keboola/`` of the project, a JSON file for each thing.

A table of TOML could not hold it (no null, no order of keys among tables), and the definitions stay readable. A
definition names its original by its key ``keboola``; ids and names here may change. These files are to be committed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_tui.keboola.mapping.texts import without_open_secrets
from orch_tui.keboola.reading.documents import read_object
from orch_tui.keboola.values import Body, Brought, KeboolaError, Parent, Row, Stored, Subscription
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.texts.text import slug, valid_id
from orch_tui.project.files.source import DefinitionError, parse_toml
from orch_tui.project.project import Project
from orch_tui.project.toml.decode import KEBOOLA_KEY

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Link:
    """The thing of Keboola that a definition came from. ``made_for`` is the orchestration that a configuration, which
    stands in a task there, was made for."""

    component: str = ""
    configuration: str = ""
    made_for: str = ""

    @property
    def key(self) -> Key:
        return self.component, self.configuration

    def as_table(self) -> Body:
        """The value of the key ``keboola``."""
        if self.made_for:
            return {"made_for": self.made_for}
        return {"component": self.component, "configuration": self.configuration}


def link_of(project: Project, ref: str) -> Link | None:
    """What a configuration or ``orchestration/<id>`` came from; None for what was made here, or cannot be read."""
    component, name = split_ref(ref)
    path = (
        project.paths.orchestration(name)
        if component == ORCHESTRATION_COMPONENT
        else project.paths.configuration(component, name)
    )
    try:
        table = parse_toml(project.source(path).text, project.paths.relative(path)).get(KEBOOLA_KEY)
    except DefinitionError:
        return None
    if not isinstance(table, dict):
        return None
    return Link(*(str(table.get(key) or "") for key in ("component", "configuration", "made_for")))


def links(project: Project) -> dict[Key, str]:
    """What each thing of Keboola is called in the project; of copies, the first by name."""
    found: dict[Key, str] = {}
    for ref in project.configuration_refs():
        link = link_of(project, ref)
        if link is not None and link.component:
            found.setdefault(link.key, ref)
    return found


def original_path(project: Project, key: Key) -> Path:
    """The file of an original."""
    component, configuration = (part if valid_id(part) else slug(part, "thing") for part in key)
    return project.paths.keboola / component / f"{configuration}.json"


def original_text(stored: Stored, brought: Brought) -> str:
    """The text of that file. What stands behind ``#`` and is not encrypted by Keboola is left out."""
    body: Body = {
        "component": stored.component,
        "id": stored.id,
        "name": stored.name,
        "description": stored.description,
        "isDisabled": stored.disabled,
        "type": stored.type,
        "path": stored.path,
        "relations": [{"type": p.kind, "componentId": p.component, "configId": p.id} for p in stored.parents],
        "configuration": without_open_secrets(stored.body),
        "rows": [_row_json(row) for row in stored.rows],
        "notifications": [
            {"event": s.event, "channel": s.channel, "address": s.address, "overtime": s.overtime}
            for s in brought.subscriptions
            if s.configuration == stored.id
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def _row_json(row: Row) -> Body:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "isDisabled": row.disabled,
        "path": row.path,
        "configuration": without_open_secrets(row.body),
    }


def read_originals(project: Project) -> Brought:
    """Everything that was brought over before, as it was then. Raises: KeboolaError for a file that is damaged."""
    stored, subscriptions = [], []
    for path in sorted(project.paths.keboola.glob("*/*.json")):
        shown = project.paths.relative(path)
        body = read_object(path, shown)
        try:
            stored.append(_stored(body, shown))
            subscriptions += list(_subscriptions(body))
        except (KeyError, TypeError, AttributeError) as error:
            raise KeboolaError(f"{shown} is not what an import has written: put it back, or import again") from error
    return Brought(tuple(stored), tuple(subscriptions))


def _stored(body: Mapping[str, Any], shown: str) -> Stored:
    return Stored(
        str(body["component"]),
        str(body["id"]),
        str(body["name"]),
        dict(body["configuration"]),
        str(body["description"]),
        bool(body["isDisabled"]),
        tuple(
            Row(one["id"], one["name"], one["configuration"], one["description"], one["isDisabled"], one["path"])
            for one in body["rows"]
        ),
        str(body["type"]),
        shown,
        str(body["path"]),
        tuple(Parent(one["type"], one["componentId"], one["configId"]) for one in body["relations"]),
    )


def _subscriptions(body: Mapping[str, Any]) -> Iterator[Subscription]:
    for one in body["notifications"]:
        yield Subscription(one["event"], str(body["id"]), one["channel"], one["address"], one["overtime"])
