"""A Singer tap's catalog: asked for with ``--discover``, read from a file, its streams and columns selected.

Sources: https://github.com/singer-io/getting-started/blob/master/docs/DISCOVERY_MODE.md and SYNC_MODE.md.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from orch_tui.components.kit.sql import listed
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line


class Options(Protocol):
    """What a configuration says about a stream."""

    @property
    def replication_method(self) -> str | None: ...
    @property
    def replication_key(self) -> str | None: ...
    @property
    def exclude(self) -> list[str]: ...


def read_catalog(data: bytes | str) -> dict[str, Any] | None:
    """The catalog in a text; None when it is none."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None
    streams = body.get("streams") if isinstance(body, dict) else None
    if not isinstance(streams, list) or not all(isinstance(item, dict) and stream_name(item) for item in streams):
        return None
    return dict(body)


def stream_name(entry: Mapping[str, Any]) -> str:
    """How a catalog's entry is called in messages."""
    return str(entry.get("stream") or entry.get("tap_stream_id") or "")


def stream_names(catalog: Mapping[str, Any]) -> list[str]:
    return [stream_name(entry) for entry in catalog["streams"]]


def require_streams(catalog: Mapping[str, Any], wanted: Collection[str], tap: str) -> None:
    """Raises: UserError naming streams that the catalog does not have, and those it has."""
    names = stream_names(catalog)
    if missing := [name for name in wanted if name not in names]:
        raise UserError(
            f"{tap} has no stream {listed(missing)}; it has {listed(names, 40) or 'none'}. "
            "An output's name is the name of its stream"
        )


def select(catalog: Mapping[str, Any], wanted: Mapping[str, Options | None], tap: str) -> dict[str, Any]:
    """A copy of the catalog with exactly these streams selected, with all their columns but the excluded ones.

    Raises:
        UserError: a stream, a column to exclude or a replication key is not in it.
    """
    require_streams(catalog, wanted, tap)
    streams = []
    for entry in json.loads(json.dumps(catalog["streams"])):
        name = stream_name(entry)
        if name in wanted:
            _take(entry, name, wanted[name])
        else:
            _mark(entry, [], {"selected": False})
        streams.append(entry)
    return {**catalog, "streams": streams}


def _take(entry: dict[str, Any], name: str, options: Options | None) -> None:
    schema = entry.get("schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    columns = list(properties) if isinstance(properties, dict) else []
    settings: dict[str, Any] = {"selected": True}
    excluded: list[str] = []
    if options is not None:
        excluded = options.exclude
        for column in (*excluded, *([options.replication_key] if options.replication_key else [])):
            if columns and column not in columns:
                raise UserError(
                    f'stream "{safe_line(name, 100)}" has no column "{safe_line(column, 60)}"; '
                    f"it has {listed(columns, 40)}"
                )
        if options.replication_method:
            settings["replication-method"] = options.replication_method
            entry["replication_method"] = options.replication_method
        if options.replication_key:
            settings["replication-key"] = options.replication_key
            entry["replication_key"] = options.replication_key
    # Taps from before the time of metadata look here.
    if isinstance(schema, dict):
        schema["selected"] = True
    _mark(entry, [], settings)
    for column in columns:
        _mark(entry, ["properties", column], {"selected": column not in excluded})


def _mark(entry: dict[str, Any], breadcrumb: list[str], values: Mapping[str, Any]) -> None:
    metadata = entry.get("metadata")
    if not isinstance(metadata, list):
        metadata = entry["metadata"] = []
    for item in metadata:
        if isinstance(item, dict) and list(item.get("breadcrumb") or []) == breadcrumb:
            known = item.setdefault("metadata", {})
            if known.get("inclusion") not in ("automatic", "unsupported") or not breadcrumb:
                known.update(values)
            return
    metadata.append({"breadcrumb": breadcrumb, "metadata": dict(values)})
