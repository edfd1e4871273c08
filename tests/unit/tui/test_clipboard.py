"""Copying says which way it went, and always leaves a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from orch_tui.project.paths import ProjectPaths
from orch_tui.tui.clipboard import OSC_52_LIMIT, copy_text


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    return ProjectPaths(tmp_path)


def files(paths: ProjectPaths) -> list[Path]:
    return sorted((paths.state / "copied").iterdir())


def test_to_the_terminal_and_into_a_file_that_only_its_owner_reads(paths: ProjectPaths) -> None:
    sent: list[str] = []
    said = copy_text("a line", paths, sent.append, {})
    (path,) = files(paths)
    assert sent == ["a line"] and path.read_text() == "a line"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "The line is sent" in said and "OSC 52" in said and f".orch/copied/{path.name}" in said


def test_what_is_too_much_for_a_terminal_is_not_sent(paths: ProjectPaths) -> None:
    sent: list[str] = []
    said = copy_text("x\n" * OSC_52_LIMIT, paths, sent.append, {})
    assert sent == [] and "too much for a terminal" in said and ".orch/copied/" in said


def tmux(directory: Path, script: str) -> None:
    program = directory / "tmux"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_inside_tmux_its_buffer_is_taken(paths: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a tmux that keeps what it gets
    tmux(tmp_path, f'echo "$@" > "{tmp_path}/asked"; cat > "{tmp_path}/got"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    sent: list[str] = []
    # WHEN
    said = copy_text("one\ntwo\n", paths, sent.append, {"TMUX": "/tmp/x,1,0"})
    # THEN
    assert (tmp_path / "got").read_text() == "one\ntwo\n" and sent == []
    assert (tmp_path / "asked").read_text() == "load-buffer -w -\n"
    assert said.startswith("2 lines are in tmux's buffer and sent to the terminal, and in .orch/copied/")


def _drop(sequence: str) -> None:
    """Where what is sent to the terminal is not looked at."""


def test_a_tmux_that_cannot_send_on_still_keeps_it(
    paths: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmux(tmp_path, f'[ "$2" = -w ] && exit 1; cat > "{tmp_path}/got"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    said = copy_text("one", paths, _drop, {"TMUX": "x"})
    assert (tmp_path / "got").read_text() == "one" and "in tmux's buffer, and" in said


def test_without_the_program_the_terminal_is_asked(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    sent: list[str] = []
    assert "OSC 52" in copy_text("one", paths, sent.append, {"TMUX": "x"}) and sent == ["one"]


def test_old_copies_are_removed_and_a_file_that_cannot_be_written_is_said(paths: ProjectPaths) -> None:
    for number in range(25):
        copy_text(str(number), paths, _drop, {})
    assert len(files(paths)) == 20 and "24" in {path.read_text() for path in files(paths)}
    broken = ProjectPaths(paths.root / "gone")
    sent: list[str] = []
    assert "in no file (No such file or directory)" in copy_text("x", broken, sent.append, {}) and sent == ["x"]
