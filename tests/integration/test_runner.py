"""The data runner as a real process around real programs."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from orch_tui.storage.tables import Publication

from tests.integration.attempts import Attempt, attempt
from tests.support.tables import parquet_file, rows

RUNNER = "orch_tui.components.kit.processes.runner"
SECRET = {"TOKEN": "hunter22-hunter22"}


def run(given: Attempt, *argv: str) -> tuple[int, str, str]:
    return given.run(RUNNER, *argv)


def seed(tmp_path: Path, given: Attempt, table: str, query: str) -> None:
    given.storage.publish([Publication(table, parquet_file(tmp_path / "seed.parquet", query))])


# --- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secrets", [None, SECRET])
@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 1", 1), ("exit 77", 77), ("kill -KILL $$", 137), ("kill -TERM $$", 143)]
)
def test_the_program_s_end_is_the_runner_s(
    tmp_path: Path, script: str, code: int, secrets: dict[str, str] | None
) -> None:
    assert run(attempt(tmp_path, secrets=secrets), "--", "sh", "-c", script)[0] == code


def test_programs_that_cannot_be_started_say_why(tmp_path: Path) -> None:
    given = attempt(tmp_path)
    plain, orphan, odd = tmp_path / "plain.sh", tmp_path / "orphan.sh", tmp_path / "odd"
    plain.write_text("#!/bin/sh\n")
    orphan.write_text("#!/no/such/interpreter\n")
    odd.write_bytes(b"\x7fELF garbage")
    orphan.chmod(0o755)
    odd.chmod(0o755)
    for argv, code, says in (
        (["no-such-program-here"], 127, 'the program "no-such-program-here" was not found'),
        (["./none.sh"], 127, "was not found"),
        (["./orphan.sh"], 127, "the interpreter in its first line does not exist"),
        (["./plain.sh"], 126, "run: chmod +x ./plain.sh"),
        (["./.orch"], 126, "is a directory"),
        (["./odd"], 126, "is no program for this machine"),
    ):
        found, _, err = run(given, "--", *argv)
        assert (found, len(err.splitlines())) == (code, 1) and says in err, (argv, err)


# --- redaction -------------------------------------------------------------------------------------------------------


def test_secrets_are_masked_on_both_streams_in_all_forms(tmp_path: Path) -> None:
    # GIVEN a program that prints its secret split over writes, to both streams, and encoded
    script = """
printf hunter22-; printf 'hunter22 and '
printf '%s\\n' "$TOKEN" >&2
printf "user:$TOKEN" | base64
printf 'no newline at the end'
"""
    code, out, err = run(attempt(tmp_path, secrets=SECRET), "--", "sh", "-c", script)
    # THEN nothing of it arrives and everything else does, in order
    assert (code, err) == (0, "")
    assert out.startswith("***** and *****\n") and out.endswith("no newline at the end")
    assert "hunter22" not in out and base64.b64encode(b"user:hunter22-hunter22")[8:-4].decode() not in out


def test_partial_lines_arrive_while_the_program_runs(tmp_path: Path) -> None:
    # GIVEN a program that writes a prompt without a line end and then waits for a file
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    process = attempt(tmp_path, secrets=SECRET).start(RUNNER, "--", "sh", "-c", f"printf 'working hunt'; cat '{gate}'")
    assert process.stdout is not None
    # WHEN it is still running / THEN everything but the possible beginning of the secret can be read
    assert os.read(process.stdout.fileno(), 100) == b"working "
    gate.write_text("ing\n")
    assert process.stdout.read() == "hunting\n" and process.wait() == 0


def test_binary_and_endless_lines_pass_unchanged_in_flat_memory(tmp_path: Path) -> None:
    # GIVEN 96 MiB in one line, binary, with the secret in the middle
    given = attempt(tmp_path, secrets=SECRET)
    program = (
        "import os, sys; w = sys.stdout.buffer.write\n"
        "block = (bytes(range(256)) * 4096).replace(b'\\n', b'x')\n"
        "for _ in range(48): w(block)\n"
        "w(os.environ['TOKEN'].encode())\n"
        "for _ in range(48): w(block)\n"
    )
    # The runner reports its own peak, since nobody else can see it once it is gone.
    code = (
        "import sys\nfrom orch_tui.components.kit.processes.runner import main\n"
        f"code = main(['--', sys.executable, '-c', {program!r}])\n"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(peak.split()[1], file=sys.stderr)\nsys.exit(code)\n"
    )
    target = tmp_path / "log"
    with target.open("wb") as log:
        done = subprocess.run(
            [sys.executable, "-c", code], env=given.env, stdout=log, stderr=subprocess.PIPE, check=True
        )
    # THEN only the secret changed, and memory did not grow with the output
    block = (bytes(range(256)) * 4096).replace(b"\n", b"x")
    assert target.read_bytes() == block * 48 + b"*****" + block * 48
    assert int(done.stderr) < 60_000


def test_a_process_left_behind_does_not_hold_the_task(tmp_path: Path) -> None:
    # GIVEN a program that leaves a child which holds the output open
    given = attempt(tmp_path, secrets=SECRET)
    process = given.start(RUNNER, "--", "sh", "-c", "sleep 600 & echo $TOKEN; echo done")
    # WHEN it ends / THEN the runner ends too, with all that was written until then
    assert process.wait(timeout=30) == 0
    assert process.stdout is not None and os.read(process.stdout.fileno(), 100) == b"*****\ndone\n"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_files_of_the_program_are_redacted(tmp_path: Path) -> None:
    given = attempt(tmp_path, secrets=SECRET)
    script = """
