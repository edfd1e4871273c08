"""A configuration of ours as the body of a stored one: what was edited is changed in it, all else stays."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orch_tui.keboola.code import text_blocks
from orch_tui.keboola.mapping.configurations import INPUTS, OUTPUTS, PARALLELISM, RUNTIME, VARIABLES_ID, row_ids
from orch_tui.keboola.mapping.names import keboola_table
from orch_tui.keboola.mapping.shared_code import SharedTexts, without_shared
from orch_tui.keboola.mapping.texts import unescaped
from orch_tui.keboola.values import Body, Row, Stored
from orch_tui.model.components.configuration import Configuration, ConfigurationRow, WriteMode
from orch_tui.model.texts.text import safe_line, slug, unique

_OWN_KEYS = (INPUTS, OUTPUTS)
Part = Configuration | ConfigurationRow
"""What has parameters and tables."""


@dataclass(frozen=True, slots=True)
class ConfigurationWritten:
    """The stored configuration as it is to be, and sentences about what cannot be told to Keboola."""

    stored: Stored
    notes: tuple[str, ...] = ()


def write_configuration(
    value: Configuration, base: Configuration, stored: Stored, shared: SharedTexts | None = None
) -> ConfigurationWritten:
    """``stored`` with what is different between ``base``, which it is here, and ``value``; ``shared`` is the code of
    others that was put into it."""
    writer = _Writer(shared or {}, variables=bool(stored.body.get(VARIABLES_ID)), place=value.ref)
    body = _body(value, base, stored.body, writer)
    if value.row_parallel != base.row_parallel:
        kept = body.get(RUNTIME)
        body[RUNTIME] = {**(kept if isinstance(kept, dict) else {}), PARALLELISM: str(value.row_parallel)}
    rows = _rows(stored, base, value, writer) if value.rows != base.rows else list(stored.rows)
    if value.checks or value.pool is not None or value.weight is not None:
        writer.notes.append(f"{value.ref}: Keboola does not know its checks and pools")
    changed = replace(
        stored, body=body, rows=tuple(rows), name=value.name if value.name != base.name else stored.name,
        description=value.description if value.description != base.description else stored.description,
    )  # fmt: skip
    return ConfigurationWritten(changed, tuple(writer.notes))


def _body(value: Part, base: Part, body: Body, writer: _Writer) -> Body:
    """``body``, which is ``base`` here, with what is different in ``value``."""
    body = copy.deepcopy(body)
    now, before = dict(value.parameters), dict(base.parameters)
    for key in dict.fromkeys([*before, *now]):
        if key not in _OWN_KEYS and (before.get(key) != now.get(key) or (key in before) != (key in now)):
            writer.change(body, key, before, now)
    _tables(value, base, body, writer)
    return body


class _Writer:
    """Applies differences to values of Keboola's JSON."""

    def __init__(self, shared: SharedTexts, *, variables: bool, place: str) -> None:
        self.shared = shared
        self.variables = variables
        self.place = place
        self.notes: list[str] = []

    def change(self, owner: Any, key: Any, before: Any, now: Any) -> None:
        """``owner[key]``, which is ``before[key]`` here, becomes ``now[key]``."""
        if isinstance(now, Mapping) and key not in now:
            owner.pop(key, None)
            return
        if isinstance(key, str) and key.startswith("#"):
            self.notes.append(f"{self.place}: the secret {safe_line(key, 60)} is to be set in Keboola itself")
            return
        missing = object()
        old = before.get(key, missing) if isinstance(before, Mapping) else before[key]
        there = owner.get(key, missing) if isinstance(owner, Mapping) else owner[key]
        owner[key] = self._changed(there, old, now[key])

    def _changed(self, there: Any, before: Any, now: Any) -> Any:
        if before == now and type(before) is type(now):
            return there
        if isinstance(there, list) and isinstance(before, str) and isinstance(now, str):
            return self._blocks(unescaped(now, variables=self.variables))
        if isinstance(there, dict) and isinstance(before, Mapping) and isinstance(now, Mapping):
            for key in dict.fromkeys([*before, *now]):
                if before.get(key) != now.get(key) or (key in before) != (key in now):
                    self.change(there, key, before, now)
            return there
        lists = isinstance(there, list) and isinstance(before, list) and isinstance(now, list)
        if lists and len(there) == len(before) == len(now):
            return [self._changed(*three) for three in zip(there, before, now, strict=True)]
        return self.plain(now)

    def _blocks(self, text: str) -> list[Body]:
        """The blocks of a text, with references in the place of code that others share."""
        note = self._edited_there
        return [
            {
                **block,
                "codes": [
                    {**code, "script": [without_shared(one, note, self.shared) for one in code["script"]]}
                    for code in block["codes"]
                ],
            }
            for block in text_blocks(text)
        ]

    def _edited_there(self, name: str) -> None:
        self.notes.append(f"{self.place}: the shared code {safe_line(name, 60)} is to be changed in Keboola itself")

    def plain(self, value: Any) -> Any:
        """A value that is new, without our escapes."""
        if isinstance(value, str):
            return unescaped(value, variables=self.variables)
        if isinstance(value, Mapping):
            return {key: self.plain(item) for key, item in value.items()}
        return [self.plain(item) for item in value] if isinstance(value, list | tuple) else value


