"""The Snowflake extractor against an unmodified fakesnow, and against a proxy that does what fakesnow cannot."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import functools
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import duckdb
import pytest
from orch_tui.components.kit.component import Context, UserError
from orch_tui.components.snowflake import extractor as snowflake_extractor
from orch_tui.components.snowflake import session as snowflake_session
from orch_tui.components.snowflake.errors import GaveUp, network_reason
from orch_tui.components.snowflake.login import Login
from orch_tui.components.snowflake.session import connect_arguments, query_tag, waits
from orch_tui.components.snowflake.types import Column, converter, stored
from orch_tui.model.components.configuration import WriteMode
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.storage import Storage
from pydantic import ValidationError
from sample_configs.stand_ins.snowflake import StandIn, serve

from tests.integration.attempts import Attempt, attempt
from tests.servers.snowflake_proxy import Fault, Proxy, pieces
from tests.servers.tools import tool
from tests.support.bench import Bench
from tests.support.tables import database, put

MODULE = "orch_tui.components.snowflake.extractor"
LOGIN = "POST /session/v1/login-request"
QUERY = "POST /queries/v1/query-request"
PASSWORD = "a secret for snowflake"
NOBODY = {"account": "a", "user": "u", "password": "p"}

TYPES = """create or replace table types(id number, money number(10,2), small number(5,0), big number(37,0), f float,
    d date, tm time, ntz timestamp_ntz, tz timestamp_tz, b boolean, bi binary, v variant, o object, a array, s varchar,
    "Mixed ""x" int)"""
FIRST = """insert into types select 1, 1.25, 7, 9999999999999999999999999999999999999, 1.5, '2026-01-31', '10:11:12.5',
    '2026-01-31 10:00:00.123456', '2026-01-31 10:00:00+02:00', true, to_binary('00FF', 'HEX'),
    parse_json('{"a": [1, 2]}'), object_construct('k', 1), array_construct(1, 'x'), 'é''\\\\', 3"""
NULLS = "insert into types (id) values (2)"


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with serve(home=tool("fakesnow")) as server:
        server.run(
            TYPES,
            FIRST,
            NULLS,
            "create or replace table numbers as select seq4() as id, 'n' || seq4() as name"
            " from table(generator(rowcount => 5000))",
        )
        yield server


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the extractor sets for its own process must not stay in this one."""
    for name in ("SNOWFLAKE_HOME", "SF_OCSP_RESPONSE_CACHE_DIR", "SF_TEMPORARY_CREDENTIAL_CACHE_DIR", "XDG_CACHE_HOME",
                 "SNOWFLAKE_DISABLE_PLATFORM_DETECTION", "SNOWFLAKE_DISABLE_MINICORE", "MAX_CON_RETRY_ATTEMPTS"):  # fmt: skip  # noqa: E501
        # Set first, so that it is put back as it was, whatever comes between.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries of a request, without a wait between them."""

    def now(limit: float) -> Iterator[int]:
        yield from (0, 0, 0)
        raise GaveUp(limit)

    monkeypatch.setattr(snowflake_session, "waits", now)


def settings(stand_in: StandIn, **more: Any) -> dict[str, Any]:
    wanted = {**stand_in.parameters, "password": PASSWORD, **more}
    return {name: value for name, value in wanted.items() if value is not None}


def extract(
    bench: Bench, stand_in: StandIn, mode: WriteMode = WriteMode.FULL, state: dict[str, Any] | None = None, **more: Any
) -> Context:
    ctx = bench.context(mode=mode, state=state)
    snowflake_extractor.run(snowflake_extractor.Parameters.model_validate(settings(stand_in, **more)), ctx)
    return ctx


def refused(bench: Bench, stand_in: StandIn, **more: Any) -> str:
    with pytest.raises(UserError) as caught:
        extract(bench, stand_in, **more)
    message = str(caught.value)
    assert "\n" not in message and PASSWORD not in message
    assert not list((bench.data / "out" / "tables").iterdir())
    return message


def task(tmp_path: Path, stand_in: StandIn, action: str = "run", mode: str = "full", **more: Any) -> Attempt:
    """The component as a process; its password comes from a variable."""
    made = attempt(
        tmp_path,
        settings(stand_in, **{"password": "${SNOWFLAKE_PASSWORD}", **more}),
        outputs=[{"source": "rows", "destination": "crm/rows", "mode": mode}],
        secrets={"SNOWFLAKE_PASSWORD": PASSWORD},
        name=str(len(list(tmp_path.glob(".orch/runs/o/r/tasks/t/*")))),
    )
    config = made.data / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "action": action}))
    return made


