"""Component ``http-extractor``: records of an HTTP API with JSON answers, page by page, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from orch_tui.components import kit
from orch_tui.components.http.auth.settings import Auth
from orch_tui.components.http.jobs import Job, run_job
from orch_tui.components.http.json.json_path import parts_of
from orch_tui.components.http.json.stream import ANY
from orch_tui.components.http.paging.incremental import Incremental, Watermark
from orch_tui.components.http.paging.pages import Pages
from orch_tui.components.http.paging.settings import Call, Pagination
from orch_tui.components.http.records.collect import Child, Tables
from orch_tui.components.http.wire.addresses import shown_url
from orch_tui.components.kit.column_types import require_types
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.expansion import Expansion
from orch_tui.components.kit.limits import expansion_field
from orch_tui.components.kit.sql import listed
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.texts.text import counted

if TYPE_CHECKING:
    from orch_tui.components.http.client import HttpClient

_TELL_EVERY = 1000
_NAMES = "columns"
"""The member of the state that remembers which column is whose."""

Value = str | int | float | bool


class Parameters(kit.Parameters):
    """Which records of which API."""

    base_url: str = Field(
        title="Base address",
        description='Where the API begins, as in "https://api.example.com/v1"; credentials go there only.',
    )
    path: str = Field(default="", title="Path", description="Behind the base address, as in campaigns.")
    method: Literal["GET", "POST"] = Field(default="GET", title="Method", description="POST for searches and jobs.")
    params: dict[str, Value | list[Value]] = Field(
        default={}, title="Query", description="Its parameters; a list gives the name several times."
    )
    headers: dict[str, str] = Field(default={}, title="Headers", description="Sent with every request.")
    body: dict[str, Any] | None = Field(default=None, title="Body", description="Of the request, for POST.")
    body_format: Literal["json", "form"] = Field(
        default="json", title="Body format", description="json, or form for HTML forms."
    )
    records: str = Field(
        default="$",
        title="Records",
        description="Where the answer has the list of records, as a dotted path such as data.items; $ is the answer. A "
        "list on the way stands for all of its entries, * for all members of an object, as in data.*.",
    )
    key_column: str = Field(
        default="key",
        min_length=1,
        title="Key column",
        description="With a * in records: the column for the names that it stands for.",
    )
    flatten: bool = Field(
        default=True,
        title="Flatten",
        description="Members of objects become columns, address.city address_city; else JSON.",
    )
    separator: str = Field(
        default="_", max_length=5, title="Separator", description="Between the names of a flattened column."
    )
    keep_json: list[str] = Field(
        default=[],
        title="Keep as JSON",
        description="Paths of objects that stay one column, such as those with data as names.",
    )
    types: dict[str, str] = Field(
        default={},
        title="Types",
        description='Types of columns where the found ones are not right, as { amount = "DECIMAL(10,2)" }.',
    )
    strict: bool = Field(
        default=False,
        title="Strict",
        description="A column that is gone, or has another type, is an error, not a warning.",
    )
    per_minute: int | None = Field(
        default=None, ge=1, title="Requests per minute", description="No more than so many in any minute."
    )
    retries: int = Field(
        default=5, ge=0, le=100, title="Retries", description="How often a request is repeated that failed."
    )
    timeout: float = Field(default=60.0, gt=0, le=3600, title="Timeout", description="Seconds without an answer.")
    max_expansion: int = expansion_field("answer")
    ca_file: str | None = Field(
        default=None,
        min_length=1,
        title="Certificates",
        description="A PEM file with authorities to trust besides the public ones, such as your company's.",
    )
    auth: Auth = Field(default=Auth(), title="Authentication")
    pagination: Pagination = Field(default=Pagination(), title="Pagination")
    incremental: Incremental = Field(default=Incremental(), title="Incremental")
    job: Job = Field(default=Job(), title="Job")
    children: list[Child] = Field(
        default=[], title="Children", description="Lists inside of the records that become tables of their own."
    )

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://", "${", "{{")):
            raise ValueError('it must begin with "https://" (or "http://")')
        return value

    @model_validator(mode="after")
    def _sensible(self) -> Parameters:
        require_types(self.types)
        uses_body = self.body is not None or "body" in (self.pagination.place, self.incremental.place)
        if uses_body and self.method == "GET":
            raise ValueError('a body goes with method = "POST" only')
        return self


def run(parameters: Parameters, ctx: Context) -> None:
    """Read all pages into the outputs.

    Raises:
        UserError: the API refused, failed or could not be reached; its answer is not what the parameters say; the
            outputs do not fit.
    """
    tables = Tables(
        ctx,
        parameters.children,
        flatten=parameters.flatten,
        keep=parameters.keep_json,
        separator=parameters.separator,
        key_column=parameters.key_column if ANY in parts_of(parameters.records) else None,
        remembered=ctx.state.get(_NAMES),
    )
    watermark = _watermark(parameters, ctx)

    def waiting(text: str) -> None:
        ctx.progress(tables.rows, None, text)
        ctx.flush_progress()

    from orch_tui.components.http.client import HttpClient

    with tables, _client(HttpClient, parameters, ctx, waiting) as client:
        call = watermark.applied(_call(parameters))
        if parameters.job.type != "none":
            call = run_job(client, parameters.job, call, log=ctx.log, progress=waiting, scratch=tables.page_file)
        pages, end = _read(client, call, parameters, ctx, tables, watermark)
        if parameters.incremental.field and (sentence := watermark.missing_in(tables.rows)):
            raise UserError(sentence)
        waiting("storing")
        read = f"{counted(tables.rows, 'record')} on {counted(pages, 'page')}"
        ctx.log(f"{read} of {_shown(client, parameters)}; the end: {end}")
        tables.finish(parameters.types, strict=parameters.strict)
    ctx.metrics |= {"pages": pages, "records": tables.rows}
    left_out, of_children = tables.left_out
    ctx.metrics |= {"left_out": left_out} if left_out else {}
    ctx.metrics |= {"left_out_of_children": of_children} if of_children else {}
    ctx.next_state = {**ctx.state, **(watermark.state() or {}), _NAMES: tables.memory}


def _read(
    client: HttpClient, call: Call, parameters: Parameters, ctx: Context, tables: Tables, watermark: Watermark
) -> tuple[int, str]:
    """The records of all pages; returns how many pages, and why there are no more."""
    number, total = 0, None
    watched = parameters.incremental.field is not None
    settings, scratch = parameters.pagination, tables.page_file
    pages = Pages(client, call, settings, parameters.records, scratch, warn=ctx.warn, log=ctx.log)
    for page in pages:
        number = page.number
        tables.begin_page(number)
        for record in page.records:
            tables.add(record, page.records.key)
            if watched:
                watermark.see(record)
            if tables.rows % _TELL_EVERY == 0:
                ctx.progress(tables.rows, total, f"records, page {number}")
        total = page.total if page.total is not None else total
        ctx.progress(tables.rows, total, f"records, page {number}")
    return number, pages.end


def _watermark(parameters: Parameters, ctx: Context) -> Watermark:
    watermark = Watermark(parameters.incremental, ctx.state)
    field = parameters.incremental.field
    if field is None:
        return watermark
    for output in ctx.outputs.values():
        if output.mode is WriteMode.FULL:
            raise UserError(
                f'with incremental the output "{output.name}" would lose all older rows; set its mode to '
                '"incremental" (with a primary_key) or "append"'
            )
    ctx.log("first extraction: all records" if watermark.last is None else f"records from {field} {watermark.last} on")
    return watermark


def _client(kind: type[HttpClient], parameters: Parameters, ctx: Context, waiting: Any, **more: Any) -> HttpClient:
    settings: dict[str, Any] = {"timeout": parameters.timeout, "retries": parameters.retries, **more}
    return kind(
        parameters.base_url,
        parameters.auth,
        headers=parameters.headers,
        per_minute=parameters.per_minute,
        log=ctx.log,
        progress=waiting,
        ca_file=ctx.resolve(parameters.ca_file) if parameters.ca_file else None,
        expansion=Expansion(parameters.max_expansion),
        **settings,
    )


def _call(parameters: Parameters) -> Call:
    return Call(
        parameters.path,
        parameters.method,
        params=parameters.params,
        body=parameters.body,
        form=parameters.body_format == "form",
    )


def _shown(client: HttpClient, parameters: Parameters) -> str:
    return client.hide(shown_url(client.absolute(parameters.path)))


def test_connection(parameters: Parameters, ctx: Context) -> str | kit.Answer:
    """The first page, of one record where the API can do that. A job is not submitted: that may cost something.

    Raises:
        UserError: as :func:`run`.
    """
    from orch_tui.components.http.client import HttpClient

    pagination = parameters.pagination.model_copy(update={"limit": 1, "max_pages": 1})
    # A token and a page, each in its time, are an answer within 30 s.
    short = {"timeout": min(parameters.timeout, 14.0), "retries": 0}
    with _client(HttpClient, parameters, ctx, lambda text: None, **short) as client:
        if parameters.job.type != "none":
            return _test_without_job(client, parameters)
        scratch = ctx.data_dir / "page.json"
        # Some APIs refuse a request without it.
        call = Watermark(parameters.incremental, {}).applied(_call(parameters))
        pages = Pages(client, call, pagination, parameters.records, scratch, warn=lambda text: None)
        stream = next(iter(pages)).records
        first: Any = None
        for number, record in enumerate(stream):
            first = record if number == 0 else first
        where = _shown(client, parameters)
        if not stream.count:
            return f"{where} answers, with no records on the first page"
        columns = tuple(map(str, first)) if isinstance(first, dict) else ()
        fields = f", with the fields {listed(columns)}" if columns else ""
        count = f"{stream.count} {'record' if stream.count == 1 else 'records'}"
        return kit.Answer(f"{where} answers with {count}{fields}", columns)


def _test_without_job(client: HttpClient, parameters: Parameters) -> str:
    answer = client.request("GET", "", accept=[status for status in range(400, 600) if status not in (401, 403)])
    return f"{shown_url(client.base_url)} answers ({answer.status_code}); the job was not submitted"


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
