"""What the tests of both database servers share: components run in this process and as tasks, and tests for both."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.kit.component import Context, UserError
from orch_tui.model.components.configuration import WriteMode
from orch_tui.storage.tables import Publication

from tests.integration.attempts import Attempt, attempt
from tests.support.bench import Bench
from tests.support.tables import parquet_file


def extract(
    bench: Bench,
    module: Any,
    parameters: dict[str, Any],
    mode: WriteMode = WriteMode.FULL,
    state: dict[str, Any] | None = None,
) -> Context:
    """Run an extractor's ``run`` with one output."""
    ctx = bench.context(mode=mode, state=state)
    module.run(module.Parameters(**parameters), ctx)
    return ctx


def write(bench: Bench, module: Any, parameters: dict[str, Any], query: str) -> Context:
    """Run a writer's ``run`` with the rows of ``query`` as the only input ``t``."""
    ctx = bench.context({"t": query}, ())
    module.run(module.Parameters(**parameters), ctx)
    return ctx


def task(root: Path, parameters: dict[str, Any], name: str = "1", **more: Any) -> Attempt:
    """An attempt with the password as a reference to a secret, as people write it."""
    secret = {"DB_PASSWORD": parameters["password"]}
    return attempt(root, {**parameters, "password": "${DB_PASSWORD}"}, secrets=secret, name=name, **more)


def action(made: Attempt, name: str = "testConnection") -> Attempt:
    """The attempt with another action than run."""
    path = made.data / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "action": name}))
    return made


