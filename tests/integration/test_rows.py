"""Rows of a configuration in real runs: each with its own folder, state and tables; which one failed is told."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from orch_tui.project.project import open_project
from orch_tui.storage.storage import Storage

from tests.support.commands import command_here
from tests.support.projects import latest_run, orch, start, wait_for_file

PROGRAM = """\
import json, os, pathlib, signal, sys, time
data = pathlib.Path(os.environ["KBC_DATADIR"])
parameters = json.loads((data / "config.json").read_text())["parameters"]
row, state = os.environ["KBC_CONFIGROWID"], data / "in" / "state.json"
runs = json.loads(state.read_text())["runs"] if state.exists() else 0
print("run", runs, "of", parameters["base"], parameters["path"])
together = pathlib.Path("together")
if parameters.get("wait"):
    pathlib.Path(f"here-{row}").touch()
    while not all(pathlib.Path(f"here-{one}").exists() for one in parameters["wait"]):
        time.sleep(0.01)
if parameters["path"] == "bad" and not pathlib.Path("mended").exists():
    sys.exit(f"no such path with {os.environ['TOKEN']}")
if parameters["path"] == "stuck":
    pathlib.Path("stuck").touch()
    signal.pause()
(data / "out" / "tables" / "t.csv").write_text(f"row,token\\n{row},x\\n")
(data / "out" / "state.json").write_text(json.dumps({"runs": runs + 1}))
"""


def _project(root: Path, rows: str, task: str = "", head: str = "") -> Path:
    for folder in ("components", "configurations/shop", "orchestrations"):
        (root / folder).mkdir(parents=True)
    (root / "orch.toml").write_text('name = "Rows"\n')
    (root / "program.py").write_text(PROGRAM)
    (root / ".env").write_text("TOKEN=a-secret-value-1\n")
    (root / ".env").chmod(0o600)
    command = '["{python}", "-P", "{project}/program.py"]'
    (root / "components/shop.toml").write_text(f'name = "Shop"\ntables = "csv"\ncommand = {command}\n')
    text = f'name = "All"\n{head}\n[parameters]\nbase = "b"\ntoken = "${{TOKEN}}"\n{rows}'
    (root / "configurations/shop/all.toml").write_text(text)
    (root / "orchestrations/daily.toml").write_text(
        f'name = "Daily"\n[[phases]]\nname = "P"\n[[phases.tasks]]\nid = "t"\nconfiguration = "shop/all"\n{task}\n'
    )
    return root


def _row(name: str, path: str, more: str = "") -> str:
    return f"""
[[rows]]
id = "{name}"
{more}
[rows.parameters]
path = "{path}"
[[rows.outputs]]
name = "t"
table = "shop/{name}"
"""


def test_each_row_has_its_own_folder_state_and_tables_and_a_retry_repeats_the_failed_one(tmp_path: Path) -> None:
    # GIVEN three rows, of which the second fails and the third is disabled
    rows = _row("first", "a") + _row("second", "bad") + _row("third", "c", "enabled = false")
    project = _project(tmp_path / "p", rows, 'retry = { attempts = 1, delay = "0s" }')
    # WHEN
    ended = orch(project, "run", "daily")
    # THEN the task failed by that row, and the first one's table is there
    assert ended.returncode == 1
    assert "2 configuration rows: 1 failed; row second: no such path with *****" in ended.stdout
    storage = Storage(project / ".orch" / "storage")
    assert storage.get("shop/first") is not None
    assert storage.get("shop/second") is None and storage.get("shop/third") is None
    # AND the second attempt ran the failed row alone
    run = latest_run(project, "daily")
    assert not (run / "tasks/t/2/rows/first").exists() and (run / "tasks/t/2/rows/second").is_dir()
    shown = json.loads(command_here(project, "show", run.name, "--json").stdout)
    attempts = shown["phases"][0]["tasks"][0]["attempts"]
    told = [[(row["id"], row["status"], row["attempt"]) for row in one["rows"]] for one in attempts]
    assert told == [
        [("first", "success", 1), ("second", "error", 1)], [("first", "success", 1), ("second", "error", 2)],
    ]  # fmt: skip
    text = command_here(project, "show", run.name, "t").stdout
    assert "row second" in text and "row first" in text and "in attempt 1" in text
    assert "[first] run 0 of b a" in (run / "tasks/t/1/log").read_text()
    # WHEN it is mended, and the run repeated
    (project / "mended").touch()
    assert orch(project, "run", "daily").returncode == 0
    # THEN each row went on from its own state
    states = project / ".orch" / "state" / "shop" / "all"
    assert {path.stem: json.loads(path.read_text())["runs"] for path in states.iterdir()} == {"first": 2, "second": 1}
    assert b"a-secret-value-1" not in b"".join(
        path.read_bytes() for path in (project / ".orch").rglob("*") if path.is_file()
    )


def test_rows_run_at_once_and_a_task_names_some(tmp_path: Path) -> None:
    # GIVEN two rows that wait for each other, one of them disabled, and a third
    wait = 'wait = ["x", "y"]\n'
    rows = _row("x", "a").replace('path = "a"', f'path = "a"\n{wait}')
    rows += _row("y", "a", "enabled = false").replace('path = "a"', f'path = "a"\n{wait}') + _row("z", "bad")
    project = _project(tmp_path / "p", rows, 'rows = ["x", "y"]', "row_parallel = 2")
    # WHEN
    ended = orch(project, "run", "daily")
    # THEN
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tables = Storage(project / ".orch" / "storage")
    assert tables.get("shop/x") is not None and tables.get("shop/y") is not None
    # AND a row that is not there is refused before anything starts
    file = project / "orchestrations/daily.toml"
    file.write_text(file.read_text().replace('"y"]', '"w"]'))
    refused = orch(project, "run", "daily")
    assert refused.returncode == 2 and 'shop/all has no row "w"' in refused.stderr
    assert 'names the row "w"' in command_here(project, "check").stdout


def test_a_cancelled_run_starts_no_further_row(tmp_path: Path) -> None:
    # GIVEN
    project = _project(tmp_path / "p", _row("one", "stuck") + _row("two", "a"))
    running = start(project, "run", "daily")
    wait_for_file(project / "stuck")
    # WHEN
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    # THEN
    attempt = latest_run(project, "daily") / "tasks/t/1"
    assert (attempt / "rows/one").is_dir() and not (attempt / "rows/two").exists()
    result = json.loads((attempt / "result.json").read_text())
    assert [(row["id"], row["status"]) for row in result["rows"]] == [("one", "error"), ("two", "cancelled")]
    assert open_project(project).configuration("shop/all").rows[1].id == "two"
