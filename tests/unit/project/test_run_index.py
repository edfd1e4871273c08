"""The index of runs: it says what the journals say, whatever became of it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.project.history import RunSummary, all_runs, runs
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.pruning import prune_runs
from orch_tui.project.run_index import RunIndex

from tests.support.past_runs import BEGIN, Past, make_history, write_past
from tests.support.projects import environment, started


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    return make_history(tmp_path, 40, ["alpha", "beta"])


def journals_say(paths: ProjectPaths) -> list[RunSummary]:
    return list(all_runs(paths))


def counted_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The runs whose journals are read from now on."""
    from orch_tui.project import history, run_index

    read: list[Path] = []

    def counting(directory: Path) -> RunSummary:
        read.append(directory)
        return history.summarize(directory)

    monkeypatch.setattr(run_index, "summarize", counting)
    return read


def test_what_is_known_is_not_read_again(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a history that was read once
    first = RunIndex(paths).all_runs()
    assert first == journals_say(paths) and len(first) == 40
    assert {run.because for run in first if run.status is Status.ERROR} != {None}
    assert (paths.history / "alpha.jsonl").stat().st_mode & 0o777 == 0o600
    # WHEN it is read again THEN no journal is
    read = counted_reads(monkeypatch)
    assert RunIndex(paths).all_runs() == first and read == []
    # WHEN a run is added, one goes on, one ended since THEN only these are read
    new = write_past(paths, Past("alpha", BEGIN + 90_000, schedule="morning", parent="beta/x/y", continues="z"))
    going = write_past(paths, Past("beta", BEGIN + 90_001, None))
    assert RunIndex(paths).all_runs() == journals_say(paths)
    assert [one.name for one in read] == [new, going]
    # A run that has not ended is looked at each time.
    assert RunIndex(paths).runs("beta")[0].id == going and [one.name for one in read[2:]] == [going]


def test_a_journal_that_was_changed_is_read_again(paths: ProjectPaths) -> None:
    # GIVEN a history that was read
    before = RunIndex(paths).runs("alpha")
    # WHEN a journal is damaged, one is put back from elsewhere, one is taken away
    (before[0].directory / JOURNAL).write_text("no journal")
    (before[1].directory / "copy").write_bytes((before[2].directory / JOURNAL).read_bytes())
    (before[1].directory / "copy").replace(before[1].directory / JOURNAL)
    shutil.rmtree(before[3].directory)
    # THEN the index says what is there now
    after = RunIndex(paths).runs("alpha")
    assert after == list(runs(paths, "alpha"))
    assert after[0].broken and after[1].started == before[2].started and len(after) == len(before) - 1
    # A damaged one is told each time.
    assert RunIndex(paths).runs("alpha")[0].broken


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"not JSON\n",
        b'[1,"x"]\n[]\n{}\nnull\n7\n',
        b"\x00\xff\n" * 50,
        b"[" * 100_000 + b"\n",
    ],
    ids=["empty", "text", "other values", "bytes", "deep"],
)
def test_a_damaged_index_is_made_anew(paths: ProjectPaths, damage: bytes) -> None:
    # GIVEN an index that somebody has written over
    expected = RunIndex(paths).runs("alpha")
    file = paths.history / "alpha.jsonl"
    file.write_bytes(damage)
    # WHEN it is read, and again THEN it says what the journals say
    assert RunIndex(paths).runs("alpha") == expected
    assert RunIndex(paths).runs("alpha") == expected


def test_every_cut_and_every_flipped_byte_leaves_the_truth(paths: ProjectPaths) -> None:
    # GIVEN an index, cut and changed anywhere: what a kill or a bad disk leaves
    expected = RunIndex(paths).runs("alpha")
    file = paths.history / "alpha.jsonl"
    whole = file.read_bytes()
    draw = random.Random(7)
    for _ in range(60):
        at = draw.randrange(len(whole))
        file.write_bytes(whole[:at])
        # WHEN it is read THEN it says what the journals say
        assert RunIndex(paths).runs("alpha") == expected


def test_wrong_types_in_a_line_are_passed_over(paths: ProjectPaths) -> None:
    # GIVEN lines with other values in each place
    expected = RunIndex(paths).runs("alpha")
    file = paths.history / "alpha.jsonl"
    import json

    lines = [json.loads(line) for line in file.read_text().split("\n") if line]
    for place in range(len(lines[0])):
        for value in (None, 7, "x", [], {"x": 1}, [1, 2]):
            changed = [[*line[:place], value, *line[place + 1 :]] for line in lines[:2]]
            file.write_text("\n".join(map(json.dumps, [*changed, *lines[2:]])) + "\n")
            # WHEN it is read THEN nothing of them breaks the reader
            assert len(RunIndex(paths).runs("alpha")) == len(expected)


def test_what_is_deleted_is_gone_and_the_file_does_not_grow_for_ever(paths: ProjectPaths) -> None:
    # GIVEN runs that come and go
    for turn in range(24):
        for number in range(12):
            write_past(paths, Past("alpha", BEGIN + 100_000 + turn * 1000 + number))
        RunIndex(paths).runs("alpha")
        prune_runs(paths, "alpha", keep=4, keep_days=None, now=BEGIN)
        assert RunIndex(paths).runs("alpha") == list(runs(paths, "alpha"))
    # THEN the index has lines for few more than those that are kept
    assert (paths.history / "alpha.jsonl").read_bytes().count(b"\n[") < 250


def test_a_history_that_cannot_be_kept_is_read_all_the_same(paths: ProjectPaths) -> None:
    # GIVEN a link where the index is kept, and then a directory
    other = paths.root / "other"
    other.write_text("mine")
    paths.history.mkdir(mode=0o700)
    os.symlink(other, paths.history / "alpha.jsonl")
    (paths.history / "beta.jsonl").mkdir()
    # WHEN it is read THEN it is all there, and nothing was written through the link
    assert RunIndex(paths).all_runs() == journals_say(paths)
    assert other.read_text() == "mine"


_WRITER = """
import sys
from pathlib import Path
from orch_tui.project.paths import ProjectPaths
from orch_tui.project.run_index import RunIndex
paths = ProjectPaths(Path(sys.argv[1]))
sys.stdout.write("ready"); sys.stdout.flush()
while True:
    for file in paths.history.glob("*.jsonl"):
        if int(sys.argv[2]) % 2:
            file.unlink(missing_ok=True)
    RunIndex(paths).all_runs()
"""


def test_two_that_write_at_once_and_kills_leave_the_truth(paths: ProjectPaths) -> None:
    # GIVEN two processes that read the history again and again, one of which takes the index away each time
    expected = journals_say(paths)
    for _ in range(2):
        processes = [
            started(
                [sys.executable, "-c", _WRITER, str(paths.root), str(number)],
                stdout=subprocess.PIPE,
                env=environment(),
            )
            for number in range(2)
        ]
        try:
            for process in processes:
                assert process.stdout is not None and process.stdout.read(5) == "ready"
            # WHEN a third reads meanwhile, and they are killed THEN all read what the journals say
            for _ in range(5):
                assert RunIndex(paths).all_runs() == expected
        finally:
            for process in processes:
                process.kill()
                process.wait()
                assert process.stdout is not None
                process.stdout.close()
        assert RunIndex(paths).all_runs() == expected
