"""The one grammar of CSV: lines to records. Everything else that reads CSV here must agree with it.

A line ends with CR LF, LF or CR. A field is quoted when it begins with the quote; blanks around the quotes are no part
of it. A quote in any other place is a character like others. Inside quotes a doubled quote is one quote. The escape
(if there is one) takes the meaning from a quote, a delimiter, a line end and itself; before any other character it
stays, since what that would mean differs from program to program. A line without a character is no record, except in
a file of one column, where it is a record without a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field

from orch_tui.components.kit.csv.dialect import Dialect, Ragged
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line

Fields = list[str | None]
_NAMED = 20
"""Rows left out that are named by their lines; all of them are counted."""


@dataclass(slots=True)
class Irregular:
    """What a file had besides its rows: comments, rows that were filled or left out."""

    comments: int = 0
    filled: int = 0
    left_out: int = 0
    lines: list[int] = field(default_factory=list)

    def leave_out(self, line: int) -> None:
        self.left_out += 1
        if len(self.lines) < _NAMED:
            self.lines.append(line)


class Grammar:
    """Splits lines into fields for one dialect and one delimiter (of one character)."""

    def __init__(self, dialect: Dialect, delimiter: str, label: str, *, parameters: bool = True) -> None:
        """``parameters``: a person may set those of the dialect, and is told so where one may help."""
        self._delimiter, self._label, self._parameters = delimiter, label, parameters
        self._quote = dialect.quote
        self._escape = dialect.escape if dialect.escape != dialect.quote else ""
        self._comment = dialect.comment
        self._nulls, self._quoted_nulls = dialect.nulls, dialect.quoted_nulls
        self._blank = "" if delimiter == " " else " "
        d, q, e = (re.escape(mark) for mark in (delimiter, self._quote, self._escape))
        # An escape takes a whole line end with it, and is a character where nothing follows.
        escaped = f"{e}(?:\r\n|.)?" if e else ""
        plain, inside = f"[^{d}{e}\r\n]*", f"[^{q}{e}]*"
        self._opening = re.compile(f"{' *' if self._blank else ''}{q}") if q else None
        self._inside = re.compile(f"{inside}(?:(?:{_either(q + q, escaped)}){inside})*", re.DOTALL) if q else None
        self._plain = re.compile(f"{plain}(?:{escaped}{plain})*" if e else plain, re.DOTALL)
        self._in_quotes = re.compile(_either(q and q + q, escaped), re.DOTALL) if q else None
        self._escaped = re.compile(escaped, re.DOTALL) if e else None
        self._special = {delimiter, self._quote, self._escape, "\r", "\n", "\r\n"} - {""}

    def records(
        self, lines: Iterable[str], first: int, irregular: Irregular, *, one_column: bool = False
    ) -> Iterator[tuple[int, Fields]]:
        """The number of its first line and the fields of each record; ``first`` is the number of the first line.

        Raises:
            UserError: a quote is never closed, or a text follows the quote that closes a field.
        """
        quote, escape, comment, delimiter, nulls = (
            self._quote, self._escape, self._comment, self._delimiter, self._nulls
        )  # fmt: skip
        source = _Lines(lines, first, escape, comment)
        while (line := source.next()) is not None:
            body = without_end(line)
            if not body:
                if one_column:
                    yield source.start, [None if "" in nulls else ""]
            elif comment and body.startswith(comment):
                irregular.comments += 1
            elif (quote and quote in body) or (escape and escape in body):
                yield source.start, self._split(line, source)
            else:
                yield source.start, [None if text in nulls else text for text in body.split(delimiter)]

    def _split(self, line: str, source: _Lines) -> Fields:
        fields: Fields = []
        at = 0
        while True:
            opened = self._opening.match(line, at) if self._opening else None
            if opened:
                text, line, at = self._quoted(line, opened.end(), source, len(fields) + 1)
                fields.append(None if text in self._quoted_nulls else text)
            else:
                plain = self._plain.match(line, at)
                assert plain is not None
                raw, at = plain[0], plain.end()
                text = self._escaped.sub(self._meant, raw) if self._escaped else raw
                fields.append(None if raw in self._nulls else text)
            if at >= len(line) or line[at] in "\r\n":
                return fields
            at += 1

    def _quoted(self, line: str, at: int, source: _Lines, column: int) -> tuple[str, str, int]:
        """The text between quotes, the line in which they close, and where in it the field ends."""
        assert self._inside is not None and self._in_quotes is not None
        opened, parts = source.number, []
        while True:
            inside = self._inside.match(line, at)
            assert inside is not None
            parts.append(inside[0])
            at = inside.end()
            if at < len(line):
                break
            following = source.next(in_quotes=True)
            if following is None:
                raise UserError(
                    f"{self._label} line {opened}: the quote that opens column {column} is never closed"
                    f"{_excerpt(parts[0])}; correct the line"
                    f"{', or set the parameter quote if it is another' if self._parameters else ''}"
                )
            line, at = following, 0
        at += 1
        while self._blank and line[at : at + 1] == self._blank:
            at += 1
        if line[at : at + 1] not in ("", self._delimiter, "\r", "\n"):
            raise UserError(
                f"{self._label} line {source.number}: a text follows the quote that closes column {column}"
                f"{_excerpt(line[max(0, at - 40) :])}; a quote inside a value is doubled"
                f"{', or see the parameter escape' if self._parameters and not self._escape else ''}"
            )
        return self._in_quotes.sub(self._meant, "".join(parts)), line, at

    def _meant(self, mark: re.Match[str]) -> str:
        if not self._escape or mark[0][0] != self._escape:
            return self._quote
        return mark[0][1:] if mark[0][1:] in self._special else mark[0]


class _Lines:
    """Lines with their numbers; one whose end is escaped comes together with the next."""

    def __init__(self, lines: Iterable[str], first: int, escape: str, comment: str) -> None:
        self._lines = iter(lines)
        self._escape = escape
        self._comment = comment
        self.start = first
        self.number = first - 1

    def next(self, *, in_quotes: bool = False) -> str | None:
        """The next line with its end; None behind the last. ``number`` is its number then."""
        line = next(self._lines, None)
        if line is None:
            return None
        self.number += 1
        if not in_quotes:
            self.start = self.number
            if self._comment and line.startswith(self._comment):
                return line
        while self._escape and self._goes_on(line) and (following := next(self._lines, None)) is not None:
            self.number += 1
            line += following
        return line

    def _goes_on(self, line: str) -> bool:
        body = without_end(line)
        return len(body) < len(line) and (len(body) - len(body.rstrip(self._escape))) % 2 == 1


class Width:
    """Holds records to the number of columns that the header has."""

    def __init__(
        self, columns: int, policy: Ragged, label: str, irregular: Irregular, *, parameters: bool = True
    ) -> None:
        self._columns = columns
        self._parameters = parameters
        self._policy = policy
        self._label = label
        self._irregular = irregular

    def fitted(self, records: Iterable[tuple[int, Fields]]) -> Iterator[tuple[int, Fields]]:
        """Records of the right width. Empty values beyond the last column are no values and go.

        Raises:
            UserError: a record is too short or too long, and the policy does not say what to do with it.
        """
        columns = self._columns
        for line, fields in records:
            while len(fields) > columns and not fields[-1]:
                fields.pop()
            if len(fields) == columns:
                yield line, fields
            elif len(fields) < columns and self._policy is Ragged.FILL:
                self._irregular.filled += 1
                yield line, [*fields, *[None] * (columns - len(fields))]
            elif self._policy is Ragged.LEAVE_OUT:
                self._irregular.leave_out(line)
            else:
                raise self._refused(line, fields)

    def _refused(self, line: int, fields: Fields) -> UserError:
        remedy = ""
        if self._parameters:
            remedy = (
                ', or set ragged = "leave-out" to go on without such rows'
                if self._policy is Ragged.FILL
                else ", or see the parameter ragged to fill or leave out such rows"
            )
        # The beginning of a long row may look like all others: what is too much is at its end.
        texts = [text or "" for text in fields]
        shown = safe_line(",".join(texts if len(texts) <= 12 else [*texts[:6], "…", *texts[-6:]]), 120)
        return UserError(
            f"{self._label} line {line}: it has {len(fields)} columns where the header has {self._columns}: {shown}; "
            f"correct the line{remedy}"
        )


def without_end(line: str) -> str:
    """A line without its line end; other characters that some call line ends stay."""
    if line.endswith("\n"):
        return line[:-2] if line.endswith("\r\n") else line[:-1]
    return line[:-1] if line.endswith("\r") else line


def _either(*patterns: str) -> str:
    return "|".join(pattern for pattern in patterns if pattern)


def _excerpt(text: str) -> str:
    shown = safe_line(text, 60).strip()
    return f" ({shown})" if shown else ""
