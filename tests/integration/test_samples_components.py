"""The sample project, task by task: every configuration as a real process on a data folder."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest

from tests.integration.samples import (
    ROOT,
    SAMPLES,
    TaskFailed,
    copy_samples,
    environment,
    phases,
    run_configuration,
    task_folder,
)


def table(project: Path, name: str) -> str:
    """The current file of a table, quoted for DuckDB."""
    home = project / ".orch" / "storage" / name
    return f"'{home / tomllib.loads((home / 'table.toml').read_text())['file']}'"


def test_campaigns_finds_new_recipients(tmp_path: Path) -> None:
    # GIVEN the sample project, without the network or anything else from outside
    project = copy_samples(tmp_path / "project")
    # WHEN the tasks of its first orchestration run in order
    results = {ref: run_configuration(project, ref) for phase in phases(project, "campaigns") for ref in phase}
    # THEN every table has its rows
    rows = {item["table"]: item["rows"] for result in results.values() for item in result["tables"]}
    assert rows["marketing/campaigns"] == 60 and rows["marketing/email_recipients"] == 508
    assert rows["analytics/campaign_performance"] == 60
    # THEN the file has one line per new recipient, none of whom is on the list or has left it
    with (project / "out/new-recipients.csv").open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert len(written) == rows["analytics/campaign_recipients"] > 50
    assert results["file-writer/new-recipients"]["files"][0]["rows"] == len(written)
    with sqlite3.connect(SAMPLES / "data/email-recipients.sqlite") as con:
        gone = {
            row[0] for row in con.execute("select lower(email) from recipients where unsubscribed or in_mailing_list")
        }
    addresses = [row["email"] for row in written]
    assert not gone & set(addresses) and len(set(addresses)) == len(addresses) and addresses == sorted(addresses)
    assert all(address.endswith("@example.com") for address in addresses)


def test_the_sample_data_is_small_and_made_up() -> None:
    # GIVEN the data that is shipped, WHEN it is weighed, THEN it stays small
    assert (SAMPLES / "data/email-recipients.sqlite").stat().st_size < 200_000
    assert (SAMPLES / "data/campaigns.csv").stat().st_size < 20_000


def test_flights_match_the_files_of_the_package(tmp_path: Path) -> None:
    # GIVEN the real data of the package
    project = copy_samples(tmp_path / "project")
    # WHEN the orchestration runs
    argv = [sys.executable, "-m", "orch_tui", "run", "flights", "--project", str(project)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    storage = project / ".orch" / "storage"
    rows = {
        str(home.parent.relative_to(storage)): tomllib.loads(home.read_text())["rows"]
        for home in storage.glob("*/*/table.toml")
    }
    # THEN nothing is lost or invented on the way
    assert {name: rows[f"flights/{name}"] for name in ("flights", "weather", "planes", "airports", "airlines")} == {
        "flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458, "airlines": 16,
    }  # fmt: skip
    assert rows["flights/flight_weather"] == 336_776 and rows["flights/carrier_summary"] == 16
    with duckdb.connect() as con:
        # THEN the summaries agree with the flights themselves
        query = f"select count(*) from (select distinct origin, dest from {table(project, 'flights/flights')})"
        routes = con.execute(query).fetchone()
        assert routes == (rows["flights/route_summary"],)
        for name in ("delay_by_weather", "carrier_summary", "route_summary"):
            assert con.execute(f"select sum(flights) from {table(project, f'flights/{name}')}").fetchone() == (336_776,)
        late = f"select avg(dep_delay) from {table(project, 'flights/flights')} where carrier = 'UA'"
        said = f"select average_delay, airline from {table(project, 'flights/carrier_summary')} where carrier = 'UA'"
        real, told = con.execute(late).fetchone(), con.execute(said).fetchone()
        assert real is not None and told == (pytest.approx(real[0], abs=0.06), "United Air Lines Inc.")
        # THEN both files are complete
        parquet = project / "out/flight-weather.parquet"
        assert con.execute(f"select count(*) from '{parquet}'").fetchone() == (336_776,)
    with sqlite3.connect(project / "out/flights.sqlite") as con2:
        assert con2.execute("select count(*), sum(flights) from route_summary").fetchone() == (routes[0], 336_776)


def test_a_second_run_updates_and_does_not_add(tmp_path: Path) -> None:
    # GIVEN a finished extraction
    project = copy_samples(tmp_path / "project")
    first = run_configuration(project, "file-extractor/campaigns")
    # WHEN it runs again
    second = run_configuration(project, "file-extractor/campaigns")
    # THEN there is a new version with the same rows
    assert second["tables"][0]["rows"] == first["tables"][0]["rows"]
    assert second["tables"][0]["version"] == first["tables"][0]["version"] + 1


def test_the_wrong_order_says_which_table_is_missing_and_who_writes_it(tmp_path: Path) -> None:
    # GIVEN a transformation whose inputs were not extracted yet, and a plan that knows who would
    project = copy_samples(tmp_path / "project")
    data, argv = task_folder(project, "sql/campaign-performance")
    config = json.loads((data / "config.json").read_text())
    writers = {"marketing/campaigns": 'the task "campaigns" writes it, in the later phase "Extractor phase"'}
    config["orch_tui"]["writers"] = writers
    (data / "config.json").write_text(json.dumps(config))
    # WHEN it runs
    done = subprocess.run(argv, cwd=project, env=environment(project, data), capture_output=True, text=True, timeout=60)
    # THEN it is a user error in words, without a traceback
    assert done.returncode == 1
    assert (
        'table "marketing/campaigns" does not exist in the storage yet; the task "campaigns" writes it' in done.stderr
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert not (project / ".orch/storage/analytics").exists()


def test_a_broken_file_publishes_nothing_and_keeps_the_old_table(tmp_path: Path) -> None:
    # GIVEN a table, and a file that has been damaged since
    project = copy_samples(tmp_path / "project")
    run_configuration(project, "file-extractor/campaigns")
    with (project / "data/campaigns.csv").open("a") as file:
        file.write("1061,half a line\n")
    # WHEN the extraction runs again
    with pytest.raises(TaskFailed) as caught:
        run_configuration(project, "file-extractor/campaigns")
    # THEN it fails with line and reason, and the table is as it was
    assert caught.value.code == 1
    assert "data/campaigns.csv line 62: it has 2 columns where the header has 11" in caught.value.log
    with duckdb.connect() as con:
        assert con.execute(f"select count(*) from {table(project, 'marketing/campaigns')}").fetchone() == (60,)


def test_only_its_owner_can_read_what_a_task_leaves(tmp_path: Path) -> None:
    # GIVEN / WHEN a task has run under a generous umask
    project = copy_samples(tmp_path / "project")
    before = os.umask(0o022)
    try:
        run_configuration(project, "sqlite-extractor/email-recipient-index")
    finally:
        os.umask(before)
    # THEN every file of the storage is private
    files = [path for path in (project / ".orch/storage").rglob("*") if path.is_file()]
    assert files and all(path.stat().st_mode & 0o077 == 0 for path in files)
