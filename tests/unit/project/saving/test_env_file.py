"""A secret written into ``.env``."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orch_tui.project.project import Project, open_project
from orch_tui.project.saving.env_file import NotKept, keep_secret, with_secret
from orch_tui.project.saving.writer import SaveError
from orch_tui.project.secrets import Secrets, parse_env


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "orch.toml").write_text('name = "p"\n')
    return open_project(tmp_path)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
@example("it's")
@example("back\\slash")
@example("\\'")
@example("ends in \\")
@example("${OTHER} #no comment")
@example("two\nlines\r\n")
def test_any_value_comes_back_or_is_refused(value: str) -> None:
    before = "# mine\nOTHER=1 # why\n\nexport LAST='x'\n"
    try:
        text = with_secret(before, "NAME", value)
    except NotKept:
        # Only line ends that reading turns into others.
        assert "\r" in value
        return
    # THEN it is the value that is read, and the others stay, to the letter
    values, wrong = parse_env(text)
    assert values == {"OTHER": "1", "LAST": "x", "NAME": value} and not wrong
    assert text.startswith(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "NAME='v'\n"),
        ("A=1", "A=1\nNAME='v'\n"),
        # The line of .env.example that nobody had filled in
        ("A=1\nNAME=\nB=2\n", "A=1\nNAME='v'\nB=2\n"),
        ("A=1\n\n# about it\nNAME = 'old' # note\n\nB=2", "A=1\n\n# about it\nNAME='v'\n\nB=2"),
        # The last one counts
        ("NAME=a\nNAME=b\n", "NAME=a\nNAME='v'\n"),
    ],
)
def test_its_line_is_replaced_and_nothing_else(before: str, after: str) -> None:
    assert with_secret(before, "NAME", "v") == after


def test_the_file_is_its_owners_only_and_read_at_once(project: Project) -> None:
    # GIVEN a file that others may read
    project.paths.env_file.write_text("A=1\n")
    project.paths.env_file.chmod(0o644)
    # WHEN a secret is kept
    keep_secret(project, "TOKEN", "s3cret")
    # THEN it is there, for its owner only
    assert Secrets(project.root).get("TOKEN") == "s3cret"
    assert stat.S_IMODE(project.paths.env_file.stat().st_mode) == 0o600


@pytest.mark.parametrize(("name", "value"), [("", "v"), ("a b", "v"), ("1A", "v"), ("A", "")])
def test_what_cannot_be_a_secret_is_refused(project: Project, name: str, value: str) -> None:
    with pytest.raises(NotKept):
        keep_secret(project, name, value)
    assert not project.paths.env_file.exists()


def test_a_file_that_is_no_text_is_left_alone(project: Project) -> None:
    project.paths.env_file.write_bytes(b"A=\xff\n")
    with pytest.raises(NotKept, match="UTF-8"):
        keep_secret(project, "TOKEN", "v")
    assert project.paths.env_file.read_bytes() == b"A=\xff\n"


def test_a_directory_in_its_place_is_told(project: Project) -> None:
    project.paths.env_file.mkdir()
    with pytest.raises(SaveError, match=r"\.env could not be saved"):
        keep_secret(project, "TOKEN", "v")
