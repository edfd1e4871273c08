"""Component ``http-writer``: the rows of a table to a webhook or a REST endpoint, each once as far as that can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from orch_tui.components import kit
from orch_tui.components.http.auth.settings import Auth
from orch_tui.components.http.wire.addresses import named_secrets, parts_in_addresses
from orch_tui.components.http_api.row_answers import RowAnswers
from orch_tui.components.http_api.row_sender import RowSender
from orch_tui.components.http_api.writer_rows import PLACEHOLDER, RowShape
from orch_tui.components.kit.checkpoint import Sent, content_key
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import duckdb_explained
from orch_tui.model.texts.text import safe_line
from orch_tui.project.masking.redactor import Redactor

if TYPE_CHECKING:
    from orch_tui.components.http.client import HttpClient

_DEFAULT_BATCH = 100
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
        description="fail: stop. warn: count and list it, and go on; for one row in each request, or with an answer "
        "that tells rows apart.",
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
    answer: RowAnswers = Field(default_factory=lambda: RowAnswers.model_validate({}), title="Answer")

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
        if self.on_rejected == "warn" and several and self.answer.type == "none":
            raise ValueError(
                "on_rejected = warn needs one row in each request (body json, form or none), or an answer that says "
                "which rows were refused: of a refused batch it is not known which row is wrong"
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
        sender = RowSender(parameters, ctx, table, shape, sent, client, hide)
        try:
            with duckdb_explained(f"the rows of {table.table} cannot be read"):
                sender.send_all()
        except HttpError as error:
            raise UserError(hide(f"{error}; {sender.so_far(maybe_done=error.maybe_done)}")) from error
        sender.require_all()
        sent.clear()
    sender.report()


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
    """Masks the parts of a secret that an address is cut into, such as the path of a chat webhook that is a secret.

    The value as a whole is masked by the kit; messages have the address without its query, which is another text.
    """
    return Redactor(parts_in_addresses(value for value in named_secrets() if value in url)).text


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Asks the address with HEAD, which sends no row. Any answer but a refusal of the credentials is a good one.

    Raises:
        UserError: nothing answers, or the credentials are refused.
    """
    from orch_tui.components.http.client import HttpError
    from orch_tui.components.http.wire.addresses import shown_url

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
