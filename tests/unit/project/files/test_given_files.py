"""Files of people's and their links: whatever is put in the place of one is said, and nothing waits or falls over."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from orch_tui.components.files import writer
from orch_tui.model.errors import OrchError, UserError
from orch_tui.project.files.atomic import write_atomic
from orch_tui.project.files.given_files import MAX_BYTES, NotRegular, TooLarge, is_inside, read_given, real_path
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project
from orch_tui.project.saving.env_file import keep_secret
from orch_tui.project.saving.writer import SaveError
from orch_tui.project.secrets import Secrets
from orch_tui.tui.keymap import load_config

from tests.support.bench import Bench

SOURCES = Path(__file__).parents[4] / "orch_tui"


def _circle(path: Path) -> None:
    other = path.with_name(f"{path.name}.other")
    path.symlink_to(other)
    other.symlink_to(path)


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        # A socket's name has 107 bytes at most: it is given from its directory.
        here = os.getcwd()
        os.chdir(path.parent)
        try:
            listening.bind(path.name)
        finally:
            os.chdir(here)


PUT: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "directory": Path.mkdir,
    "endless": _endless,
    "circle": _circle,
    "circle of one": lambda path: path.symlink_to(path.name),
    "huge": _huge,
    "socket": _socket,
}


@pytest.fixture(params=PUT)
def put(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    return PUT[request.param]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "p"
    for name in ("orchestrations", "configurations/command"):
        (root / name).mkdir(parents=True)
    (root / "orch.toml").write_text("")
    (root / "orchestrations/good.toml").write_text("")
    return Project(root)


def test_it_is_an_error_to_read_it(tmp_path: Path, put: Callable[[Path], object]) -> None:
    put(tmp_path / "x")
    with pytest.raises(OSError):
        read_given(tmp_path / "x")


def test_what_is_wrong_has_a_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegular, match="no regular file"):
        read_given(tmp_path / "pipe")
    _huge(tmp_path / "huge")
    with pytest.raises(TooLarge, match=r"5\.0 MiB; more than 5 are not read"):
        read_given(tmp_path / "huge")
    (tmp_path / "link").symlink_to("text")
    (tmp_path / "text").write_text("é")
    assert read_given(tmp_path / "link").decode() == "é"


def test_links_have_an_end_or_are_an_error(tmp_path: Path) -> None:
    # GIVEN a link within a root, one out of it, one to nothing and one in a circle
    root = tmp_path / "root"
    root.mkdir()
    (root / "in").symlink_to("there")
    (root / "out").symlink_to(tmp_path / "elsewhere")
    (root / "nothing").symlink_to("no/such/file")
    _circle(root / "circle")
    # THEN
    assert real_path(root / "in") == root / "there" and real_path(root / "nothing/x") == root / "no/such/file/x"
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        real_path(root / "circle")
    assert [is_inside(root / name, root) for name in ("in", "out", "nothing", "circle")] == [True, False, True, True]


@pytest.mark.parametrize("place", ["orchestrations/bad.toml", "configurations/command/bad.toml"])
def test_in_the_place_of_a_definition_it_is_one_files_error(
    project: Project, put: Callable[[Path], object], place: str
) -> None:
    # GIVEN it in the place of a definition WHEN the project is read THEN that is broken, and the rest is not
    put(project.paths.root / place)
    with pytest.raises(DefinitionError, match=re.escape(place)):
        if place.startswith("orch"):
            project.orchestration("bad")
        else:
            project.configuration("command/bad")
    assert project.orchestration("good").id == "good"


def test_in_the_place_of_env_it_is_told_and_secrets_are_those_of_the_environment(
    project: Project, put: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN it in the place of .env WHEN a secret is looked up THEN only the environment has one, and why is told
    put(project.paths.env_file)
    monkeypatch.setenv("TOKEN", "of the environment")
    secrets = Secrets(project.paths.root)
    assert (secrets.get("TOKEN"), secrets.get("OTHER_TOKEN")) == ("of the environment", None)
    assert [problem.code for problem in secrets.problems()][:1] == ["env-unreadable"]
    # AND a new one is not kept there, and nothing is changed
    with pytest.raises((SaveError, OrchError)):
        keep_secret(project, "NEW", "value")
    assert os.path.lexists(project.paths.env_file)


def test_in_the_place_of_the_settings_all_defaults_hold(tmp_path: Path, put: Callable[[Path], object]) -> None:
    put(tmp_path / "config.toml")
    config = load_config(tmp_path / "config.toml")
    assert len(config.complaints) == 1 and "cannot be read, all defaults hold" in config.complaints[0]


def test_a_circle_is_not_written_over(tmp_path: Path) -> None:
    # GIVEN links in a circle, WHEN a file is written there THEN it is refused, with and without a mode
    _circle(tmp_path / "x")
    for mode in (None, 0o600):
        with pytest.raises(OSError, match="Too many levels"):
            write_atomic(tmp_path / "x", "text", mode)
    assert (tmp_path / "x").is_symlink()
    bench = Bench(tmp_path / "bench")
    _circle(bench.project / "out.csv")
    with pytest.raises(UserError, match=r"out\.csv cannot be written: Too many levels"):
        writer.run(writer.Parameters(path="out.csv"), bench.context({"t": "select 1 as id"}, outputs=()))


def test_one_function_follows_links() -> None:
    # Path.resolve() falls over links in a circle before Python 3.13.
    found = [str(path) for path in SOURCES.rglob("*.py") if ".resolve()" in path.read_text(encoding="utf-8")]
    assert found == []
