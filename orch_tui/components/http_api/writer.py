"""Component ``http-writer``: the rows of a table to a webhook or a REST endpoint, each once as far as that can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from orch_tui.components import kit
from orch_tui.components.http.wire.addresses import named_secrets, parts_in_addresses
from orch_tui.components.http_api.row_sender import RowSender
from orch_tui.components.http_api.writer_parameters import Parameters
from orch_tui.components.http_api.writer_rows import PLACEHOLDER, RowShape
from orch_tui.components.kit.checkpoint import Sent, content_key
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.kit.sql import duckdb_explained
from orch_tui.model.texts.text import safe_line
from orch_tui.project.masking.redactor import Redactor

if TYPE_CHECKING:
    from orch_tui.components.http.client import HttpClient


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
