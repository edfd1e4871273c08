"""Lines of a growing file, from any place in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.runs.log.index import BLOCK, Change, LineCount, LogFile

SMALL = 16
_LOGS = st.lists(
    st.sampled_from([b"\n", b"a\n", b"some line\n", b"x" * 20, b"y" * 40 + b"\n", b"\r"]), max_size=30
).map(b"".join)
_fixture_is_fine = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def opened(path: Path, data: bytes, block: int = SMALL) -> LogFile:
    path.write_bytes(data)
    log = LogFile(path, block)
    log.poll()
    return log


def starts_of(log: LogFile) -> list[int]:
    starts, at = [], 0
    while at < log.blocks.size:
        starts.append(at)
        at = log.blocks.end_of(at)
    return starts


@_fixture_is_fine
@given(_LOGS)
def test_lines_are_the_same_from_both_sides_and_from_within(tmp_path: Path, data: bytes) -> None:
    # GIVEN a log, read in small blocks
    log = opened(tmp_path / "log", data)
    # WHEN its lines are gone through forwards
    starts = starts_of(log)
    # THEN backwards gives the same
    back, at = [], log.blocks.size
    while at > 0:
        at = log.blocks.start_before(at)
        back.append(at)
    assert back[::-1] == starts
    # and every byte is in the line that begins last before it
    for offset in range(len(data)):
        assert log.blocks.start_at(offset) == max(start for start in starts if start <= offset)
    # and every line end is the end of one of them, and other ends are in lines that are too long only
    ends = [*starts[1:], log.blocks.size] if data else []
    assert {index + 1 for index, byte in enumerate(data) if byte == 10} <= set(ends)
    assert all(data[end - 1] == 10 or end % SMALL == 0 or end == len(data) for end in ends)


@_fixture_is_fine
@given(_LOGS, _LOGS)
def test_counting_knows_the_number_of_every_line(tmp_path: Path, data: bytes, more: bytes) -> None:
    # GIVEN a log that was counted, grew, and was counted on
    log, count = opened(tmp_path / "log", data), LineCount(SMALL)
    while count.step(log.blocks):
        pass
    (tmp_path / "log").write_bytes(data + more)
    log.poll()
    while count.step(log.blocks):
        pass
    whole = data + more
    # THEN
    for offset in range(0, len(whole), 7):
        assert count.before(offset, log.blocks) == whole.count(b"\n", 0, offset)
        assert count.between(offset, len(whole), log.blocks) == whole.count(b"\n", offset)
    begins = [0] + [index + 1 for index, byte in enumerate(whole) if byte == 10 and index + 1 < len(whole)]
    for number, offset in enumerate(begins):
        assert count.offset_of(number, log.blocks) == offset
    assert count.offset_of(len(begins) + 5, log.blocks) == (log.blocks.last if whole else 0)


def test_a_line_number_is_unknown_until_it_is_counted(tmp_path: Path) -> None:
    log, count = opened(tmp_path / "log", b"line\n" * 100), LineCount(SMALL)
    assert count.before(400, log.blocks) is None and count.offset_of(80, log.blocks) is None
    assert count.between(100, 400, log.blocks) is None
    # the last lines can be counted from one another
    assert count.between(490, 500, log.blocks) == 2


def test_growth_a_cut_and_a_new_file_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "log"
    # GIVEN a log that is not there yet
    log = LogFile(path)
    assert log.poll() is Change.NONE and log.problem == "no output yet"
    # WHEN it appears, grows, stays, is cut, is replaced by a longer one THEN each is seen
    path.write_bytes(b"one\n")
    assert log.poll() is Change.REPLACED and log.problem is None
    with path.open("ab") as file:
        file.write(b"tw")
    assert log.poll() is Change.GREW and log.blocks.size == 6
    assert log.poll() is Change.NONE
    with path.open("ab") as file:
        file.write(b"o\n")
    log.poll()
    assert log.blocks.block(0) == b"one\ntwo\n"
    os.truncate(path, 2)
    assert log.poll() is Change.REPLACED and log.blocks.size == 2
    (tmp_path / "new").write_bytes(b"a longer one\n")
    (tmp_path / "new").replace(path)
    assert log.poll() is Change.REPLACED and log.blocks.block(0) == b"a longer one\n"


def test_a_deleted_log_can_still_be_read_and_its_file_is_closed_in_the_end(tmp_path: Path) -> None:
    log = opened(tmp_path / "log", b"kept\n", BLOCK)
    twin = log.blocks.twin()
    before = len(os.listdir("/proc/self/fd"))
    (tmp_path / "log").unlink()
    assert log.poll() is Change.NONE and log.blocks.block(0) == b"kept\n"
    del log
    assert twin.block(0) == b"kept\n"
    del twin
    assert len(os.listdir("/proc/self/fd")) == before - 1


def test_what_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    directory, pipe = LogFile(tmp_path), tmp_path / "pipe"
    directory.poll()
    assert directory.problem == "it cannot be read: it is a directory, where orch-tui keeps a file; take it away"
    os.mkfifo(pipe)
    fifo = LogFile(pipe)
    fifo.poll()
    assert fifo.problem == "it cannot be read: it is a named pipe, where orch-tui keeps a file; take it away"
    assert fifo.poll() is Change.NONE


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK])
def test_a_log_without_line_ends_is_read_in_parts(tmp_path: Path, size: int) -> None:
    log = opened(tmp_path / "log", b"x" * size, BLOCK)
    starts = starts_of(log)
    assert max(b - a for a, b in zip(starts, [*starts[1:], size], strict=True)) <= BLOCK
