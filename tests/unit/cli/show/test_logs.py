"""Reading the end of a log, and following one that grows, is cut, or has no line ends."""

from __future__ import annotations

import io
import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.cli.shared.output import Output
from orch_tui.cli.show.logs import LogTail, last_lines_offset, visible


def output() -> tuple[Output, io.BytesIO]:
    raw = io.BytesIO()
    return Output(io.TextIOWrapper(raw, encoding="utf-8")), raw


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\xff", b"\n\n"]), max_size=40).map(b"".join),
       count=st.integers(0, 12))  # fmt: skip
def test_the_last_lines_are_those_of_the_whole_text(tmp_path: Path, data: bytes, count: int) -> None:
    # GIVEN a log
    path = tmp_path / "log"
    path.write_bytes(data)
    # WHEN
    fd = os.open(path, os.O_RDONLY)
    try:
        found = data[last_lines_offset(fd, len(data), count) :]
    finally:
        os.close(fd)
    # THEN
    lines = data.splitlines(keepends=True) if b"\r" not in data else []
    assert found == b"".join(lines[len(lines) - count :] if count < len(lines) else lines) if count else found == b""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(st.binary(max_size=30), max_size=8))
def test_a_log_that_grows_in_any_pieces_gives_the_same_lines(tmp_path: Path, pieces: list[bytes]) -> None:
    # GIVEN a log that is read after each piece
    path = tmp_path / "log"
    path.write_bytes(b"")
    out, shown = output()
    tail = LogTail(path)
    for piece in pieces:
        with path.open("ab") as file:
            file.write(piece)
        tail.copy_new(out)
    tail.finish(out)
    # THEN it is what reading it at once gives
    again, whole = output()
    reader = LogTail(path)
    reader.copy_new(again)
    reader.finish(again)
    assert shown.getvalue() == whole.getvalue()


def test_a_log_that_was_cut_is_read_from_its_new_beginning(tmp_path: Path) -> None:
    # GIVEN
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\n")
    out, shown = output()
    tail = LogTail(path, prefix="t | ")
    tail.copy_new(out)
    # WHEN
    path.write_bytes(b"new\n")
    tail.copy_new(out)
    # THEN
    assert shown.getvalue().decode() == (
        "t | one\nt | two\nt | [the log was cut; here is its new beginning]\nt | new\n"
    )


def test_a_line_without_an_end_is_given_out_in_pieces(tmp_path: Path) -> None:
    # GIVEN more than fits into one read
    path = tmp_path / "log"
    path.write_bytes(b"x" * 200_000)
    out, shown = output()
    tail = LogTail(path)
    # WHEN
    tail.copy_new(out)
    # THEN not all of it is held back
    assert len(shown.getvalue()) > 100_000
    assert len(tail._rest) < 1 << 16


def test_raw_gives_the_bytes_as_they_are(tmp_path: Path) -> None:
    # GIVEN
    path = tmp_path / "log"
    path.write_bytes(b"\x1b[31m\xff\r\n\0")
    out, shown = output()
    # WHEN
    tail = LogTail(path, raw=True)
    tail.copy_new(out)
    tail.finish(out)
    # THEN
    assert shown.getvalue() == b"\x1b[31m\xff\r\n\0"


def test_of_a_progress_bar_its_last_state_is_shown() -> None:
    assert visible("10%\r50%\r\x1b[32m99%\x1b[0m\r") == "99%"
