"""The projects that were opened last."""

from __future__ import annotations

import stat
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from orch_tui.cli.shared.opening import NoProjectHere
from orch_tui.cli.shared.recent import ask_for_project, recent_projects, remember
from orch_tui.project.saving.scaffold import new_project

OUTSIDE = NoProjectHere('"/here" is no project; make one')


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "orch-tui" / "recent.json"


def asked(typed: str) -> tuple[str, Path | None]:
    """What is printed, and the answer; None where nothing was to be asked, or the person left."""
    chosen: list[Path] = []

    @click.command()
    def ask() -> None:
        chosen.append(ask_for_project(OUTSIDE))

    done = CliRunner().invoke(ask, input=typed)
    return done.output, chosen[0] if chosen else None


def test_the_last_opened_come_first_without_those_that_are_gone(tmp_path: Path, state: Path) -> None:
    # GIVEN more projects than are kept, opened one after the other, the second one again
    roots = [new_project(tmp_path / f"p{number}").root for number in range(12)]
    for root in (*roots, roots[5]):
        remember(root)
    # WHEN one of them is gone THEN it is left out, and nobody else may read where the others are
    (roots[10] / "orch.toml").unlink()
    assert [one.name for one in recent_projects()] == ["p5", "p11", "p9", "p8", "p7", "p6", "p4", "p3"]
    assert stat.S_IMODE(state.stat().st_mode) == 0o600 and stat.S_IMODE(state.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["{", "{}", '[1, "relative", null]', '["/a\\u0000b"]', "\xff"])
def test_a_broken_list_is_made_anew(tmp_path: Path, state: Path, text: str) -> None:
    state.parent.mkdir(parents=True)
    state.write_text(text, "latin-1")
    assert recent_projects() == []
    remember(root := new_project(tmp_path / "p").root)
    assert recent_projects() == [root]


def test_one_can_be_chosen_or_made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a directory that is no project, and two that were opened
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    first, second = new_project(tmp_path / "first").root, new_project(tmp_path / "second").root
    remember(first)
    remember(second)
    # WHEN it is asked THEN Enter takes the last one, a digit another; what is neither is asked again
    text, chosen = asked("\n")
    assert chosen == second and "1  second" in text and "2  first" in text and '"/here" is no project' in text
    assert asked("7\n2\n")[1] == first
    # AND Ctrl-D chooses nothing
    assert asked("")[1] is None
    # AND one is made here
    assert asked("n\n")[1] == here and (here / "orch.toml").is_file()


def test_with_nothing_to_choose_from_it_stays_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a directory with something in it, and no project that was opened
    (tmp_path / "thesis.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    # WHEN it is asked THEN it is told as before
    done = CliRunner().invoke(click.command()(lambda: ask_for_project(OUTSIDE)))
    assert done.exception is OUTSIDE
    # AND with one that was opened, none is made beside it
    remember(root := new_project(tmp_path / "p").root)
    text, chosen = asked("n\n1\n")
    assert chosen == root and "make a new project" not in text
