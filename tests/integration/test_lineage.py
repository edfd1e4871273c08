"""``orch-tui lineage`` on the samples, as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import command_here
from tests.support.projects import ROOT


def said(*arguments: str, code: int = 0) -> str:
    done = command_here(ROOT / "sample_configs", "lineage", *arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_table_with_what_it_comes_from_and_goes_to() -> None:
    # WHEN
    lines = [line.strip() for line in said("analytics/campaign_recipients").splitlines()]
    # THEN
    assert lines[:3] == [
        "analytics/campaign_recipients",
        "comes from",
        "SQL · Campaign Recipient                                  sql/campaign-recipient · campaigns, phase 3 "
        '"Second Transformation Phase"',
    ]
    assert lines[-1] == "out/new-recipients.csv"
    assert "goes to" in lines


def test_a_column_as_json() -> None:
    # WHEN
    found = json.loads(said("analytics/campaign_recipients", "-c", "SEGMENT", "--json"))
    # THEN
    assert found["column"].lower() == "segment"
    assert [(one["table"], one["column"], one["configuration"]) for one in found["comes_from"]] == [
        ("marketing/email_recipients", "clicks", "sql/campaign-recipient")
    ]
    assert {"table": "marketing/email_recipients", "column": "opens"} in found["rows_depend_on"]
    assert found["goes_to"] == []


def test_the_graph_as_json() -> None:
    # WHEN
    found = json.loads(said("flights/route_summary", "--up", "--depth", "1", "--json"))
    # THEN its edges lead from what is read to what is made of it
    edges = {(one["from"]["name"], one["to"]["name"]) for one in found["edges"]}
    assert ("sql/carriers-and-routes", "flights/route_summary") in edges
    assert ("flights/airports", "sql/carriers-and-routes") in edges
    assert ("flights/airlines", "sql/carriers-and-routes") not in edges
    (job,) = [one for one in found["nodes"] if one["kind"] == "configuration"]
    assert job["tasks"][0]["orchestration"] == "flights"


def test_a_configuration_may_be_named_too() -> None:
    assert said("sql/flight-weather", "--down").splitlines()[:2] == ["SQL · Flight weather", "goes to"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["analytics/campaign_recipient"], 'did you mean "analytics/campaign_recipients"?'),
        (["flights/route_summary", "-c", "mile"], 'has no column "mile"; it has: origin, dest'),
        (["sql/flight-weather", "-c", "x"], 'has no column "x"'),
    ],
    ids=["table", "column", "column of a configuration"],
)
def test_what_is_not_there_is_said(arguments: list[str], sentence: str) -> None:
    assert sentence in said(*arguments, code=2)


def test_a_project_with_a_broken_file_is_read_without_it(tmp_path: Path) -> None:
    # GIVEN
    (tmp_path / "configurations" / "sql").mkdir(parents=True)
    (tmp_path / "orch.toml").write_text("")
    (tmp_path / "configurations" / "sql" / "bad.toml").write_text("=")
    (tmp_path / "configurations" / "sql" / "good.toml").write_text(
        '[parameters]\nsql = "create table o as select 1 as x"\n[[outputs]]\nname = "o"\ntable = "s/o"\n'
    )
    # WHEN
    done = command_here(tmp_path, "lineage", "s/o", "-c", "x")
    # THEN
    assert (done.returncode, done.stdout.splitlines()[1:]) == (
        0,
        ["comes from no column", "goes to nothing that is known"],
    )
