"""Ids, names of secrets and names of tables: what Keboola's are here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from orch_tui.model.texts.text import slug, unique, valid_id

_NUMBERED = re.compile(r"\d{3}-(?=\S)")


def id_for(keboola_id: str, fallback: str) -> str:
    """An id of ours for one of Keboola's: itself where it can be one; of a directory its name without the number."""
    last = _NUMBERED.sub("", keboola_id.rpartition("/")[2], count=1)
    return last if valid_id(last) else slug(last, fallback)


def unique_ids(keboola_ids: Iterable[str], own: Iterable[str | None], fallback: str) -> dict[str, str]:
    """Our id for each of Keboola's, in order; ``own`` are those that were written down by an export, or None."""
    pairs = list(zip(keboola_ids, own, strict=True))
    taken = {kept for _, kept in pairs if kept is not None}
    found: dict[str, str] = {}
    for keboola_id, kept in pairs:
        found[keboola_id] = kept if kept is not None else unique(id_for(keboola_id, fallback), taken)
        taken.add(found[keboola_id])
    return found


def secret_name(*parts: str) -> str:
    """``EX_HTTP_DAILY_PASSWORD`` out of the component, the configuration and the key."""
    text = "_".join(part.removeprefix("keboola.").removeprefix("kds-team.") for part in parts if part)
    name = re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_") or "SECRET"
    return name if not name[0].isdigit() else f"K_{name}"


def table_name(keboola_table: str) -> str | None:
    """``in.c-main/orders`` for ``in.c-main.orders``; None for what is no name of a table here."""
    bucket, dot, table = keboola_table.rpartition(".")
    return f"{bucket}/{table}" if dot and valid_id(bucket) and valid_id(table) else None


def keboola_table(table: str) -> str:
    """The other way round."""
    return table.replace("/", ".")
