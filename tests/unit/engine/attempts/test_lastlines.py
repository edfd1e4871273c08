"""The end of a log is read within bounds, whatever a program wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.engine.attempts.lastlines import last_line, last_lines, say_in_log

BLOCK = 65536


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


def test_there_is_no_line_without_a_log(log: Path) -> None:
    assert last_lines(log, 3) == []
    assert last_line(log) == ""


def test_the_last_lines_are_those_that_say_something(log: Path) -> None:
    log.write_text("one\ntwo\n\n   \nthree\n\n")
    assert last_lines(log, 2) == ["two", "three"]
    assert last_lines(log, 9) == ["one", "two", "three"]
    assert last_line(log) == "three"


def test_of_a_progress_bar_the_last_state_is_kept(log: Path) -> None:
    log.write_bytes(b"10 %\r50 %\r100 %\r\ndone\r\n")
    assert last_lines(log, 2) == ["100 %", "done"]


def test_the_last_word_has_no_room_around_it_and_is_bounded(log: Path) -> None:
    log.write_text("  broken  \n")
    assert last_line(log) == "broken"
    log.write_text("x" * 400)
    assert last_line(log) == "x" * 400
    log.write_text("x" * 401)
    assert len(last_line(log)) == 400 and last_line(log) != "x" * 400


def test_lines_have_the_width_that_was_asked_for(log: Path) -> None:
    log.write_text("x" * 2001)
    assert len(last_lines(log, 1)[0]) == 2000
    assert len(last_lines(log, 1, 20)[0]) == 20


@pytest.mark.parametrize(("size", "first"), [(BLOCK, "a"), (BLOCK + 1, "b")])
def test_no_more_than_64_kib_are_read(log: Path, size: int, first: str) -> None:
    # GIVEN a log of short lines that is as long as what is read, or one byte longer
    text = "a\n" if size == BLOCK else "ab\n"
    log.write_text(text + "c\n" * ((size - len(text)) // 2))
    assert log.stat().st_size == size
    # THEN the first line is there, or what was read of it
    assert last_lines(log, BLOCK)[0] == first


def test_bytes_that_are_no_text_are_shown_as_such(log: Path) -> None:
    log.write_bytes(b"\xff\xfeok\n")
    assert last_line(log).endswith("ok")


@pytest.mark.parametrize(
    ("written", "after"), [("", ""), ("done\n", "done\n"), ("half a", "half a\n")], ids=["nothing", "lines", "no end"]
)
def test_what_is_said_behind_a_log_stands_on_lines_of_its_own(log: Path, written: str, after: str) -> None:
    # GIVEN a log whose last line may have no end
    log.write_text(written)
    # WHEN the program says something there itself
    say_in_log(log, ["it was\tstopped", "again"])
    # THEN what the task wrote stands before it as it was, each word of ours has a line, and nothing is blank
    first, second = log.read_text().removeprefix(after).splitlines()
    assert first.startswith("orch-tui: it was") and second == "orch-tui: again"
    assert last_line(log) == "orch-tui: again"
