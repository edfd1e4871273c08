"""Whatever a terminal sends, the screen lives: other encodings, old mice, noise."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pty.harness import PtyApp, orch_tui

# Ctrl-C, Ctrl-Q and q leave, Ctrl-Z stops: a person's wish, not noise.
_LEAVING = b"\x03\x11\x1aqQ"
_PIECES = (
    b"\x1b",
    b"\x1b[",
    b"\x1b[M",
    b"\x1b[<",
    b"\x1b[200~",
    b"\x1b[201~",
    b"\x1bO",
    b"\x1b]1",
    b"\x1bP0",
    b"\xf0\x9f",
)
_NUMBERS = (b"0;0;0M", b"35;99999;99999M", b"1;1;99999999u", b"97:65;1u", b"48;0;0;0;0t", b"48;9999;9999;1;1t", b"9;9R")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "orch.toml": 'name = "Test project"\n',
        "orchestrations/alpha.toml": 'name = "Alpha"\n',
        "orchestrations/beta.toml": 'name = "Beta"\n',
    }.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


@pytest.fixture
def app(project: Path, tmp_path: Path) -> Iterator[PtyApp]:
    environment = {"ORCH_TUI_CONFIG": str(tmp_path / "config.toml"), "VISUAL": "true", "PAGER": "true"}
    with PtyApp(orch_tui(project), environment=environment) as app:
        app.wait_for("Beta")
        yield app


def test_bytes_that_are_no_text_end_nothing(app: PtyApp) -> None:
    app.settle()
    for sent in (
        b"\xe9",
        b"\x80",
        b"\xe9j",
        b"\x1b[M \xa1\xb2",
        b"\x1b[M \xc3\xa1",
        b"\xff" * 5000,
        b"\x1b[1;1;99999999u",
        b"\xf0\x9f",
    ):
        # WHEN they come THEN the next keys are understood
        app.send(sent)
        app.settle()
        app.send("k")
        app.wait_for("alpha.toml")
        app.send("j")
        app.wait_for("beta.toml")
    app.send("q")
    assert app.exit_code() == 0 and app.restored()


def test_a_terminal_of_another_encoding_is_told_so(app: PtyApp) -> None:
    app.settle()
    app.send(b"\xe9")
    app.wait_for("not UTF-8")


def test_a_mouse_report_in_pieces_types_nothing(app: PtyApp) -> None:
    # GIVEN the beginning of a report, whose letters and digits are keys WHEN the rest comes long after, or never
    app.settle()
    app.send(b"\x1b[<35;1")
    app.pump(0.5)
    app.send(b"2;3M")
    app.send(b"\x1b[?62;22;52")
    app.pump(1.5)
    # THEN no dialog and no other screen came
    app.send("j")
    app.wait_for("beta.toml")
    assert "Alpha" in app.text() and "Test project" in app.text()


def _noise(chance: random.Random) -> bytes:
    made = bytearray()
    for _ in range(chance.randint(1, 60)):
        match chance.randrange(4):
            case 0:
                made += chance.choice(_PIECES)
            case 1:
                made += chance.choice(_NUMBERS)
            case 2:
                made += bytes(chance.randrange(0x80, 0x100) for _ in range(chance.randint(1, 6)))
            case _:
                made.append(chance.randrange(0x80))
    return bytes(byte for byte in made if byte not in _LEAVING)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 101))])
def test_noise_never_ends_the_screen(app: PtyApp, project: Path, seed: int) -> None:
    # GIVEN random bytes, cut sequences, numbers that no terminal sends
    crashes = project / ".orch" / "crash"
    crashes.parent.mkdir(exist_ok=True)
    chance = random.Random(seed)
    for _ in range(60):
        app.send(_noise(chance))
        app.pump(0.02)
    # THEN the program lives, wrote no report, and ends as it should
    app.send(b"\x1b[201~")
    app.pump(1.5)
    assert app.state() in "SRD"
    assert not crashes.exists(), app.text()
    app.signal(signal.SIGTERM)
    assert app.exit_code() == 128 + signal.SIGTERM and app.restored()
