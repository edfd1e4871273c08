"""Notes on runs: kept with them, by several at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.pruning import prune_runs
from orch_tui.runs.past.notes import NoSuchNote, add_note, read_notes, take_back

from tests.support.past_runs import BEGIN, Past, write_past


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    return ProjectPaths(tmp_path)


def test_notes_of_two_people_are_kept_in_order(paths: ProjectPaths) -> None:
    # GIVEN a run
    run = paths.run("o", write_past(paths, Past()))
    assert read_notes(run) == ()
    # WHEN two people note something, one of them with what a terminal would act on
    add_note(run, "ann@host", 1.0, "disk was full\x1b[2J\nasked for more")
    add_note(run, "bob@host", 2.5, "příště dřív 🙂")
    # THEN both are there, safe to show, for the owner alone
    assert [(one.number, one.by, one.at, one.text) for one in read_notes(run)] == [
        (1, "ann@host", 1.0, "disk was full asked for more"),
        (2, "bob@host", 2.5, "příště dřív 🙂"),
    ]
    assert (run / "notes.jsonl").stat().st_mode & 0o777 == 0o600
    # WHEN the first is taken back THEN the other keeps its number
    assert take_back(run, 1, "ann@host", 3.0).text == "disk was full asked for more"
    assert [one.number for one in read_notes(run)] == [2]
    with pytest.raises(NoSuchNote, match="no note 1; its notes: 2"):
        take_back(run, 1, "ann@host", 4.0)


def test_a_line_that_was_not_written_to_its_end_loses_no_other(paths: ProjectPaths) -> None:
    # GIVEN a note, and half of one that a kill has left
    run = paths.run("o", write_past(paths, Past()))
    add_note(run, "ann", 1.0, "first")
    with open(run / "notes.jsonl", "ab") as file:
        file.write(b'{"at": 2.0, "by": "bo')
    # WHEN another is added, and lines of somebody else's
    add_note(run, "cyd", 3.0, "third")
    with open(run / "notes.jsonl", "ab") as file:
        file.write(b'[1]\nnull\n{"at": "x", "by": 1}\n\xff\xfe\n')
    # THEN the whole ones are there
    assert [one.text for one in read_notes(run)] == ["first", "third"]


def test_notes_go_with_their_run(paths: ProjectPaths) -> None:
    # GIVEN an old run with a note, and a newer one
    old = paths.run("o", write_past(paths, Past(at=BEGIN)))
    write_past(paths, Past(at=BEGIN + 60))
    add_note(old, "ann", 1.0, "kept with it")
    # WHEN old runs are deleted
    assert prune_runs(paths, "o", keep=1, keep_days=None, now=BEGIN) == [old.name]
    # THEN the note is gone, and a note that comes late does not bring the run back
    assert not old.exists() and read_notes(old) == ()
    with pytest.raises(FileNotFoundError):
        add_note(old, "bob", 2.0, "too late")
    assert not old.exists()


def test_a_link_in_the_place_of_notes_is_not_followed(paths: ProjectPaths, tmp_path: Path) -> None:
    # GIVEN a link where the notes are kept
    run = paths.run("o", write_past(paths, Past()))
    other = tmp_path / "other"
    other.write_text('{"at": 1.0, "by": "eve", "text": "planted"}\n')
    os.symlink(other, run / "notes.jsonl")
    # WHEN they are read, or one is added THEN nothing goes through it
    assert read_notes(run) == ()
    with pytest.raises(OSError, match="symbolic link"):
        add_note(run, "ann", 2.0, "text")
    assert other.read_text().count("\n") == 1
