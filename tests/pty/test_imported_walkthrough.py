"""A project of Keboola from the pull to the push: imported, run and edited on the screen, exported."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from orch_tui.storage.storage import Storage

from tests.pty.harness import PtyApp, orch_tui
from tests.servers.tools import ROOT, tool
from tests.support.keboola_projects import pulled_directory, write_json
from tests.support.projects import orch

PROGRAM = ROOT / "tests/servers/keboola_program/src/component.py"
CAMPAIGNS = "main/extractor/keboola.ex-http/campaigns"
DAILY = "main/other/keboola.orchestrator/daily"


def _git(root: Path, *arguments: str) -> str:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    ended = subprocess.run(
        ["git", "-C", str(root), *who, *arguments], capture_output=True, text=True, env={**os.environ, **settings}
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _pulled(root: Path) -> Path:
    """The project as it was pulled, and committed: an extractor with two rows, a transformation, two orchestrations."""
    pulled = pulled_directory(root)
    manifest = json.loads((pulled / ".keboola/manifest.json").read_text())
    entry = next(one for one in manifest["configurations"] if one["id"] == "11")
    entry["rows"].append({"id": "r2", "path": "rows/second"})
    write_json(pulled / ".keboola/manifest.json", manifest)
    body = {"parameters": {"do": "write", "#token": "KBC::ProjectSecure::x", "account": "7"}, "unknown": {"kept": None}}
    write_json(pulled / CAMPAIGNS / "config.json", body)
    for row, bucket in (("first", "in.c-one"), ("second", "in.c-two")):
        tables = [{"source": "exact", "destination": f"{bucket}.exact"}]
        row_body = {"parameters": {"account": row}, "storage": {"output": {"tables": tables}}}
        write_json(pulled / CAMPAIGNS / f"rows/{row}/config.json", row_body)
        write_json(pulled / CAMPAIGNS / f"rows/{row}/meta.json", {"name": row.title(), "isDisabled": False})
    _git(pulled, "init", "-q")
    _git(pulled, "add", "-A")
    _git(pulled, "commit", "-qm", "pull")
    return pulled


def test_from_the_pull_to_the_push(tmp_path: Path) -> None:
    # GIVEN a pulled project, and the program of its extractor
    venv = tool("keboola")
    pulled, here = _pulled(tmp_path / "pulled"), tmp_path / "here"
    # WHEN it is imported into a new project THEN nothing of it is lost
    came = orch(tmp_path, "import", "pulled", "--new", "here")
    assert came.returncode == 0, came.stdout + came.stderr
    # AND check finds nothing but components that are missing
    checked = json.loads(orch(here, "check", "--json").stdout)
    errors = {one["code"] for one in checked if one["severity"] == "error"}
    assert errors == {"not-installed"}
    # WHEN the component is named and its secret given
    file = here / "components/keboola.ex-http.toml"
    file.write_text(file.read_text().replace("[defaults]\n", f'[defaults]\nvenv = "{venv}"\nprogram = "{PROGRAM}"\n'))
    (here / ".env").write_text("EX_HTTP_CAMPAIGNS_TOKEN=a-token-of-mine\n")
    (here / ".env").chmod(0o600)
    with PtyApp(orch_tui(here)) as app:
        # AND it is opened, and the phase whose component is there run
        app.wait_for("From Keboola: keboola.orchestrator 71")
        app.send("\r")
        app.wait_for("Components")
        app.send("r")
        app.wait_for("This phase")
        app.send("p")
        app.wait_for("1 will run")
        app.send("\r")
        app.wait_for("row r1 ended in success")
        app.wait_for("row r2 ended in success")
        # AND a phase is renamed and saved, once the run has ended: then Esc leads to the plan
        app.wait_for("success  2/2")
        app.send("\x1b")
        app.wait_for("Components")
        app.send("{{c")
        app.wait_for("Rename")
        app.send("Extract it\r")
        app.wait_for("1 Extract it")
        app.send("s")
        app.wait_until(lambda: "Extract it" in (here / "orchestrations/daily.toml").read_text(), "the file")
        app.send("q")
        assert app.exit_code() == 0
    # THEN each row has written its table
    storage = Storage(here / ".orch/storage")
    assert storage.get("in.c-one/exact") is not None and storage.get("in.c-two/exact") is not None
    # WHEN it is exported
    exported = orch(here, "export", str(pulled))
    assert exported.returncode == 0, exported.stdout + exported.stderr
    # THEN git shows the edit alone
    changed = [
        line for line in _git(pulled, "diff", "-U0").splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert changed == ['-  "name": "Extract",', '+  "name": "Extract it",']
    assert _git(pulled, "status", "--porcelain").split() == ["M", f"{DAILY}/phases/001-extract/phase.json"]