# Rows and types


def test_a_login_is_answered_with_what_version_5_of_the_connector_asks_for() -> None:
    # GIVEN the stand-in of the sample, and version 5, which pip installs for the extra, WHEN it logs in
    login = b'{"data": {"SESSION_PARAMETERS": {}}}'
    with (
        serve(home=tool("fakesnow"), data=None, for_version_5=True) as sample,
        urlopen(f"{sample.url}/session/v1/login-request", data=login, timeout=30) as answer,
    ):
        told = json.load(answer)["data"]
    # THEN it finds a token, the one behind it, and the session's number
    assert told["token"] and told["masterToken"] and told["sessionId"]


def test_a_table_is_published_by_a_process_of_its_own(tmp_path: Path, stand_in: StandIn) -> None:
    # GIVEN the recipients of the sample, and a home that the connector could write to
    given = task(tmp_path, stand_in, table="email_recipients")
    # WHEN they are extracted
    code, out, err = given.run(MODULE)
    # THEN all of them are published, with types; nothing was written beside the attempt, and no secret anywhere
    assert (code, err) == (0, "") and "508 rows and 11 columns from email_recipients" in out
    info = given.storage.get("crm/rows")
    assert info is not None and info.rows == 508
    assert dict(info.columns) == {
        "RECIPIENT_ID": "BIGINT", "EMAIL": "VARCHAR", "FIRST_NAME": "VARCHAR", "COUNTRY": "VARCHAR",
        "CAMPAIGN_ID": "BIGINT", "SIGNED_UP": "TIMESTAMP", "EMAILS_SENT": "BIGINT", "OPENS": "BIGINT",
        "CLICKS": "BIGINT", "UNSUBSCRIBED": "BOOLEAN", "IN_MAILING_LIST": "BOOLEAN",
    }  # fmt: skip
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(".orch" in path.relative_to(tmp_path).parts for path in files)
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]


def test_types_are_kept(bench: Bench, stand_in: StandIn) -> None:
    # GIVEN / WHEN a table with a column of each type is extracted
    extract(bench, stand_in, table="types")
    # THEN the types are Snowflake's; a number is DECIMAL only where its values need it
    assert bench.columns() == {
        "ID": "BIGINT", "MONEY": "DECIMAL(10,2)", "SMALL": "BIGINT", "BIG": "DECIMAL(37,0)", "F": "DOUBLE", "D": "DATE",
        "TM": "TIME", "NTZ": "TIMESTAMP", "TZ": "TIMESTAMP WITH TIME ZONE", "B": "BOOLEAN", "BI": "BLOB", "V": "JSON",
        "O": "JSON", "A": "JSON", "S": "VARCHAR", 'Mixed "x': "BIGINT",
    }  # fmt: skip
    first, second = bench.rows()
    moment = datetime.datetime(2026, 1, 31, 8, tzinfo=datetime.UTC)
    assert first[:7] == (1, Decimal("1.25"), 7, Decimal("9" * 37), 1.5, datetime.date(2026, 1, 31),
                         datetime.time(10, 11, 12, 500_000))  # fmt: skip
    assert first[7] == datetime.datetime(2026, 1, 31, 10, 0, 0, 123_456) and first[8] == moment
    assert first[9:11] == (True, b"\x00\xff") and first[14:] == ("é'\\", 3)
    assert [json.loads(text) for text in first[11:14]] == [{"a": [1, 2]}, {"k": 1}, [1, "x"]]
    assert second == (2, *[None] * 15)


def test_an_empty_result_has_its_types(bench: Bench, stand_in: StandIn) -> None:
    # GIVEN / WHEN no row meets the condition
    ctx = extract(bench, stand_in, table="types", where="id > 100", columns=["id", "Money", "tz", "v"])
    # THEN there is an empty table with types, and a warning
    assert bench.rows() == [] and ctx.warning is not None and "no rows" in ctx.warning
    assert list(bench.columns().items()) == [
        ("ID", "BIGINT"), ("MONEY", "DECIMAL(10,2)"), ("TZ", "TIMESTAMP WITH TIME ZONE"), ("V", "JSON")
    ]  # fmt: skip


