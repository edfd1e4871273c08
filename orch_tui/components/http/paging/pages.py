"""The pages of an API, one after another, to an end that is known, or an error that says why it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.components.http.json.json_path import parts_of
from orch_tui.components.http.json.stream import RecordStream
from orch_tui.components.http.paging.evidence import complaint
from orch_tui.components.http.paging.page import Page
from orch_tui.components.http.paging.pager import Pager
from orch_tui.components.http.paging.settings import Call, Pagination
from orch_tui.components.http.wire.addresses import shown_url
from orch_tui.components.http.wire.responses import HttpError
from orch_tui.model.errors import UserError

if TYPE_CHECKING:
    import httpx

    from orch_tui.components.http.client import HttpClient

Say = Callable[[str], None]
_EMPTY_BY_STATUS = frozenset({204, 205})
_NO_SUCH_PAGE = frozenset({400, 404, 410, 416, 422})
"""What servers answer behind their last page."""


class Pages:
    """The pages of an answer, one file in ``scratch`` at a time. Iterate once, and over the records of each page to
    its end before the next one. Afterwards ``end`` says why there are no more.

    Args:
        records: dotted path to the records of an answer.
        warn: takes what makes it doubtful whether all records came.
        log: takes what is worth a line.

    Raises:
        UserError: while it is read: a request failed, an answer is no JSON or complains, pages come again, or fewer
            records came than the server says that there are.
    """

    def __init__(
        self,
        client: HttpClient,
        call: Call,
        pagination: Pagination,
        records: str,
        scratch: Path,
        *,
        warn: Say,
        log: Say = lambda text: None,
    ) -> None:
        self._client = client
        self._call = call
        self._settings = pagination
        self._records = parts_of(records)
        self._scratch = scratch
        self._warn = warn
        self._log = log
        self._where = f"{call.method.upper()} {client.hide(shown_url(client.absolute(call.url)))}"
        self._complained = False
        self.end = ""

    def __iter__(self) -> Iterator[Page]:
        pager = Pager(self._settings, self._where, self._warn, self._log)
        following: Call | None = pager.first(self._call)
        number = 0
        while following is not None:
            if number >= self._settings.max_pages:
                self.end = "max_pages"
                self._warn(f"{self._where}: stopped after {number} pages, since max_pages says so; there may be more")
                return
            number += 1
            response = self._send(following, number, pager)
            if response is None:
                break
            if pager.doubt is not None and self._is_known(number, response, pager):
                break
            page = Page(number, self._stream(response), response)
            yield page
            self._listen(page)
            following = pager.following(following, page)
        self.end = pager.end
        pager.compare()

    def _stream(self, response: httpx.Response) -> RecordStream:
        return RecordStream(self._scratch, self._records, self._where, _encoding(response))

    def _is_known(self, number: int, response: httpx.Response, pager: Pager) -> bool:
        """True when a page that may only be an old one once more has nothing new in it. Raises: as :meth:`_listen`."""
        stream = self._stream(response)
        for _ in stream:
            pass
        known = pager.is_known(stream)
        if known:
            # An error instead of records is nothing new either, but no end.
            self._listen(Page(number, stream, response))
        return known

    def _send(self, call: Call, number: int, pager: Pager) -> httpx.Response | None:
        """The answer; None when the server says that there is no such page any more."""
        self._scratch.unlink(missing_ok=True)
        try:
            # Fetching a page changes nothing on the other side, also where it takes a POST, unless the server itself
            # remembers which page is the next.
            response = call.send(self._client, self._scratch, idempotent=not pager.by_server)
        except HttpError as error:
            if error.status in _NO_SUCH_PAGE and pager.refused(number, error.status):
                return None
            raise
        self._scratch.touch()
        if not self._scratch.stat().st_size:
            self._require_empty(response)
        return response

    def _require_empty(self, response: httpx.Response) -> None:
        if response.status_code not in _EMPTY_BY_STATUS and response.headers.get("content-length") != "0":
            raise UserError(
                f"{self._where}: the answer is empty, which is no JSON, and its status is {response.status_code}; run "
                "the task again"
            )

    def _listen(self, page: Page) -> None:
        """What the answer says about errors. Raises: UserError when there is nothing else in it."""
        said = complaint(page.records.envelope)
        if said is None or self._complained:
            return
        sentence = f"{self._where}: the answer has an error in it: {self._client.hide(said)}"
        if not page.records.count:
            raise UserError(f"{sentence}; correct the request, or run the task again")
        self._complained = True
        self._warn(f"{sentence}; its records may not be all")


def _encoding(response: httpx.Response) -> str:
    named = (response.charset_encoding or "utf-8").lower()
    try:
        "".encode(named)
    except LookupError:
        named = "utf-8"
    return "utf-8-sig" if named in ("utf-8", "utf8", "us-ascii", "ascii") else named
