"""The grammar of a search: words and comparisons beside each other, ``and``, ``or``, ``not`` and parentheses.

``status=error who=ann error~"timed out" since=3 days ago`` is all of them at once, as in the searches of GitHub or a
mail program. What fields there are, and what may be asked of them, is known by whoever reads a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
Test = Callable[[T], bool]

LONGEST = 1000
"""Characters of a search."""
_DEEPEST = 30
_TOKEN = re.compile(
    r"\s*(?:(?P<open>[(])|(?P<close>[)])|(?P<op>!=|!~|>=|<=|==|=|~|>|<)"
    r"|(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<word>/(?:[^/\\]|\\.)+/(?=[\s)]|$)|[^\s()=~<>!\"'][^\s()=~<>!]*|!))"
)
_FIELD = re.compile(r"([a-z]+):(.*)", re.DOTALL)
_WORDS_OF_A_VALUE = 5


class WrongSearch(ValueError):
    """The text is no search; the sentence says what is wrong and what can be written."""


class Token(NamedTuple):
    """``kind`` is open, close, op, quoted or word; ``text`` is what it says, without quotes."""

    kind: str
    text: str


class Comparison(NamedTuple):
    """``field`` is a word, ``operator`` one of ``= != ~ !~ > >= < <=``."""

    field: str
    operator: str
    value: str


class Reader(Generic[T]):
    """What comparisons and words mean. Both raise WrongSearch."""

    def __init__(
        self,
        fields: frozenset[str],
        compare: Callable[[Comparison], Test[T]],
        word: Callable[[str], Test[T]],
        takes: Callable[[str, str], bool],
    ) -> None:
        """``fields`` may stand before a colon, as before an equals sign; ``takes`` says whether a field takes a value
        of several words without quotes."""
        self.fields = fields
        self.compare = compare
        self.word = word
        self.takes = takes


def parse(text: str, reader: Reader[T]) -> Test[T]:
    """The test that a search stands for; one without a word holds of everything. Raises: WrongSearch."""
    if len(text) > LONGEST:
        raise WrongSearch(f"the search is longer than {LONGEST} characters")
    return _Parser(_tokens(text, reader.fields), reader).all()


def _tokens(text: str, fields: frozenset[str]) -> list[Token]:
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise WrongSearch(f'a quote is not closed: {text[at:].strip()}; write it like error~"timed out"')
        kind, said = match.lastgroup, match[match.lastgroup]
        at = match.end()
        if kind == "quoted":
            said = re.sub(r"\\(.)", r"\1", said[1:-1])
        colon = _FIELD.fullmatch(said) if kind == "word" else None
        if colon is not None and colon[1] in fields and not (found and found[-1].kind == "op"):
            found += [Token("word", colon[1]), Token("op", "=")]
            if colon[2]:
                found.append(Token("word", colon[2]))
            continue
        found.append(Token(kind, "=" if said == "==" else said))
    return found


class _Parser(Generic[T]):
    """Goes through the tokens once."""

    def __init__(self, tokens: list[Token], reader: Reader[T]) -> None:
        self._tokens = tokens
        self._reader = reader
        self._at = 0
        self._depth = 0

    def all(self) -> Test[T]:
        if not self._tokens:
            return lambda _: True
        test = self._either()
        if self._at < len(self._tokens):
            raise WrongSearch('there is a ")" without a "("')
        return test

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _is(self, keyword: str) -> bool:
        token = self._next()
        if token is None or token.kind != "word" or token.text.casefold() != keyword:
            return False
        # A field may be called so: it is one when it is compared.
        after = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        return after is None or after.kind != "op"

    def _either(self) -> Test[T]:
        tests = [self._both()]
        while self._is("or"):
            self._at += 1
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda one: any(test(one) for test in tests)

    def _both(self) -> Test[T]:
        tests = [self._one()]
        while (token := self._next()) is not None and token.kind != "close" and not self._is("or"):
            if self._is("and"):
                self._at += 1
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda one: all(test(one) for test in tests)

    def _one(self) -> Test[T]:
        token = self._next()
        if token is None or token.kind == "close" or self._is("and") or self._is("or"):
            before = self._tokens[self._at - 1].text if self._at else ""
            raise WrongSearch(f'something is missing after "{before}"' if before else "the search begins with nothing")
        if self._is("not") or token.text == "!":
            self._at += 1
            test = self._deeper(self._one)
            return lambda one: not test(one)
        self._at += 1
        if token.kind == "open":
            inner = self._deeper(self._either)
            if (closing := self._next()) is None or closing.kind != "close":
                raise WrongSearch('a "(" is not closed')
            self._at += 1
            return inner
        if token.kind == "op":
            raise WrongSearch(f'a field is missing before "{token.text}"; write it like status=error')
        following = self._next()
        if token.kind == "word" and following is not None and following.kind == "op":
            self._at += 1
            return self._reader.compare(
                Comparison(token.text.casefold(), following.text, self._value(token, following))
            )
        if token.kind == "word" and token.text.startswith("-") and len(token.text) > 1:
            word: Test[T] = self._reader.word(token.text[1:])
            return lambda one: not word(one)
        return self._reader.word(token.text)

    def _deeper(self, read: Callable[[], Test[T]]) -> Test[T]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise WrongSearch("the search is nested too deeply")
        test = read()
        self._depth -= 1
        return test

    def _value(self, field: Token, operator: Token) -> str:
        token = self._next()
        if token is None or token.kind not in ("word", "quoted"):
            raise WrongSearch(f'a value is missing after "{field.text}{operator.text}"')
        self._at += 1
        if token.kind == "quoted":
            return token.text
        # "since=3 days ago": as many words as make a value.
        words, best, taken = [token.text], token.text, 0
        for ahead, more in enumerate(self._tokens[self._at : self._at + _WORDS_OF_A_VALUE], 1):
            after = self._tokens[self._at + ahead] if self._at + ahead < len(self._tokens) else None
            if more.kind != "word" or (after is not None and after.kind == "op"):
                break
            words.append(more.text)
            if self._reader.takes(field.text.casefold(), " ".join(words)):
                best, taken = " ".join(words), ahead
        self._at += taken
        return best