def test_a_query_as_people_write_it(bench: Bench, stand_in: StandIn) -> None:
    # GIVEN a query with a comment, a percent sign, a question mark and a semicolon
    query = "with x as (select id, s from types where coalesce(s, '') <> '100%?')\nselect id, 'a?' as t from x; -- all"
    # WHEN it is extracted without the comment behind the semicolon, THEN every row is there
    extract(bench, stand_in, query=query.partition("; --")[0] + " order by id -- all\n;")
    assert bench.rows() == [(1, "a?"), (2, "a?")]


def test_pieces_are_put_together_and_a_failure_of_one_is_repeated(tmp_path: Path, stand_in: StandIn) -> None:
    # GIVEN an answer in 50 pieces, as the real service gives it, one of which fails once
    once = [Fault("GET /chunks", "503", after=7, times=1), Fault("GET /chunks", "drop", after=20, times=1)]
    with pieces(stand_in.python, stand_in.port, 100, *once) as port:
        # WHEN it is extracted
        given = task(tmp_path, stand_in, table="numbers", port=port)
        code, _, err = given.run(MODULE)
    # THEN every row is there once, in order
    assert (code, err) == (0, "")
    info = given.storage.get("crm/rows")
    assert info is not None
    with database() as con:
        path = given.storage.root / "crm" / "rows" / info.file
        rows = con.execute(f"select id, name from read_parquet('{path}')").fetchall()
    assert rows == [(n, f"n{n}") for n in range(5000)]


def test_a_piece_that_never_comes_publishes_nothing(tmp_path: Path, stand_in: StandIn) -> None:
    # GIVEN an answer whose later pieces break off
    with pieces(stand_in.python, stand_in.port, 1000, Fault("GET /chunks", "cut", after=2)) as port:
        # WHEN it is extracted
        given = task(tmp_path, stand_in, table="numbers", port=port, network_timeout=1)
        code, _, err = given.run(MODULE)
    # THEN one line says so, and there is no table
    assert code == 1 and len(err.strip().splitlines()) == 1
    assert "broke and 1 s of new tries did not help: the server closes the connection; run the task again" in err
    assert given.storage.get("crm/rows") is None


# What is new


def test_incremental_extraction_reads_what_is_new(tmp_path: Path, stand_in: StandIn) -> None:
    # GIVEN a first extraction by each kind of column, one row of which has no value
    stand_in.run(
        "create or replace table events(id number, amount number(10,2), f float, d date, moment timestamp_ntz,"
        " tz timestamp_tz, name varchar)",
        "insert into events values (1, 1.10, 0.1, '2026-01-01', '2026-01-01 00:00:00.000001', '2026-01-01 00:00:00+00',"
        " 'a''?%')",
        "insert into events (id) values (2)",
    )
    columns = ("amount", "f", "moment", "tz", "NAME")
    benches = {name: Bench(tmp_path / name) for name in columns}
    states: dict[str, Any] = {}
    for name, bench in benches.items():
        ctx = extract(bench, stand_in, WriteMode.APPEND, table="events", incremental_column=name)
        states[name] = json.loads(json.dumps(ctx.next_state))
        assert len(bench.rows()) == 2 and "first extraction" in "\n".join(bench.lines)
    assert states["amount"] == {"column": "amount", "last": "1.10"} and states["f"]["last"] == "0.1"
    assert states["moment"]["last"].startswith("2026-01-01 00:00:00.000001")
    # WHEN a row comes
    stand_in.run(
        "insert into events values (3, 1.11, 0.2, '2026-01-02', '2026-01-01 00:00:00.000002', '2026-01-01 00:00:01+00',"
        " 'b')"
    )
    # THEN it alone is read, and then nothing, which keeps the state
    for name, bench in benches.items():
        more = {"table": "events", "incremental_column": name, "columns": ["id"]}
        state = extract(bench, stand_in, WriteMode.APPEND, states[name], **more).next_state
        assert bench.rows() == [(3,)] and state is not None and state != states[name]
        assert extract(bench, stand_in, WriteMode.APPEND, state, **more).next_state is None
        assert bench.rows() == []


