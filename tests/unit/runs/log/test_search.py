"""Finding lines in a log."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from orch_tui.runs.log.index import LogFile
from orch_tui.runs.log.search import ERRORS, Tally, find, pattern

SMALL = 16
_LINES = st.lists(
    st.sampled_from(
        ["hit\n", "a HIT b\n", "none\n", "\n", "h\x1b[31mit\x1b[0m\n", "hit\rgone\n", "long " * 9, "ä hit"]
    ),
    max_size=25,
).map("".join)
_fixture_is_fine = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def opened(path: Path, data: bytes) -> LogFile:
    path.write_bytes(data)
    log = LogFile(path, SMALL)
    log.poll()
    return log


def truth(log: LogFile, text: str) -> list[int]:
    """The matching lines, looked at one by one."""
    found, at, wanted = [], 0, pattern(text)
    while at < log.blocks.size:
        end = log.blocks.end_of(at)
        if wanted.matches(log.blocks.read(at, end)):
            found.append(at)
        at = end
    return found


@pytest.mark.parametrize(
    ("wanted", "line", "matches"),
    [
        ("hit", "a HIT", True),
        ("Hit", "a hit", False),
        ("a.b", "axb", False),
        ("/a.b", "axb", True),
        ("/^x", "ax", False),
        ("é", "É", True),
        ("[/usr", "see [/usr]", True),
        ("/", "a/b", True),
        ("red", "\x1b[31mr\x1b[32med", True),
        ("old", "old\rnew", False),
    ],
)
def test_what_matches(wanted: str, line: str, matches: bool) -> None:
    assert list(pattern(wanted).lines(line.encode())) == ([0] if matches else [])


def test_a_wrong_expression_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="This is no regular expression"):
        pattern("/(")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        *(("ERROR: x", True), ("KeyError: 'a'", True), ("Traceback (most recent", True), ("task failed.", True)),
        *(("fatal: no", True), ("java.lang.NullPointerException", True), ("\x1b[31mError\x1b[0m", True)),
        *(("0 errors", False), ("terror", False), ("no_error_here", False), ("all is well", False)),
    ],
)
def test_lines_that_look_like_errors(line: str, error: bool) -> None:
    assert list(ERRORS.lines(line.encode())) == ([0] if error else [])


@_fixture_is_fine
@given(_LINES, st.sampled_from(["hit", "Hit", "/h.t", "ä", "long"]))
@example("none\n" * 20 + "hit", "hit")
def test_counts_and_jumps_agree_with_every_single_line(tmp_path: Path, text: str, wanted: str) -> None:
    # GIVEN a log in small blocks
    log = opened(tmp_path / "log", text.encode())
    expected, tally = truth(log, wanted), Tally(pattern(wanted), SMALL)
    # WHEN it is searched THEN all matching lines are counted, each once
    while tally.step(log.blocks):
        pass
    assert tally.found == len(expected) and tally.done(log.blocks.size)
    # and every one is found going down and going up, with and without the counts, and knows its rank
    for may_have in (tally.may_have, lambda _: True):
        down, at = [], -1
        while (hit := find(log.blocks, tally.pattern, at, forward=True, may_have=may_have)) is not None:
            down.append(at := hit)
        up, at = [], log.blocks.size
        while (hit := find(log.blocks, tally.pattern, at, forward=False, may_have=may_have)) is not None:
            up.append(at := hit)
        assert down == expected and up[::-1] == expected
    assert [tally.rank(offset, log.blocks) for offset in expected] == list(range(1, len(expected) + 1))


@_fixture_is_fine
@given(_LINES, _LINES)
def test_counts_follow_a_log_that_grows(tmp_path: Path, text: str, more: str) -> None:
    log, tally = opened(tmp_path / "log", text.encode()), Tally(pattern("hit"), SMALL)
    while tally.step(log.blocks):
        pass
    (tmp_path / "log").write_bytes((text + more).encode())
    log.poll()
    while tally.step(log.blocks):
        pass
    assert tally.found == len(truth(log, "hit"))


def test_a_search_can_be_ended(tmp_path: Path) -> None:
    log = opened(tmp_path / "log", b"none\n" * 50 + b"hit\n")
    assert find(log.blocks, pattern("hit"), 0, forward=True, cancelled=lambda: True) is None


def test_colours_of_one_line_do_not_hide_the_next(tmp_path: Path) -> None:
    data = b"\x1b]0;never ended\nhit\n\x1b[3\nhit\n"
    assert list(pattern("hit").lines(data)) == [data.index(b"hit"), data.rindex(b"hit")]
