"""What a log view knows: searching in threads, selecting, where it is."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.tui.log.printout import print_end
from orch_tui.tui.log.selection import MOST, Selection, TooMuch
from orch_tui.tui.log.state import LogState, show_size

PATIENCE = 20.0


class Driven:
    """A state whose searches are waited for."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.arrivals: queue.Queue[tuple[int | None, bool]] = queue.Queue()
        self.state = LogState(lambda offset, around: self.arrivals.put((offset, around)))
        path.write_bytes(data)
        self.state.open(path)
        self.state.view.resize(40, 5)

    def arrive(self) -> str:
        self.state.arrive(*self.arrivals.get(timeout=PATIENCE))
        return self.state.view.line(self.state.view.cursor).text

    def until(self, true: object) -> None:
        """Wait for what a thread counts, without a clock of our own."""
        import threading

        tries = threading.Event()
        for _ in range(2000):
            if callable(true) and true():
                return
            tries.wait(0.01)
        raise AssertionError(self.state.position)


@pytest.fixture
def driven(tmp_path: Path) -> Iterator[Driven]:
    data = b"".join(b"line %d%s\n" % (n, b" ERROR" if n % 10 == 3 else b"") for n in range(1, 101))
    one = Driven(tmp_path / "log", data)
    yield one
    one.state.close()


def test_a_search_goes_upwards_first_then_both_ways_and_around_the_end(driven: Driven) -> None:
    # WHEN one searches at the end
    driven.state.search("error")
    # THEN the nearest line above is shown, and the log is no longer followed
    assert driven.arrive() == "line 93 ERROR" and not driven.state.view.follow
    driven.until(lambda: driven.state.matches == "10 of 10 lines")
    # and next goes around the end
    assert driven.state.jump(forward=True)
    assert driven.arrive() == "line 3 ERROR" and "other end" in driven.state.note
    assert driven.state.matches == "1 of 10 lines"
    driven.state.jump(forward=False)
    assert driven.arrive() == "line 93 ERROR"


def test_keys_pressed_faster_than_it_is_found_all_count(driven: Driven) -> None:
    driven.state.search("error")
    driven.arrive()
    for _ in range(3):
        driven.state.jump(forward=False)
    for shown in ("line 83 ERROR", "line 73 ERROR", "line 63 ERROR"):
        assert driven.arrive() == shown
    assert driven.arrivals.empty() and not driven.state.looking


def test_the_first_error_is_found_from_the_end(driven: Driven) -> None:
    driven.state.jump_to_error(forward=True)
    assert driven.arrive() == "line 3 ERROR"
    driven.state.jump_to_error(forward=True)
    assert driven.arrive() == "line 13 ERROR"


def test_what_is_not_there_is_said(driven: Driven) -> None:
    driven.state.search("nowhere")
    assert driven.arrive() == "line 100" and driven.state.note == "nothing found"
    assert driven.state.view.follow
    driven.state.search("")
    assert driven.state.matches == "" and not driven.state.jump(forward=True)


def test_an_expression_that_takes_years_is_given_up(tmp_path: Path) -> None:
    # GIVEN a line on which this expression has 2 to the power of 60 ways to fail
    one = Driven(tmp_path / "log", b"first\n" + b"a" * 60 + b"!\nlast\n")
    # WHEN it is searched for
    one.state.search("/(a|a)+$")
    # THEN the search ends and says why, instead of holding the program
    assert one.arrivals.get(timeout=PATIENCE)[0] is None
    assert one.state.matches == "given up: one line took too long with this expression"
    # AND another search works
    one.state.search("last")
    assert one.arrive() == "last"
    one.state.close()


def test_the_lines_that_came_since_are_counted(driven: Driven, tmp_path: Path) -> None:
    driven.state.hold()
    driven.state.view.move(-1)
    with (tmp_path / "log").open("ab") as file:
        file.write(b"new\n" * 123)
    assert driven.state.poll()
    assert driven.state.news == "+123 lines"
    driven.state.view.to_end()
    assert driven.state.news == ""


def test_a_log_that_is_cut_begins_anew_and_says_so(driven: Driven, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"fresh\n")
    assert driven.state.poll()
    assert driven.state.position == "1 line · 100 % · 6 B" and "cut" in driven.state.note


def test_where_one_is(driven: Driven) -> None:
    assert driven.state.position == "100 lines · 100 % · 852 B"
    driven.state.view.to_start()
    assert driven.state.position == "line 1 of 100 · 4 % · 852 B"


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (123_456, "123 KB"), (10**9, "1.0 GB")]
)
def test_sizes(size: int, shown: str) -> None:
    assert show_size(size) == shown


def test_selected_lines_and_characters_are_copied(driven: Driven) -> None:
    view = driven.state.view
    # GIVEN lines selected upwards
    driven.state.toggle_lines()
    view.move(-2)
    driven.state.stretch()
    assert driven.state.copied() == "line 98\nline 99\nline 100\n"
    # WHEN characters are selected THEN only those are copied
    last, before = view.blocks.last, view.blocks.start_before(view.blocks.last)
    driven.state.selection = Selection((last, 3), (before, 5))
    assert driven.state.copied() == "99\nline"
    driven.state.selection = None
    view.to_end()
    assert driven.state.copied() == "line 100"


def test_too_much_is_not_copied(tmp_path: Path) -> None:
    driven = Driven(tmp_path / "log", b"x" * 99 + b"\n")
    with (tmp_path / "log").open("ab") as file:
        file.truncate(MOST + 200)
    driven.state.poll()
    driven.state.selection = Selection((0, 0), (driven.state.view.blocks.last, 0), whole_lines=True)
    with pytest.raises(TooMuch, match="select less"):
        driven.state.copied()
    driven.state.close()


def test_the_end_is_printed_without_what_could_harm_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "log"
    out: list[str] = []
    path.write_bytes(b"one\n\x1b[31mtwo\x1b[0m\x1b]52;c;eA==\x07\n\x1b[2Jthree")
    print_end(path, 2, out.append)
    assert out[:2] == ["\x1b[31mtwo\x1b[0m\n", "three\n"]
    assert "the last 2 lines of it" in out[2] and "any key" in out[2]
