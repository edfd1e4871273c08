"""A small declarative reader of TOML tables that collects every problem instead of stopping at the first.

A :class:`Table` is asked for its keys one by one; each question names the type wanted and the default. What was not
asked for at the end is an unknown key. Lines are looked up only when there is a problem.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from orch_tui.model.problem import Problem, Severity
from orch_tui.model.texts.durations import parse_duration
from orch_tui.model.texts.sizes import parse_size, write_size
from orch_tui.model.texts.text import safe_line, valid_id

if TYPE_CHECKING:
    from orch_tui.project.toml.lines import KeyPath

E = TypeVar("E", bound=StrEnum)
KEBOOLA_KEY = "keboola"
"""What an import keeps of where a thing came from: it may stand in every table, and says nothing to the program."""


def came_from_keboola(text: str) -> bool:
    """Whether a file that can be read has that key."""
    import tomllib

    return KEBOOLA_KEY in text and KEBOOLA_KEY in tomllib.loads(text.removeprefix("\ufeff"))


class Place:
    """A file being read: where problems go and how they find their line."""

    __slots__ = ("file", "orchestration", "problems", "text")

    def __init__(self, file: str, text: str, orchestration: str | None = None) -> None:
        self.file = file
        self.text = text
        self.orchestration = orchestration
        self.problems: list[Problem] = []

    def report(self, severity: Severity, code: str, message: str, remedy: str, path: KeyPath) -> None:
        """Add a problem with the line of ``path``."""
        # Good files never need it, and a run must start at once.
        from orch_tui.project.toml.lines import line_of

        line = line_of(self.text, path)
        self.problems.append(
            Problem(severity, code, message, remedy, self.file, line, orchestration=self.orchestration)
        )

    @property
    def broken(self) -> bool:
        """True when a problem is an error."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)