def test_incremental_mistakes(bench: Bench, stand_in: StandIn) -> None:
    # GIVEN / WHEN the column is missing, does not grow, or the output keeps the last rows only, THEN a sentence
    append = {"mode": WriteMode.APPEND, "table": "types"}
    assert 'has no column "zz"; the columns are ID, MONEY' in refused(
        bench, stand_in, **append, incremental_column="zz"
    )
    assert '"V" has type variant, which does not grow' in refused(bench, stand_in, **append, incremental_column="v")
    assert "lose all older rows" in refused(bench, stand_in, table="types", incremental_column="id")


# Failures


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"table": "nope"}, ["Table with name NOPE does not exist", "check database, schema, role", "double quotes"]),
        ({"table": "types", "columns": ["id", "zz"]}, ['types has no column "zz"', "the columns are ID, MONEY"]),
        ({"table": "types", "where": "zz = 1"}, ['"ZZ" not found']),
        ({"query": "selec 1"}, ["Snowflake refuses the query", "correct the query"]),
        ({"query": "delete from types"}, ["Snowflake refuses the query", "correct the query"]),
        ({"table": "types", "host": "example.com"}, ["protocol http", "use https"]),
    ],
)  # fmt: skip
def test_a_wrong_source_is_a_sentence(bench: Bench, stand_in: StandIn, more: dict[str, Any], parts: list[str]) -> None:
    message = refused(bench, stand_in, **more)
    for part in parts:
        assert part in message


def login_answer(code: str, message: str) -> str:
    return json.dumps({"data": {"nextAction": None}, "code": code, "message": message, "success": False})


def query_answer(code: str, message: str) -> str:
    return json.dumps(
        {"data": {"errorCode": code, "sqlState": "0"}, "code": code, "message": message, "success": False}
    )


WRONG = login_answer("390100", "Incorrect username or password was specified.")
TOKEN = login_answer("390144", "JWT token is invalid. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]")
ROLE = login_answer("390189", "Role 'NOPE' specified in the connect string does not exist or not authorized.")
LOCKED = login_answer("390111", "Something\x1b[31m new.")
WAREHOUSE = query_answer("000606", "No active warehouse selected in the current session.")
SUSPENDED = query_answer("090109", "Warehouse 'W' cannot be resumed because the account is suspended.")
PRIVILEGES = query_answer("003001", "SQL access control error:\nInsufficient privileges to operate on schema 'S'")


@pytest.mark.parametrize(
    ("match", "kind", "parts"),
    [
        (LOGIN, WRONG, ["refuses the login of fake at fakesnow", "Incorrect username or password", "correct user and"]),
        (LOGIN, TOKEN, ["JWT token is invalid", "the key that is registered"]),
        (LOGIN, ROLE, ["Role 'NOPE'", "correct the parameter role"]),
        (LOGIN, LOCKED, ["refuses the login of fake", "Something new; check account, user and role"]),
        (LOGIN, "403", ["there is no Snowflake account at fakesnow", "correct the parameter account"]),
        (LOGIN, "404", ["there is no Snowflake account at fakesnow"]),
        (LOGIN, "429", ["takes no login now: HTTP 429", "run the task later"]),
        (LOGIN, "503", ["takes no login now: HTTP 503"]),
        (LOGIN, "drop", ["cannot be reached: the server closes the connection"]),
        (LOGIN, "cut", ["cannot be reached: the server closes the connection"]),
        (QUERY, WAREHOUSE, ["No active warehouse", "set the parameter warehouse"]),
        (QUERY, SUSPENDED, ["cannot use the warehouse: Warehouse 'W'", "choose another one"]),
        (QUERY, PRIVILEGES, ["Insufficient privileges", "choose another role"]),
        (QUERY, "429", ["broke and 300 s of new tries did not help: HTTP 429", "run the task again"]),
        (QUERY, "503", ["did not help: HTTP 503", "raise network_timeout"]),
        (QUERY, "drop", ["did not help: the server closes the connection"]),
        (QUERY, "cut", ["broke: the server closes the connection; run the task again"]),
    ],
    ids=itertools.count(),
)
@pytest.mark.usefixtures("impatient")
def test_failures_are_sentences(bench: Bench, stand_in: StandIn, match: str, kind: str, parts: list[str]) -> None:
    # GIVEN a service that fails
    with Proxy(stand_in.port) as proxy:
        proxy.fail(match, kind)
        # WHEN a table is extracted, THEN a sentence says what is wrong and what to do
        message = refused(bench, stand_in, port=proxy.port, table="types")
    for part in parts:
        assert part in message
    assert "\x1b" not in message


