"""Random CSV documents and the dialects they are written in, by Python's ``csv``."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

ATOMS = [
    "a", "b", "1", "0", "-", ".", " ", ",", ";", "\t", "|", "'", '"', "\\", "#", "\n", "\r", "\r\n", "é", "€", "😀", "\x0b",  # noqa: E501
    "\x0c", "\x1c", "\x85", "\u2028", "NA", "sep=", ' "', '" ', '""', "\\N", "\\n", "=", "\x00",
]  # fmt: skip
TYPED = ["1", "-5", "007", "+5", "1.5", "1.50", "1e5", "0x1F", "true", "t", "2024-01-05", "01/05/2024", "1/2/3", "3:45",
         "9007199254740993", "12345678901234567890", "0.1", "nan", "inf", "2024-01-01T00:00:00.123456789", "10:00:00",
         "2024-01-05 10:00:00", "2024-01-05T10:00:00Z", "1_000", "-0", "12e34567"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CsvDocument:
    """``data`` are the bytes, ``rows`` the texts that were written, without the header's ``names``.

    ``parameters`` are those of a file-extractor that describe the dialect.
    """

    data: bytes
    names: list[str]
    rows: list[list[str]]
    parameters: dict[str, Any]

    @property
    def values(self) -> list[tuple[str | None, ...]]:
        """The rows with null for what is no value."""
        nulls = set(self.parameters.get("null_values", []))
        if self.parameters["empty"] != "text":
            nulls.add("")
        return [tuple(None if text in nulls else text for text in row) for row in self.rows]


def random_document(random: Random) -> CsvDocument:
    """A document of up to six rows and five columns in any dialect that ``csv`` can write."""
    delimiter = random.choice([",", ";", "\t", "|", "^", " "])
    quote = random.choice(['"', '"', '"', "'"])
    escape = random.choice(["", "", "\\"])
    line_end = random.choice(["\n", "\r\n", "\r"])
    comment = random.choice(["", "", "#"])
    width = random.randint(1, 5)
    names = [f"h{at}{random.choice(['', ' x', 'é', delimiter.strip(), '.'])}" for at in range(width)]
    typed = [random.sample(TYPED, random.randint(1, 3)) if random.random() < 0.4 else [] for _ in names]
    rows = [[_text(random, choice) for choice in typed] for _ in range(random.randint(0, 6))]
    out = io.StringIO(newline="")
    for _ in range(titles := random.choice([0, 0, 0, 1, 2, 3])):
        line = "".join(random.choice(ATOMS) for _ in range(random.randint(0, 5))).replace("\r", "").replace("\n", "")
        out.write(line + random.choice(["\n", "\r\n"]))
    for number, row in enumerate([names, *rows]):
        if number and comment and random.random() < 0.2:
            out.write(f'#{delimiter}a "comment' + random.choice([line_end, "\n"]))
        if number and width > 1 and random.random() < 0.1:
            out.write(line_end)
        if comment and row[0].startswith(comment):
            row[0] = f"x{row[0]}"
        mixed = random.choice(["\n", "\r\n"]) if random.random() < 0.1 else line_end
        # The module leaves a line end that is not its own without quotes; a lone empty field needs them.
        risky = any("\r" in text or "\n" in text for text in row) or row == [""]
        ways: list[Literal[0, 1, 2]] = [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]
        quoting = csv.QUOTE_ALL if risky else random.choice(ways)
        csv.writer(
            out, delimiter=delimiter, quotechar=quote, escapechar=escape or None, lineterminator=mixed, quoting=quoting,
            doublequote=not escape or random.random() < 0.5,
        ).writerow(row)  # fmt: skip
    text = out.getvalue()
    if random.random() < 0.2 and rows and rows[-1][-1] and text.endswith(line_end):
        text = text.removesuffix(line_end)
    encoding = random.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
    # Escaped and without quotes it is a text of two characters, and no null value.
    nulls = [[], ["NA"], ["NA"] if escape else ["NA", "\\N"]]
    parameters: dict[str, Any] = {
        "delimiter": delimiter, "quote": quote, "escape": escape, "comment": comment, "skip_lines": titles,
        "empty": random.choice(["null", "text"]), "null_values": random.choice(nulls),
        "encoding": encoding.removesuffix("-sig"),
    }  # fmt: skip
    return CsvDocument(text.encode(encoding), names, rows, parameters)


def _text(random: Random, typed: list[str]) -> str:
    if typed and random.random() < 0.95:
        return random.choice(typed)
    kind = random.random()
    if kind < 0.15:
        return ""
    if kind < 0.3:
        return str(random.randint(0, 99))
    return "".join(random.choice(ATOMS) for _ in range(random.randint(1, 6)))
