"""DuckDB's types as trees: read from the texts that ``describe`` gives, and written as such texts again.

The rule of values that stands on them is in the modules beside this one, each with one part of it:

* :mod:`orch_tui.storage.values.lattice`: the type that holds all values of several types exactly;
* :mod:`orch_tui.storage.values.conversion`: the SQL that converts exactly, and the one text of a value;
* :mod:`orch_tui.storage.values.meeting`: the type in which the values of several columns meet;
* :mod:`orch_tui.storage.values.inference`: the type of a column of texts, chosen only if every text comes back;
* :mod:`orch_tui.storage.values.observed`: the same for values that come one by one.

Types: https://duckdb.org/docs/stable/sql/data_types/overview
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from orch_tui.model.dataclass import dataclass
from orch_tui.storage.duckdb import literal, quoted

NULL_TYPE = '"NULL"'
"""DuckDB's name for the type of a column in which nothing but nulls was seen."""
TEXT = "VARCHAR"
ZONED = "TIMESTAMP WITH TIME ZONE"
DECIMAL_DIGITS = 38
"""Digits of DuckDB's (and Parquet's) widest decimal."""

LIST, ARRAY, STRUCT, TUPLE, MAP, UNION = "LIST", "ARRAY", "STRUCT", "TUPLE", "MAP", "UNION"
NESTED = frozenset({LIST, ARRAY, STRUCT, TUPLE, MAP, UNION})

