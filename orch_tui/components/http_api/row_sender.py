"""The rows of a table sent one request after another, each confirmed before the next, and what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from orch_tui.components.http_api.row_answers import Refusal, doubt_about, refusals
from orch_tui.components.http_api.writer_rows import PLACEHOLDER, RowShape, Unsendable, batches, encoder
from orch_tui.components.kit.checkpoint import Sent
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Input
from orch_tui.components.kit.sql import connect
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted

if TYPE_CHECKING:
    import httpx

    from orch_tui.components.http.client import HttpClient
    from orch_tui.components.http_api.writer_parameters import Parameters
    from orch_tui.components.http_api.writer_rows import Row

_LISTED = 20
"""Rejected rows that the log tells one by one."""
_HOPELESS = 100
"""Rows rejected from the first one on after which the request itself must be wrong."""
_ABOUT_THE_ROW = frozenset({400, 409, 410, 412, 413, 422})
"""Refusals that another row may not get; 404 joins them where the row is part of the address."""


class RowSender:
    """One pass over the rows of a table: what an attempt before confirmed is behind it."""

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
        self._doubted = False
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
                f"an earlier attempt sent {counted(sent.discarded, 'request')} of other rows or with other parameters "
                "and failed; everything is sent from the beginning"
            )
        if sent.done:
            self._ctx.log(f"going on after row {sent.done * size}: an earlier attempt sent what is before")
        con = connect(self._ctx, memory_limit="512MB")
        result = con.execute(self._shape.query(self._table, sent.done * size))
        for rows in batches(result, size):
            self._send(rows)
            self._ctx.progress(min(sent.done * size, self._table.rows), self._table.rows, "rows")

    def _send(self, rows: list[Row]) -> None:
        number, first = self._sent.done, self._sent.done * self._p.rows_per_request + 1
        try:
            refused = self._request(rows, number)
        except Unsendable as error:
            refused = [Refusal(0, str(error))]
        written = len(rows) - len(refused)
        for place, refusal in enumerate(refused):
            self._reject(f"row {first + refusal.at}: {refusal.reason}", place, beside=written)
        counts = {"rows": written, "rejected": len(refused)}
        self._sent.mark(number, {name: count for name, count in counts.items() if count})

    def _request(self, rows: list[Row], number: int) -> list[Refusal]:
        """The rows that the answer says were refused.

        Raises: Unsendable when this row is at fault, else HttpError or UserError.
        """
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
        return self._refused(response, len(rows))

    def _refused(self, response: httpx.Response, rows: int) -> list[Refusal]:
        from orch_tui.components.http.wire.addresses import shown_url

        where = self._hide(f"{self._p.method} {shown_url(response.url)}")
        doubt = doubt_about(self._p.answer, response.status_code, response.content)
        if doubt and not self._doubted:
            self._doubted = True
            self._ctx.warn(
                self._hide(
                    f"{where}: {doubt}, and nothing says which rows it means: all of them count as sent; set answer to "
                    "tell them apart"
                )
            )
        try:
            return refusals(self._p.answer, response.content, rows)
        except UserError as error:
            raise UserError(self._hide(f"{where}: {error}; {self.so_far(maybe_done=True)}")) from error

    def _is_about_the_row(self, status: int | None) -> bool:
        return status in _ABOUT_THE_ROW or (status == 404 and PLACEHOLDER.search(self._p.url) is not None)

    def _check_redirect(self, response: httpx.Response) -> None:
        """A redirect may turn a POST into a GET, which every server answers and which writes nothing."""
        from orch_tui.components.http.wire.addresses import shown_url

        if response.request.method != self._p.method:
            raise UserError(
                self._hide(
                    f"{self._p.method} {shown_url(self._p.url)}: the server redirected to {shown_url(response.url)}, "
                    f"and nothing was written there; put that address into url; {self.so_far()}"
                )
            )

    def _reject(self, reason: str, place: int, beside: int) -> None:
        """Tell of one more row that was refused, the ``place``th of its request, beside so many that were written.

        Raises: UserError when that is the end.
        """
        rejected = self._rejected + place
        if self._p.on_rejected == "fail":
            others = f"; the other {beside} rows of its request were written, and are sent again" if beside else ""
            raise UserError(
                self._hide(
                    f"{reason}; correct the row, or set on_rejected = warn to go on without such rows{others}; "
                    f"{self.so_far()}"
                )
            )
        self._first_reason = self._first_reason or reason
        if rejected < _LISTED:
            self._ctx.log(self._hide(f"rejected: {reason}"))
        elif rejected == _LISTED:
            self._ctx.log("further rejected rows are only counted")
        if self._rows == 0 and not beside and rejected + 1 >= _HOPELESS:
            raise UserError(
                self._hide(
                    f"the first {_HOPELESS} rows were all rejected, so the request itself seems to be wrong; "
                    f"the last one: {reason}"
                )
            )

    def require_all(self) -> None:
        """Rows in are rows out, and rows that were refused. Raises: UserError when some are neither."""
        told = self._rows + self._rejected
        if told != self._table.rows:
            raise UserError(
                f"{self._table.table} has {counted(self._table.rows, 'row')}, and {told} were sent or refused; run the "
                "task again with resume = false, and report this as a fault of the program"
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
        self._ctx.log(f"sent: {counted(self._rows - before, 'row')} in {counted(self._requests, 'request')}{earlier}")
        if self._shape.no_numbers:
            self._ctx.log(f"{self._shape.no_numbers} values are NaN or infinite, which JSON has not: sent as null")
        if self._rejected:
            first = f", the first: {self._hide(self._first_reason)}" if self._first_reason else ""
            self._ctx.warn(f"{self._rejected} of {self._table.rows} rows were rejected{first}")


def _key(token: str, number: int) -> str:
    """What the server may know the batch by: the same in every attempt, another one in the next run."""
    return hashlib.sha256(f"{token}/{number}".encode()).hexdigest()[:32]