def _tables(value: Part, base: Part, body: Body, writer: _Writer) -> None:
    for side, key in (("input", INPUTS), ("output", OUTPUTS)):
        now, before = getattr(value, f"{side}s"), getattr(base, f"{side}s")
        extras, old_extras = value.parameters.get(key) or {}, base.parameters.get(key) or {}
        if (now, extras) == (before, old_extras):
            continue
        storage = body.setdefault("storage", {}).setdefault(side, {})
        name_key = "destination" if side == "input" else "source"
        there = {str(one.get(name_key) or ""): one for one in storage.get("tables") or ()}
        unchanged = {one.name for one in now if one in before and extras.get(one.name) == old_extras.get(one.name)}
        kept = [one for name, one in there.items() if name not in {item.name for item in (*before, *now)}]
        storage["tables"] = [
            there[one.name] if one.name in unchanged and one.name in there
            else _table(one, side, there.get(one.name, {}), writer.plain(extras.get(one.name) or {}))
            for one in now
        ] + kept  # fmt: skip


def _table(one: Any, side: str, there: Body, extras: Body) -> Body:
    kept = {key: item for key, item in there.items() if item is None or key in ("source", "destination")}
    if side == "input":
        return {**kept, "source": keboola_table(one.table), "destination": one.name, **extras}
    table: Body = {**kept, "source": one.name, "destination": keboola_table(one.table), **extras}
    if one.mode is not WriteMode.FULL or "incremental" in there:
        table["incremental"] = one.mode is not WriteMode.FULL
    if one.primary_key or "primary_key" in there:
        table["primary_key"] = list(one.primary_key)
    return table


def _rows(stored: Stored, base: Configuration, value: Configuration, writer: _Writer) -> list[Row]:
    """The stored rows with what is different, and those that are new here; one that is gone here stays there."""
    was, wanted = ({row.id: row for row in one.rows} for one in (base, value))
    result: list[Row] = []
    for row_id, row in zip(row_ids(stored.rows), stored.rows, strict=True):
        old, new = was.get(row_id), wanted.get(row_id)
        if old is None or old == new:
            result.append(row)
        elif new is None:
            writer.notes.append(f"{writer.place}: the row {safe_line(row_id, 60)} is to be deleted in Keboola itself")
            result.append(row)
        else:
            named = replace(row, name=new.name, description=new.description, disabled=not new.enabled)
            result.append(replace(named, body=_body(new, old, row.body, writer)))
    taken = {row.path for row in stored.rows}
    for new in value.rows:
        if new.id in was:
            continue
        path = unique(f"rows/{slug(new.name, 'row')}", taken)
        taken.add(path)
        body = _body(new, ConfigurationRow(new.id, new.name), {}, writer)
        result.append(Row(new.id, new.name, body, new.description, not new.enabled, path))
        writer.notes.append(f"{writer.place}: the row {safe_line(new.id, 60)} is new: kbc persist takes it in")
    return result
