"""Pages of an API: how to ask for the next one, and how to know that there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from orch_tui.components.http.addresses import linked, shown_url
from orch_tui.components.http.json_path import MISSING, at_path, parts_of, with_value
from orch_tui.components.http.stream import RecordStream
from orch_tui.components.http.variants import Choice, used_with
from orch_tui.model.errors import UserError

if TYPE_CHECKING:
    import httpx

    from orch_tui.components.http.client import HttpClient

_COUNTED = ("offset", "page")


class Pagination(Choice):
    """How an API hands out its records in pages."""

    type: Literal["none", "offset", "page", "cursor", "link"] = Field(
        default="none",
        title="Kind",
        description="offset: so many records further. page: a number. cursor: a mark from the answer. link: the "
        "address of the next page, in the answer or in its Link header.",
    )
    offset_param: str = Field(
        default="offset",
        min_length=1,
        title="Offset parameter",
        description="For offset: the parameter for the number of records to leave out.",
        json_schema_extra=used_with("offset", needed=True),
    )
    page_param: str = Field(
        default="page",
        min_length=1,
        title="Page parameter",
        description="For page: the parameter for the number of the page.",
        json_schema_extra=used_with("page", needed=True),
    )
    limit_param: str | None = Field(
        default=None,
        title="Limit parameter",
        description="The parameter for the number of records in a page, such as limit or per_page, if there is one.",
        json_schema_extra=used_with("offset", "page", "cursor", "link"),
    )
    limit: int = Field(
        default=100,
        ge=1,
        le=1_000_000,
        title="Limit",
        description="Records to ask for in a page.",
        json_schema_extra=used_with("offset", "page", "cursor", "link"),
    )
    start: int | None = Field(
        default=None,
        ge=0,
        title="Start",
        description="The first offset (0 if empty) or the number of the first page (1 if empty).",
        json_schema_extra=used_with(*_COUNTED),
    )
    stop: Literal["empty", "short"] = Field(
        default="empty",
        title="Stop",
        description="empty: at a page without records, the sure way. short: at one with less than the limit, which "
        "saves a request and loses records where the server gives less than it is asked for.",
        json_schema_extra=used_with(*_COUNTED),
    )
    total_path: str | None = Field(
        default=None,
        title="Total",
        description="Where the answer says how many records there are in all, such as meta.total.",
        json_schema_extra=used_with("offset", "page", "cursor", "link"),
    )
    cursor_path: str | None = Field(
        default=None,
        title="Cursor",
        description="Where the answer has the mark of the next page, such as paging.next; none there is the end.",
        json_schema_extra=used_with("cursor"),
    )
    cursor_field: str | None = Field(
        default=None,
        title="Cursor field",
        description="Instead: the field of the last record that is the mark of the next page, such as id.",
        json_schema_extra=used_with("cursor"),
    )
    cursor_param: str | None = Field(
        default=None,
        title="Cursor parameter",
        description="The parameter that takes the mark.",
        json_schema_extra=used_with("cursor", needed=True),
    )
    more_path: str | None = Field(
        default=None,
        title="More",
        description="Where the answer says whether there is more (true or false), if it does.",
        json_schema_extra=used_with("offset", "page", "cursor", "link"),
    )
    place: Literal["query", "body"] = Field(
        default="query",
        title="Place",
        description="Where the parameters go: the query, or the body of the request.",
        json_schema_extra=used_with("offset", "page", "cursor"),
    )
    next_path: str | None = Field(
        default=None,
        title="Next link",
        description="Where the answer has the address of the next page; the Link header counts if empty.",
        json_schema_extra=used_with("link"),
    )
    max_pages: int = Field(
        default=100_000,
        ge=1,
        title="Most pages",
        description="Stop there with a warning, so that nothing goes on for ever.",
    )

    @model_validator(mode="after")
    def _one_cursor(self) -> Pagination:
        if self.type == "cursor" and (self.cursor_path is None) == (self.cursor_field is None):
            raise ValueError("give either cursor_path or cursor_field, and not both")
        return self


@dataclass(frozen=True, slots=True)
class Call:
    """A request: ``body`` is sent as JSON, or as a form; ``url`` may be a path behind the client's base."""

    url: str = ""
    method: str = "GET"
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    form: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, client: HttpClient, into: Path | None = None, *, idempotent: bool | None = None) -> httpx.Response:
        """The answer. Raises: HttpError."""
        return client.request(
            self.method,
            self.url,
            params=self.params,
            json=None if self.form else self.body,
            data=self.body if self.form else None,
            headers=self.headers,
            into=into,
            idempotent=idempotent,
        )

    def having(self, name: str, value: Any, place: str) -> Call:
        """With one more parameter; in the body its name may be a dotted path."""
        if place == "body":
            return replace(self, body=with_value(self.body, name, value))
        return replace(self, params={**self.params, name: value})


@dataclass(slots=True)
class Page:
    """One page: iterate over ``records`` to the end, then the other attributes of the stream are right."""

    number: int
    records: RecordStream
    response: httpx.Response
    total: int | None = None


