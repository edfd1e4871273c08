"""Programs of others as tasks of one run: a Singer tap from PyPI, then a Keboola component on what it brought."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from tests.servers.tools import tool
from tests.support.projects import ROOT, make_project, orch
from tests.support.tables import rows

TOKEN = "right-token-1"
TAP = """
[parameters]
venv = "{venv}"
tap = "tap-jsonl"
config = {{ path = "orders.jsonl", stream_name = "orders", primary_keys = ["id"] }}
streams = {{ orders = {{ exclude = ["_sdc_filename", "_sdc_stream", "_sdc_last_modified"] }} }}
[[outputs]]
name = "orders"
table = "shop/orders"
"""
COMPONENT = """
[parameters]
venv = "{venv}"
program = "{program}"
log = "gelf"
[parameters.parameters]
"#token" = "${{API_TOKEN}}"
[[inputs]]
table = "shop/orders"
name = "orders"
[[outputs]]
name = "doubled"
table = "shop/doubled"
"""


def test_a_tap_and_a_component_in_one_run(tmp_path: Path) -> None:
    # GIVEN a project with both, a file for the tap and a secret for the component
    singer, keboola = tool("singer"), tool("keboola")
    tasks = {
        "Extract": {"orders": {"configuration": "singer/orders"}},
        "Transform": {"doubled": {"configuration": "keboola/doubled"}},
    }
    project = make_project(tmp_path / "project", {"all": tasks})
    program = ROOT / "tests" / "servers" / "keboola_program" / "src" / "component.py"
    for name, text in (
        ("singer/orders", TAP.format(venv=singer)),
        ("keboola/doubled", COMPONENT.format(venv=keboola, program=program)),
    ):
        file = project / "configurations" / f"{name}.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    lines = [{"id": 1, "amount": 5, "note": "a"}, {"id": 2, "amount": 7}]
    (project / "orders.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (project / ".env").write_text(f"API_TOKEN={TOKEN}\n")
    (project / ".env").chmod(0o600)
    # WHEN it runs
    done = orch(project, "run", "all")
    assert done.returncode == 0, done.stdout + done.stderr
    # THEN what the tap brought went through the component
    home = project / ".orch" / "storage" / "shop" / "doubled"
    found = rows(home / tomllib.loads((home / "table.toml").read_text())["file"], "id")
    assert [row[:3] for row in found] == [("1", "10", "a"), ("2", "14", "")]
    # THEN the secret reached the component and nothing else
    files = [path.read_bytes() for path in (project / ".orch").rglob("*") if path.is_file()]
    assert any(b"signed in with *****" in data for data in files)
    assert not any(TOKEN.encode() in data for data in files)
