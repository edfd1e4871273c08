"""The component ``keboola`` around a program written with the public library ``keboola.component``."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.keboola import gelf
from orch_tui.components.keboola import program as keboola
from orch_tui.components.keboola.parameters import Parameters
from orch_tui.storage.tables import Publication

from tests.integration.attempts import Attempt, attempt
from tests.servers.tools import missing, tool
from tests.support.projects import wait_for_file
from tests.support.tables import parquet_file, rows
from tests.support.tasks_here import failure_of, run_here

MODULE = "orch_tui.components.keboola.program"
PROGRAM = Path(__file__).resolve().parents[3] / "servers" / "keboola_program" / "src" / "component.py"
TOKEN = "right-token-1"
INPUT = [{"source": "shop/orders", "destination": "orders"}]
OUTPUT = [{"source": "doubled", "destination": "shop/doubled"}]


def task(tmp_path: Path, do: str = "double", name: str = "1", **more: Any) -> Attempt:
    inner = {"do": do, "#token": "${TOKEN}", "account": "7", **more.pop("inner", {})}
    tables: dict[str, Any] = {"inputs": INPUT, "outputs": OUTPUT} if do == "double" else {}
    parameters = {"venv": str(tool("keboola")), "program": str(PROGRAM), "parameters": inner, **more}
    given = attempt(tmp_path, parameters, secrets={"TOKEN": TOKEN}, name=name, **tables)
    query = "select * from (values (1, 5, 'a'), (2, 6, null), (3, 7, 'ž, \"x\"')) t(id, amount, note)"
    given.storage.publish([Publication("shop/orders", parquet_file(tmp_path / "seed.parquet", query))])
    return given


def everything_below(directory: Path) -> bytes:
    """All bytes of all files below."""
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def ask(given: Attempt) -> tuple[int, str, str]:
    """The action testConnection."""
    path = given.data / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "action": "testConnection"}))
    return run_here(given, keboola)


def test_a_component_with_tables_manifests_state_and_a_secret(tmp_path: Path) -> None:
    # GIVEN a task whose program reads a table, a secret and its state
    first = task(tmp_path)
    # WHEN it runs twice
    code, out, err = first.run(MODULE)
    assert (code, err) == (0, ""), out + err
    second = task(tmp_path, name="2")
    assert second.run(MODULE)[0] == 0
    # THEN its headless CSV with manifest is a table with the manifest's key, merged since the manifest says so
    info = first.storage.get("shop/doubled")
    assert info is not None and (info.primary_key, info.rows, info.version) == (("id",), 3, 2)
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    assert rows(info.file, "id") == [
        ("1", "10", "a", digest), ("2", "12", "", digest), ("3", "14", 'ž, "x"', digest)]  # fmt: skip
    # THEN its state went from one run to the next
    state = next((tmp_path / ".orch").rglob("state/*/sample.json"))
    assert json.loads(state.read_text()) == {"runs": 2}
    # THEN log and files have the messages, and nothing has the secret
    assert "signed in with *****" in out and "the service is slow today" in out
    assert "out/tables/extra.csv is no declared output" in out
    assert TOKEN.encode() not in everything_below(tmp_path / ".orch") and TOKEN not in out
    assert not (first.data / "keboola" / "config.json").is_symlink()


def test_tables_go_where_keboola_would_load_them_by_its_rules(tmp_path: Path) -> None:
    # GIVEN a program that writes duplicates and empties, and tables that nobody declared
    parameters = {"venv": str(tool("keboola")), "program": str(PROGRAM), "parameters": {"do": "write", "#token": "x"}}
    output = {"source": "exact", "destination": "shop/exact", "primary_key": ["id", ""]}
    given = attempt(tmp_path, parameters, outputs=[output])
    # WHEN
    code, out, err = run_here(given, keboola)
    # THEN the file without an ending is the output, of rows with one key the last stays, and empties are texts
    assert (code, err) == (0, ""), out
    exact = given.storage.get("shop/exact")
    assert exact is not None and exact.primary_key == ("id",)
    assert rows(exact.file, "id") == [("", "none"), ("1", "c"), ("2", "")]
    assert '"shop/exact": 1 row had the key of a later one' in out
    # AND the others go where their manifest or their name says
    for table in ("in.c-main/named", "out.c-other/file"):
        info = given.storage.get(table)
        assert info is not None and info.rows == 1, out


def test_a_default_bucket_takes_all_tables(tmp_path: Path) -> None:
    # GIVEN
    parameters = {"venv": str(tool("keboola")), "program": str(PROGRAM), "parameters": {"do": "write", "#token": "x"}}
    given = attempt(tmp_path, {**parameters, "default_bucket": "in.c-all"})
    # WHEN
    code, out, err = run_here(given, keboola)
    # THEN
    assert (code, err) == (0, ""), out
    for table in ("exact", "named", "out.c-other.file"):
        assert given.storage.get(f"in.c-all/{table}") is not None, out


def test_the_input_mapping_chooses_columns_and_rows(tmp_path: Path) -> None:
    # GIVEN
    mapping = {"columns": ["id", "amount"], "where_column": "id", "where_values": ["1", "2"], "limit": 1}
    given = task(tmp_path, "look", inner={"do": "look"}, input_mapping={"orders.csv": mapping})
    config = json.loads((given.data / "config.json").read_text())
    config["storage"]["input"]["tables"] = [{"source": "shop/orders", "destination": "orders.csv"}]
    (given.data / "config.json").write_text(json.dumps(config))
    # WHEN
    code, out, _ = run_here(given, keboola)
    # THEN the file has the name of the mapping, and what the mapping chooses
    assert code == 0, out
    assert "orders.csv: [{'id': '1', 'amount': '5'}]" in out


def test_the_program_finds_what_keboola_s_runner_sets(tmp_path: Path) -> None:
    # GIVEN / WHEN
    given = task(tmp_path, "environment")
    code, out, _ = run_here(given, keboola)
    # THEN
    assert code == 0
    assert f"KBC_DATADIR={given.data}/keboola/" in out
    for name in ("KBC_STACKID=orch-tui", "KBC_PROJECT_FEATURE_GATES=queuev2", f"TMPDIR={given.data}/tmp"):
        assert name in out


def test_what_is_always_written_passes_its_checks_too(tmp_path: Path) -> None:
    # GIVEN a component that fails, and a table of it that is always written, with a check that refuses it
    parameters = {"venv": str(tool("keboola")), "program": str(PROGRAM.with_name("everything.py"))}
    inner = {"parameters": {"do": "fail", "#token": "x"}}
    given = attempt(tmp_path, {**parameters, **inner}, outputs=[{"source": "audit", "destination": "shop/audit"}])
    config = json.loads((given.data / "config.json").read_text())
    config["orch_tui"]["checks"] = [{"table": "shop/audit", "rows": {"min": 2}}]
    (given.data / "config.json").write_text(json.dumps(config))
    # WHEN
    code, out, err = run_here(given, keboola)
    # THEN the failure stays what it was, the log says why nothing is published, and nothing waits
    assert (code, err) == (1, "the service is closed on Mondays\n")
    assert "warning: shop/audit: not published either" in out and "check failed" in out
    assert given.storage.get("shop/audit") is None and "candidate" not in everything_below(tmp_path / ".orch").decode(
        "utf-8", "replace"
    )


def test_a_program_finds_its_folder_at_data(tmp_path: Path) -> None:
    # GIVEN a program with /data in its code; WHEN it runs as it is, THEN the failure says what would help
    everything = str(PROGRAM.with_name("everything.py"))
    given = task(tmp_path, "at-data", program=everything)
    code, _, err = run_here(given, keboola)
    assert code == 2 and 'looks for its folder at /data, which data_folder = "/data" gives it' in err
    # WHEN it is given that
    config = {"program": everything, "data_folder": "/data", "default_bucket": "b", "inner": {"do": "at-data"}}
    given = task(tmp_path, "double", name="2", **config)
    code, out, err = run_here(given, keboola)
    if code == 125 and "refuses a namespace" in err:
        pytest.skip("this system lets nobody make a namespace")
    # THEN it reads and writes there, its secret too, and nobody else sees it
    assert (code, err) == (0, ""), out
    assert "at /data: {} ***** /data/" in out and not Path("/data/config.json").exists()
    seen = given.storage.get("b/seen")
    assert seen is not None and rows(seen.file) == [("3",)]
    assert TOKEN.encode() not in everything_below(tmp_path / ".orch")


def test_a_program_in_another_language_is_run_by_a_command(tmp_path: Path) -> None:
    # GIVEN a program for Node that writes a table, a state and metrics, with a secret from its config.json
    node = shutil.which("node")
    if node is None:
        missing("node is not installed")
    (tmp_path / "index.js").write_text(
        """
        const fs = require("fs"), data = process.env.KBC_DATADIR;
        const config = JSON.parse(fs.readFileSync(data + "config.json"));
        console.log("node", config.parameters["#token"], process.env.KBC_COMPONENTID, "PYTHONHOME" in process.env);
        fs.writeFileSync(data + "out/tables/t.csv", "a\\n1\\n");
        fs.writeFileSync(data + "out/state.json", JSON.stringify({ seen: 1 }));
        fs.writeFileSync(data + "out/usage.json", JSON.stringify([{ metric: "calls", value: 7 }]));
        if (config.parameters.fail) { console.error("no such account"); process.exit(1); }
        """.replace("\\\\", "\\")
    )
    parameters = {"command": ["node", "index.js"], "parameters": {"#token": "${TOKEN}"}, "default_bucket": "b"}
    given = attempt(tmp_path, parameters, secrets={"TOKEN": TOKEN})
    # WHEN
    code, out, err = run_here(given, keboola)
    # THEN
    assert (code, err) == (0, ""), out
    assert "node ***** python false" in out and given.result["metrics"] == {"calls": 7}
    table = given.storage.get("b/t")
    assert table is not None and rows(table.file) == [("1",)]
    # WHEN it fails, THEN what it said is the message
    parameters["parameters"] = {"#token": "${TOKEN}", "fail": True}
    code, _, err = run_here(attempt(tmp_path, parameters, secrets={"TOKEN": TOKEN}, name="2"), keboola)
    assert (code, err) == (1, "no such account\n")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["no-such-program-x", "a"], 'there is no program "no-such-program-x" to run'),
        ("./plain.sh", '"./plain.sh" is not executable; run: chmod +x'),
        ('node "', "the parameter command cannot be read"),
        ([], "command: name a program"),
    ],
    ids=["missing", "mode", "quote", "empty"],
)
def test_what_is_wrong_with_a_command(tmp_path: Path, command: Any, says: str) -> None:
    (tmp_path / "plain.sh").write_text("#!/bin/sh\n")
    (tmp_path / "plain.sh").chmod(0o600)
    message = failure_of(attempt(tmp_path, {"command": command}), keboola)
    assert says in message and len(message.splitlines()) == 1


def test_all_of_what_the_component_tells_the_user_is_told(tmp_path: Path) -> None:
    # GIVEN / WHEN a message over several lines, after other lines of the log
    code, _, err = run_here(task(tmp_path, "long-user-error"), keboola)
    # THEN
    assert (code, err) == (1, "Two columns are missing: - id - amount\n")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            {"processors": {"after": [{"definition": {"component": "acme.processor-x"}}]}},
            "acme.processor-x is not installed",
        ),
    ],
    ids=["processors"],
)
def test_what_is_not_done_is_refused(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    assert says in failure_of(task(tmp_path, "nothing", **more), keboola)


def test_a_user_error_is_the_component_s_own_sentence(tmp_path: Path) -> None:
    # GIVEN / WHEN a component ends with 1 after an exception for the user
    code, out, err = run_here(task(tmp_path, "user-error"), keboola)
    # THEN its message is the last word, without the secret, and the traceback is in the log
    assert (code, err) == (1, "The account 7 is locked (*****)\n")
    assert "Traceback" in out and TOKEN not in out


def test_another_failure_keeps_its_exit_code(tmp_path: Path) -> None:
    # GIVEN / WHEN a component ends with 2
    code, _, err = run_here(task(tmp_path, "crash"), keboola)
    # THEN so does the task
    assert (code, err) == (2, "component.py ended with exit code 2: ZeroDivisionError: division by zero\n")


def test_gelf_messages_become_lines_with_their_level(tmp_path: Path) -> None:
    # GIVEN / WHEN a component that logs to Keboola's log server
    code, out, err = run_here(task(tmp_path, log="gelf"), keboola)
    # THEN its messages are in the log with their levels
    assert (code, err) == (0, "")
    assert "INFO signed in with *****" in out and "WARNING the service is slow today" in out
    # WHEN it fails, THEN what it logged last is the message
    code, out, err = run_here(task(tmp_path, "user-error", name="2", log="gelf"), keboola)
    assert code == 1 and err == "The account 7 is locked (*****)\n", out


@pytest.mark.parametrize("udp", ["packed", "plain"])
def test_gelf_over_udp_in_chunks(tmp_path: Path, udp: str) -> None:
    # GIVEN / WHEN a component that logs over UDP, a message longer than a datagram
    code, out, err = run_here(task(tmp_path, "nothing", inner={"udp": udp}, log="gelf"), keboola)
    # THEN the message is there in one piece
    message = "".join(f"{number:x} " for number in range(5000))
    assert (code, err) == (0, "") and f"INFO a long message: {message} end of it\n" in out


def test_the_connection_is_tried_by_the_component(tmp_path: Path) -> None:
    # GIVEN a component with the action testConnection
    code, out, err = ask(task(tmp_path, "nothing"))
    # THEN its answer is the answer
    assert (code, err) == (0, "")
    assert json.loads(out) == {"status": "success", "message": "component.py: signed in as tester"}
    # WHEN the service refuses, THEN its sentence is passed on without the secret
    code, out, err = ask(task(tmp_path, "nothing", name="2", inner={"#token": "${TOKEN}x"}))
    assert (code, out) == (1, "") and err == "component.py: the service refuses the token *****\n"


def test_a_component_without_the_action_says_so(tmp_path: Path) -> None:
    # GIVEN a component that knows the action run only
    other = tmp_path / "component.py"
    other.write_text(PROGRAM.read_text().replace('"testConnection"', '"listTables"'))
    # WHEN its connection is tried
    code, _, err = ask(task(tmp_path, "nothing", program="component.py"))
    # THEN that is no success
    assert code == 1 and "has no action testConnection" in err and len(err.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_task_publishes_nothing_and_leaves_no_secret(tmp_path: Path, number: int) -> None:
    # GIVEN a component in the middle of its work, and its output already there
    ready = tmp_path / "ready"
    given = task(tmp_path, "wait", inner={"ready": str(ready)})
    process = given.start(MODULE)
    wait_for_file(ready, process, filled=True)
    link = given.data / "keboola" / "config.json"
    assert json.loads(link.read_text())["parameters"]["#token"] == TOKEN and link.stat().st_mode & 0o777 == 0o600
    # WHEN the group is stopped
    os.killpg(process.pid, number)
    process.communicate(timeout=20)
    # THEN nothing is published, and the configuration with the secret is gone
    assert process.returncode in (143, -number)
    assert not (given.data / "result.json").exists() and not link.exists()
    assert TOKEN.encode() not in everything_below(tmp_path / ".orch")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"venv": "none"}, "there is no virtual environment none"),
        ({"venv": "plain"}, "plain is a directory, but no virtual environment (bin/python is not in it); run: python3"),
        ({"venv": "gone"}, "the Python of the virtual environment gone is gone (/no/such/python does not exist any"),
        ({"venv": "plain/file"}, "is no virtual environment and no Python that can be run"),
        ({"venv": "bare"}, 'lacks the module "keboola"; run: bare/bin/pip install keboola.component'),
        ({"program": "no.py"}, 'there is no program "no.py"'),
        ({"program": "plain"}, '"plain" is a directory'),
        ({"module": "x"}, "give exactly one of program (a file), module (python -m) and command"),
        ({"program": None, "module": "no_such_module_x"}, 'lacks the module "no_such_module_x"'),
        ({"inner": {"#token": "KBC::ProjectSecure::eJx"}}, "is encrypted for Keboola's platform"),
    ],
)
def test_what_is_wrong_with_environment_and_program(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    # GIVEN a directory that is no environment, one whose Python is gone, one without libraries
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file").write_text("x")
    for name, target in (("gone", "/no/such/python"), ("bare", sys.executable)):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "python").symlink_to(target)
    if more.get("venv") == "bare":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    # WHEN the task runs
    given = task(tmp_path, "nothing", **more)
    message = failure_of(given, keboola)
    # THEN one sentence says what is wrong
    assert says in message and len(message.splitlines()) == 1


def test_an_output_that_lacks_a_column_is_refused_if_strict(tmp_path: Path) -> None:
    # GIVEN a table with a column that the component does not write
    given = task(tmp_path, strict=True)
    query = "select '1' as id, 'x' as older"
    given.storage.publish([Publication("shop/doubled", parquet_file(tmp_path / "old.parquet", query))])
    # WHEN it runs / THEN nothing is published
    code, _, err = run_here(given, keboola)
    assert code == 1 and 'shop/doubled: column "older" is gone' in err
    info = given.storage.get("shop/doubled")
    assert info is not None and info.version == 1


def test_a_secret_in_the_configuration_itself_is_masked_and_mentioned(tmp_path: Path) -> None:
    # GIVEN / WHEN a configuration with a plain value behind #
    code, out, _ = run_here(task(tmp_path, inner={"#token": "plain-value-9"}), keboola)
    # THEN the log asks for a reference and shows no value
    assert code == 0 and 'the value of "#token" stands in the configuration' in out
    assert "plain-value-9" not in out and "signed in with *****" in out


def test_parameters_need_no_library() -> None:
    # GIVEN / WHEN the form is made, THEN the fields have titles and descriptions
    fields = Parameters.model_json_schema()["properties"]
    assert all(field.get("title") and field.get("description") for field in fields.values())


def test_gelf_messages_of_any_kind_become_text() -> None:
    # GIVEN messages with a traceback, without a level, and that are none, WHEN read, THEN they are lines
    body = {"short_message": "it failed", "full_message": "Traceback\n  line 1", "level": 3}
    assert gelf.readable_message(json.dumps(body).encode()) == ["Traceback", "  line 1", "ERROR it failed"]
    assert gelf.readable_message(b'{"short_message": "x", "full_message": "x", "level": true}') == ["ALERT x"]
    assert gelf.readable_message(b'{"level": 99}') == ["INFO "]
    assert gelf.readable_message(b"[1]") == ["[1]"] and gelf.readable_message(b"no json") == ["no json"]