def to_float(value: int | float) -> float:
    """A number of TOML or JSON, whose whole numbers may be larger than any float: then it is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


class Table:
    """One TOML table and its place in the document."""

    __slots__ = ("asked", "data", "path", "place")

    def __init__(self, data: dict[str, Any], place: Place, path: KeyPath = ()) -> None:
        self.data = data
        self.place = place
        self.path = path
        self.asked: set[str] = set()

    def error(self, key: str | None, code: str, message: str, remedy: str = "") -> None:
        path = self.path if key is None else (*self.path, key)
        self.place.report(Severity.ERROR, code, message, remedy, path)

    def warning(self, key: str | None, code: str, message: str, remedy: str = "") -> None:
        path = self.path if key is None else (*self.path, key)
        self.place.report(Severity.WARNING, code, message, remedy, path)

    def wrong_type(self, key: str, wanted: str) -> None:
        self.error(key, "type", f"{self.name(key)} must be {wanted}, not {found(self.data[key])}", "correct the value")

    def name(self, key: str) -> str:
        """The key as it is shown in messages: ``phases[2].tasks[1].timeout`` (counted from 1)."""
        return show_path((*self.path, key))

    def raw(self, key: str) -> Any:
        """The value as it is; None when there is none."""
        self.asked.add(key)
        return self.data.get(key)

    def text(self, key: str, default: str = "") -> str:
        value = self.raw(key)
        if value is None or isinstance(value, str):
            return default if value is None else value
        self.wrong_type(key, "a text")
        return default

    def needed_text(self, key: str, remedy: str) -> str:
        """A text that must be there and not be blank."""
        value = self.text(key)
        if key not in self.data:
            self.error(key, "missing-key", f"{self.name(key)} is missing", remedy)
        elif isinstance(self.data[key], str) and not value.strip():
            self.error(key, "value", f"{self.name(key)} is empty", remedy)
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong_type(key, "true or false")
        return default

    def id(self, key: str) -> str | None:
        """An id, None without one."""
        value = self.text(key)
        if not value or valid_id(value):
            return value or None
        remedy = "write it with letters, digits and _ . -"
        self.error(key, "value", f"{self.name(key)} is {quote(value)}, which is no id", remedy)
        return None

    def integer(self, key: str, minimum: int) -> int | None:
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong_type(key, "a whole number")
            return None
        if value < minimum:
            self.error(key, "value", f"{self.name(key)} is {value}; the least is {minimum}", "correct the number")
            return None
        return value

    def number(self, key: str, *, zero: bool) -> float | None:
        """A finite number, at least 0 or (without ``zero``) above it."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong_type(key, "a number")
            return None
        if not math.isfinite(to_float(value)) or value < 0 or (value == 0 and not zero):
            least = "0 or more" if zero else "above 0"
            self.error(key, "value", f"{self.name(key)} is {value}; it must be {least}", "correct the number")
            return None
        return to_float(value)

    def duration(self, key: str, *, zero: bool = True) -> float | None:
        """Seconds, at least 0 or (without ``zero``) above it."""
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.wrong_type(key, 'a duration like "30m" or a number of seconds')
            return None
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            self.error(key, "duration", f"{self.name(key)}: {safe_line(str(error), 160)}", 'write it like "30m"')
            return None
        if seconds == 0 and not zero:
            message = f"{self.name(key)} is {value}: no time at all, so that nothing could ever succeed"
            self.error(key, "duration", message, 'write it like "30m", or remove it: then there is no limit')
            return None
        return seconds

    def size(self, key: str, least: int) -> int | None:
        """Bytes, at least ``least``; as a text with its unit."""
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong_type(key, 'a size with its unit like "2GB"')
            return None
        try:
            size = parse_size(value)
        except ValueError as error:
            self.error(key, "size", f"{self.name(key)} is {quote(value)}; {error}", 'write it like "2GB"')
            return None
        if size < least:
            message = f"{self.name(key)} is {quote(value)}; it must be {write_size(least)} or more"
            self.error(key, "value", message, "raise it")
            return None
        return size

    def choice(self, key: str, kind: type[E], default: E) -> E:
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, str):
            try:
                return kind(value)
            except ValueError:
                names = [str(member) for member in kind]
                message = f"{self.name(key)} is {quote(value)}; it can be {one_of(names)}"
                self.error(key, "value", message, did_you_mean(value, names) or "take one of these")
                return default
        self.wrong_type(key, "a text")
        return default

    def strings(self, key: str) -> tuple[str, ...]:
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong_type(key, "a list of texts")
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str):
                where = show_path((*self.path, key, index))
                path = (*self.path, key, index)
                message = f"{where} must be a text, not {found(item)}"
                self.place.report(Severity.ERROR, "type", message, "put it into quotes", path)
        return tuple(item for item in value if isinstance(item, str))

    def table(self, key: str, wanted: str = "a table") -> Table | None:
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong_type(key, wanted)
            return None
        return Table(value, self.place, (*self.path, key))

    def tables(self, key: str) -> list[Table]:
        """The elements of an array of tables."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list):
            header = ".".join(part for part in (*self.path, key) if isinstance(part, str))
            message = f"{self.name(key)} must be a list of tables, not {found(value)}"
            self.error(key, "type", message, f"write the header with two brackets: [[{safe_line(header, 60)}]]")
            return []
        result = []
        for index, item in enumerate(value):
            if isinstance(item, dict):
                result.append(Table(item, self.place, (*self.path, key, index)))
            else:
                path = (*self.path, key, index)
                message = f"{show_path(path)} must be a table, not {found(item)}"
                self.place.report(Severity.ERROR, "type", message, "correct the value", path)
        return result

    def finish(self, kept: Iterable[str] = ()) -> None:
        """Warn about the keys that nobody asked for; ``kept`` ones are known to others and pass."""
        if len(self.asked) >= len(self.data) and self.data.keys() <= self.asked:
            return
        known = self.asked.union(kept, (KEBOOLA_KEY,))
        for key in self.data:
            if key not in known:
                remedy = did_you_mean(key, known) or "it is kept, but does nothing"
                self.warning(key, "unknown-key", f"{self.name(key)} is no key we know", remedy)


def show_path(path: KeyPath) -> str:
    """``phases[2].tasks[1].timeout``: indexes count from 1, text from outside made safe."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part + 1}]"
        else:
            shown += ("." if shown else "") + safe_line(part, 60)
    return shown


def found(value: Any) -> str:
    """What a value is, in words: ``the text "yes"``, ``the number 3``, ``a list``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {quote(value, 40)}"
    if isinstance(value, int | float):
        return f"the number {value:.20g}" if isinstance(value, float) else f"the number {str(value)[:40]}"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else f"the date or time {value}"


def quote(text: str, limit: int = 80) -> str:
    """Text from outside, safe and in quotation marks."""
    return f'"{safe_line(text, limit)}"'


def one_of(names: Iterable[str]) -> str:
    *first, last = [quote(name) for name in names]
    return f"{', '.join(first)} or {last}" if first else last


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """``did you mean "x"?``, or nothing when no known word is near."""
    import difflib

    words = sorted(set(known))
    if len(wrong) > 200 or not words:
        return ""
    near = difflib.get_close_matches(wrong, words, n=1, cutoff=0.6)
    return f"did you mean {quote(near[0])}?" if near else ""
