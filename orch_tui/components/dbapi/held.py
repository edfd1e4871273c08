"""Which values a column of a database holds exactly: what it would round, cut, complete or guess without a word.

Databases refuse much of what does not fit, with an error of their own. The rest is found here before anything is
written: as conditions on the rows, which are DuckDB's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from orch_tui.model.dataclass import dataclass

Family = Literal[
    "boolean", "integer", "decimal", "real", "double", "text", "bytes", "date", "time", "timestamp", "moment",
    "interval", "uuid", "json", "choice", "year", "bits", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """A column of a table that is written to: ``shown`` is its type as the database writes it.

    ``scale`` are digits behind the point, of numbers (None: as many as there are) or of seconds. ``length`` are
    characters of a text, or bytes of one where ``in_bytes``; ``trims``: blanks at its end are lost. ``rounds``: an
    integer takes fractions and rounds them. ``fixed``: shorter bytes are filled up, or parts of an interval dropped.
    ``choices`` are all values, of which there may be ``several`` in one text. Without ``nul`` a text has no character
    0. With ``unique_keys`` a member of a JSON object that comes twice counts once.
    """

    family: Family
    shown: str
    scale: int | None = None
    length: int | None = None
    in_bytes: bool = False
    trims: bool = False
    rounds: bool = False
    fixed: bool = False
    several: bool = False
    choices: tuple[str, ...] = ()
    nul: bool = True
    unique_keys: bool = False


_INTEGERS = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$")
_SECONDS = 6
"""Digits behind the second that every time of the databases can have."""


def source_of(kind: str) -> str:
    """What a DuckDB type is to a database."""
    if _INTEGERS.match(kind):
        return "integer"
    if kind.startswith("DECIMAL"):
        return "decimal"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "TUPLE")):
        return "nested"
    if kind.startswith("TIMESTAMP"):
        return "moment" if "TZ" in kind or "ZONE" in kind else "timestamp"
    plain = {"FLOAT": "float", "DOUBLE": "float", "BLOB": "bytes", "TIME_NS": "time", "JSON": "json"}
    known = ("BOOLEAN", "DATE", "TIME", "INTERVAL", "UUID")
    return plain.get(kind, kind.lower() if kind in known else "text")


def changed(x: str, kind: str, target: Target) -> str | None:
    """The condition for values ``x`` of a DuckDB type that ``target`` would take and make others of; None for none."""
    source = source_of(kind)
    if target.family == "choice":
        return _not_a_choice(f"cast({x} as varchar)", target)
    if target.family in _OTHER_KIND.get(source, ()):
        return "true"
    rule = _RULES.get((source, target.family))
    return rule(x, kind, target) if rule else None


_NUMBERS = ("integer", "decimal", "real", "double", "year", "bits")
_TIMES = ("date", "time", "timestamp", "moment")
_OTHER_KIND: dict[str, tuple[str, ...]] = {
    "integer": _TIMES,
    "decimal": (*_TIMES, "year", "bits"),
    "float": (*_TIMES, "year", "bits"),
    "boolean": (*_TIMES, "year"),
    "date": (*_NUMBERS, "time"),
    "time": (*_NUMBERS, "date", "timestamp", "moment"),
    "timestamp": (*_NUMBERS, "time"),
    "moment": (*_NUMBERS, "time"),
    "interval": (*_NUMBERS, *_TIMES),
    "bytes": (*_NUMBERS, *_TIMES),
    "text": ("bits",),
}
"""Families that make something else of a kind of values, where they take it at all: 101112 is a time to MySQL."""

Rule = Callable[[str, str, Target], str | None]


def _scale_of(kind: str) -> int:
    found = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", kind)
    return int(found[1]) if found else 0


def _fraction(x: str, kind: str, target: Target) -> str | None:
    if not target.rounds:
        return None
    return f"isfinite({x}) and {x} <> trunc({x})" if source_of(kind) == "float" else _behind_the_point(x)


def _behind_the_point(x: str) -> str:
    # As text: a decimal of 38 digits behind the point cannot be compared with an integer.
    return f"regexp_matches(cast({x} as varchar), '\\.[0-9]*[1-9]')"


def _digits(x: str, kind: str, target: Target) -> str | None:
    if target.scale is None or (source_of(kind) != "float" and _scale_of(kind) <= target.scale):
        return None
    rounded = f"{x} <> round({x}, {target.scale})"
    return f"isfinite({x}) and {rounded}" if source_of(kind) == "float" else rounded


def _binary(x: str, kind: str, target: Target) -> str | None:
    """A number that the nearest binary one would not be written as."""
    single = target.family == "real"
    if source_of(kind) == "float":
        if single and kind == "DOUBLE":
            return f"isfinite({x}) and cast(try_cast({x} as float) as varchar) is distinct from cast({x} as varchar)"
        return _digits(x, kind, target)
    near = f"cast(cast({x} as {'float' if single else 'double'}) as varchar)"
    other = f"try_cast({near} as decimal(38,{_scale_of(kind)})) is distinct from {x}"
    return f"({other} or {rounded})" if (rounded := _digits(x, kind, target)) else other


def _years(x: str, kind: str, target: Target) -> str | None:
    return f"{x} between 1 and 99"


def _seconds(x: str, kind: str, target: Target) -> str | None:
    places = _SECONDS if target.scale is None else target.scale
    if kind.endswith("_NS"):
        return f"epoch_ns({x}) % {10 ** (9 - places)} <> 0"
    if places >= _SECONDS:
        return None
    part = f"microsecond({x})" if kind == "TIME" else f"epoch_us({x})"
    return f"{part} % {10 ** (_SECONDS - places)} <> 0"


def _not_midnight(x: str, kind: str, target: Target) -> str | None:
    part, day = ("epoch_ns", 86_400_000_000_000) if kind.endswith("_NS") else ("epoch_us", 86_400_000_000)
    return f"{part}({x}) % {day} <> 0"


def _interval(x: str, kind: str, target: Target) -> str | None:
    if target.fixed:
        return "true"
    return None if target.scale is None else f"date_part('microseconds', {x}) % {10 ** (_SECONDS - target.scale)} <> 0"


def _blanks(x: str, kind: str, target: Target) -> str | None:
    rule = _cut(x, target)
    nul = None if target.nul else f"contains({x}, chr(0))"
    return f"({rule} or {nul})" if rule and nul else rule or nul


def _cut(x: str, target: Target) -> str | None:
    if target.in_bytes:
        return f"octet_length(encode({x})) > {target.length}"
    if target.trims:
        return f"suffix({x}, ' ')"
    return (
        None
        if target.length is None
        else f"length({x}) > {target.length} and length(rtrim({x}, ' ')) <= {target.length}"
    )


def _filled(x: str, kind: str, target: Target) -> str | None:
    if target.fixed:
        size = f"octet_length({x})" if kind == "BLOB" else f"octet_length(encode({x}))"
        return f"{size} < {target.length}"
    return f"contains({x}, '\\')" if target.trims and kind != "BLOB" else None


def _not_a_choice(text: str, target: Target) -> str:
    listed = ", ".join("'" + choice.replace("'", "''") + "'" for choice in target.choices)
    if not target.several:
        return f"{text} not in ({listed})" if listed else "true"
    chosen = f"list_filter([{listed}], lambda one: list_contains(string_split({text}, ','), one))"
    return f"{text} <> array_to_string({chosen}, ',')"


_PLAIN_NUMBER = r"-?(0|[1-9][0-9]*)"


def _number_text(x: str, kind: str, target: Target) -> str | None:
    """Texts that a database reads as a number which is written otherwise: 007, +5, blanks around; or rounds."""
    if target.family == "integer":
        good = f"regexp_full_match({x}, '{_PLAIN_NUMBER}') and {x} <> '-0'"
    elif target.family == "decimal":
        end = r"(\.[0-9]+)?([eE][-+]?[0-9]+)?" if target.scale is None else rf"(\.[0-9]{{0,{target.scale}}}0*)?"
        good = f"regexp_full_match({x}, '{_PLAIN_NUMBER}{end}')"
    else:
        near = f"cast(try_cast({x} as {'float' if target.family == 'real' else 'double'}) as varchar)"
        digits = f"length(ltrim(replace(regexp_replace({x}, '[eE].*', ''), '.', ''), '-0'))"
        few = f"{digits} <= {6 if target.family == 'real' else 15}"
        good = rf"regexp_full_match({x}, '{_PLAIN_NUMBER}(\.[0-9]+)?([eE][-+]?[0-9]+)?')"
        good = f"{good} and ({few} or {near} in ({x}, {x} || '.0'))"
    return f"isfinite(try_cast(trim({x}) as double)) and not ({good})"


_DAY = r"[0-9]{4,}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
_WORDS = "('now', 'today', 'tomorrow', 'yesterday', 'epoch', 'allballs')"
_ENDLESS = r"[-+]?infinity"


def _time_text(x: str, kind: str, target: Target) -> str | None:
    """Texts that are no ISO date or time: a database guesses the order of their parts, or drops some."""
    places = _SECONDS if target.scale is None else target.scale
    clock = rf"[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{0,{places}}}0*)?)?"
    zone = r"( ?(Z|[-+]00(:?00)?))?" if target.family == "timestamp" else r"( ?(Z|[-+][0-9]{2}(:?[0-9]{2})?))?"
    forms = {
        "date": rf"{_DAY}( BC)?|[0-9]{{8}}|{_ENDLESS}",
        "time": rf"-?[0-9]{{0,2}}{clock}",
    }
    form = forms.get(target.family, rf"{_DAY}([ T]{clock}{zone})?( BC)?|[0-9]{{8}}|[0-9]{{14}}|{_ENDLESS}")
    good = f"regexp_full_match({x}, '{form}')"
    if target.family == "date":
        # A month by its name can be meant in one way only.
        named = f"regexp_matches({x}, '[A-Za-z]{{3}}') and regexp_matches({x}, '[0-9]{{4}}') and not contains({x}, ':')"
        good = f"({good} or ({named} and lower(trim({x})) not in {_WORDS}))"
    return f"not ({good})"


def _year_text(x: str, kind: str, target: Target) -> str | None:
    return f"not regexp_full_match({x}, '[0-9]{{4}}')"


_RULES: dict[tuple[str, str], Rule] = {
    ("integer", "decimal"): _digits,
    ("integer", "real"): _binary,
    ("integer", "double"): _binary,
    ("integer", "year"): _years,
    ("decimal", "integer"): _fraction,
    ("decimal", "decimal"): _digits,
    ("decimal", "real"): _binary,
    ("decimal", "double"): _binary,
    ("float", "integer"): _fraction,
    ("float", "decimal"): _digits,
    ("float", "real"): _binary,
    ("float", "double"): _binary,
    ("time", "time"): _seconds,
    ("timestamp", "date"): _not_midnight,
    ("timestamp", "timestamp"): _seconds,
    ("timestamp", "moment"): _seconds,
    ("moment", "date"): _not_midnight,
    ("moment", "timestamp"): _seconds,
    ("moment", "moment"): _seconds,
    ("interval", "interval"): _interval,
    ("bytes", "bytes"): _filled,
    ("text", "integer"): _number_text,
    ("text", "decimal"): _number_text,
    ("text", "real"): _number_text,
    ("text", "double"): _number_text,
    ("text", "date"): _time_text,
    ("text", "time"): _time_text,
    ("text", "timestamp"): _time_text,
    ("text", "moment"): _time_text,
    ("text", "year"): _year_text,
    ("text", "text"): _blanks,
    ("text", "bytes"): _filled,
}
