"""The gate of a task: what a check refuses leaves its tables as they were, whatever is wrong with it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from orch_tui.components.sql import transformation
from orch_tui.engine.attempts.results import read_candidate_id, read_checks
from orch_tui.model.checks.values import Verdict, of_verdict
from orch_tui.storage.deciding import accept

from tests.integration.attempts import Attempt, attempt
from tests.support.tables import put
from tests.support.tasks_here import run_here

GOOD = "select range as id, 'a' as status from range(1000)"
CHECKS: list[dict[str, Any]] = [
    {"columns": {"id": "BIGINT", "status": "VARCHAR"}, "unique": ["id"], "rows": {"min": 1}},
    {"learned": True},
]


def _attempt(tmp_path: Path, sql: str, checks: list[dict[str, Any]], **more: Any) -> Attempt:
    given = attempt(
        tmp_path,
        {"sql": f"create table rows as {sql}"},
        outputs=[{"source": "rows", "destination": "raw/rows"}],
        **more,
    )
    config = json.loads((given.data / "config.json").read_text())
    config["orch_tui"]["checks"] = checks
    (given.data / "config.json").write_text(json.dumps(config))
    return given


def _hashes(given: Attempt) -> dict[str, str]:
    home = given.storage.home("raw/rows")
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.iterdir()
        if path.suffix in (".parquet", ".toml")
    }


@pytest.mark.parametrize(
    ("sql", "failed"),
    [
        (f"{GOOD} where false", "rows"),
        ("select range as id from range(1000)", "columns"),
        (f"{GOOD} union all select 1, 'b'", "unique id"),
        ("select range as id, 'a' as status from range(400)", "learned rows"),
    ],
    ids=["no row", "a column less", "a key twice", "60 % fewer rows"],
)
def test_what_a_check_refuses_changes_no_table_and_is_published_as_it_is_when_accepted(
    tmp_path: Path, sql: str, failed: str
) -> None:
    # GIVEN a table with versions enough to learn from
    given = _attempt(tmp_path, sql, CHECKS)
    for number in range(5):
        put(given.storage, "raw/rows", GOOD.replace("1000", str(1000 + number)))
    _learn(given, 5)
    before = _hashes(given)
    # WHEN a task writes what is wrong
    code, out, errors = run_here(given, transformation)
    # THEN it fails in one line that says which check, and the table is as before, byte for byte
    assert (code, _hashes(given)) == (1, before)
    assert errors.splitlines()[-1].split(": ")[1].startswith(f"{failed} of raw/rows") or failed in errors
    assert failed in [one.check.label for one in of_verdict(read_checks(given.data), Verdict.FAILED)], out
    # AND exactly what it wrote is the next version when somebody accepts it
    candidate = read_candidate_id(given.data)
    assert candidate is not None
    content = (given.storage.root / ".quarantine" / candidate / "1.parquet").read_bytes()
    _, (info,) = accept(given.storage, candidate, by="ann", note="")
    assert info.file.read_bytes() == content


def _learn(given: Attempt, number: int) -> None:
    """The versions that were published before are known, though only some of them are kept."""
    profiles = {str(n): {"rows": 1000, "nulls": {"id": 0.0}, "sums": {"id": 499500.0}} for n in range(1, number + 1)}
    (given.storage.home("raw/rows") / "profiles.json").write_text(json.dumps(profiles))


def test_a_warning_is_published_and_said(tmp_path: Path) -> None:
    # GIVEN a check that only warns
    given = _attempt(tmp_path, GOOD, [{"rows": {"min": 2000}, "severity": "warn"}])
    # WHEN its task writes too little
    code, out, _ = run_here(given, transformation)
    # THEN the table is there, and the warning is the task's
    assert code == 0 and "check warned: rows of raw/rows: expected at least 2 000 rows, found 1 000 rows" in out
    assert given.result["warning"] == "rows of raw/rows: expected at least 2 000 rows, found 1 000 rows"
    assert given.result["checks"][0]["verdict"] == "warned"
    assert given.storage.get("raw/rows") is not None


def test_secrets_are_masked_in_the_rows_that_are_shown(tmp_path: Path) -> None:
    # GIVEN rows that hold a secret of the task
    secret = "s3cr3t-t0ken-of-the-shop"
    given = _attempt(tmp_path, f"select '{secret}' as token", [{"sql": "from this"}], secrets={"TOKEN": secret})
    # WHEN a check shows them
    code, out, errors = run_here(given, transformation)
    # THEN neither what is kept nor what is said has it; only the data has
    assert code == 1
    (folder,) = (given.storage.root / ".quarantine").iterdir()
    texts = [(given.data / "result.json").read_text(), (folder / "candidate.json").read_text(), out, errors]
    assert not [text for text in texts if secret in text]
    assert given.result["checks"][0]["sample"]["rows"] == [["*****"]]


def test_a_program_cannot_say_that_its_checks_passed(tmp_path: Path) -> None:
    # GIVEN a program that writes results of checks itself
    given = _attempt(tmp_path, GOOD, [])
    (given.data / "result.json").write_text('{"checks": [{"kind": "rows"}], "candidate": "x", "metrics": {"a": 1}}')
    # WHEN its tables are published
    assert run_here(given, transformation)[0] == 0
    # THEN only the rest of what it told is kept
    assert given.result["metrics"] == {"a": 1}
    assert not {"checks", "candidate"} & given.result.keys()


def test_a_check_of_a_table_that_is_not_written_stops_the_task(tmp_path: Path) -> None:
    given = _attempt(tmp_path, GOOD, [{"table": "raw/other", "rows": {"min": 1}}])
    code, _, errors = run_here(given, transformation)
    assert code == 1 and "which the configuration does not write" in errors
    assert given.storage.get("raw/rows") is None
