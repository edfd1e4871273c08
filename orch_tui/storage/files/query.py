"""Which stored files are meant: tags, ids, a query.

The query is the part of Elasticsearch's query strings that is used for Keboola's files
(https://www.elastic.co/guide/en/elasticsearch/reference/current/query-dsl-query-string-query.html): ``AND``, ``OR``,
``NOT``, ``+``, ``-``, parentheses, ``field:value``, ``field:(a b)``, wildcards, ``"phrases"``, ranges. Fields are
``name``, ``tags``, ``id``, ``created`` and ``sizeBytes``; a word without one is looked for in the name. Terms that
stand beside each other without a word between them are joined by OR, as there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.storage.files.values import StoredFile

Test = Callable[[StoredFile], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<word>&&|\|\||[()!+]|-(?=\S))
      | (?P<field>[A-Za-z_]+)\s*:\s*
      | (?P<range>[\[{]\s*(?P<low>[^\s\]}]+)\s+TO\s+(?P<high>[^\s\]}]+)\s*[\]}])
      | (?P<compare>[<>]=?)\s*(?P<bound>[^\s()]+)
      | "(?P<phrase>(?:[^"\\]|\\.)*)"
      | (?P<text>(?:\\.|[^\s()"\\:]|:(?=\S))+)
    )""",
    re.VERBOSE,
)
_FIELDS = {"name": "name", "tags": "tags", "tag": "tags", "id": "id", "created": "created", "sizebytes": "size"}
_MATH = re.compile(r"now((?:[+-]\d+[yMwdhHms])*)(?:/[yMwdhHms])?")
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "H": 3_600, "m": 60, "s": 1, "M": 30 * 86_400, "y": 365 * 86_400}


def parse_query(text: str, now: datetime) -> Test:
    """What the query says of a file. ``now`` is what times like ``now-1d`` count from.

    Raises:
        UserError: it cannot be understood; with the query and the place.
    """
    return _Parser(text, now).whole()


def has_tags(file: StoredFile, tags: Sequence[str]) -> bool:
    """Whether the file has all of them."""
    return set(tags).issubset(file.tags)


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str, now: datetime) -> None:
        self._text = text
        self._now = now
        self._tokens: list[re.Match[str]] = []
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._fault(text[position:])
            self._tokens.append(found)
            position = found.end()
        self._at = 0

    def whole(self) -> Test:
        if not self._tokens:
            return lambda file: True
        test = self._either("name")
        if self._at < len(self._tokens):
            raise self._fault(self._tokens[self._at][0])
        return test

    def _fault(self, rest: str) -> UserError:
        return UserError(
            f'the query "{safe_line(self._text, 200)}" cannot be read at "{safe_line(rest.strip(), 60)}"; write '
            f"it like "
            "tags:report AND NOT tags:done AND created:>=now-1d"
        )

    @property
    def _next(self) -> re.Match[str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _takes(self, *words: str) -> str:
        token = self._next
        if token is not None and (word := token["word"] or token["text"]) in words:
            self._at += 1
            return str(word)
        return ""

    def _either(self, field: str) -> Test:
        """Terms beside each other, or with OR between them."""
        must, must_not, may = [], [], []
        while (token := self._next) is not None and token["word"] != ")":
            self._takes("OR", "||")
            if self._takes("+"):
                must.append(self._both(field))
            elif self._takes("-", "!", "NOT"):
                must_not.append(self._both(field))
            else:
                may.append(self._both(field))
        if not (must or must_not or may):
            raise self._fault("(")

        def test(file: StoredFile) -> bool:
            wanted = all(one(file) for one in must) and not any(one(file) for one in must_not)
            return wanted and (bool(must) or not may or any(one(file) for one in may))

        return test

    def _both(self, field: str) -> Test:
        tests = [self._one(field)]
        while self._takes("AND", "&&"):
            tests.append(self._one(field))
        return tests[0] if len(tests) == 1 else lambda file: all(test(file) for test in tests)

    def _one(self, field: str) -> Test:
        if self._takes("NOT", "!", "-"):
            inner = self._one(field)
            return lambda file: not inner(file)
        self._takes("+")
        if self._takes("("):
            inner = self._either(field)
            if not self._takes(")"):
                raise self._fault("(")
            return inner
        token = self._next
        if token is None or token["word"] or token["text"] in ("AND", "OR"):
            raise self._fault(token[0] if token is not None else "")
        self._at += 1
        if token["field"]:
            known = _FIELDS.get(token["field"].casefold())
            if known is None:
                raise UserError(
                    f'the query "{safe_line(self._text, 200)}" asks for {safe_line(token["field"], 60)}, which '
                    f"files do not "
                    "have here; they have name, tags, id, created and sizeBytes"
                )
            return self._one(known)
        return self._value(field, token)

    def _value(self, field: str, token: re.Match[str]) -> Test:
        if token["range"]:
            closed = token["range"].strip()
            bounds = [
                (">=" if closed[0] == "[" else ">", token["low"]),
                ("<=" if closed[-1] == "]" else "<", token["high"]),
            ]
            tests = [self._compared(field, sign, bound) for sign, bound in bounds if bound != "*"]
            return lambda file: all(test(file) for test in tests)
        if token["compare"]:
            return self._compared(field, token["compare"], token["bound"])
        phrase = token["phrase"]
        text = re.sub(r"\\(.)", r"\1", phrase if phrase is not None else token["text"])
        if field == "created":
            day = self._moment(text)
            return lambda file: day <= file.created < day + timedelta(days=1)
        if field in ("id", "size"):
            return self._compared(field, "=", text)
        return _matches(field, text.casefold(), wild=phrase is None)

    def _compared(self, field: str, sign: str, bound: str) -> Test:
        if field == "created":
            limit = self._moment(bound)
            return lambda file: _compare(file.created, sign, limit)
        if field in ("id", "size") and bound.isascii() and bound.isdecimal():
            number = int(bound)
            return lambda file: _compare(file.id if field == "id" else file.size, sign, number)
        raise self._fault(f"{field}:{sign}{bound}")

    def _moment(self, text: str) -> datetime:
        if (math := _MATH.fullmatch(text)) is not None:
            parts = re.findall(r"([+-]\d+)([yMwdhHms])", math[1])
            try:
                return self._now + timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in parts))
            except OverflowError:
                raise self._fault(text) from None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise self._fault(text) from None
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _compare(value: object, sign: str, bound: object) -> bool:
    if sign == "=":
        return value == bound
    if sign.startswith(">"):
        return bool(value > bound) or (sign == ">=" and value == bound)  # type: ignore[operator]
    return bool(value < bound) or (sign == "<=" and value == bound)  # type: ignore[operator]


def _matches(field: str, text: str, *, wild: bool) -> Test:
    """A tag as a whole, a part of a name; with ``*`` and ``?`` the whole of either."""
    pattern = text.replace("[", "[[]") if wild and ("*" in text or "?" in text) else None

    def fits(value: str) -> bool:
        folded = value.casefold()
        if pattern is not None:
            return fnmatchcase(folded, pattern)
        return folded == text if field == "tags" else text in folded

    if field == "tags":
        return lambda file: any(fits(tag) for tag in file.tags)
    return lambda file: fits(file.name)