echo "{\\"metrics\\": {\\"$TOKEN\\": \\"x $TOKEN\\"}}" > $KBC_DATADIR/result.json
echo "not json $TOKEN" > $KBC_DATADIR/progress.json
"""
    assert run(given, "--", "sh", "-c", script)[0] == 0
    assert given.result == {"metrics": {"*****": "x *****"}}
    assert (given.data / "progress.json").read_text() == "not json *****\n"


def test_a_full_disk_does_not_stop_the_program(tmp_path: Path) -> None:
    # GIVEN a log that takes nothing
    given = attempt(tmp_path, secrets=SECRET)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", RUNNER, "--", "sh", "-c", f"seq 100000; touch '{tmp_path}/finished'"],
            env=given.env,
            stdout=full,
            stderr=full,
            check=False,
        )
    # THEN the program ran to its end and its exit code counts
    assert done.returncode == 0 and (tmp_path / "finished").exists()


# --- signals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secrets", [None, SECRET])
def test_the_runner_outlives_a_program_that_takes_its_time_to_stop(
    tmp_path: Path, secrets: dict[str, str] | None
) -> None:
    # GIVEN a program that answers TERM with some last words and a code of its own
    given = attempt(tmp_path, secrets=secrets)
    program = (
        "import os, signal, sys\n"
        "def stop(*_):\n    os.write(1, b'last words\\n')\n    sys.exit(9)\n"
        "signal.signal(signal.SIGTERM, stop)\nprint('ready', flush=True)\nwhile True: signal.pause()\n"
    )
    process = given.start(RUNNER, "--", sys.executable, "-c", program)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    # WHEN the group gets TERM and INT
    os.killpg(process.pid, signal.SIGTERM)
    # THEN the words are in the log and the code is the program's
    assert process.stdout.read() == "last words\n" and process.wait() == 9


def test_signals_are_not_ignored_in_the_program(tmp_path: Path) -> None:
    process = attempt(tmp_path).start(RUNNER, "--", "sh", "-c", "echo ready; exec sleep 600")
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() == 130
    process.communicate()


def test_a_stopped_program_publishes_nothing_even_with_exit_0(tmp_path: Path) -> None:
    # GIVEN a staged program that answers TERM with exit 0
    given = attempt(tmp_path, outputs=[{"source": "x", "destination": "b/x"}])
    parquet_file(given.data / "out/tables/x.parquet", "select 1 as id")
    script = "trap 'exit 0' TERM; echo ready; while :; do sleep 1; done"
    process = given.start(RUNNER, "--stage", "--", "sh", "-c", script)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGTERM)
    # THEN it counts as stopped
    _, err = process.communicate()
    assert process.returncode == 143 and "nothing is published" in err
    assert given.storage.tables() == []


# --- tables ----------------------------------------------------------------------------------------------------------


def test_staged_parquet_with_the_program_s_own_result(tmp_path: Path) -> None:
    # GIVEN a program that copies its input and leaves metrics, a warning and state
    given = attempt(
        tmp_path,
        inputs=[{"source": "a/in", "destination": "in"}],
        outputs=[{"source": "out", "destination": "a/out", "mode": "incremental", "primary_key": ["id"]}],
    )
    seed(tmp_path, given, "a/in", "select 1 as id")
    script = """