# Spellings that people write, and the name that DuckDB gives back.
_ALIASES = {
    "BOOL": "BOOLEAN", "LOGICAL": "BOOLEAN", "INT1": "TINYINT", "INT2": "SMALLINT", "SHORT": "SMALLINT",
    "INT16": "SMALLINT", "INT": "INTEGER", "INT4": "INTEGER", "INT32": "INTEGER", "SIGNED": "INTEGER",
    "INT8": "BIGINT", "INT64": "BIGINT", "LONG": "BIGINT", "OID": "BIGINT", "INT128": "HUGEINT",
    "UINT8": "UTINYINT", "UINT16": "USMALLINT", "UINT32": "UINTEGER", "UINT64": "UBIGINT", "UINT128": "UHUGEINT",
    "VARINT": "BIGNUM", "FLOAT4": "FLOAT", "REAL": "FLOAT", "FLOAT8": "DOUBLE", "DOUBLE PRECISION": "DOUBLE",
    "NUMERIC": "DECIMAL", "DEC": "DECIMAL", "TEXT": "VARCHAR", "STRING": "VARCHAR", "CHAR": "VARCHAR",
    "BPCHAR": "VARCHAR", "CHARACTER VARYING": "VARCHAR", "NVARCHAR": "VARCHAR", "BYTEA": "BLOB", "BINARY": "BLOB",
    "VARBINARY": "BLOB", "BITSTRING": "BIT", "GUID": "UUID", "DATETIME": "TIMESTAMP", "TIMESTAMP_US": "TIMESTAMP",
    "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP", "TIMESTAMPTZ": ZONED, "TIMETZ": "TIME WITH TIME ZONE",
    "TIME WITHOUT TIME ZONE": "TIME", "ROW": "STRUCT",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataType:
    """A type: its ``name`` in capitals (``LIST`` and ``ARRAY`` for ``T[]`` and ``T[3]``) and what it is made of.

    ``members`` are the fields of a STRUCT, the members of a UNION, the elements of a TUPLE, key and value of a MAP or
    the element of a list; only fields and members of unions have names. ``digits`` and ``scale`` belong to DECIMAL,
    ``length`` to ARRAY, ``labels`` to ENUM. ``arguments`` is what else stands in parentheses, as it was written.
    """

    name: str
    members: tuple[tuple[str, DataType], ...] = ()
    digits: int = 0
    scale: int = 0
    length: int = 0
    labels: tuple[str, ...] = ()
    arguments: str = ""

    @property
    def nested(self) -> bool:
        return self.name in NESTED

    @property
    def element(self) -> DataType:
        """Of a list or array."""
        return self.members[0][1]

    def __str__(self) -> str:
        """The type as SQL; :func:`parse_type` gives it back."""
        inner = [kind for _, kind in self.members]
        if self.name == LIST:
            return f"{self.element}[]"
        if self.name == ARRAY:
            return f"{self.element}[{self.length}]"
        if self.name in (STRUCT, UNION):
            return f"{self.name}({', '.join(f'{quoted(name)} {kind}' for name, kind in self.members)})"
        if self.name in (MAP, TUPLE):
            return f"{self.name}({', '.join(map(str, inner))})"
        if self.name == "DECIMAL":
            return f"DECIMAL({self.digits},{self.scale})"
        if self.name == "ENUM":
            return f"ENUM({', '.join(literal(label) for label in self.labels)})"
        return f"{self.name}({self.arguments})" if self.arguments else self.name


def list_of(kind: DataType) -> DataType:
    return DataType(LIST, (("", kind),))


def decimal(digits: int, scale: int) -> DataType:
    return DataType("DECIMAL", digits=digits, scale=scale)


@lru_cache(maxsize=4096)
def parse_type(text: str) -> DataType:
    """The tree of a type as DuckDB writes it (``describe``, ``typeof``), or as people do (``int``, ``numeric(9,2)``).

    A name that is not known stays what it is, in capitals.

    Raises:
        ValueError: the text is no type; the message says where it cannot be understood.
    """
    reader = _Reader(text)
    kind = reader.kind()
    reader.end()
    return kind


def walk(kind: DataType) -> Iterator[DataType]:
    """The type and every type inside it."""
    yield kind
    for _, member in kind.members:
        yield from walk(member)


_TOKEN = re.compile(r"""\s*(?:("(?:[^"]|"")*")|('(?:[^']|'')*')|(\d+)|([^\W\d]\w*)|(.))""", re.DOTALL)
_WORDS = re.compile(r"(?:with|without)\s+time\s+zone\b|precision\b|varying\b", re.IGNORECASE)


class _Reader:
    """Reads one type after another from a text."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._at = 0

    def kind(self) -> DataType:
        kind = self._simple()
        while self._accept("["):
            length = "" if self._peek() == "]" else self._next()
            self._expect("]")
            if length and not length.isdecimal():
                raise self._error(f'"{length}" is no length')
            kind = DataType(ARRAY, (("", kind),), length=int(length)) if length else list_of(kind)
        return kind

    def end(self) -> None:
        if self._at < len(self._text):
            raise self._error(f'"{self._text[self._at :]}" is left over')

    def _simple(self) -> DataType:
        name = self._name_of_type()
        name = _ALIASES.get(name, name)
        if name in (STRUCT, UNION):
            return DataType(name, tuple(self._fields()))
        if name in (MAP, TUPLE):
            return DataType(name, tuple(("", kind) for kind in self._kinds()))
        if name == "ENUM":
            return DataType(name, labels=tuple(_unquoted(token) for token in self._tokens() if token != ","))
        if name == "DECIMAL":
            return self._decimal()
        if self._peek() != "(":
            return DataType(name)
        arguments = "".join(self._tokens())
        # DuckDB takes a length of texts and forgets it.
        return DataType(name) if name in (TEXT, "BLOB", "FLOAT") else DataType(name, arguments=arguments)

    def _name_of_type(self) -> str:
        token = self._next()
        if token.startswith('"'):
            name = _unquoted(token)
            return NULL_TYPE if name == "NULL" else name.upper()
        if not token[:1].isalpha() and not token.startswith("_"):
            raise self._error(f'"{token}" is no name of a type')
        name = token.upper()
        if name == "NULL":
            return NULL_TYPE
        if more := _WORDS.match(self._text, self._at + self._blanks()):
            self._at = more.end()
            name = f"{name} {' '.join(more[0].upper().split())}"
        return name

    def _decimal(self) -> DataType:
        numbers = [token for token in self._tokens() if token != ","] if self._peek() == "(" else ["18", "3"]
        if not 1 <= len(numbers) <= 2 or not all(number.isdecimal() for number in numbers):
            raise self._error("a DECIMAL has one or two numbers")
        digits, scale = int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else 0
        if not 1 <= digits <= DECIMAL_DIGITS or scale > digits:
            raise self._error(f"a DECIMAL has 1 to {DECIMAL_DIGITS} digits and no larger scale")
        return decimal(digits, scale)

    def _fields(self) -> Iterator[tuple[str, DataType]]:
        self._expect("(")
        while True:
            name = self._next()
            yield (_unquoted(name) if name.startswith('"') else name), self.kind()
            if not self._accept(","):
                break
        self._expect(")")

    def _kinds(self) -> Iterator[DataType]:
        self._expect("(")
        yield self.kind()
        while self._accept(","):
            yield self.kind()
        self._expect(")")

    def _tokens(self) -> list[str]:
        """Everything between parentheses, the next token being the opening one."""
        self._expect("(")
        tokens: list[str] = []
        depth = 1
        while True:
            token = self._next()
            depth += {"(": 1, ")": -1}.get(token, 0)
            if not depth:
                return tokens
            tokens.append(token)

    def _blanks(self) -> int:
        rest = self._text[self._at :]
        return len(rest) - len(rest.lstrip())

    def _peek(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        return match[0].strip() if match else ""

    def _next(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise self._error("it ends too early")
        self._at = match.end()
        return next(group for group in match.groups() if group is not None)

    def _accept(self, mark: str) -> bool:
        if self._peek() != mark:
            return False
        self._next()
        return True

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._error(f'"{mark}" is missing')

    def _error(self, why: str) -> ValueError:
        return ValueError(f'"{self._text}" is no type: {why} (at character {self._at + 1})')


def _unquoted(token: str) -> str:
    quote = token[0]
    return token[1:-1].replace(quote * 2, quote) if quote in "\"'" and len(token) > 1 else token
