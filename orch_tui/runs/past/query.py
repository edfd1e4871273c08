"""Which runs are meant: ``status=error who=ann error~"timed out" seconds>60 since="3 days ago"``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

import regex

from orch_tui.model.status import Status
from orch_tui.model.texts.durations import parse_duration
from orch_tui.project.history import RunSummary
from orch_tui.runs.past.moments import parse_moment
from orch_tui.runs.past.notes import Note, read_notes
from orch_tui.runs.past.origin import Origin, origin_of, person_of, schedule_of
from orch_tui.runs.past.syntax import Comparison, Reader, Test, WrongSearch, parse

Of = Test[RunSummary]
NotesOf = Callable[[Path], Sequence[Note]]
"""The notes on the run of a directory."""

FIELDS: Mapping[str, str] = {
    "status": "status=error, status!=success, status=error,interrupted",
    "orchestration": "orchestration=campaigns, orchestration=load-*",
    "who": "who=ann",
    "trigger": "trigger=schedule (or trigger, hand, backfill, run)",
    "schedule": "schedule=morning",
    "run": "run=20261103",
    "seconds": "seconds>60",
    "took": "took>5m",
    "tasks": "tasks>10",
    "since": "since=7d, since=3 days ago, since=2026-11-03",
    "until": "until=yesterday",
    "started": "started>=2026-11-03",
    "error": 'error~timeout, error!~"no such table", error~/time.*out/',
    "note": "note~disk",
    "part": "part=yes",
}
"""The fields, each with examples."""

_ALIASES = {
    "of": "orchestration",
    "by": "who",
    "user": "who",
    "id": "run",
    "state": "status",
    "is": "status",
    "duration": "took",
    "reason": "error",
    "why": "error",
    "text": "error",
    "from": "since",
    "to": "until",
    "partial": "part",
}
_EQUAL = ("=", "!=")
_LIKE = ("~", "!~")
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}
_STATES = {status.value: status.value for status in Status} | {
    "interrupted": "interrupted",
    "broken": "broken",
    "failed": Status.ERROR.value,
    "failure": Status.ERROR.value,
    "ok": Status.SUCCESS.value,
    "succeeded": Status.SUCCESS.value,
    "running": Status.PROCESSING.value,
}
_YES = {"yes": True, "true": True, "no": False, "false": False}
_PATIENCE = 0.25
"""Seconds for one text; an expression with nested repetitions may take years."""


def parse_query(text: str, now: float, notes: NotesOf = read_notes) -> Of:
    """The test of runs that the text stands for; ``now`` is seconds since the epoch.

    Raises:
        WrongSearch: a sentence about what is wrong with it.
    """
    meaning = _Meaning(now, notes)
    names = frozenset((*FIELDS, *_ALIASES))
    return parse(text, Reader(names, meaning.compare, meaning.word, meaning.takes))


def search_words() -> Sequence[str]:
    """What may stand in a search, to complete it: the fields, and the values of those that have few."""
    few = {"status": (*_STATES,), "trigger": tuple(one.value for one in Origin), "part": ("yes", "no")}
    return [*(f"{name}=" for name in FIELDS), *(f"{name}={word}" for name, words in few.items() for word in words)]


def about_last_word(text: str) -> str:
    """How the field that is written last is compared, by examples; which fields there are, where it is none."""
    name = re.split(r"[=!~<>]", text.rpartition(" ")[2].lstrip("-("), maxsplit=1)[0].casefold()
    name = _ALIASES.get(name, name)
    return FIELDS.get(name) or f"fields: {' '.join(FIELDS)}; also or, not, ( )"


class _Meaning:
    def __init__(self, now: float, notes: NotesOf) -> None:
        self._now = now
        self._read_notes = notes
        self._fields: Mapping[str, Callable[[str, str, str], Of]] = {
            "status": self._status,
            "orchestration": lambda field, sign, value: _named(field, sign, value, lambda run: (run.orchestration,)),
            "who": lambda field, sign, value: _named(field, sign, value, _names_of_person),
            "trigger": self._trigger,
            "schedule": lambda field, sign, value: _named(field, sign, value, lambda run: (schedule_of(run),)),
            "run": self._run,
            "seconds": self._seconds,
            "took": self._seconds,
            "tasks": self._tasks,
            "since": self._since,
            "until": self._until,
            "started": self._started,
            "error": lambda field, sign, value: _text(field, sign, value, lambda run: (run.broken or run.reason,)),
            "note": lambda field, sign, value: _text(field, sign, value, self._notes),
            "part": self._part,
        }

    def _notes(self, run: RunSummary) -> Sequence[str]:
        return [note.text for note in self._read_notes(run.directory)]

    def takes(self, field: str, value: str) -> bool:
        """Times of several words need no quotes."""
        if _ALIASES.get(field, field) not in ("since", "until", "started"):
            return False
        try:
            parse_moment(value, self._now)
        except ValueError:
            return False
        return True

    def word(self, text: str) -> Of:
        """Anywhere in what the list says of the run."""
        found = _finder(text)
        return lambda run: any(map(found, _words_of(run))) or any(map(found, self._notes(run)))

    def compare(self, one: Comparison) -> Of:
        name = _ALIASES.get(one.field, one.field)
        test = self._fields.get(name)
        if test is None:
            close = get_close_matches(one.field, (*FIELDS, *_ALIASES), 1)
            hint = f'did you mean "{close[0]}"? ' if close else ""
            raise WrongSearch(f'there is no field "{one.field}"; {hint}fields: {", ".join(FIELDS)}')
        return test(name, one.operator, one.value)

    def _status(self, field: str, sign: str, value: str) -> Of:
        _require(field, sign, _EQUAL)
        wanted = set()
        for word in value.casefold().split(","):
            if (state := _STATES.get(word.strip())) is None:
                close = get_close_matches(word, _STATES, 1)
                hint = f'; did you mean "{close[0]}"?' if close else ""
                raise WrongSearch(f'there is no status "{word}"{hint}; write one of {", ".join(_STATES)}')
            wanted.add(state)
        return lambda run: (run.state in wanted) is (sign == "=")

    def _trigger(self, field: str, sign: str, value: str) -> Of:
        _require(field, sign, _EQUAL)
        words = {word.strip() for word in value.casefold().split(",")}
        known = {origin.value for origin in Origin}
        if unknown := sorted(words - known):
            raise WrongSearch(f'there is no trigger "{unknown[0]}"; write one of {", ".join(sorted(known))}')
        return lambda run: (origin_of(run).value in words) is (sign == "=")

    def _run(self, field: str, sign: str, value: str) -> Of:
        _require(field, sign, _EQUAL)
        return lambda run: run.id.startswith(value) is (sign == "=")

    def _seconds(self, field: str, sign: str, value: str) -> Of:
        compare = _order(field, sign)
        try:
            wanted = parse_duration(value)
        except ValueError as error:
            raise WrongSearch(f"{field}{sign}{value}: {error}") from error

        def test(run: RunSummary) -> bool:
            took = run.seconds
            if took is None and run.live and run.started is not None:
                took = self._now - run.started
            return took is not None and compare(took, wanted)

        return test

    def _tasks(self, field: str, sign: str, value: str) -> Of:
        compare = _order(field, sign)
        if not value.isdecimal():
            raise WrongSearch(f'{field}{sign}{value}: "{value}" is no number')
        return lambda run: run.broken is None and compare(run.tasks, int(value))

    def _since(self, field: str, sign: str, value: str) -> Of:
        _require(field, sign, ("=",))
        begin = self._moment(value)[0]
        return lambda run: run.started is not None and run.started >= begin

    def _until(self, field: str, sign: str, value: str) -> Of:
        _require(field, sign, ("=",))
        begin, end = self._moment(value)
        return lambda run: run.started is not None and (run.started < end or run.started == begin)

    def _started(self, field: str, sign: str, value: str) -> Of:
        begin, end = self._moment(value)
        if sign in _EQUAL:
            inside = _span(begin, end)
            return lambda run: run.started is not None and inside(run.started) is (sign == "=")
        compare = _order(field, sign)
        # After a day is after its end.
        bound = end if sign in (">", "<=") and end > begin else begin
        if bound == end > begin:
            compare = operator.ge if sign == ">" else operator.lt
        return lambda run: run.started is not None and compare(run.started, bound)

    def _part(self, field: str, sign: str, value: str) -> Of:
        _require(field, sign, _EQUAL)
        if (wanted := _YES.get(value.casefold())) is None:
            raise WrongSearch(f"{field}{sign}{value}: write {field}=yes or {field}=no")
        return lambda run: (run.partial is wanted) is (sign == "=")

    def _moment(self, value: str) -> tuple[float, float]:
        try:
            return parse_moment(value, self._now)
        except ValueError as error:
            raise WrongSearch(str(error)) from error


def _span(begin: float, end: float) -> Callable[[float], bool]:
    return lambda at: begin <= at < end or at == begin


def _require(field: str, sign: str, signs: Sequence[str]) -> None:
    if sign not in signs:
        raise WrongSearch(f'"{field}{sign}" has no meaning; write it like {FIELDS[field]}')


def _order(field: str, sign: str) -> Callable[[float, float], bool]:
    _require(field, sign, tuple(_ORDER))
    return _ORDER[sign]


def _named(field: str, sign: str, value: str, names: Callable[[RunSummary], Sequence[str]]) -> Of:
    """Equal to one of several names with ``*`` and ``?``, or a part of it; capitals do not count."""
    _require(field, sign, (*_EQUAL, *_LIKE))
    if sign in _LIKE:
        return _text(field, sign, value, names)
    wanted = [one.strip().casefold() for one in value.split(",")]

    def equal(run: RunSummary) -> bool:
        return any(fnmatchcase(name.casefold(), pattern) for name in names(run) for pattern in wanted)

    return lambda run: equal(run) is (sign == "=")


def _text(field: str, sign: str, value: str, texts: Callable[[RunSummary], Sequence[str]]) -> Of:
    _require(field, sign, (*_EQUAL, *_LIKE))
    if sign in _EQUAL:
        wanted = value.casefold()
        return lambda run: any(text.casefold() == wanted for text in texts(run)) is (sign == "=")
    found = _finder(value)
    return lambda run: any(map(found, texts(run))) is (sign == "~")


def _finder(text: str) -> Callable[[str], bool]:
    """Whether a text has this in it; ``/…/`` is a regular expression. Raises: WrongSearch."""
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        try:
            expression = regex.compile(text[1:-1], regex.IGNORECASE)
        except (regex.error, OverflowError, RecursionError) as error:
            raise WrongSearch(f"{text} is no regular expression: {error}") from error
        return lambda one: _matches(expression, one)
    wanted = text.casefold()
    return lambda one: wanted in one.casefold()


def _matches(expression: regex.Pattern[str], text: str) -> bool:
    try:
        return expression.search(text, timeout=_PATIENCE) is not None
    except TimeoutError as error:
        raise WrongSearch(f"/{expression.pattern}/ takes too long; write it without nested repetitions") from error


def _names_of_person(run: RunSummary) -> Sequence[str]:
    whole = person_of(run)
    return whole, whole.partition("@")[0]


def _words_of(run: RunSummary) -> Sequence[str]:
    return run.id, run.orchestration, run.state, run.by, run.broken or run.reason
