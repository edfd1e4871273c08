"""Component ``http-writer``: the rows of a table to a webhook or a REST endpoint, each once as far as that can be."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from orch_tui.components import kit
from orch_tui.components.http.auth import Auth
from orch_tui.components.http_api.writer_rows import PLACEHOLDER, RowShape, Unsendable, batches, encoder
from orch_tui.components.kit.checkpoint import Sent, content_key
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.contract import Input
from orch_tui.components.kit.sql import connect, duckdb_explained
from orch_tui.model.text import safe_line
from orch_tui.project.masking.redactor import Redactor

if TYPE_CHECKING:
    import httpx

    from orch_tui.components.http.client import HttpClient
    from orch_tui.components.http_api.writer_rows import Row

_DEFAULT_BATCH = 100
_LISTED = 20
"""Rejected rows that the log tells one by one."""
_HOPELESS = 100
"""Rows rejected from the first one on after which the request itself must be wrong."""
_ABOUT_THE_ROW = frozenset({400, 409, 410, 412, 413, 422})
"""Refusals that another row may not get; 404 joins them where the row is part of the address."""
_SEVERAL = ("array", "ndjson")


class Parameters(kit.Parameters):
    """Where the rows go, in which form, and what happens when the server refuses."""

    url: str = Field(
        min_length=1,
        title="Address",
        description='Where each request goes. "{column}" in it is replaced by the row\'s value, as in '
        '"https://api.example.com/contacts/{id}".',
    )
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(
        "POST", title="Method", description="What the server is asked to do with the rows."
    )
    body: Literal["json", "array", "ndjson", "form", "none"] = Field(
        "json",
        title="Body",
        description="json: one row as an object. array: several rows as an array. ndjson: several rows, an object in "
        "each line. form: one row as a form. none: one row, which is in the address only.",
    )
    key: str | None = Field(
        None, min_length=1, title="Key", description="array: the body is an object with the rows under this key."
    )
    batch_size: int | None = Field(
        None, ge=1, le=10_000, title="Batch size", description="array and ndjson: rows in a request; 100 if left out."
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        title="Columns",
        description='Columns to send and their names in the body, as { city = "address.city" }; all if empty.',
    )
    nested: bool = Field(
        True, title="Nested", description='A dot in a name makes an object: "address.city" is {"address": {"city": …}}.'
    )
    nulls: Literal["send", "omit"] = Field(
        "send", title="Nulls", description="A column without a value: send null (in a form: empty), or leave it out."
    )
    headers: dict[str, str] = Field(default_factory=dict, title="Headers", description="Sent with every request.")
    auth: Auth = Field(default_factory=lambda: Auth.model_validate({}), title="Authentication")
    idempotency_header: str = Field(
        "Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]*$",
        title="Idempotency header",
        description="The header with a key that a batch keeps however often it is sent; empty for none.",
    )
    repeatable: bool = Field(
        False,
        title="Repeatable",
        description="The server takes the same POST or PATCH twice without harm, for instance because it knows the "
        "idempotency key: it is repeated when no answer came. PUT and DELETE always are.",
    )
    on_rejected: Literal["fail", "warn"] = Field(
        "fail",
        title="When a row is rejected",
        description="fail: stop. warn: count and list it, and go on; for one row in each request only.",
    )
    resume: bool = Field(
        True,
        title="Resume",
        description="After a failure the next attempt goes on behind the last confirmed batch, if the rows are the "
        "same. Otherwise all is sent again.",
    )
    retries: int = Field(5, ge=0, le=20, title="Retries", description="How often one request is repeated.")
    timeout: float = Field(30, gt=0, le=3600, title="Timeout", description="Seconds to wait for an answer.")
    requests_per_minute: int | None = Field(
        None, ge=1, title="Requests per minute", description="At most so many; no limit if left out."
    )

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        if "://" in value and PLACEHOLDER.search(urlsplit(value).netloc):
            raise ValueError("a column can be in the path or in the query, not in the host")
        if not value.strip().startswith(("http://", "https://", "${", "{{")):
            raise ValueError('it must be a full address that begins with "https://" (or "http://")')
        return value.strip()

    @model_validator(mode="after")
    def _sensible(self) -> Parameters:
        several = self.body in _SEVERAL
        if PLACEHOLDER.search(self.url) and several:
            raise ValueError('a "{column}" in url needs one row in each request: body json, form or none')
        if self.batch_size is not None and not several:
            raise ValueError(f'batch_size is for body array and ndjson; body "{self.body}" is one row in each request')
        if self.key is not None and self.body != "array":
            raise ValueError('key is for body "array"')
        if self.on_rejected == "warn" and several:
            raise ValueError(
                "on_rejected = warn needs one row in each request (body json, form or none): of a refused batch it "
                "is not known which row is wrong"
            )
        return self

    @property
    def rows_per_request(self) -> int:
        return (self.batch_size or _DEFAULT_BATCH) if self.body in _SEVERAL else 1


def run(parameters: Parameters, ctx: Context) -> None:
    """Send the rows of the only input.

    Raises:
        UserError: a column is not there, the server refuses or cannot be reached; it says how much was sent.
    """
    deliver(parameters, ctx)


def deliver(parameters: Parameters, ctx: Context, sleep: Callable[[float], None] = time.sleep) -> None:
    """:func:`run` with the pauses in the hands of the caller."""
    from orch_tui.components.http.client import HttpError

    table = ctx.only_input()
    form = parameters.body == "form"
    shape = RowShape(table, parameters.columns, parameters.url, nested=parameters.nested, as_text=form)
    key = content_key(table, parameters.model_dump(include=_WHAT_IS_SENT))
    hide = _hider(parameters.url)
    with Sent(ctx, key, resume=parameters.resume) as sent, _client(parameters, ctx, hide, sleep) as client:
        writer = _Writer(parameters, ctx, table, shape, sent, client, hide)
        try:
            with duckdb_explained(f"the rows of {table.table} cannot be read"):
                writer.send_all()
        except HttpError as error:
            raise UserError(hide(f"{error}; {writer.so_far(maybe_done=error.maybe_done)}")) from error
        sent.clear()
    writer.report()


_WHAT_IS_SENT = {"url", "method", "body", "key", "batch_size", "columns", "nested", "nulls"}


def _client(
    parameters: Parameters, ctx: Context, hide: Callable[[str], str], sleep: Callable[[float], None] = time.sleep
) -> HttpClient:
    from orch_tui.components.http.client import HttpClient

    return HttpClient(
        PLACEHOLDER.split(parameters.url)[0],
        parameters.auth,
        headers=parameters.headers,
        timeout=parameters.timeout,
        retries=parameters.retries,
        per_minute=parameters.requests_per_minute,
        log=lambda text: ctx.log(hide(text)),
        sleep=sleep,
    )


def _hider(url: str) -> Callable[[str], str]:
    """Masks the path of an address that is a secret itself, as those of chat webhooks are.

    The value as a whole is masked by the kit; messages have the address without its query, which is another text.
    """
    names = os.environ.get("ORCH_SECRETS", "").split(",")
    values = [os.environ[name] for name in names if os.environ.get(name)]
    parts = [urlsplit(value) for value in values if value in url and "/" in value]
    return Redactor(text for part in parts for text in (part.path.strip("/"), part.query)).text


class _Writer:
    """One pass over the rows."""

    def __init__(
        self,
        parameters: Parameters,
        ctx: Context,
        table: Input,
        shape: RowShape,
        sent: Sent,
        client: HttpClient,
        hide: Callable[[str], str],
    ) -> None:
        self._p, self._ctx, self._table, self._shape = parameters, ctx, table, shape
        self._sent, self._client, self._hide = sent, client, hide
        self._encode, self._type = encoder(parameters.body, parameters.key)
        self._before = dict(sent.totals)
        self._requests = 0
        self._first_reason = ""

    @property
    def _rows(self) -> int:
        return self._sent.totals.get("rows", 0)

    @property
    def _rejected(self) -> int:
        return self._sent.totals.get("rejected", 0)

    def send_all(self) -> None:
        """Raises: HttpError, UserError, duckdb.Error."""
        size, sent = self._p.rows_per_request, self._sent
        if sent.discarded:
            self._ctx.log(
                f"an earlier attempt sent {sent.discarded} batches of other rows or with other parameters and failed; "
                "everything is sent from the beginning"
            )
        if sent.done:
            self._ctx.log(f"going on after row {sent.done * size}: an earlier attempt sent what is before")
        con = connect(self._ctx, memory_limit="512MB")
        result = con.execute(self._shape.query(self._table, sent.done * size))
        for rows in batches(result, size):
            self._send(rows)
            self._ctx.progress(min(sent.done * size, self._table.rows), self._table.rows, "rows")

    def _send(self, rows: list[Row]) -> None:
        number = self._sent.done
        try:
            self._request(rows, number)
        except Unsendable as error:
            self._reject(f"row {number + 1}: {error}")
            self._sent.mark(number, {"rejected": 1})
        else:
            self._sent.mark(number, {"rows": len(rows)})

    def _request(self, rows: list[Row], number: int) -> None:
        """Raises: Unsendable when this row is at fault, else HttpError or UserError."""
        from orch_tui.components.http.client import HttpError

        url = self._shape.address(rows[0])
        body = self._encode([self._shape.fields(row, nulls=self._p.nulls == "send") for row in rows])
        own = {name.lower() for name in self._p.headers}
        headers = {"Content-Type": self._type} if body is not None and "content-type" not in own else {}
        name = self._p.idempotency_header
        if name and name.lower() not in own:
            headers[name] = _key(self._sent.token, number)
        self._requests += 1
        repeatable = True if self._p.repeatable else None
        try:
            response = self._client.request(self._p.method, url, content=body, headers=headers, idempotent=repeatable)
        except HttpError as error:
            if len(rows) == 1 and self._is_about_the_row(error.status):
                raise Unsendable(f"{error.status} {error.detail}".strip()) from error
            raise
        self._check_redirect(response)

    def _is_about_the_row(self, status: int | None) -> bool:
        return status in _ABOUT_THE_ROW or (status == 404 and PLACEHOLDER.search(self._p.url) is not None)

    def _check_redirect(self, response: httpx.Response) -> None:
        """A redirect may turn a POST into a GET, which every server answers and which writes nothing."""
        from orch_tui.components.http.addresses import shown_url

        if response.request.method != self._p.method:
            raise UserError(
                self._hide(
                    f"{self._p.method} {shown_url(self._p.url)}: the server redirected to {shown_url(response.url)}, "
                    f"and nothing was written there; put that address into url; {self.so_far()}"
                )
            )

    def _reject(self, reason: str) -> None:
        if self._p.on_rejected == "fail":
            raise UserError(
                self._hide(
                    f"{reason}; correct the row, or set on_rejected = warn to go on without such rows; {self.so_far()}"
                )
            )
        self._first_reason = self._first_reason or reason
        if self._rejected < _LISTED:
            self._ctx.log(self._hide(f"rejected: {reason}"))
        elif self._rejected == _LISTED:
            self._ctx.log("further rejected rows are only counted")
        if self._rows == 0 and self._rejected + 1 >= _HOPELESS:
            raise UserError(
                self._hide(
                    f"the first {_HOPELESS} rows were all rejected, so the request itself seems to be wrong; "
                    f"the last one: {reason}"
                )
            )

    def so_far(self, *, maybe_done: bool = False) -> str:
        """What was sent before the failure, and what becomes of it."""
        unsure = " The request that failed may have been carried out, and is sent again." if maybe_done else ""
        if not self._sent.done:
            return f"no row was sent before.{unsure}"
        done = f"{self._rows} of {self._table.rows} rows were sent before"
        if self._p.resume:
            return f"{done}; the next attempt goes on behind them.{unsure}"
        return f"{done} and are sent again by the next attempt (resume = false).{unsure}"

    def report(self) -> None:
        """Metrics and last words of an attempt that sent everything."""
        self._ctx.metrics.update(rows=self._rows, requests=self._requests, rejected=self._rejected)
        before = self._before.get("rows", 0)
        if self._before:
            self._ctx.metrics["sent_before"] = before
        if not self._table.rows:
            self._ctx.log(f"{self._table.table} has no rows: nothing was sent")
            return
        earlier = f"; {before} were sent by an earlier attempt" if before else ""
        self._ctx.log(f"sent: {self._rows - before} rows in {self._requests} requests{earlier}")
        if self._rejected:
            first = f", the first: {self._hide(self._first_reason)}" if self._first_reason else ""
            self._ctx.warn(f"{self._rejected} of {self._table.rows} rows were rejected{first}")


def _key(token: str, number: int) -> str:
    """What the server may know the batch by: the same in every attempt, another one in the next run."""
    return hashlib.sha256(f"{token}/{number}".encode()).hexdigest()[:32]


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Asks the address with HEAD, which sends no row. Any answer but a refusal of the credentials is a good one.

    Raises:
        UserError: nothing answers, or the credentials are refused.
    """
    from orch_tui.components.http.addresses import shown_url
    from orch_tui.components.http.client import HttpError

    hide = _hider(parameters.url)
    quick = parameters.model_copy(update={"retries": 0, "timeout": min(parameters.timeout, 10.0)})
    address = PLACEHOLDER.split(parameters.url)[0]
    # 405 and 501 are what a server says that takes POST only.
    allowed = {*range(400, 500), 501} - {401, 403, 407, 429}
    try:
        with _client(quick, ctx, hide) as client:
            response = client.request("HEAD", address, accept=allowed)
    except HttpError as error:
        raise UserError(hide(str(error))) from error
    said = safe_line(f"{response.status_code} {response.reason_phrase}", 60).strip()
    host = urlsplit(shown_url(address)).netloc
    if parameters.auth.type == "none":
        return f"{host} answers ({said} to HEAD); the first run shows whether it takes the rows"
    return f"{host} answers and does not refuse the credentials ({said} to HEAD); the first run shows the rest"


if __name__ == "__main__":
    kit.main(Parameters, run, test=test_connection)