@pytest.mark.parametrize("kind", ["429", "503", "drop"])
@pytest.mark.usefixtures("impatient")
def test_what_fails_once_is_repeated(bench: Bench, stand_in: StandIn, kind: str) -> None:
    # GIVEN a service that fails once at the login and twice at the query
    with Proxy(stand_in.port) as proxy:
        proxy.fail(LOGIN, kind, times=1, headers={"Retry-After": "0"})
        proxy.fail(QUERY, kind, times=2, headers={"Retry-After": "0"})
        # WHEN a table is extracted
        extract(bench, stand_in, port=proxy.port, table="types")
        asked = [call.target for call in proxy.calls if str(call).startswith(QUERY)]
    # THEN it is there; every try has the same id, so that the service runs a statement once: it looks at the columns
    # (which failed twice), and reads
    ids = [target.partition("requestId=")[2].partition("&")[0] for target in asked]
    assert len(bench.rows()) == 2 and len(ids) == 4
    assert ids[0] == ids[1] == ids[2] != ids[3]


@pytest.mark.usefixtures("impatient")
def test_nobody_there(bench: Bench, stand_in: StandIn) -> None:
    # GIVEN / WHEN there is no server, or no such host, THEN a sentence
    assert "cannot be reached: the connection is refused" in refused(bench, stand_in, port=1, table="t")
    elsewhere = {"host": "nowhere.invalid", "protocol": "https", "port": 443}
    assert "the name of the host is not known" in refused(bench, stand_in, **elsewhere, table="t")


def test_a_column_that_disappears_is_told_and_strict_refuses_it(bench: Bench, stand_in: StandIn) -> None:
    # GIVEN a table that was published with two columns
    put(Storage(ProjectPaths(bench.project).storage), "out/result", "select 1::bigint as ID, 'x' as NAME")
    # WHEN one is gone, THEN a warning says so, and strict makes it an error
    ctx = extract(bench, stand_in, query="select 2 as id")
    assert ctx.warning == 'out/result: column "NAME" is gone'
    with pytest.raises(UserError, match='column "NAME" is gone; the parameter strict refuses that'):
        extract(bench, stand_in, query="select 2 as id", strict=True)


def test_a_stop_cancels_the_query(tmp_path: Path, stand_in: StandIn) -> None:
    # GIVEN a task whose query runs
    with Proxy(stand_in.port) as proxy:
        proxy.fail(QUERY, "hold")
        given = task(tmp_path, stand_in, table="numbers", port=proxy.port)
        process = given.start(MODULE)
        assert proxy.holding.wait(30)
        # WHEN it is told to stop
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        # THEN Snowflake is told to cancel that very request, and the process ends by the signal
        asked = next(call for call in proxy.calls if str(call).startswith(QUERY))
        told = [call.body for call in proxy.calls if "/queries/v1/abort-request" in call.target]
    assert process.returncode == -signal.SIGTERM and err == ""
    assert len(told) == 1 and told[0]["requestId"] in asked.target and told[0]["sqlText"] == asked.body["sqlText"]
    assert given.storage.get("crm/rows") is None


def test_a_missing_extra_says_what_to_install(tmp_path: Path, stand_in: StandIn) -> None:
    # GIVEN a Python without the connector
    given = task(tmp_path, stand_in, table="types")
    code = (
        "import sys\nsys.modules['snowflake'] = None\nfrom orch_tui.components import kit\n"
        "from orch_tui.components.snowflake import extractor as s\n"
        "kit.main(s.Parameters, s.run, test=s.test_connection)"
    )
    # WHEN the task runs, THEN a sentence
    ended, _, err = given.run(code=code)
    assert ended == 1 and err.strip().endswith("run: pip install 'orch-tui[snowflake]'")


# The login


