"""Settings of pages: how to ask an API for the next one, and how to know that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from orch_tui.components.http.json.exact_json import Number
from orch_tui.components.http.json.json_path import with_value
from orch_tui.components.http.variants import Choice, used_with

if TYPE_CHECKING:
    import httpx

    from orch_tui.components.http.client import HttpClient

COUNTED = ("offset", "page")
"""Kinds of pages that are asked for by number; the others by what the answer before says."""
_MARKED = ("cursor", "link")
_PAGED = (*COUNTED, *_MARKED)


class Pagination(Choice):
    """How an API hands out its records in pages."""

    type: Literal["none", "offset", "page", "cursor", "link"] = Field(
        default="none",
        title="Kind of pages",
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
        json_schema_extra=used_with(*_PAGED),
    )
    limit: int = Field(
        default=100,
        ge=1,
        le=1_000_000,
        title="Limit",
        description="Records to ask for in a page.",
        json_schema_extra=used_with(*_PAGED),
    )
    start: int | None = Field(
        default=None,
        ge=0,
        title="Start",
        description="The first offset (0 if empty) or the number of the first page (1 if empty).",
        json_schema_extra=used_with(*COUNTED),
    )
    stop: Literal["empty", "short"] | None = Field(
        default=None,
        title="Stop",
        description="empty: at a page without records, which offset and page do by themselves; for cursor and link "
        "where the server always names a next page. short: at a page with less than the limit, which saves a request "
        "and loses records where the server gives less than it is asked for.",
        json_schema_extra=used_with(*_PAGED),
    )
    total_path: str | None = Field(
        default=None,
        title="Total",
        description="Where the answer says how many records there are in all, such as meta.total or "
        "header:X-Total-Count; what was read is compared with it.",
    )
    incomplete: Literal["fail", "warn"] = Field(
        default="fail",
        title="When records are missing",
        description="What the task does when fewer records came than the total says.",
    )
    cursor_path: str | None = Field(
        default=None,
        title="Cursor",
        description="Where the answer has the mark of the next page, such as paging.next or header:X-Next; none there "
        "is the end.",
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
        description="Where the answer says whether there is more (true or false), if it does, such as has_more.",
        json_schema_extra=used_with(*_PAGED),
    )
    last_path: str | None = Field(
        default=None,
        title="Last",
        description="Instead: where the answer says whether this page is the last one (true or false), such as isLast.",
        json_schema_extra=used_with(*_PAGED),
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
    empty_pages: int = Field(
        default=100,
        ge=1,
        title="Most empty pages",
        description="So many pages in a row without a record, each of which names a next one, are an error: nothing "
        "shows that they would end.",
        json_schema_extra=used_with("page", *_MARKED),
    )
    max_pages: int = Field(
        default=100_000,
        ge=1,
        title="Most pages",
        description="Stop there with a warning, so that nothing goes on for ever.",
    )

    @property
    def page_size(self) -> int | None:
        """Records in a full page, where the settings tell: they are asked for, or the user knows."""
        return self.limit if self.limit_param or "limit" in self.model_fields_set else None

    @model_validator(mode="after")
    def _belongs_together(self) -> Pagination:
        if self.type == "cursor" and (self.cursor_path is None) == (self.cursor_field is None):
            raise ValueError("give either cursor_path or cursor_field, and not both")
        if self.more_path and self.last_path:
            raise ValueError("more_path and last_path say the same; give one of them")
        if self.stop == "short" and self.page_size is None:
            raise ValueError('stop = "short" needs the limit, the number of records in a full page')
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
        """With one more parameter; in the body its name may be a dotted path. A number is sent as it is written."""
        if place == "body":
            return replace(self, body=with_value(self.body, name, value))
        return replace(self, params={**self.params, name: str(value) if isinstance(value, Number) else value})
