"""The ``Link`` header (https://www.rfc-editor.org/rfc/rfc8288#section-3): addresses and what they are to an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_BLANKS = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"[ \t,]*")
_NAME = re.compile(r"[^\s=;,\"<>]+")
_TOKEN = re.compile(r"[^;,]*")


@dataclass(frozen=True, slots=True)
class Link:
    """One link: ``target`` as it was written, ``rels`` in small letters, ``anchor`` where it is not about the answer
    itself."""

    target: str
    rels: tuple[str, ...]
    anchor: str | None = None


class BadLink(ValueError):
    """A header that is no list of links; the text says where it stops being one. ``links`` are those before."""

    def __init__(self, reason: str, links: list[Link]) -> None:
        super().__init__(reason)
        self.links = links


def parsed_links(headers: Iterable[str]) -> list[Link]:
    """The links of all ``Link`` headers of an answer, in their order.

    Addresses may hold ``;``, ``,`` and ``=``, as may values in quotes; names of parameters have no case; of several
    ``rel`` the first one counts.

    Raises:
        BadLink: a header is broken, so that links of it may be missing.
    """
    found: list[Link] = []
    for header in headers:
        try:
            for link in _links(header):
                found.append(link)
        except _BrokenError as error:
            raise BadLink(str(error), found) from error
    return found


class _BrokenError(Exception):
    pass


def _links(header: str) -> Iterator[Link]:
    at = _end(_BETWEEN, header, 0)
    while at < len(header):
        if header[at] != "<" or (close := header.find(">", at)) < 0:
            raise _BrokenError(f"an address in < and > is missing at character {at + 1}")
        target = header[at + 1 : close].strip()
        values, at = _parameters(header, close + 1)
        yield Link(target, tuple(values.get("rel", "").lower().split()), values.get("anchor"))
        if at < len(header) and header[at] != ",":
            raise _BrokenError(f'"," or ";" is missing at character {at + 1}')
        at = _end(_BETWEEN, header, at)


def _parameters(header: str, at: int) -> tuple[dict[str, str], int]:
    """The parameters behind an address by name in small letters, the first of each; and where they end."""
    values: dict[str, str] = {}
    while (at := _end(_BLANKS, header, at)) < len(header) and header[at] == ";":
        at = _end(_BLANKS, header, at + 1)
        found = _NAME.match(header, at)
        if found is None:
            continue
        at = _end(_BLANKS, header, found.end())
        value = ""
        if at < len(header) and header[at] == "=":
            value, at = _value(header, _end(_BLANKS, header, at + 1))
        values.setdefault(found[0].lower(), value)
    return values, at


def _value(header: str, at: int) -> tuple[str, int]:
    """A value in quotes, with its escapes undone, or up to the next ``;`` or ``,``; and where it ends."""
    if header[at : at + 1] != '"':
        end = _end(_TOKEN, header, at)
        return header[at:end].strip(), end
    text, start = "", at
    at += 1
    while at < len(header):
        letter = header[at]
        if letter == '"':
            return text, at + 1
        if letter == "\\" and at + 1 < len(header):
            at += 1
            letter = header[at]
        text += letter
        at += 1
    raise _BrokenError(f"the quote at character {start + 1} has no end")


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
