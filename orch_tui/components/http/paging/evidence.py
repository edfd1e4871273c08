"""What an answer shows about its end: totals, flags, marks of a next page, complaints. Facts only, no decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orch_tui.components.http.json.exact_json import Number
from orch_tui.components.http.json.json_path import MISSING, at_path
from orch_tui.components.http.paging.links import BadLink, parsed_links
from orch_tui.components.http.wire.responses import said_in
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import httpx

_HEADER = "header:"
_OF = re.compile(r".*/\s*(\d{1,18})\s*")
"""``Content-Range: items 0-24/319`` (https://www.rfc-editor.org/rfc/rfc9110#field.content-range)."""
_NO = frozenset({"", "0", "false", "no", "n", "f", "off", "none", "null"})
_BOXES = ("meta", "paging", "pagination", "links", "_links", "page", "page_info", "pageInfo", "cursors", "_metadata")
"""Members in which APIs put what they say about pages."""
_NEXT = frozenset({
    "next", "nextpage", "nextpageurl", "nexturl", "nextlink", "@odata.nextlink", "nextpagetoken", "nexttoken",
    "nextcursor", "nextpagecursor", "hasmore", "hasnext", "hasnextpage", "morerecords", "moreitems",
})  # fmt: skip
_TOTALS = frozenset({"total", "totalcount", "totalitems", "totalrecords", "totalresults", "totalsize", "totalrows"})
_ERRORS = ("error", "errors")


def found_at(envelope: Any, response: httpx.Response, path: str) -> Any:
    """The value at ``path`` of an answer, or of its header ``header:NAME``; MISSING without one."""
    if path.lower().startswith(_HEADER):
        return response.headers.get(path[len(_HEADER) :].strip(), MISSING)
    return at_path(envelope, path)


def whole_number(value: Any) -> int | None:
    """A number of records: an integer, a text of digits, or what stands behind the stroke of a Content-Range."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Number):
        value = float(value.text)
    if isinstance(value, int | float):
        return int(value) if float(value).is_integer() else None
    text = value.strip() if isinstance(value, str) else ""
    found = _OF.fullmatch(text)
    text = found[1] if found else text
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def is_true(value: Any) -> bool:
    """A flag: everything but false, null, 0, an empty value and the usual words for no."""
    if isinstance(value, Number):
        return value.value != 0
    return value.strip().lower() not in _NO if isinstance(value, str) else bool(value)


def next_link(response: httpx.Response) -> str | None:
    """The next page's address in the ``Link`` header. Raises: BadLink when that is broken, and none is found in it."""
    headers = response.headers.get_list("link")
    try:
        links = parsed_links(headers)
    except BadLink as error:
        links = error.links
        if not any(_is_next(link.rels) for link in links):
            raise
    here = str(response.url)
    for link in links:
        # A link with an anchor is one of something else than the answer, unless that is its address.
        about = here if not link.anchor else str(response.url.join(link.anchor))
        if _is_next(link.rels) and about == here:
            return link.target
    return None


def _is_next(rels: tuple[str, ...]) -> bool:
    return "next" in rels


def hint_of_more(envelope: Any, response: httpx.Response) -> str | None:
    """Where an answer names a next page, as a phrase, although nobody looks there; None if it does not."""
    try:
        if next_link(response):
            return "its Link header"
    except BadLink:
        return None
    for place, name, value in _members(envelope):
        if _plain(name) in _NEXT and _leads_on(value):
            return f'"{safe_line(place, 80)}"'
    return None


def hint_of_total(envelope: Any, response: httpx.Response) -> tuple[str, int] | None:
    """Where an answer seems to say how many records there are, and the number."""
    for name in ("x-total-count", "x-total", "x-wp-total", "return-total-count"):
        number = whole_number(response.headers.get(name))
        if number is not None:
            return f"header:{name}", number
    for place, name, value in _members(envelope):
        number = whole_number(value)
        if _plain(name) in _TOTALS and number is not None:
            return place, number
    return None


def _members(envelope: Any) -> Iterator[tuple[str, str, Any]]:
    """Path, name and value of the members around the records, and of those in the usual boxes."""
    if not isinstance(envelope, Mapping):
        return
    for name, value in envelope.items():
        if name in _BOXES and isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", str(inner), part) for inner, part in value.items())
        yield str(name), str(name), value


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _leads_on(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_leads_on, value.values()))
    return isinstance(value, bool | int | str) and is_true(value)


def is_complaint(value: Any) -> bool:
    """Whether a member for errors has one in it: not null, nothing empty, no 0, false or their texts."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "0", "false", "null", "none")
    return bool(value)


def complaint(envelope: Any) -> str | None:
    """What the member ``error`` or ``errors`` around the records says, where it is no empty one and no "0"."""
    if not isinstance(envelope, Mapping):
        return None
    for name in _ERRORS:
        value = envelope.get(name)
        if isinstance(value, str | bool | list) and is_complaint(value):
            return said_in({name: value}) or f'"{name}"'
        if isinstance(value, Mapping) and str(value.get("code", "")) not in ("0", "200") and (said := said_in(value)):
            return said
    return None