cd "$KBC_DATADIR"; cp in/tables/in.parquet out/tables/out.parquet; cp in/tables/in.parquet out/tables/extra.parquet
echo '{"metrics": {"m": 1}, "warning": "look", "tables": ["forged"]}' > result.json; echo '{"s": 1}' > out/state.json
"""
    code, out, err = run(given, "--stage", "--", "sh", "-c", script)
    # THEN the table is published, the result is merged, the state is kept for the next run
    assert (code, err) == (0, "") and "extra.parquet is no declared output" in out
    info = given.storage.get("a/out")
    assert info is not None and rows(info.file) == [(1,)]
    assert given.result["metrics"] == {"m": 1} and given.result["warning"] == "look"
    assert [item["table"] for item in given.result["tables"]] == ["a/out"]
    assert json.loads((tmp_path / ".orch/state/python/sample.json").read_text()) == {"s": 1}
    later = attempt(tmp_path, name="2")
    assert run(later, "--stage", "--", "sh", "-c", "cat $KBC_DATADIR/in/state.json")[1] == '{"s": 1}'


@pytest.mark.parametrize(
    ("stored", "mode", "came", "change"),
    [
        ("1::bigint", "append", "1.5::double", ("BIGINT", "DOUBLE")),
        ("9007199254740993::bigint", "append", "1.5::double", ("BIGINT", "VARCHAR")),
        ("1::bigint", "full", "'007'", ("BIGINT", "VARCHAR")),
        ("1::bigint", "append", "2::integer", None),
    ],
)
def test_a_change_of_a_column_s_type_is_a_line_and_a_finding(
    tmp_path: Path, stored: str, mode: str, came: str, change: tuple[str, str] | None
) -> None:
    # GIVEN a table, and a task that brings rows in which a column has another type
    given = attempt(
        tmp_path,
        inputs=[{"source": "a/in", "destination": "in"}],
        outputs=[{"source": "out", "destination": "a/out", "mode": mode}],
    )
    seed(tmp_path, given, "a/in", f"select {came} as id")
    seed(tmp_path, given, "a/out", f"select {stored} as id")
    # WHEN it is published
    code, out, _ = run(
        given, "--stage", "--", "sh", "-c", "cp $KBC_DATADIR/in/tables/in.parquet $KBC_DATADIR/out/tables/out.parquet"
    )
    # THEN the change is in the log and in the result, and without one there is no word
    assert code == 0
    findings = given.result.get("findings", [])
    assert len(findings) == (1 if change else 0)
    assert ("and was" in out) == bool(change)
    if change is not None:
        assert f'column "id" is {change[1]} now and was {change[0]}' in out, out
        assert change[0] in str(findings[0]) and change[1] in str(findings[0])


def saved_state(tmp_path: Path) -> Any:
    return json.loads((tmp_path / ".orch/state/python/sample.json").read_text())


@pytest.mark.parametrize(
    ("secrets", "state", "kept"),
    [
        # What is no secret comes back to the letter, also when the secret is an ordinary text.
        ({"YEAR": "2026"}, {"since": "2026-11-28", "n": 2026}, None),
        ({"ON": "true", "N": "12"}, {"done": "true", "at": "12:12:12", "n": 1212}, None),
        ({"PIN": "123456"}, {"id": 123456, "last": "A91234567"}, None),
        # A secret is a reference on the disk, and itself in the program.
        (SECRET, {"next": "/p?key=hunter22-hunter22&n=2"}, {"next": "/p?key=${TOKEN}&n=2"}),
        (SECRET, {"hunter22-hunter22": ["${TOKEN}", "$x"]}, {"${TOKEN}": ["$${TOKEN}", "$x"]}),
    ],
)
def test_a_state_comes_back_as_it_was_and_no_secret_is_on_the_disk(
    tmp_path: Path, secrets: dict[str, str], state: dict[str, Any], kept: Any
) -> None:
    # GIVEN a task that saved a state with its secret in it
    text = json.dumps(state)
    first = attempt(tmp_path, secrets=secrets)
    code, _, err = run(
        first, "--stage", "--", sys.executable, "-c", f"open('{first.data}/out/state.json','w').write({text!r})"
    )
    assert (code, err) == (0, "")
    assert saved_state(tmp_path) == (state if kept is None else kept)
    # WHEN it runs again
    second = attempt(tmp_path, secrets=secrets, name="2")
    compare = f"import json, sys; sys.exit(json.load(open('{second.data}/in/state.json')) != json.loads({text!r}))"
    assert run(second, "--stage", "--", sys.executable, "-c", compare) == (0, "", "")
    # THEN it got what it had saved, and no file has the secret
    for path in tmp_path.rglob("*"):
        assert kept is None or not path.is_file() or b"hunter22" not in path.read_bytes(), path


def test_an_encoded_secret_in_a_state_is_an_error_before_anything_is_published(tmp_path: Path) -> None:
    # GIVEN a program that leaves base64 of its secret in its state
    given = attempt(tmp_path, secrets=SECRET, outputs=[{"source": "x", "destination": "b/x"}])
    parquet_file(given.data / "out/tables/x.parquet", "select 1 as id")
    script = """printf '{"a": {"auth": "%s"}}' "$(printf "me:$TOKEN" | base64)" > $KBC_DATADIR/out/state.json"""
    # WHEN it ends / THEN the sentence says which secret, where and what to do
    code, _, err = run(given, "--stage", "--", "sh", "-c", script)
    assert code == 1 and 'holds the secret TOKEN, encoded or in part, at "a.auth"' in err and len(err.splitlines()) == 1
    assert given.storage.tables() == [] and "hunter22" not in err
    assert "me:" not in (given.data / "out/state.json").read_text()


def test_a_state_whose_secret_is_not_named_any_more_is_an_error(tmp_path: Path) -> None:
    # GIVEN a saved state that refers to a secret, and a configuration that does not
    first = attempt(tmp_path, secrets=SECRET)
    run(first, "--stage", "--", "sh", "-c", """echo "{\\"a\\": \\"$TOKEN\\"}" > $KBC_DATADIR/out/state.json""")
    # WHEN it runs / THEN it is told, and nothing is started
    code, out, err = run(attempt(tmp_path, name="2"), "--stage", "--", "sh", "-c", "echo started")
    assert (code, out) == (1, "") and "refers to the secret TOKEN" in err and "${TOKEN}" in err


def test_a_program_that_fails_publishes_nothing(tmp_path: Path) -> None:
    given = attempt(tmp_path, outputs=[{"source": "x", "destination": "b/x"}])
    parquet_file(given.data / "out/tables/x.parquet", "select 1 as id")
    assert run(given, "--stage", "--", "sh", "-c", "exit 4")[0] == 4
    assert given.storage.tables() == []


@pytest.mark.parametrize(
    ("script", "code"),
    [("echo >> $F", 1), ("rm $F", 0), ("cp $F $F.new; mv $F.new $F; echo >> $F", 0), ("cat $F > /dev/null", 0)],
)
def test_a_program_that_writes_into_its_input_is_told(tmp_path: Path, script: str, code: int) -> None:
    given = attempt(tmp_path, inputs=[{"source": "a/in", "destination": "in"}])
    seed(tmp_path, given, "a/in", "select 1 as id")
    found, _, err = run(given, "--stage", "--", "sh", "-c", f"F=$KBC_DATADIR/in/tables/in.parquet; {script}")
    assert found == code and (code == 0) == (err == "")
    assert code == 0 or 'the stored file of table "a/in"' in err


def test_a_program_that_writes_into_its_input_and_fails_is_told_too(tmp_path: Path) -> None:
    given = attempt(tmp_path, inputs=[{"source": "a/in", "destination": "in"}])
    seed(tmp_path, given, "a/in", "select 1 as x")
    # WHEN a program has overwritten the stored file of a table before it failed
    code, out, _ = run(given, "--stage", "--", "sh", "-c", 'printf x >"$KBC_DATADIR/in/tables/in.parquet"; exit 3')
    # THEN the log says which table is damaged, since nobody else would
    assert code == 3 and 'the stored file of table "a/in" (version 1); run the task that writes that table' in out


def test_a_missing_input_stops_before_the_program(tmp_path: Path) -> None:
    given = attempt(tmp_path, inputs=[{"source": "a/in", "destination": "in"}])
    code, out, err = run(given, "--stage", "--", "sh", "-c", "echo started")
    assert (code, out) == (1, "") and err.startswith('table "a/in" does not exist in the storage yet; no task')


MANY_COLUMNS = '{"columns": ["id", "name"], "primary_key": ["id"], "incremental": true}'


@pytest.mark.parametrize(
    ("files", "expected", "mode"),
    [
        ({"x.csv": 'id,name\n1,"a ""q"", b"\n2,""\n3,\n'}, [("1", 'a "q", b'), ("2", ""), ("3", None)], "full"),
        ({"x.csv": "id,name\r\n1,a\r\n"}, [("1", "a")], "full"),
        ({"x.csv": "1,a\n", "x.csv.manifest": MANY_COLUMNS}, [("1", "a")], "incremental"),
        (
            {"x.csv/1": "1,a\n", "x.csv/2": "2,b\n", "x.csv.manifest": MANY_COLUMNS},
            [("1", "a"), ("2", "b")],
            "incremental",
        ),
        ({"x.csv": "", "x.csv.manifest": MANY_COLUMNS}, [], "incremental"),
        (
            {"x.csv": "1\ta\n", "x.csv.manifest": '{"columns": ["id", "name"], "delimiter": "\\t"}'},
            [("1", "a")],
            "full",
        ),
        (
            {"x.csv": "1,a\n", "x.csv.manifest": '{"schema": [{"name": "id", "primary_key": true}, {"name": "name"}]}'},
            [("1", "a")],
            "full",
        ),
        ({"x.csv": "\ufeffid,name\n1,a\n"}, [("1", "a")], "full"),
        ({"x.csv": "id,name\n"}, [], "full"),
    ],
)
def test_csv_outputs(tmp_path: Path, files: dict[str, str], expected: list[Any], mode: str) -> None:
    # GIVEN what a program for Keboola's common interface leaves in out/tables
    given = attempt(tmp_path, outputs=[{"source": "x.csv", "destination": "b/x"}])
    for name, text in files.items():
        path = given.data / "out/tables" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    # WHEN it is published
    code, _, err = run(given, "--stage", "--tables", "csv", "--", "true")
    # THEN every column is text, and nulls, empty texts and quotes are told apart
    assert (code, err) == (0, "")
    info = given.storage.get("b/x")
    assert info is not None and info.columns == (("id", "VARCHAR"), ("name", "VARCHAR")) and info.mode == mode
    assert rows(info.file) == expected


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "x.csv is missing, there is nothing"),
        ({"x.csv": ""}, "has no header"),
        ({"x.csv": "id,ID\n1,2\n"}, "names a column twice"),
        ({"x.csv": b"id\n\xff\xfe\n"}, "x.csv is not UTF-8"),
        ({"x.csv": "id,name\n1\n"}, "x.csv line 2: it has 1 columns where the header has 2"),
        ({"x.csv/1": "1\n"}, "slices, which have no header"),
        ({"x.csv": "1\n", "x.csv.manifest": "{"}, "x.csv.manifest cannot be read"),
    ],
)
def test_bad_csv_is_one_sentence(tmp_path: Path, files: dict[str, str | bytes], says: str) -> None:
    given = attempt(tmp_path, outputs=[{"source": "x", "destination": "b/x"}])
    for name, text in files.items():
        path = given.data / "out/tables" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    code, _, err = run(given, "--stage", "--tables", "csv", "--", "true")
    assert code == 1 and says in err and len(err.splitlines()) == 1
    assert given.storage.tables() == []


def test_csv_inputs_have_header_and_manifest(tmp_path: Path) -> None:
    given = attempt(tmp_path, inputs=[{"source": "a/in", "destination": "in.csv"}])
    seed(tmp_path, given, "a/in", """select 1 as id, 'a "x", b' as t, null::int as n union all select 2, '', 3""")
    code, out, _ = run(
        given, "--stage", "--tables", "csv", "--", "sh", "-c", "cd $KBC_DATADIR/in/tables; ls; cat in.csv"
    )
    assert code == 0
    assert out == 'in.csv\nin.csv.manifest\nid,t,n\n1,"a ""x"", b",\n2,"",3\n'
    manifest = json.loads((given.data / "in/tables/in.csv.manifest").read_text())
    assert manifest == {"id": "a/in", "name": "in", "primary_key": [], "columns": ["id", "t", "n"]}