def test_test_connection(tmp_path: Path, stand_in: StandIn) -> None:
    # GIVEN / WHEN the connection is tried, THEN the answer says who one is and what is seen, and no rows are read
    with Proxy(stand_in.port) as proxy:
        code, out, _ = task(tmp_path, stand_in, "testConnection", table="email_recipients", port=proxy.port).run(MODULE)
        asked = [call.body for call in proxy.calls if str(call).startswith(QUERY)]
    message = json.loads(out)["message"]
    assert code == 0 and "as fake (database CRM, schema PUBLIC)" in message
    assert "email_recipients has 11 columns: RECIPIENT_ID, EMAIL" in message
    assert [body["describeOnly"] for body in asked] == [True]


@pytest.mark.usefixtures("impatient")
def test_a_test_of_the_connection_fails_as_the_task_would(bench: Bench, stand_in: StandIn) -> None:
    # GIVEN / WHEN table, column or server are not there, THEN a sentence
    for more, part in (
        ({"table": "nope"}, "NOPE does not exist"),
        ({"table": "types", "incremental_column": "zz"}, 'has no column "zz"'),
        ({"table": "types", "port": 1}, "the connection is refused"),
    ):
        wanted = snowflake_extractor.Parameters.model_validate(settings(stand_in, **more))
        with pytest.raises(UserError, match=part):
            snowflake_extractor.test_connection(wanted, bench.context())


