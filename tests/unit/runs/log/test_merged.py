"""The logs of several tasks as one."""

from __future__ import annotations

import re
from pathlib import Path

from orch_tui.runs.log.merged import LogSource, MergedLog


def log_of(directory: Path, name: str, text: str = "", *, ended: bool = False) -> LogSource:
    path = directory / name
    with path.open("a") as file:
        file.write(text)
    return LogSource(name, path, ended)


def plain(path: Path) -> list[str]:
    return re.sub("\x1b\\[[0-9;]*m", "", path.read_text()).splitlines()


def test_lines_stand_behind_the_names_of_their_tasks_as_they_come(tmp_path: Path) -> None:
    merged = MergedLog()
    # GIVEN two logs that grow by turns
    merged.show("p", [log_of(tmp_path, "one", "a\n"), log_of(tmp_path, "three")])
    merged.show("p", [log_of(tmp_path, "one"), log_of(tmp_path, "three", "b\nhal")])
    path = merged.show("p", [log_of(tmp_path, "one", "c\n"), log_of(tmp_path, "three", "f\n")])
    # THEN each line is there once, in the order in which they came, and a line that was not complete is whole
    assert plain(path) == ["one   │ a", "three │ b", "one   │ c", "three │ half"]


def test_the_last_line_of_an_ended_log_needs_no_end(tmp_path: Path) -> None:
    merged = MergedLog()
    ended = log_of(tmp_path, "one", "10 %\r100 %\nlast", ended=True)
    for _ in range(3):
        path = merged.show("p", [ended])
    # AND of a progress bar its last state is shown
    assert plain(path) == ["one │ 100 %", "one │ last"]


def test_another_phase_begins_anew_and_nothing_is_left_behind(tmp_path: Path) -> None:
    merged = MergedLog()
    first = merged.show("p", [log_of(tmp_path, "one", "a\n")])
    second = merged.show("q", [log_of(tmp_path, "two", "b\n")])
    assert second != first and not first.exists() and plain(second) == ["two │ b"]
    # WHEN nobody has it any more THEN its place is gone
    place = second.parent
    del merged
    assert not place.exists()


def test_of_a_large_log_its_end_is_taken_from_the_beginning_of_a_line(tmp_path: Path) -> None:
    merged = MergedLog()
    source = log_of(tmp_path, "one", "".join(f"line {number}\n" for number in range(100_000)))
    lines = plain(merged.show("p", [source]))
    assert 1_000 < len(lines) < 50_000
    assert all(re.fullmatch(r"one │ line \d+", line) for line in lines)
    assert lines[-1] == "one │ line 99999"


def test_a_log_that_is_not_there_yet_or_was_cut_is_borne(tmp_path: Path) -> None:
    merged = MergedLog()
    path = merged.show("p", [LogSource("one", tmp_path / "missing", False)])
    assert plain(path) == []
    source = log_of(tmp_path, "one", "a\nb\n")
    merged.show("p", [source])
    source.path.write_text("")
    merged.show("p", [source])
    assert plain(merged.show("p", [log_of(tmp_path, "one", "c\n")])) == ["one │ a", "one │ b", "one │ c"]
