"""Where secrets are in bytes.

An automaton (Aho-Corasick) looks for all spellings of all secrets at once in the canonical text; only where it finds
one is the place looked for in what was written. So the cost hardly grows with the number of secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orch_tui.project.masking import encoded_words
from orch_tui.project.masking.canonical import Canon, Mapped, has_soft_break, unseen
from orch_tui.project.masking.finder import Beginnings, Finder
from orch_tui.project.masking.ordinary import MIN_VISIBLE
from orch_tui.project.masking.spellings import broken_within_escapes, coded_spellings, plain_spellings

Span = tuple[int, int]

_MAX_WINDOW = 1 << 18
"""Bytes at the end of what has arrived that are looked at for the beginning of a secret."""
_BLANKS = re.compile(rb"[ \t]")
_LINE_END = re.compile(rb"\n|\\n|%0[aA]|&#(?:10|[xX]0*[aA]);")
"""Encoded ones as well: the indented lines of a key in JSON."""
_NAMED_LETTER = re.compile(rb"\\N\{[A-Z0-9 -]*\}")


class Searcher:
    """Knows the spellings of some texts. Spans are sorted; those that overlap or touch are one."""

    def __init__(self, texts: Sequence[str]) -> None:
        plain = {spelling for text in texts for spelling in plain_spellings(text)}
        # A backslash in the text is an escape to whoever reads it (``\\f``), and none where the letter behind it is
        # written as an escape itself: such a text is looked for in another reading as well.
        with_backslash = {spelling for spelling in plain if b"\\" in spelling}
        plain |= {spelling.replace(b"\\", b"") for spelling in with_backslash}
        coded = {spelling for text in texts for spelling in coded_spellings(text)}
        letters = frozenset(byte for spelling in plain for byte in spelling)
        letters |= frozenset(b"".join(one.text for one in coded)) & frozenset(b"+/=")
        self._canon, self._across_breaks = Canon(letters), Canon(letters, soft_breaks=True)
        self._across_words = Canon(letters, words=True)
        self._readings = (self._canon, *((Canon(letters, letter_escapes=False),) if with_backslash else ()))
        spellings: dict[bytes, bool] = {}
        for spelling, blanks in (*((one, b" " in one or b"\t" in one) for one in plain), *coded):
            for canonical in {self._canon.of(broken) for broken in broken_within_escapes(spelling)}:
                if len(canonical) >= MIN_VISIBLE:
                    spellings[canonical] = spellings.get(canonical, False) or blanks
        written = [text.encode("utf-8", "surrogateescape") for text in texts]
        spellings = spellings or {written[0]: True}
        written += {spelling.text for spelling in coded}
        canonical_texts, self._blanks = [*spellings], [*spellings.values()]
        self._canonical, self._written = Finder(canonical_texts), Finder(written)
        self._canonical_beginnings, self._written_beginnings = Beginnings(canonical_texts), Beginnings(written)
        self.bytes_used = frozenset(b"".join((*spellings, *written)))

    def spans(self, data: bytes) -> list[Span]:
        """Where one of the texts is in ``data``."""
        # What is written just as the spellings are is found without a map, however often it is there.
        found = _places(self._written, data)
        rest = blotted(data, found)
        for canon in self._readings_of(rest):
            if self._canonical.any_in(canon.of(rest)):
                found = merged(found + self._mapped_spans(rest, canon))
        return found

    def _readings_of(self, data: bytes, *, ended: bool = True) -> Iterator[Canon]:
        yield from self._readings
        if has_soft_break(data, ended=ended):
            yield self._across_breaks
        if encoded_words.has_words(data, ended=ended):
            yield self._across_words

    def _mapped_spans(self, data: bytes, canon: Canon) -> list[Span]:
        mapped = canon.mapped(data)
        found = []
        for number, begin, end in self._canonical.places(mapped.text):
            at, to = mapped.starts[begin], mapped.ends[end - 1]
            if self._blanks[number] or not self._has_blanks(data[at:to], canon):
                found.append((_after_early_break(data, mapped, begin, end), to))
        return found

    def open_end(self, data: bytes) -> Span:
        """What must wait for more: from where on ``data`` is needed to recognise a text that has begun, and up to
        where it can be written all the same. Both are its length when nothing has begun.
        """
        keep = write = min((len(data), *(at for at, _ in self._written_beginnings.at_end_of(data))))
        ends = [self._open_end(data, canon) for canon in self._readings_of(data[-_MAX_WINDOW:], ended=False)]
        return min(keep, *(end[0] for end in ends)), min(write, *(end[1] for end in ends))

    def _open_end(self, data: bytes, canon: Canon) -> Span:
        """:meth:`open_end` in one reading of the data."""
        offset, text, cut = self._canonical_end(data, canon)
        # An escape that is not complete waits by itself; an "=" at the end of a line only behind a beginning.
        keep = write = cut if canon is not self._across_breaks else len(data)
        begun = [*self._canonical_beginnings.at_end_of(text)]
        if begun:
            mapped, _ = canon.mapped_end(data[offset:])
            for begin, numbers in begun:
                at = offset + mapped.starts[begin]
                if any(self._blanks[number] for number in numbers) or not self._has_blanks(data[at:cut], canon):
                    keep = min(keep, at)
                    write = min(write, offset + _after_early_break(data[offset:cut], mapped, begin, len(text)))
        return keep, write

    def _canonical_end(self, data: bytes, canon: Canon) -> tuple[int, bytes, int]:
        """Where the last part of ``data`` begins that is long enough for any text, its canonical text, and where in
        ``data`` an escape begins that is not complete."""
        # A word that its beginning was cut off from is read as it stands.
        cut_off = encoded_words.USUAL if canon is self._across_words else 0
        window = 2 * self._canonical_beginnings.longest + 64
        while True:
            offset = max(0, len(data) - window)
            text, cut = canon.end_of(data[offset:])
            if offset == 0 or len(text) > self._canonical_beginnings.longest + 8 + cut_off or window > _MAX_WINDOW:
                return offset, text, offset + cut
            window *= 4

    def _has_blanks(self, raw: bytes, canon: Canon) -> bool:
        return _has_blanks(encoded_words.BETWEEN.sub(b"", raw) if canon is self._across_words else raw)


def _places(finder: Finder, data: bytes) -> list[Span]:
    if not finder.any_in(data):
        return []
    return merged([(begin, end) for _, begin, end in finder.places(data)])


def _has_blanks(raw: bytes) -> bool:
    """True when there is white space in ``raw`` that no break of a line brought."""
    if not _BLANKS.search(raw):
        return False
    lines = _LINE_END.split(unseen(_NAMED_LETTER.sub(b"", raw)))
    return any(_BLANKS.search(line.strip(b" \t\r")) for line in lines)


def _after_early_break(data: bytes, mapped: Mapped, begin: int, end: int) -> int:
    """Where what begins at ``begin`` of the canonical text is masked from.

    A line that ends with one to three letters of a secret is written at once: these stay. Waiting for the next line
    would keep ends of lines from the log that have nothing to do with a secret.
    """
    at = mapped.starts[begin]
    last = min(begin + MIN_VISIBLE - 1, end - 1)
    fourth = mapped.starts[last] if end - begin >= MIN_VISIBLE else len(data)
    broken = data.rfind(b"\n", at, fourth)
    return broken + 1 if broken >= 0 else at


def blotted(data: bytes, spans: list[Span]) -> bytes:
    """``data`` with blanks of no meaning in place of the spans, so that all places stay the same."""
    return b"".join(with_mask(data, spans, None)) if spans else data


def with_mask(data: bytes, spans: list[Span], mask: bytes | None) -> Iterator[bytes]:
    at = 0
    for start, end in spans:
        yield data[at:start]
        yield mask if mask is not None else b"\x1f" * (end - start)
        at = end
    yield data[at:]


def merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
