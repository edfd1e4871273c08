"""The part of a log that is in view."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.runs.log.index import LogFile
from orch_tui.tui.log.rows import Viewport


def view_of(path: Path, data: bytes, *, width: int = 20, height: int = 5, wrap: bool = False) -> Viewport:
    path.write_bytes(data)
    log = LogFile(path)
    log.poll()
    view = Viewport()
    view.resize(width, height)
    view.wrap = wrap
    view.show(log.blocks)
    return view


def texts(view: Viewport) -> list[str]:
    return [row.line.shown[row.start : row.end] for row in view.rows()]


def numbered(count: int) -> bytes:
    return b"".join(b"line %d\n" % number for number in range(1, count + 1))


def test_a_log_opens_at_its_end_and_follows(tmp_path: Path) -> None:
    view = view_of(tmp_path / "log", numbered(10))
    assert texts(view) == [f"line {number}" for number in range(6, 11)]
    # WHEN it grows
    (tmp_path / "log").write_bytes(numbered(12))
    view.blocks.grown()
    view.settle()
    # THEN
    assert texts(view)[-1] == "line 12" and view.line(view.cursor).text == "line 12"


def test_going_up_stays_where_it_is_while_the_log_grows_and_the_end_follows_again(tmp_path: Path) -> None:
    view = view_of(tmp_path / "log", numbered(10))
    view.move(-1)
    assert not view.follow and view.line(view.cursor).text == "line 9"
    (tmp_path / "log").write_bytes(numbered(99))
    view.blocks.grown()
    view.settle()
    assert texts(view)[-1] == "line 10"
    view.move(2)
    assert not view.follow and texts(view)[-1] == "line 11"
    view.move(1000)
    assert view.line(view.cursor).text == "line 99" and not view.follow
    view.move(1)
    assert view.follow


def test_scrolling_takes_the_cursor_along_and_ends_at_the_end(tmp_path: Path) -> None:
    view = view_of(tmp_path / "log", numbered(30))
    view.scroll(-10)
    assert texts(view) == [f"line {number}" for number in range(16, 21)]
    assert view.line(view.cursor).text == "line 20"
    view.scroll(-100)
    assert texts(view)[0] == "line 1" and view.line(view.cursor).text == "line 5"
    view.scroll(7)
    assert texts(view)[0] == "line 8" and view.line(view.cursor).text == "line 8"
    view.scroll(1000)
    assert view.follow and texts(view)[-1] == "line 30"


def test_going_to_a_line_puts_it_into_the_middle_unless_it_is_in_view(tmp_path: Path) -> None:
    data = numbered(100)
    view = view_of(tmp_path / "log", data)
    view.go(data.index(b"line 50\n"))
    assert texts(view) == [f"line {number}" for number in range(48, 53)]
    view.go(data.index(b"line 52\n"))
    assert texts(view)[0] == "line 48" and view.line(view.cursor).text == "line 52"
    view.to_fraction(0.5)
    assert texts(view)[0] in {"line 51", "line 52", "line 53"}
    view.to_start()
    assert texts(view)[0] == "line 1"


def test_wrapped_lines_take_the_rows_they_need(tmp_path: Path) -> None:
    view = view_of(tmp_path / "log", b"short\n" + b"abcdefghij" * 3 + b"\nend\n", width=10, wrap=True)
    assert texts(view) == ["short", "abcdefghij", "abcdefghij", "abcdefghij", "end"]
    view.resize(10, 3)
    assert texts(view) == ["abcdefghij", "abcdefghij", "end"]
    view.scroll(-1)
    assert texts(view) == ["abcdefghij"] * 3
    view.set_wrap(False)
    assert texts(view) == ["short", "abcdefghij" * 3, "end"]


def test_wide_characters_are_wrapped_by_cells(tmp_path: Path) -> None:
    view = view_of(tmp_path / "log", "日本語日本語\n".encode(), width=5, wrap=True)
    assert texts(view) == ["日本", "語日", "本語"]


def test_sideways_goes_as_far_as_the_longest_line(tmp_path: Path) -> None:
    view = view_of(tmp_path / "log", b"x" * 50 + b"\nshort\n")
    view.shift(20)
    assert view.column == 20
    view.shift(100)
    assert view.column == 30
    view.shift(-100)
    assert view.column == 0
    view.reveal(0, 40, 45)
    assert 25 <= view.column <= 40
    view.reveal(0, 0, 3)
    assert view.column == 0


@pytest.mark.parametrize("data", [b"", b"\n", b"one line without an end", b"\n\n\n"])
def test_nearly_nothing_can_be_moved_about_in(tmp_path: Path, data: bytes) -> None:
    view = view_of(tmp_path / "log", data)
    for move in (view.to_start, view.to_end, lambda: view.move(3), lambda: view.move(-3), lambda: view.scroll(-9)):
        move()
        assert len(view.rows()) == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.sampled_from([b"\n", b"a\n", b"b" * 25 + b"\n", "日".encode() * 9 + b"\n"]), max_size=20).map(b"".join),
    st.lists(st.tuples(st.sampled_from(["move", "scroll", "wrap", "resize", "go"]), st.integers(-12, 12)), max_size=12),
)
def test_however_one_moves_the_view_is_full_and_the_cursor_is_in_it(
    tmp_path: Path, data: bytes, moves: list[tuple[str, int]]
) -> None:
    view = view_of(tmp_path / "log", data)
    for kind, amount in moves:
        if kind == "wrap":
            view.set_wrap(not view.wrap)
        elif kind == "resize":
            view.resize(3 + abs(amount), 1 + abs(amount))
        elif kind == "go":
            view.go(view.blocks.start_at(abs(amount) * 5) if data else 0)
        else:
            getattr(view, kind)(amount)
        rows = view.rows()
        whole = sum(view._height_of(one) for one in _starts(view))
        assert len(rows) == min(view.height, whole)
        assert not data or any(row.offset == view.cursor for row in rows)


def _starts(view: Viewport) -> list[int]:
    starts, at = [], 0
    while at < view.blocks.size:
        starts.append(at)
        at = view.blocks.end_of(at)
    return starts
