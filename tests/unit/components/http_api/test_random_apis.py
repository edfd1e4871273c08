"""Every record of an API exactly once, or an error or a warning that says why not: random APIs, with random faults."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.http_api import extractor
from orch_tui.components.http_api.extractor import Parameters
from orch_tui.model.errors import UserError

from tests.servers.http_server import HttpServer
from tests.support.bench import Bench
from tests.support.http_apis import RETRIES, Api, random_api

SHORT, LONG, STEP = 40, 10_000, 40


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch_tui.components.http.client.back_off", lambda *_: 0.0)


def read(server: HttpServer, folder: Path, api: Api) -> tuple[list[Any] | None, str]:
    """The ids that the table has then, None after an error; and the error or the warning."""
    server.calls.clear()
    server.route("/api", api.answer)
    bench = Bench(folder)
    ctx = bench.context()
    if api.key:
        (output,) = ctx.outputs.values()
        ctx.outputs["result"] = replace(output, primary_key=("id",))
    body = api.settings.get("place") == "body"
    parameters = Parameters(
        base_url=server.url, path="api", records="d.*" if api.mapped else "d", retries=RETRIES,
        method="POST" if body else "GET", body={} if body else None, pagination=api.settings,
    )  # fmt: skip
    try:
        extractor.run(parameters, ctx)
    except UserError as error:
        return None, str(error)
    rows = bench.rows() if "result" in ctx.outputs else []
    at = list(bench.columns()).index("id") if rows else 0
    out = len(rows) + ctx.metrics.get("left_out", 0)  # type: ignore[operator]
    assert out == ctx.metrics["records"], f"rows in and out do not add up: {ctx.metrics}"
    return sorted(row[at] for row in rows), ctx.warning or ""


def check(server: HttpServer, folder: Path, seed: int) -> str:
    """What came of a seed: "exact", "warned" or "refused". AssertionError: records are missing without a word."""
    api = random_api(seed)
    truth = [row["id"] for row in api.rows]
    honest, limit = api.honest, api.most_requests
    about = f"seed {seed}: {api.kind}, end {api.end}, total {api.total}, {api.settings}, {api.faults}"
    found, said = read(server, folder, api)
    assert len(server.calls) <= limit, f"{about}: {len(server.calls)} requests"
    if honest:
        assert found == truth, f"{about}: {found}, {said}"
        unsure = ("taken for the only page", "taken for the end, since the first page", "no rows")
        assert not said or any(words in said for words in unsure), f"{about}: {said}"
        return "exact"
    if found is None:
        assert said.startswith(("GET ", "POST ")) and "\n" not in said, about
        return "refused"
    assert found == truth or said, f"{about}: {found} instead of {truth}"
    return "exact" if found == truth else "warned"


@pytest.mark.parametrize("first", range(0, SHORT, STEP))
def test_every_record_comes_once_or_is_told(server: HttpServer, tmp_path: Path, first: int) -> None:
    for seed in range(first, first + STEP):
        check(server, tmp_path / str(seed), seed)


@pytest.mark.parametrize("seed", [4406, 6665])
def test_what_was_found_stays_mended(server: HttpServer, tmp_path: Path, seed: int) -> None:
    # 4406: an answer that has an error instead of records was taken for the end behind a total that is one page's.
    # 6665: records came twice, and nobody said that they were more than the total.
    check(server, tmp_path, seed)


@pytest.mark.long
def test_every_record_of_ten_thousand_apis(server: HttpServer, tmp_path: Path) -> None:
    counts: dict[str, int] = {}
    for seed in itertools.islice(itertools.count(SHORT), LONG):
        outcome = check(server, tmp_path / str(seed), seed)
        counts[outcome] = counts.get(outcome, 0) + 1
    print(counts)
    # Most APIs are read to their end, and each of the other outcomes is among them.
    assert sum(counts.values()) == LONG and counts["exact"] > LONG / 2 and counts["refused"] > LONG / 10
    assert counts["warned"] > 0
