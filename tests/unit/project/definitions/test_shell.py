"""Which shell runs a text."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from orch_tui.project.definitions.shell import has_several_lines, shell_argv


@pytest.mark.parametrize(
    ("script", "several"),
    [
        ("true", False),
        ("\n  true\n\n", False),
        ("# why\n\ntrue\n# and that was it\n", False),
        ("false; echo on", False),
        ("false\necho on", True),
        ("false\r\necho on\r\n", True),
        ("if true; then\n  echo a\nfi", True),
    ],
)
def test_lines_are_counted_without_blanks_and_comments(script: str, several: bool) -> None:
    assert has_several_lines(script) is several


def test_one_line_is_for_the_plain_shell_and_what_is_named_is_taken() -> None:
    assert shell_argv("false; true") == ["/bin/sh", "-c", "false; true"]
    assert shell_argv("a\nb", "bash -eu") == ["bash", "-eu", "-c", "a\nb"]
    assert shell_argv("a", '"/opt/my shell/sh" -x') == ["/opt/my shell/sh", "-x", "-c", "a"]


@pytest.mark.parametrize(("shell", "sentence"), [("", "is empty"), ("  ", "is empty"), ("bash '-e", "do not end")])
def test_a_shell_that_cannot_be_read_is_refused(shell: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        shell_argv("a", shell)


FAILING = [
    ("false\necho on", 1),
    ("echo a\nsh -c 'exit 7'\necho on", 7),
    ("echo a\n(exit 3) | cat\necho on", 3),
    ("set -u\necho $NOT_SET_AT_ALL\necho on", None),
    ("one() {\n  false\n  echo on\n}\none\necho on", 1),
    ("cat <<EOF\nhello\nEOF\nfalse\necho on", 1),
]
FINE = [
    "if false; then\n  echo never\nfi\necho on",
    "false || echo saved\necho on",
    "! false\necho on",
    "set +e\nfalse\necho on",
    "while false; do\n  :\ndone\necho on",
]


@pytest.mark.parametrize("bash", [True, False])
@pytest.mark.parametrize(("script", "code"), FAILING)
def test_a_text_of_several_lines_ends_where_it_fails(tmp_path: Path, script: str, code: int | None, bash: bool) -> None:
    argv = _argv(tmp_path, script, bash=bash)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "|" in script and not bash and not _knows_pipefail():
        pytest.skip("this /bin/sh has no pipefail")
    assert done.returncode == code if code is not None else done.returncode != 0
    assert "on" not in done.stdout.split()


@pytest.mark.parametrize("bash", [True, False])
@pytest.mark.parametrize("script", FINE)
def test_what_is_meant_to_fail_ends_nothing(tmp_path: Path, script: str, bash: bool) -> None:
    done = subprocess.run(_argv(tmp_path, script, bash=bash), capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.split()[-1] == "on", done.stderr


def _argv(directory: Path, script: str, *, bash: bool) -> list[str]:
    if bash and not shutil.which("bash"):
        pytest.skip("there is no bash here")
    argv = shell_argv(script, path=None if bash else str(directory))
    assert (argv[0] == "/bin/sh") is not bash
    return argv


def _knows_pipefail() -> bool:
    return subprocess.run(["/bin/sh", "-c", "set -o pipefail"], capture_output=True, check=False).returncode == 0
