"""Names from outside in every command's output: nothing in them acts on the terminal, and JSON has them as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from orch_tui.cli.main import run_command_line

from tests.support.commands import NoScreen
from tests.support.damage import RUN, put_runs, whole_journals

EVIL = "x\x1b]0;owned\x07\x9b31m\u202e\x7f\x85\u2066\u200b\x08y"
_ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_SCHEMA = """
[schema.properties.day]
type = "string"
default = 2026-11-22
examples = [2026-11-22T14:02:00Z, 14:02:00, inf, nan]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in which everything is called so."""
    text = json.dumps(EVIL, ensure_ascii=True)
    files = {
        "orch.toml": f"name = {text}\n",
        "components/evil.toml": f'name = {text}\ndescription = {text}\ncommand = ["true"]\n{_SCHEMA}',
        "configurations/evil/c.toml": f"name = {text}\n[parameters]\nday = {text}\nother = {text}\n",
        "configurations/command/c.toml": f"name = {text}\n[parameters]\ncommand = {text}\n",
        "orchestrations/o.toml": f"name = {text}\ndescription = {text}\nunknown = {text}\n[variables]\nx = {text}\n"
        f'[[schedules]]\ncron = "@daily"\n[[phases]]\nname = {text}\n[[phases.tasks]]\nconfiguration = "evil/c"\n'
        '[[phases.tasks]]\nconfiguration = "command/c"\n',
        "orchestrations/broken.toml": f"name = {text}\nmax_parallel = {text}\n",
    }
    root = tmp_path / "p"
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    # A journal in which all texts are so, too.
    journal = whole_journals()["failed"]
    for old in ('"O"', '"A"', '"P"', '"no"', '"A failed"', '"the disk is full"', '"ann@host"', '"late"'):
        journal = journal.replace(old, text)
    put_runs(root / ".orch" / "runs" / "o", journal.encode())
    log = root / ".orch" / "runs" / "o" / RUN / "tasks" / "a" / "2"
    log.mkdir(parents=True)
    (log / "log").write_text(f"{EVIL}\n")
    return root


@pytest.mark.parametrize(
    "command",
    [
        *(("list",), ("list", "configurations"), ("list", "components"), ("component", "list"), ("check",)),
        *(("component", "schema", "evil"), ("component", "schema", EVIL), ("runs",), ("runs", EVIL), ("show", RUN)),
        *(("show", RUN, "a"), ("show", RUN, EVIL), ("show", EVIL), ("logs", RUN), ("logs", RUN, "a"), ("crontab",)),
        *(("watch", RUN), ("run", "o", "--dry-run"), ("run", EVIL), ("run", "o", "--only", EVIL), ("tables",)),
        *(("preview", EVIL), ("cancel", EVIL), (EVIL,), ("run", "o", f"--{EVIL}"), ("run", "broken"), ("test",)),
    ],
)
def test_nothing_in_a_name_reaches_the_terminal(
    root: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    # WHEN
    run_command_line([*command, "--project", str(root)], NoScreen())
    out, err = capsys.readouterr()
    # THEN
    assert out + err
    assert not _ACTS.search(out) and not _ACTS.search(err)


@pytest.mark.parametrize(
    "command",
    [
        *(
            ("list", "--json"),
            ("list", "configurations", "--json"),
            ("component", "list", "--json"),
            ("check", "--json"),
        ),
        *(("runs", "--json"), ("show", RUN, "--json"), ("show", RUN, "a", "--json"), ("component", "schema", "evil")),
        ("run", "o", "--dry-run", "--json"),
    ],
)
def test_json_is_plain_and_reads_back(root: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
    run_command_line([*command, "--project", str(root)], NoScreen())
    out = capsys.readouterr().out
    json.loads(out)
    assert not _ACTS.search(out)


def test_json_has_names_as_they_are(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_command_line(["list", "--json", "--project", str(root)], NoScreen())
    names = {item["id"]: item["name"] for item in json.loads(capsys.readouterr().out)}
    assert names["o"] == EVIL
    # AND what JSON has no form for is a text
    run_command_line(["component", "schema", "evil", "--project", str(root)], NoScreen())
    day = json.loads(capsys.readouterr().out)["properties"]["day"]
    assert day["default"] == "2026-11-22"
    assert day["examples"] == ["2026-11-22T14:02:00+00:00", "14:02:00", "inf", "nan"]
