"""What is read from the environment about the terminal and the editor, and what a report may say of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.tui import report, terminal
from orch_tui.tui.terminal import Colors


@pytest.mark.parametrize(
    ("environment", "colors"),
    [
        ({"TERM": "xterm"}, Colors.SIXTEEN),
        ({"TERM": "linux"}, Colors.SIXTEEN),
        ({"TERM": "tmux-256color"}, Colors.MANY),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Colors.MANY),
        ({"TERM": "xterm-kitty"}, Colors.MANY),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Colors.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, Colors.MANY),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, Colors.SIXTEEN),
    ],
)
def test_colours(environment: dict[str, str], colors: Colors) -> None:
    assert terminal.colors(environment) is colors


def test_the_editor_of_the_person_comes_first() -> None:
    assert terminal.editor({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert terminal.editor({"VISUAL": " ", "EDITOR": "'my editor'"}) == ["my editor"]
    with pytest.raises(ValueError, match="quotation"):
        terminal.editor({"EDITOR": "'open"})


@pytest.mark.parametrize("environment", [{}, {"TERM": ""}, {"TERM": "dumb"}])
def test_a_terminal_without_a_cursor_is_refused(environment: dict[str, str]) -> None:
    reason = terminal.refusal(environment)
    assert reason is not None and all(f"orch-tui {one}" in reason for one in ("list", "watch", "run"))


@given(st.lists(st.text("abc", min_size=4, max_size=8), min_size=1), st.text("abc", max_size=40))
def test_no_secret_is_left_in_a_redacted_text(secrets: list[str], text: str) -> None:
    found = report.redacted(text + secrets[0] + text, secrets)
    assert all(secret not in found for secret in secrets)


def test_harmless_variables_are_no_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('A="from the file"\nEMPTY=\n')
    found = report.secrets_of({"HOME": "/home/ann", "LC_ALL": "C.UTF-8", "TOKEN": "t0ken"}, tmp_path / ".env")
    assert found == ["t0ken", "from the file"]


def test_a_report_goes_to_the_temporary_directory_where_the_project_has_no_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    path = report.write_report(ValueError("x"), tmp_path / "no-state")
    assert path is not None and path.parent == tmp_path and "ValueError: x" in path.read_text()
    # and is None where there is none either
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "gone" / "deep"))
    assert report.write_report(ValueError("x"), None) is None
