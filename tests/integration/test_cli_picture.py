"""``show --picture``: the sequence on the terminal and as a file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.commands import command_here
from tests.support.projects import argv, environment, latest_run, make_project, orch


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An orchestration that has run once, and failed in its second phase."""
    phases = {"Extract": {"one": "true", "two": "true"}, "Load": {"three": "exit 3"}, "Write": {"four": "true"}}
    project = make_project(tmp_path_factory.mktemp("picture"), {"load": phases, "idle": {"Only": {"one": "true"}}})
    assert command_here(project, "run", "load").returncode == 1
    return project


def test_an_orchestration_is_drawn_as_it_would_run_and_a_run_as_it_went(root: Path) -> None:
    # WHEN
    plan = command_here(root, "show", "load", "--picture", COLUMNS="120")
    run = latest_run(root, "load").name
    of_run = [
        command_here(root, "show", *words, "--picture", COLUMNS="120")
        for words in ((run,), ("last",), (), ("load", "last"), ("load", run))
    ]
    # THEN
    head, *drawn = plan.stdout.splitlines()
    assert head == "Load  3 phases, 4 tasks"
    assert drawn[0].startswith("╭ 1 Extract ") and "╭ 2 Load " in drawn[0] and "∥2 ╮" in drawn[0]
    assert "│ · one" in drawn[1] and "──▶" in drawn[1]
    assert len({one.stdout for one in of_run}) == 1
    assert "✔ one" in of_run[0].stdout and "✘ three" in of_run[0].stdout and "– four" in of_run[0].stdout
    # AND the signs that are in it are explained
    assert of_run[0].stdout.splitlines()[-1] == "✔ success  ✘ error  – skipped"


def test_it_fits_the_terminal_and_is_ascii_where_nothing_else_is_asked_for(root: Path) -> None:
    narrow = command_here(root, "show", "load", "--picture", COLUMNS="30").stdout.splitlines()
    assert all(len(line) <= 30 for line in narrow)
    assert "▼" in "".join(narrow)
    plain = command_here(root, "show", "load", "--picture", COLUMNS="120", LC_ALL="C").stdout
    assert plain.isascii()
    assert "+ 1 Extract " in plain and "-->" in plain


def test_a_terminal_gets_colours(root: Path) -> None:
    """GIVEN a terminal WHEN a run is drawn THEN states have their colours, and NO_COLOR takes them away."""

    def drawn(**more: str) -> str:
        leader, follower = os.openpty()
        try:
            process = subprocess.Popen(
                argv("show", "load", "last", "--picture"), cwd=root, env=environment(**more), stdout=follower
            )
            assert process.wait(60) == 0
            return os.read(leader, 65536).decode()
        finally:
            os.close(leader)
            os.close(follower)

    assert "\x1b[31m✘ \x1b[0m" in drawn()
    assert "\x1b" not in drawn(NO_COLOR="1")


def test_a_picture_goes_into_a_file(root: Path, tmp_path: Path) -> None:
    for words in (("load",), ("load", "last")):
        target = tmp_path / f"{len(words)}.svg"
        done = command_here(root, "show", *words, "--picture", str(target))
        assert (done.returncode, done.stdout) == (0, "")
        texts = [element.text for element in ElementTree.parse(target).iter("{http://www.w3.org/2000/svg}text")]
        assert {"Extract", "one", "four"} <= set(texts)
        assert ("✘" in texts) is (len(words) == 2)


def test_a_png_needs_its_library_and_says_so(root: Path, tmp_path: Path) -> None:
    # GIVEN no resvg, as without the extra
    (tmp_path / "resvg_py.py").write_text("raise ImportError\n")
    hidden = f"{tmp_path}:{environment()['PYTHONPATH']}"
    target = tmp_path / "picture.png"
    done = orch(root, "show", "load", "--picture", str(target), PYTHONPATH=hidden)
    assert done.returncode != 0 and not target.exists()
    assert "pip install 'orch-tui[png]'" in done.stderr and "write an .svg" in done.stderr


def test_a_png(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    target = tmp_path / "picture.png"
    done = command_here(root, "show", "load", "--picture", str(target))
    if "needs a font" in done.stderr:
        pytest.skip("no font on this machine")
    assert done.returncode == 0, done.stderr
    assert target.read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("load", "--picture", "x.jpg"), "let it end in .svg or .png"),
        (("--picture", "load"), "put --picture last"),
        (("gone", "--picture"), 'neither a run nor an orchestration "gone"'),
        (("gone", "last", "--picture"), 'there is no orchestration "gone"'),
        (("idle", "last", "--picture"), '"idle" has not run yet'),
        (("load", "--picture", "x.svg", "--json"), "--picture goes with none of"),
    ],
)
def test_what_cannot_be_drawn_is_a_sentence(root: Path, words: tuple[str, ...], said: str) -> None:
    done = command_here(root, "show", *words)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_run_of_another_orchestration_is_not_drawn_for_it(root: Path) -> None:
    done = command_here(root, "show", "idle", latest_run(root, "load").name, "--picture")
    assert done.returncode == 2
    assert 'is one of "load", not of "idle"' in done.stderr
