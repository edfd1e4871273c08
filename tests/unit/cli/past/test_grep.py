"""``orch-tui grep``: text in the logs of all runs."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.status import Status
from orch_tui.project.attempt_dir import attempt_directory, log_file
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.project.run_index import RunIndex
from orch_tui.runs.log.search import literal
from orch_tui.runs.past.grep import LogSearch

from tests.support.commands import command_here
from tests.support.past_runs import BEGIN, Past, write_past
from tests.support.projects import make_project

DAY = 86400.0


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    make_project(tmp_path, {"alpha": {"P": {"load": "true"}}, "beta": {"P": {"send": "true"}}})
    paths = ProjectPaths(tmp_path)
    write_past(paths, Past("alpha", BEGIN, log="one\nTimeout at 5\nthree\n"))
    write_past(
        paths, Past("beta", BEGIN + DAY, task="send", log="sent\n\x1b[31mtime\x1b[0mout again\x07\nno end timeout")
    )
    run = write_past(paths, Past("alpha", BEGIN + 2 * DAY, Status.ERROR, why="x", log="příliš Žluťoučký\r100 %\n"))
    second = attempt_directory(paths.run("alpha", run), "load", 2)
    make_private(second)
    log_file(second).write_text("timeout of the second try\n")
    return paths


def found(paths: ProjectPaths, *arguments: str) -> list[Any]:
    result = command_here(paths.root, "grep", "--json", *arguments)
    hits: list[Any] = json.loads(result.stdout)
    assert result.returncode == (0 if hits else 1)
    return [(hit["orchestration"], hit["task"], hit["attempt"], hit["line"], hit["text"]) for hit in hits]


TRY = ("alpha", "load", 2, 1, "timeout of the second try")
AGAIN = ("beta", "send", 1, 2, "timeout again")
NO_END = ("beta", "send", 1, 3, "no end timeout")
FIRST = ("alpha", "load", 1, 2, "Timeout at 5")


def test_lines_are_found_in_all_logs(paths: ProjectPaths) -> None:
    # WHEN a text is looked for THEN the newest run is first, capitals count if there are any, colours do not
    assert found(paths, "timeout") == [TRY, AGAIN, NO_END, FIRST]
    assert found(paths, "Timeout") == [FIRST]
    assert found(paths, "TIMEOUT") == []
    # What a carriage return has written over was never to be seen in the end.
    assert found(paths, "žluťoučký") == [] and len(found(paths, "100 %")) == 1
    # AND by orchestration, task, time, search, as an expression
    assert found(paths, "timeout", "beta") == [AGAIN, NO_END]
    assert found(paths, "timeout", "--task", "lo*") == [TRY, FIRST]
    assert found(paths, "timeout", "--until", "2026-11-01") == [FIRST]
    assert found(paths, "timeout", "--since", "2026-11-03") == [TRY]
    assert found(paths, "timeout", "-w", "status=error or of=beta", "--since", "2026-11-03") == [TRY]
    assert found(paths, "-e", r"^time\w+ (of|at) ") == [TRY, FIRST]
    assert found(paths, "timeout", "--limit", "2") == [TRY, AGAIN]


def test_a_line_comes_after_its_place(paths: ProjectPaths) -> None:
    # WHEN it is for people
    result = command_here(paths.root, "grep", "timeout", "beta")
    # THEN run, task and number stand before the line, and what was looked at is told beside it
    run = RunIndex(paths).runs("beta")[0].id
    assert result.stdout == f"{run} send:2: timeout again\n{run} send:3: no end timeout\n"
    assert result.stderr == "2 lines in 1 log, 43 bytes\n"
    assert "load#2:1:" in command_here(paths.root, "grep", "second").stdout
    assert "there may be more: --limit" in command_here(paths.root, "grep", "timeout", "-n", "1").stderr
    nothing = command_here(paths.root, "grep", "nowhere")
    assert (nothing.returncode, nothing.stdout) == (1, "") and nothing.stderr.startswith("0 lines in 4 logs")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("",), "the text is empty"),
        (("-e", "("), "This is no regular expression"),
        (("x", "--since", "soon"), '"soon" is no time'),
        (("x", "--where", "status=eror"), 'no status "eror"'),
        (("x", "gamma"), "gamma"),
    ],
)
def test_wrong_usage_is_a_sentence(paths: ProjectPaths, arguments: tuple[str, ...], says: str) -> None:
    # WHEN it cannot be searched so THEN a sentence says why
    result = command_here(paths.root, "grep", *arguments)
    assert result.returncode == 2 and says in result.stderr and result.stdout == ""


def test_what_cannot_be_read_is_told_and_the_rest_is_searched(paths: ProjectPaths) -> None:
    # GIVEN a link, a directory in the place of logs, a damaged journal, a run that is gone
    runs = RunIndex(paths).runs("alpha")
    link = log_file(attempt_directory(runs[0].directory, "load", 1))
    link.unlink()
    os.symlink(paths.root / "orch.toml", link)
    (runs[0].directory / "run.toml").write_text("damaged")
    first = log_file(attempt_directory(runs[1].directory, "load", 1))
    first.unlink()
    first.mkdir()
    # WHEN it is searched THEN what can be read is, and what cannot is told
    result = command_here(paths.root, "grep", "timeout")
    assert result.stdout.count("\n") == 3 and "second try" in result.stdout
    assert "2 places could not be read" in result.stderr and "symbolic link" in result.stderr
    assert "name" not in command_here(paths.root, "grep", "name =").stdout


def test_memory_is_bounded(paths: ProjectPaths) -> None:
    # GIVEN a log of 24 MB: many lines, and one without an end
    path = log_file(attempt_directory(RunIndex(paths).runs("alpha")[-1].directory, "load", 1))
    with open(path, "wb") as file:
        for _ in range(12):
            file.write(b"a line of sixty-four bytes, as programs write them every day...\n" * 16384)
        file.write(b"x" * (12 << 20) + b"needle")
    # WHEN it is searched
    tracemalloc.start()
    search = LogSearch(literal("needle"))
    hits = list(search.hits(RunIndex(paths).runs("alpha")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # THEN it is found, in little memory
    assert [hit.line for hit in hits] == [12 * 16384 + 1] and search.bytes > 24 << 20
    assert peak < 8 << 20, peak


def test_pieces_of_a_long_log_lose_no_line(paths: ProjectPaths) -> None:
    # GIVEN lines of every length around the edges of blocks
    path = log_file(attempt_directory(RunIndex(paths).runs("alpha")[-1].directory, "load", 1))
    lines = [f"{'y' * (number * 37 % 5000)} needle {number}" for number in range(500)]
    path.write_text("\n".join(lines) + "\n")
    # WHEN it is searched THEN each is found with its number, and its first byte
    hits = list(LogSearch(literal("needle")).hits(RunIndex(paths).runs("alpha")[-1:]))
    assert [hit.line for hit in hits] == list(range(1, 501))
    data = path.read_bytes()
    assert all(data[: hit.offset].count(b"\n") == hit.line - 1 for hit in hits)