def read_pages(
    client: HttpClient,
    call: Call,
    pagination: Pagination,
    records: str,
    scratch: Path,
    warn: Callable[[str], None],
) -> Iterator[Page]:
    """The pages of an answer, one file in ``scratch`` at a time. ``records`` is the dotted path to the records.

    A page is asked for when the one before was read to its end.

    Raises:
        UserError: a request failed, an answer is no JSON, or the server gives the same page again and again.
    """
    pager = _Pager(pagination, client)
    following: Call | None = pager.first(call)
    where = f"{call.method.upper()} {shown_url(client.absolute(call.url))}"
    number = 0
    before: bytes | None = None
    while following is not None:
        number += 1
        # Fetching a page changes nothing on the other side, also where it takes a POST.
        response = pager.send(following, scratch, number)
        if response is None:
            return
        stream = RecordStream(scratch, parts_of(records), where, _encoding(response))
        page = Page(number, stream, response)
        yield page
        if stream.count and stream.digest == before:
            raise UserError(
                f"{where}: page {number} is the same as the page before, so the server does not do what pagination "
                "says; correct its parameters"
            )
        before = stream.digest
        following = pager.following(following, page)
        if following is not None and number >= pagination.max_pages:
            warn(f"{where}: stopped after {number} pages, since max_pages says so; there may be more")
            return


def _encoding(response: httpx.Response) -> str:
    named = (response.charset_encoding or "utf-8").lower()
    try:
        "".encode(named)
    except LookupError:
        named = "utf-8"
    return "utf-8-sig" if named in ("utf-8", "utf8", "us-ascii", "ascii") else named


class _Pager:
    def __init__(self, settings: Pagination, client: HttpClient) -> None:
        self._settings = settings
        self._client = client
        self._read = 0
        self._short = False
        self._seen: set[str] = set()

    def first(self, call: Call) -> Call:
        settings = self._settings
        if settings.type == "none":
            return call
        if settings.limit_param:
            call = call.having(settings.limit_param, settings.limit, settings.place)
        if settings.type == "offset":
            return call.having(settings.offset_param, settings.start or 0, settings.place)
        if settings.type == "page":
            first = 1 if settings.start is None else settings.start
            return call.having(settings.page_param, first, settings.place)
        return call

    def send(self, call: Call, scratch: Path, number: int) -> httpx.Response | None:
        """The answer; None when the server says that there is no such page any more."""
        from orch_tui.components.http.client import HttpError

        scratch.unlink(missing_ok=True)
        try:
            response = call.send(self._client, scratch, idempotent=True)
        except HttpError as error:
            # Some servers answer so behind the last page, instead of with an empty one.
            if self._settings.type == "page" and number > 1 and error.status == 404:
                return None
            raise
        scratch.touch()
        return response

    def following(self, call: Call, page: Page) -> Call | None:
        """The request for the next page; None at the end."""
        settings, count, envelope = self._settings, page.records.count, page.records.envelope
        self._read += count
        if settings.type == "none":
            return None
        page.total = _whole(_at(envelope, settings.total_path))
        if page.total is not None and self._read + (settings.start or 0) * (settings.type == "offset") >= page.total:
            return None
        if settings.more_path:
            more = at_path(envelope, settings.more_path)
            if more is MISSING:
                # To take that for the end would lose all other pages without a word.
                raise UserError(f'the answer has nothing at "{settings.more_path}"; correct more_path of pagination')
            if more in (False, None, 0, "", "false"):
                return None
        if settings.type in _COUNTED:
            if count == 0 or (settings.stop == "short" and count < settings.limit):
                return None
            if settings.type == "page":
                first = 1 if settings.start is None else settings.start
                return call.having(settings.page_param, first + page.number, settings.place)
            # By what came, not by what was asked for: a server may give less than the limit.
            return call.having(settings.offset_param, (settings.start or 0) + self._read, settings.place)
        if settings.type == "cursor":
            return self._by_cursor(call, page)
        return self._by_link(call, page)

    def _by_cursor(self, call: Call, page: Page) -> Call | None:
        settings = self._settings
        if settings.cursor_field:
            if page.records.count == 0:
                return None
            cursor = _at(page.records.last, settings.cursor_field)
            if cursor is None:
                raise UserError(f'the last record has no field "{settings.cursor_field}"; correct cursor_field')
        else:
            cursor = _at(page.records.envelope, settings.cursor_path)
        if cursor in (None, "", False):
            return None
        if not isinstance(cursor, str | int | float):
            raise UserError("the mark of the next page is an object or a list; correct cursor_path or cursor_field")
        self._new(str(cursor))
        return call.having(settings.cursor_param or "", cursor, settings.place)

    def _by_link(self, call: Call, page: Page) -> Call | None:
        settings, response = self._settings, page.response
        link: Any
        if settings.next_path:
            link = _at(page.records.envelope, settings.next_path)
        else:
            # RFC 8288: one link may have several relations.
            links = response.links.items()
            link = next((item.get("url") for rel, item in links if rel and "next" in rel.lower().split()), None)
        if link in (None, "", False):
            return None
        if not isinstance(link, str):
            raise UserError("the link to the next page is no text; correct next_path")
        url = linked(response, link, "the link to the next page")
        self._new(url)
        # The link has all parameters in it already.
        return replace(call, url=url, params={})

    def _new(self, mark: str) -> None:
        if mark in self._seen:
            raise UserError(
                "the server points back to a page that was read already, so the pages would never end; check pagination"
            )
        self._seen.add(mark)


def _at(value: Any, path: str | None) -> Any:
    found = at_path(value, path) if path else None
    return None if found is MISSING else found


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None