OUT = [{"source": "result", "destination": "shop/rows"}]


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait for something at a server, which tells nobody when it happens."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def terminated(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """TERM as the engine sends it: to the whole group."""
    os.killpg(process.pid, signal.SIGTERM)
    return end(process)


def holds(root: Path, secret: str) -> list[Path]:
    """Files below ``root`` with the secret in them."""
    return [path for path in root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        yield port


@dataclass(frozen=True)
class Side:
    """One of the servers: ``slow`` gives rows slowly, ``endless`` gives none, ``reading`` is what then runs there."""

    server: Any
    extractor: Any
    writer: Any
    driver: str
    slow: str
    endless: str
    reading: str
    reader: Any
    lock: str = "select * from t for update"

    def parameters(self, **more: Any) -> dict[str, Any]:
        return {**self.server.parameters, **more}


class CommonTests:
    """Tests that are the same for each server; the module has a fixture ``side`` and an empty database behind it."""

    def test_a_server_that_never_answers(self, bench: Bench, side: Side) -> None:
        parameters = side.parameters(table="t", connect_timeout=2)
        with silent_server() as port, pytest.raises(UserError, match="did not answer in time"):
            extract(bench, side.extractor, {**parameters, "port": port})

    def test_a_missing_driver(self, bench: Bench, side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
        # GIVEN an installation without the extra, WHEN a component runs, THEN it says what to install
        monkeypatch.setitem(sys.modules, side.driver, None)
        monkeypatch.delitem(sys.modules, "orch_tui.components.mysql.driver", raising=False)
        for module in (side.extractor, side.writer):
            parameters = module.Parameters(host="h", database="d", user="u", table="t")
            with pytest.raises(UserError, match=r"pip install 'orch-tui\[(postgres|mysql)\]'"):
                module.run(parameters, bench.context({"t": "select 1 as id"}))

    def test_a_state_that_does_not_fit(self, bench: Bench, side: Side) -> None:
        # GIVEN a column that was a number, and a state that nobody wrote, WHEN read, THEN a line says what to delete
        side.server.run("create table t(id text)")
        for state, part in (({"type": "BIGINT", "last": "7"}, "was BIGINT"), ({"type": "X", "last": "7"}, "is none")):
            with pytest.raises(UserError, match=f"{part}.*delete the state"):
                parameters = side.parameters(table="t", incremental_column="id")
                extract(bench, side.extractor, parameters, WriteMode.APPEND, {"column": "id", **state})

    @pytest.mark.parametrize("of", ["table", "query"])
    def test_the_test_looks_for_the_columns(self, bench: Bench, side: Side, of: str) -> None:
        # GIVEN a configuration that names a column which is not there
        side.server.run("create table t(id int, name text)")
        what = {"table": "t"} if of == "table" else {"query": "select * from t"}
        # WHEN its connection is tested, THEN it says so, as a run would
        with pytest.raises(UserError, match=r"(no|[Uu]nknown) column .*nam\b"):
            parameters = side.extractor.Parameters(**side.parameters(**what, columns=["id", "nam"]))
            side.extractor.test_connection(parameters, bench.context())
        if of == "table":
            with pytest.raises(UserError, match='no column "changed"'):
                parameters = side.extractor.Parameters(**side.parameters(**what, incremental_column="changed"))
                side.extractor.test_connection(parameters, bench.context())

    def test_no_password_is_told(self, bench: Bench, side: Side) -> None:
        parameters = side.extractor.Parameters(**side.parameters(table="t", password=None))
        with pytest.raises(UserError, match=r"wants a password.*set the parameter password"):
            side.extractor.test_connection(parameters, bench.context())

    def test_decimals_of_38_digits_are_kept(self, bench: Bench, side: Side) -> None:
        # GIVEN the largest and the smallest number that DECIMAL(38,0) holds
        largest = "9" * 38
        side.server.run("create table t(n decimal(38,0))", f"insert into t values ({largest}), (-{largest})")
        # WHEN they are read, THEN both are there to the last digit
        ctx = extract(bench, side.extractor, side.parameters(table="t"))
        assert sorted(bench.rows()) == [(-int(largest),), (int(largest),)] and ctx.warning is None

    def test_a_column_that_disappears(self, tmp_path: Path, side: Side) -> None:
        # GIVEN a stored table with a column that its source has no more
        side.server.run("create table t as select 1 as id")
        made = task(tmp_path, side.parameters(table="t"), outputs=OUT)
        seed = parquet_file(tmp_path / "seed.parquet", "select 1 as id, 'a' as name")
        made.storage.publish([Publication("shop/rows", seed)])
        # WHEN it is extracted, THEN a warning says so
        code, _, err = made.run(side.extractor.__name__)
        assert (code, err) == (0, "") and made.result["warning"] == 'shop/rows: column "name" is gone'
        # AND the password is in no file
        assert holds(tmp_path, side.server.parameters["password"]) == []
        # WHEN that is not allowed, THEN nothing is published
        strict = task(tmp_path, side.parameters(query="select 'x' as id", strict=True), "2", outputs=OUT)
        code, _, err = strict.run(side.extractor.__name__)
        assert code == 1 and 'shop/rows: column "id" is VARCHAR now and was INTEGER; the parameter strict' in err
        assert (info := made.storage.get("shop/rows")) is not None and info.version == 2

    def test_a_wrong_password_is_one_line(self, tmp_path: Path, side: Side) -> None:
        made = task(tmp_path, side.parameters(table="t", password="wrong-password"), outputs=OUT)
        code, out, err = made.run(side.extractor.__name__)
        assert code == 1 and err.count("\n") == 1 and "refuses the password" in err
        assert "wrong-password" not in out + err and holds(tmp_path, "wrong-password") == []

    def test_a_connection_that_is_dropped_in_the_middle(self, tmp_path: Path, side: Side) -> None:
        # GIVEN an extraction in the middle of its rows
        made = task(tmp_path, side.parameters(query=side.slow), outputs=OUT)
        process = made.start(side.extractor.__name__)
        (session,) = until(lambda: side.server.working(side.reading))
        # WHEN the server ends it
        side.server.end(session)
        code, _, err = end(process)
        # THEN one line says so, and nothing is published
        assert code == 1 and err.count("\n") == 1 and "the connection was lost" in err and "run the task again" in err
        assert made.storage.get("shop/rows") is None

    def test_a_cancel_ends_the_statement(self, tmp_path: Path, side: Side) -> None:
        # GIVEN an extraction whose statement runs
        process = task(tmp_path, side.parameters(query=side.endless), outputs=OUT).start(side.extractor.__name__)
        until(lambda: side.server.working(side.reading))
        # WHEN it is cancelled, THEN it ends, and nothing of it is left at the server
        code, _, err = terminated(process)
        assert (code, err) == (143, "")
        until(lambda: not side.server.working(), 5)

    @pytest.mark.parametrize("how", ["cancel", "drop"])
    def test_a_write_that_is_stopped_leaves_the_table(self, tmp_path: Path, side: Side, how: str) -> None:
        # GIVEN a writer that waits in the middle of its transaction
        side.server.run("create table t(id int primary key)", "insert into t values (1)")
        made = task(tmp_path, side.parameters(table="t"), inputs=[{"source": "a/b", "destination": "t"}])
        made.storage.publish([Publication("a/b", parquet_file(tmp_path / "seed.parquet", "select 2 as id"))])
        with side.server.connect(autocommit=False) as other:
            other.cursor().execute(side.lock)
            process = made.start(side.writer.__name__)
            (session,) = until(lambda: side.server.working("delete%"))
            # WHEN it is cancelled, or its connection dropped
            if how == "cancel":
                assert terminated(process)[::2] == (143, "")
            else:
                side.server.end(session)
                code, _, err = end(process)
                assert code == 1 and err.startswith("nothing was written: ") and "connection was lost" in err
            # THEN nothing of it is left at the server, and the table is as it was
            until(lambda: not side.server.working(), 5)
        assert side.server.run("select * from t") == [(1,)]

    def test_all_rows_are_of_one_moment(self, bench: Bench, side: Side) -> None:
        # GIVEN an extraction that has begun
        write(bench, side.writer, side.parameters(table="t"), "select range as g from range(1000)")
        parameters = side.extractor.Parameters(**side.parameters(table="t"))
        with side.reader(parameters, bench.context()) as reader:
            reader.start(None)
            reader.open()
            assert len(reader.fetchmany(10)) == 10
            # WHEN the rows are deleted meanwhile, THEN it reads them all the same
            side.server.run("delete from t")
            assert len(reader.fetchmany(5000)) == 990 and reader.fetchmany(1) == []

    def test_an_upsert_makes_the_table_with_its_key(self, bench: Bench, side: Side) -> None:
        for query in ("select 1 as id, 'a' as name", "select 1 as id, 'b' as name union all select 2, 'c'"):
            write(bench, side.writer, side.parameters(table="t", mode="upsert", key=["id"]), query)
        assert side.server.run("select * from t order by 1") == [(1, "b"), (2, "c")]

    def test_rows_that_break_on_the_way_write_nothing(self, bench: Bench, side: Side) -> None:
        # GIVEN an input whose file is damaged, for a table that does not exist yet
        ctx = bench.context({"t": "select range as id, md5(range::text) as h from range(200000)"}, ())
        staged = ctx.inputs["t"].path
        data = bytearray(staged.read_bytes())
        data[1000:9000] = bytes(8000)
        staged.write_bytes(bytes(data))
        # WHEN it is written, THEN there is a line and no table
        with pytest.raises(UserError, match="nothing was written: the rows of in/t cannot be read"):
            side.writer.run(side.writer.Parameters(**side.parameters(table="broken")), ctx)
        found = side.server.run("select count(*) from information_schema.tables where table_name = 'broken'")
        assert found == [(0,)] and side.server.working() == []

    def test_a_lock_of_another_program(self, bench: Bench, side: Side) -> None:
        side.server.run("create table t(id int primary key)", "insert into t values (1)")
        with side.server.connect(autocommit=False) as other:
            other.cursor().execute(side.lock)
            with pytest.raises(UserError, match=r"another program locks what is needed.*raise lock_timeout"):
                write(bench, side.writer, side.parameters(table="t", lock_timeout=1), "select 1 as id")
