"""What is read from the environment about the terminal and the editor, and what a report may say of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.project.masking.faults import possible_secrets
from orch_tui.project.masking.redactor import Redactor
from orch_tui.tui import report, terminal, theme
from orch_tui.tui.terminal import Colors
from orch_tui.tui.wire.palette import NUMBERS, fitting
from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import Color, ColorSystem
from textual.theme import Theme


@pytest.mark.parametrize(
    ("environment", "colors"),
    [
        ({"TERM": "xterm"}, Colors.SIXTEEN),
        ({"TERM": "linux"}, Colors.SIXTEEN),
        ({"TERM": "tmux-256color"}, Colors.PALETTE),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Colors.ALL),
        ({"TERM": "xterm-kitty"}, Colors.PALETTE),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Colors.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, Colors.PALETTE),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "256"}, Colors.PALETTE),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "truecolor"}, Colors.ALL),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, Colors.SIXTEEN),
    ],
)
def test_colours(environment: dict[str, str], colors: Colors) -> None:
    assert terminal.colors(environment) is colors


@pytest.mark.parametrize(
    ("wished", "colors", "name"),
    [
        (None, Colors.ALL, "orch-dark"),
        (None, Colors.PALETTE, "orch-dark-256"),
        (None, Colors.SIXTEEN, "orch-ansi-dark"),
        (None, Colors.NONE, "orch-ansi-dark"),
        # What was chosen in one terminal is kept in its kind in another
        ("orch-light", Colors.PALETTE, "orch-light-256"),
        ("orch-light-256", Colors.ALL, "orch-light"),
        ("orch-light-256", Colors.PALETTE, "orch-light-256"),
        ("nord", Colors.PALETTE, "nord"),
        ("nord", Colors.SIXTEEN, "nord"),
        ("orch-light-256", Colors.NONE, "orch-ansi-light"),
    ],
)
def test_the_theme_fits_the_terminal(wished: str | None, colors: Colors, name: str) -> None:
    assert theme.fitting(wished, colors) == name


@pytest.mark.parametrize("one", [theme.DARK_256, theme.LIGHT_256], ids=lambda one: one.name)
def test_no_colour_of_a_palette_is_rounded(one: Theme) -> None:
    # GIVEN every colour of the theme
    named = [getattr(one, name) for name in ("primary", "secondary", "accent", "success", "warning", "error")]
    named += [one.foreground, one.background, one.surface, one.panel, *one.variables.values()]
    for text in named:
        # THEN xterm's palette has it, and just that one is sent
        triplet = Color.parse(text).get_truecolor()
        sent = fitting(Color.parse(text), ColorSystem.EIGHT_BIT)
        assert sent.number is not None and EIGHT_BIT_PALETTE[sent.number] == triplet, text


def test_the_palette_is_that_of_others() -> None:
    assert len(NUMBERS) == 240
    assert {number: EIGHT_BIT_PALETTE[number] for number in NUMBERS.values()} == {n: t for t, n in NUMBERS.items()}


def test_other_colours_are_rounded_as_ever() -> None:
    odd = Color.parse("#123456")
    assert fitting(odd, ColorSystem.EIGHT_BIT) == odd.downgrade(ColorSystem.EIGHT_BIT)
    assert fitting(odd, ColorSystem.TRUECOLOR) == odd


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
    found = Redactor(secrets).text(text + secrets[0] + text)
    assert all(secret not in found for secret in secrets)


def test_harmless_variables_are_no_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('A="from the file"\nEMPTY=\n')
    found = possible_secrets({"HOME": "/home/ann", "LC_ALL": "C.UTF-8", "TOKEN": "t0ken"}, tmp_path / ".env")
    assert found == ["t0ken", "from the file"]


def test_a_report_has_no_secret_in_any_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN secrets in the environment and in .env
    monkeypatch.setenv("API_TOKEN", "hunter22-hunter22")
    (tmp_path / ".env").write_text("OTHER='pa$s \"word\" 99'\n")
    (tmp_path / "state").mkdir()
    # WHEN an error has them in its message, encoded
    spelled = (b"hunter22-hunter22".hex(), json.dumps('pa$s "word" 99'), "hunter22%2Dhunter22")
    error = ValueError(" ".join(spelled))
    path = report.write_report(error, tmp_path / "state", tmp_path / ".env")
    # THEN the report, which only its owner can read, has neither
    assert path is not None and path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert 'ValueError: ***** "*****" *****' in text


def test_a_report_goes_to_the_temporary_directory_where_the_project_has_no_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    path = report.write_report(ValueError("x"), tmp_path / "no-state")
    assert path is not None and path.parent == tmp_path and "ValueError: x" in path.read_text()
    # and is None where there is none either
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "gone" / "deep"))
    assert report.write_report(ValueError("x"), None) is None
