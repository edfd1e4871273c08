"""Campaigns of Adform as a table: one row for each, nested values as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orch_tui.components.adform.api import Api
from orch_tui.components.adform.parameters import Parameters, snake_case
from orch_tui.components.adform.table import Column, Kind, dimension_kind, pieces, typed
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.contract import Output
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import ParquetSink, columns_of, connect, literal, quoted, usable_names, write_parquet
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.tables import Storage

_KNOWN = [
    ("id", "BIGINT"),
    ("name", "VARCHAR"),
    ("advertiser_id", "BIGINT"),
    ("budget", "DOUBLE"),
    ("currency", "VARCHAR"),
    ("start_date", "DATE"),
    ("end_date", "DATE"),
    ("status", "VARCHAR"),
]
"""What an empty table has when there was none before."""
_BATCH = 1000


def extract_campaigns(api: Api, parameters: Parameters, ctx: Context) -> None:
    """All campaigns that were asked for, into the only output.

    Raises:
        UserError: the server refuses or fails, or its answer is not about campaigns.
    """
    output = ctx.only_output()
    spool = ctx.data_dir / "tmp" / "campaigns.ndjson"
    spool.parent.mkdir(parents=True, exist_ok=True)
    try:
        kinds, count = _collect(api, parameters, ctx, spool)
        columns = _store(ctx, output, spool, kinds) if count else _store_none(ctx, output)
    finally:
        spool.unlink(missing_ok=True)
    ctx.log(f"{count} campaigns and {len(columns)} columns")
    ctx.metrics["campaigns"] = count
    check_shape(ctx, output, columns if count else [], count, strict=parameters.strict)


def _collect(api: Api, parameters: Parameters, ctx: Context, spool: Path) -> tuple[dict[str, set[Kind]], int]:
    """Every campaign once, a line of JSON each; and the kinds of values that each member has."""
    seen: set[str] = set()
    kinds: dict[str, set[Kind]] = {}
    with spool.open("w", encoding="utf-8") as file:
        for status, advertiser in _questions(parameters):
            for page in api.campaigns(status, advertiser):
                before = len(seen)
                for campaign in page:
                    number = campaign.get("id")
                    if number is None:
                        raise UserError("campaigns: one of Adform's answer has no id; check base_url")
                    if str(number) in seen:
                        continue
                    seen.add(str(number))
                    for name, value in campaign.items():
                        kinds.setdefault(name, set()).update(_kinds(name, value))
                    # A lone surrogate of JSON cannot be written as UTF-8.
                    file.write(json.dumps(campaign) + "\n")
                if len(seen) == before:
                    ctx.log("a page of campaigns had none that is new; the rest of the pages is left out")
                    break
                ctx.progress(len(seen), None, "campaigns")
    return kinds, len(seen)


def _questions(parameters: Parameters) -> Iterator[tuple[str | None, int | None]]:
    """One for each status and advertiser: how to ask for several at once is not documented."""
    for status in dict.fromkeys(parameters.status) or [None]:
        for advertiser in dict.fromkeys(parameters.advertisers) or [None]:
            yield status, advertiser


def _kinds(name: str, value: Any) -> set[Kind]:
    if value is None:
        return set()
    if isinstance(value, dict | list):
        return {Kind.JSON}
    known = dimension_kind(snake_case(name))
    if known is not Kind.TEXT:
        return {known}
    if isinstance(value, bool):
        return {Kind.BOOLEAN}
    return {Kind.NUMBER} if isinstance(value, int | float) else {Kind.TEXT}


def _store(ctx: Context, output: Output, spool: Path, kinds: dict[str, set[Kind]]) -> list[tuple[str, str]]:
    members = list(kinds)
    names, remarks = usable_names([snake_case(member) for member in members])
    for remark in remarks:
        ctx.log(remark)
    columns = [
        Column(name, next(iter(found)) if len(found) == 1 else _unseen(name, found))
        for name, found in zip(names, kinds.values(), strict=True)
    ]
    con = connect(ctx, memory_limit="512MB")
    texts = [(column.name, "VARCHAR") for column in columns]
    with ParquetSink(con, texts, output.path, typed(con, columns, ctx.log, dict(_known(ctx, output)))) as sink:
        for batch in _batches(spool):
            sink.add(*pieces([[row.get(member) for member in members] for row in batch]))
    return columns_of(con, f"from read_parquet({literal(str(output.path))})")


def _unseen(name: str, found: set[Kind]) -> Kind:
    """The kind of a column that has no value at all, or values of several kinds."""
    return Kind.TEXT if found else dimension_kind(name)


def _batches(spool: Path) -> Iterator[list[dict[str, Any]]]:
    batch = []
    with spool.open(encoding="utf-8") as file:
        for line in file:
            batch.append(json.loads(line))
            if len(batch) == _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _store_none(ctx: Context, output: Output) -> list[tuple[str, str]]:
    """No campaigns: a table with the columns that it had, so that nobody who reads it breaks."""
    columns = _known(ctx, output) or _KNOWN
    nulls = ", ".join(f"cast(null as {kind}) as {quoted(name)}" for name, kind in columns)
    write_parquet(connect(ctx, memory_limit="128MB"), f"select {nulls} where false", output.path)
    return columns


def _known(ctx: Context, output: Output) -> list[tuple[str, str]]:
    """The columns of the table as it is; none when there is no table yet."""
    known = Storage(ProjectPaths(ctx.project).storage).get(output.table)
    return list(known.columns) if known is not None else []
