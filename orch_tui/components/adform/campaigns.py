"""Campaigns of Adform as a table: one row for each, nested values as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orch_tui.components.adform.api import Api
from orch_tui.components.adform.parameters import Parameters, snake_case
from orch_tui.components.adform.table import Column, Kind, dimension_kind, pieces, typed
from orch_tui.components.http.json.exact_json import Number, dumps, loads
from orch_tui.components.http.records.names import ColumnNames
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.contract import Output
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.sql import ParquetSink, connect
from orch_tui.project.attempt_dir import scratch_folder
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.duckdb import columns_of, parquet, quoted
from orch_tui.storage.opening import open_storage
from orch_tui.storage.values.parquet import write_parquet

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
    spool = scratch_folder(ctx.data_dir) / "campaigns.ndjson"
    spool.parent.mkdir(parents=True, exist_ok=True)
    try:
        kinds, count, again = _collect(api, parameters, ctx, spool)
        columns = _store(ctx, output, spool, kinds) if count else _store_none(ctx, output)
    finally:
        spool.unlink(missing_ok=True)
    left_out = f"; {again} came again and are left out" if again else ""
    ctx.log(f"{count} campaigns and {len(columns)} columns{left_out}")
    ctx.metrics |= {"campaigns": count, **({"left_out": again} if again else {})}
    check_shape(ctx, output, columns if count else [], count, strict=parameters.strict)


def _collect(api: Api, parameters: Parameters, ctx: Context, spool: Path) -> tuple[dict[str, set[Kind]], int, int]:
    """Every campaign once, a line of JSON each: the kinds of values that each member has, how many campaigns there are,
    and how many came again."""
    seen: set[str] = set()
    kinds: dict[str, set[Kind]] = {}
    came = 0
    with spool.open("w", encoding="utf-8", errors="surrogatepass") as file:
        for status, advertiser in _questions(parameters):
            # Campaigns of another status or advertiser may come here too; what this question gave may not.
            given: set[str] = set()
            for page in api.campaigns(status, advertiser):
                came += len(page)
                numbers = [_id_of(campaign) for campaign in page]
                if given.issuperset(numbers):
                    ctx.warn(
                        f"a page of campaigns behind the {len(given)} that were read has only these again, so Adform "
                        "does not give its pages by offset; there may be more campaigns"
                    )
                    break
                given.update(numbers)
                for number, campaign in zip(numbers, page, strict=True):
                    if number in seen:
                        continue
                    seen.add(number)
                    for name, value in campaign.items():
                        kinds.setdefault(name, set()).update(_kinds(name, value))
                    file.write(dumps(campaign) + "\n")
                ctx.progress(len(seen), None, "campaigns")
    return kinds, len(seen), came - len(seen)


def _id_of(campaign: Mapping[str, Any]) -> str:
    """Raises: UserError when it has none."""
    number = campaign.get("id")
    if number is None:
        raise UserError("campaigns: one of Adform's answer has no id; check base_url")
    return str(number)


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
    return {Kind.NUMBER} if isinstance(value, int | float | Number) else {Kind.TEXT}


def _store(ctx: Context, output: Output, spool: Path, kinds: dict[str, set[Kind]]) -> list[tuple[str, str]]:
    members = list(kinds)
    before = ctx.state.get("columns")
    named = ColumnNames("_", before if isinstance(before, Mapping) else None, plain=snake_case)
    names = named.assign([(member,) for member in members], known=[name for name, _ in _known(ctx, output)])
    ctx.next_state = {**ctx.state, "columns": named.memory}
    for remark in named.remarks:
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
    return columns_of(con, f"from {parquet(output.path)}")


def _unseen(name: str, found: set[Kind]) -> Kind:
    """The kind of a column that has no value at all, or values of several kinds."""
    return Kind.TEXT if found else dimension_kind(name)


def _batches(spool: Path) -> Iterator[list[dict[str, Any]]]:
    batch = []
    with spool.open(encoding="utf-8", errors="surrogatepass", newline="\n") as file:
        for line in file:
            batch.append(loads(line))
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
    known = open_storage(ProjectPaths(ctx.project)).get(output.table)
    return list(known.columns) if known is not None else []