@functools.cache
def pem(passphrase: str | None = None) -> tuple[str, Any]:
    """An RSA key, as text, and its public part."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    how: Any = (
        serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    )
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    return text.decode(), key.public_key()


@pytest.mark.parametrize("form", ["text", "one line", "file", "encrypted"])
def test_a_key_pair_signs_the_login(bench: Bench, stand_in: StandIn, form: str) -> None:
    # GIVEN a private key, in one of the forms it comes in
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    text, public = pem("pass phrase" if form == "encrypted" else None)
    given: dict[str, Any] = {"private_key": text.replace("\n", "\\n") if form == "one line" else text}
    if form == "file":
        bench.file("keys/rsa.p8", text)
        given = {"private_key_file": "keys/rsa.p8"}
    if form == "encrypted":
        given["passphrase"] = "pass phrase"
    # WHEN a table is extracted
    with Proxy(stand_in.port) as proxy:
        extract(bench, stand_in, port=proxy.port, password=None, table="types", columns=["id"], **given)
        login = next(call.body["data"] for call in proxy.calls if str(call).startswith(LOGIN))
    # THEN the login carries a token for this account and user that the public key verifies, and no key or password
    assert login["AUTHENTICATOR"] == "SNOWFLAKE_JWT" and "PASSWORD" not in login and len(bench.rows()) == 2
    signed, _, signature = login["TOKEN"].rpartition(".")
    public.verify(base64.urlsafe_b64decode(signature + "=="), signed.encode(), padding.PKCS1v15(), SHA256())
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    assert claims["sub"] == "FAKESNOW.FAKE" and claims["iss"].startswith("FAKESNOW.FAKE.SHA256:")
    assert text.splitlines()[1] not in json.dumps(login)


def test_unusable_keys(bench: Bench, stand_in: StandIn) -> None:
    # GIVEN keys that cannot be used, WHEN tried, THEN a sentence that shows nothing of them
    locked, _ = pem("pass phrase")
    plain, _ = pem()
    half = plain[:400] + plain[-30:]
    for key, passphrase, part in [
        (locked, "wrong", "cannot be decrypted with the passphrase; correct the parameter passphrase"),
        (locked, None, "private_key is encrypted; give its passphrase"),
        ("secret text", None, "private_key is no key in PEM form"),
        (half, None, "private_key cannot be read: it is not complete"),
    ]:
        message = refused(bench, stand_in, password=None, private_key=key, passphrase=passphrase, table="types")
        assert part in message and key.splitlines()[-1] not in message
    assert "private_key_file" in refused(bench, stand_in, password=None, private_key_file="no.p8", table="types")


def test_what_the_session_is_asked_for(bench: Bench) -> None:
    # GIVEN a login with everything
    login = Login.model_validate({**NOBODY, "warehouse": "w", "role": "r", "database": "d", "schema": "s", "port": 1})
    # WHEN the connector's arguments are made
    made = connect_arguments(login, bench.context())
    # THEN nothing is kept on disk or told to anybody, and the query can be found in Snowflake's history
    assert (made["warehouse"], made["role"], made["database"], made["schema"], made["port"]) == ("w", "r", "d", "s", 1)
    assert not made["client_store_temporary_credential"] and not made["client_request_mfa_token"]
    session = made["session_parameters"]
    assert session["CLIENT_TELEMETRY_ENABLED"] is False and session["TIMEZONE"] == "UTC"
    assert session["QUERY_TAG"] == "orch-tui task" and "host" not in made and "network_timeout" not in made


def test_the_query_tag_names_the_orchestration(tmp_path: Path) -> None:
    data = tmp_path / ".orch" / "runs" / "nightly" / "r" / "tasks" / "load" / "1"
    assert query_tag(Context(data, tmp_path, "load")) == "orch-tui nightly/load"


def test_waits_grow_until_the_limit() -> None:
    # GIVEN a clock that goes on as the waits say
    found: list[int] = []
    with pytest.raises(GaveUp):
        for wait in waits(60, lambda: float(sum(found))):
            found.append(wait)
    # THEN the waits double, stay bounded, and end at the limit
    assert found == [1, 2, 4, 8, 16, 16, 13]


# Parts


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ("290503: 503: HTTP 503: Service Unavailable", "HTTP 503"),
        ("429 Client Error: Too Many Requests", "HTTP 429"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "the server's certificate"),
        ("HTTPSConnectionPool: Read timed out. (read timeout=8)", "no answer in time"),
        ("HTTP request failed after retries: query request. max attempts (6) reached; last status 503 X", "HTTP 503"),
        ("404 Not Found: post 127.0.0.1:1/queries", "HTTP 404"),
        ("connection closed before message completed", "the server closes the connection"),
        ("Expecting value: line 1 column 1", "the answer is not Snowflake's"),
        ("", "no reason given"),
    ],
)
def test_network_reasons(said: str, phrase: str) -> None:
    assert network_reason(said).startswith(phrase)


def test_type_codes_that_only_the_real_service_sends() -> None:
    # GIVEN descriptions as the protocol has them
    described: Callable[[int], Any] = lambda code: ("C", code, None, None, None, None, True)  # noqa: E731
    kinds = {code: Column.of(described(code)).collected for code in range(22)}
    # THEN each has a type
    assert kinds[6] == kinds[7] == "TIMESTAMP WITH TIME ZONE" and kinds[8] == kinds[4] == "TIMESTAMP"
    assert [Column.of(described(code)).is_json for code in (5, 9, 10, 16, 17, 2)] == [*[True] * 5, False]
    assert {kinds[code] for code in (14, 15, 18, 19, 20, 21)} == {"VARCHAR"}
    assert Column.of(("C", 0, None, None, 18, 0, True)).collected == "BIGINT"
    assert Column.of(("C", 0, None, None, 38, 37, True)).collected == "DECIMAL(38,37)"


def test_values_that_have_to_be_turned() -> None:
    # GIVEN structured values, values of an unknown type, and a VARIANT that is not JSON
    columns = [Column("V", "VARIANT"), Column("G", ""), Column("N", "FIXED"), Column("U", "ARRAY")]
    rows = converter(columns)(
        [({"k": datetime.date(2026, 1, 1)}, 1.5, 2**62, "[1]"), (None, None, None, "[undefined]")]
    )
    assert [list(row) for row in rows] == [
        ['{"k": "2026-01-01"}', "1.5", 2**62, "[1]"], [None, None, None, "[undefined]"]
    ]  # fmt: skip
    # WHEN they are stored
    with duckdb.connect() as con:
        names = [column.name for column in columns]
        con.execute(f"create table t ({', '.join(f'{c.name} {c.collected}' for c in columns)})")
        con.executemany("insert into t values (?, ?, ?, ?)", [list(row) for row in rows])
        kinds = dict(
            con.execute(
                f"select column_name, column_type from (describe ({stored(con, columns, names)('t')}))"
            ).fetchall()
        )
    # THEN a column is JSON where all its values are
    assert kinds == {"V": "JSON", "G": "VARCHAR", "N": "BIGINT", "U": "VARCHAR"}


@pytest.mark.parametrize(
    ("kind", "text", "stored_as", "value"),
    [
        ("TIMESTAMP_NTZ", "2026-01-31 10:00:00.123456000", "TIMESTAMP", "2026-01-31 10:00:00.123456"),
        ("TIMESTAMP_NTZ", "2026-01-31 10:00:00.123456789", "TIMESTAMP_NS", "2026-01-31 10:00:00.123456789"),
        ("TIMESTAMP_NTZ", "1500-01-31 10:00:00.123456789", "VARCHAR", "1500-01-31 10:00:00.123456789"),
        ("TIMESTAMP_NTZ", "1500-01-31 10:00:00.000000000", "TIMESTAMP", "1500-01-31 10:00:00"),
        ("TIMESTAMP_TZ", "2026-01-31 10:00:00.500000000", "TIMESTAMP WITH TIME ZONE", "2026-01-31 10:00:00.5+00"),
        ("TIMESTAMP_LTZ", "2026-01-31 10:00:00.000000001", "TIMESTAMPTZ_NS", "2026-01-31 10:00:00.000000001+00"),
        ("TIME", "10:11:12.500000000", "TIME", "10:11:12.5"),
        ("TIME", "10:11:12.123456789", "TIME_NS", "10:11:12.123456789"),
    ],
)
def test_nanoseconds_are_kept(kind: str, text: str, stored_as: str, value: str) -> None:
    # GIVEN a time with nine digits behind the second, asked for as text as the real service writes it
    column = dataclasses.replace(Column("T", kind, scale=9), as_text=True)
    # WHEN it is stored, THEN no digit is lost, in the plain type where that holds it
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute("create table t (T varchar)")
        con.execute("insert into t values (?), (null)", [text])
        query = stored(con, [column], ["T"])("t")
        found = con.execute(f"select typeof(T), T::varchar from ({query})").fetchall()
    assert found == [(stored_as, value), (stored_as, None)]
    assert column.selected.startswith("to_varchar(") and column.selected.endswith(' as "T"')


def test_a_result_that_is_cut_publishes_nothing(
    bench: Bench, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a result of which fewer rows come than were announced
    monkeypatch.setattr(snowflake_extractor, "row_batches", lambda fetch: [(rows[:-1], 1) for rows in [fetch(100_000)]])
    # WHEN it is extracted, THEN a line says so
    assert "announced 2 rows and sent 1; run the task again" in refused(bench, stand_in, table="types")


def test_numbers_without_an_end_are_read_once(tmp_path: Path, bench: Bench, stand_in: StandIn) -> None:
    # GIVEN a column of numbers to go by, of which one is infinite and one is none
    stand_in.run("create or replace table endless as select 1.5::float as f union all select 'inf'::float"
                 " union all select 'nan'::float")  # fmt: skip
    first = extract(bench, stand_in, WriteMode.APPEND, table="endless", incremental_column="f").next_state
    assert first == {"column": "f", "last": "1.5"} and len(bench.rows()) == 3
    # WHEN a number comes, THEN it alone is new
    stand_in.run("insert into endless select 2.5")
    extract(bench, stand_in, WriteMode.APPEND, first, table="endless", incremental_column="f")
    assert bench.rows() == [(2.5,)]


def test_parameters_are_checked() -> None:
    # GIVEN parameters that contradict each other or lack something, WHEN validated, THEN they are refused
    right = {**NOBODY, "table": "t"}
    assert snowflake_extractor.Parameters.model_validate({**right, "table": 'a."B c".d$'}).table == 'a."B c".d$'
    for bad in (
        {"table": None}, {"query": "select 1"}, {"password": None}, {"private_key": "x"}, {"passphrase": "x"},
        {"account": "x.snowflakecomputing.com"}, {"account": "https://x"}, {"table": "t; drop table t"},
        {"table": "a b"}, {"table": "a.b.c.d"}, {"protocol": "ftp"}, {"port": 0},
        {"table": None, "query": "select 1", "where": "1"},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            snowflake_extractor.Parameters.model_validate({**right, **bad})


def test_the_form_needs_no_connector() -> None:
    # GIVEN the modules that the parameters bring, THEN neither connector nor DuckDB is among them
    names = "'snowflake.connector', 'duckdb', 'cryptography'"
    code = f"import sys, {MODULE}; sys.exit([n for n in ({names}) if n in sys.modules] != [])"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
    secret = [
        name for name, item in snowflake_extractor.Parameters.model_json_schema()["properties"].items()
        if item.get("x-secret")
    ]  # fmt: skip
    assert secret == ["password", "private_key", "passphrase"]
    assert list(itertools.islice(waits(5), 2)) == [1, 2]
