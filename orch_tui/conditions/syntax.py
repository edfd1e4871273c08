"""The syntax tree of a CEL expression, with places in the text.

The library checks and evaluates; which facts an expression asks about it tells only in its serialized form. That is
``cel.expr.CheckedExpr`` or ``ParsedExpr`` in the wire format of Protocol Buffers, both published and stable:
https://github.com/google/cel-spec/blob/master/proto/cel/expr/syntax.proto and checked.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import Final

from orch_tui.model.dataclass import dataclass

Fields = list[tuple[int, "int | bytes"]]

_CHECKED = b"CheckedExpr"
_CHECKED_EXPR, _CHECKED_INFO = 4, 5
_PARSED_EXPR, _PARSED_INFO = 2, 3
_POSITIONS = 4
_ID, _CONSTANT, _NAME, _SELECT, _CALL, _LIST, _STRUCT, _FOLD = range(2, 10)
_STRING = 6


OTHER: Final = object()
"""In place of a value that is none of those that are told."""


class Kind(Enum):
    CONSTANT = auto()
    NAME = auto()
    SELECT = auto()
    CALL = auto()
    MACRO = auto()
    LITERAL = auto()
    """A list or a map that is written out."""


@dataclass(frozen=True, slots=True)
class Node:
    """``place`` is the offset in characters of the node's token in the text. ``text`` is the name, the field or the
    function, or the constant if it is a string; ``value`` is the constant if it is a text, number, bool or null, and
    :data:`OTHER` for any other. ``asks_has``: a field is not read, but asked for by the macro ``has``. ``binds`` are
    the names that a macro such as ``exists`` gives to the items that it goes through: inside of it they hide others."""

    kind: Kind
    place: int
    text: str | None = None
    parts: tuple[Node, ...] = ()
    binds: frozenset[str] = frozenset()
    value: object = OTHER
    asks_has: bool = False


def tree_of(serialized: bytes) -> Node:
    """The tree of what the library's ``Expression.serialize`` gives.

    Raises:
        ValueError: it is not in the format that is known here.
    """
    message = dict(_fields(serialized))
    kind, body = _bytes(message, 1), _fields(_bytes(message, 2))
    expression, information = (
        (_CHECKED_EXPR, _CHECKED_INFO) if kind.endswith(_CHECKED) else (_PARSED_EXPR, _PARSED_INFO)
    )
    fields = dict(body)
    return _node(_bytes(fields, expression), _places(_fields(_bytes(fields, information))))


def _places(information: Fields) -> dict[int, int]:
    """The offsets of the nodes by their numbers."""
    places = {}
    for number, entry in information:
        if number == _POSITIONS and isinstance(entry, bytes):
            pair = dict(_fields(entry))
            places[_int(pair, 1)] = _int(pair, 2)
    return places


def _node(data: bytes, places: Mapping[int, int]) -> Node:
    fields = dict(_fields(data))
    place = places.get(_int(fields, _ID), 0)
    if _CONSTANT in fields:
        constant = dict(_fields(_bytes(fields, _CONSTANT)))
        text = _bytes(constant, _STRING).decode() if _STRING in constant else None
        return Node(Kind.CONSTANT, place, text, value=text if text is not None else _value(constant))
    if _NAME in fields:
        return Node(Kind.NAME, place, _bytes(dict(_fields(_bytes(fields, _NAME))), 1).decode())
    if _SELECT in fields:
        select = dict(_fields(_bytes(fields, _SELECT)))
        inside = (_node(_bytes(select, 1), places),)
        return Node(Kind.SELECT, place, _bytes(select, 2).decode(), inside, asks_has=bool(_int(select, 3)))
    if _CALL in fields:
        return _call(_fields(_bytes(fields, _CALL)), place, places)
    if _FOLD in fields:
        return _macro(_fields(_bytes(fields, _FOLD)), place, places)
    return Node(Kind.LITERAL, place, None, _nodes(_items(fields), places))


def _value(constant: Mapping[int, int | bytes]) -> object:
    """A constant that is no text: null, a bool, a number."""
    if 1 in constant:
        return None
    if 2 in constant:
        return bool(_int(constant, 2))
    if 3 in constant:
        number = _int(constant, 3)
        return number - (1 << 64) if number >= 1 << 63 else number
    if 5 in constant:
        found = struct.unpack("<d", _bytes(constant, 5))
        return float(found[0])
    return OTHER


def _call(fields: Fields, place: int, places: Mapping[int, int]) -> Node:
    name = _bytes(dict(fields), 2).decode()
    # The object of a method, which has the lower number, stands before its arguments.
    return Node(Kind.CALL, place, name, _nodes(sorted(_numbered(fields, 1, 3), key=lambda field: field[0]), places))


def _macro(fields: Fields, place: int, places: Mapping[int, int]) -> Node:
    """What goes through items: its range, then where it begins, its condition, its step and its result."""
    binds = frozenset(name.decode() for _, name in _numbered(fields, 1, 3, 8))
    return Node(Kind.MACRO, place, None, _nodes(_numbered(fields, 2, 4, 5, 6, 7), places), binds)


def _items(fields: Mapping[int, int | bytes]) -> Fields:
    if _LIST in fields:
        return [*_numbered(_fields(_bytes(fields, _LIST)), 1)]
    entries = _numbered(_fields(_bytes(fields, _STRUCT)), 2)
    return [part for _, entry in entries for part in _numbered(_fields(entry), 3, 4)]


def _nodes(parts: Iterable[tuple[int, int | bytes]], places: Mapping[int, int]) -> tuple[Node, ...]:
    return tuple(_node(part, places) for _, part in parts if isinstance(part, bytes))


def _numbered(fields: Fields, *numbers: int) -> Iterator[tuple[int, bytes]]:
    """Of the fields of these numbers those that are texts or messages."""
    return ((number, part) for number, part in fields if number in numbers and isinstance(part, bytes))


def _fields(data: bytes) -> Fields:
    """The fields of a message: numbers with integers, or with the bytes of texts, messages and fixed-size numbers."""
    fields: Fields = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            fields.append((key >> 3, value))
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"a field of wire type {wire}")
        if at + size > len(data):
            raise ValueError("a field that is cut off")
        fields.append((key >> 3, data[at : at + size]))
        at += size
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("a number that is cut off")
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def _bytes(fields: Mapping[int, int | bytes], number: int) -> bytes:
    value = fields.get(number, b"")
    if not isinstance(value, bytes):
        raise ValueError(f"field {number} is a number")
    return value


def _int(fields: Mapping[int, int | bytes], number: int) -> int:
    value = fields.get(number, 0)
    if not isinstance(value, int):
        raise ValueError(f"field {number} is not a number")
    return value
