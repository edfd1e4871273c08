"""The lineage of a project: tables, configurations and columns across orchestrations."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.lineage.graph import LineageGraph
from orch_tui.lineage.reading import fill_for_reading, read_lineage
from orch_tui.lineage.values import Column, Kind, Node
from orch_tui.lineage.walking import Direction, column_tree, tree
from orch_tui.project.project import open_project

from tests.support.projects import ROOT


@pytest.fixture
def samples(tmp_path: Path) -> LineageGraph:
    """The samples that come with the program, before their first run."""
    import shutil

    shutil.copytree(ROOT / "sample_configs", tmp_path / "p", ignore=shutil.ignore_patterns(".orch"))
    return read_lineage(open_project(tmp_path / "p"))


def project_of(path: Path, **scripts: tuple[str, dict[str, str], list[str]]) -> LineageGraph:
    """Configurations of SQL by name: the script, its inputs (name: table) and its outputs (``s/<name>``)."""
    (path / "configurations" / "sql").mkdir(parents=True)
    (path / "orch.toml").write_text("")
    for name, (sql, inputs, outputs) in scripts.items():
        lines = ["[parameters]", f"sql = '''\n{sql}\n'''"]
        for called, table in inputs.items():
            lines += ["[[inputs]]", f'name = "{called}"', f'table = "{table}"']
        for output in outputs:
            lines += ["[[outputs]]", f'name = "{output}"', f'table = "s/{output}"']
        (path / "configurations" / "sql" / f"{name}.toml").write_text("\n".join(lines))
    return read_lineage(open_project(path))


def up(graph: LineageGraph, table: str, column: str) -> list[str]:
    found = graph.column(table, column)
    assert found is not None
    return [f"{row.depth} {row.table}.{row.column}" for row in column_tree(graph, found, Direction.UP)]


def test_the_way_of_a_sample_from_its_files_to_its_file(samples: LineageGraph) -> None:
    # WHEN one walks up from a table
    rows = tree(samples, Node(Kind.TABLE, "analytics/campaign_recipients"), Direction.UP)
    # THEN it is the way that its definitions say, and what was shown is not followed twice
    assert [(row.depth, row.node.name, row.repeated) for row in rows] == [
        (1, "sql/campaign-recipient", False),
        (2, "analytics/campaign_performance", False),
        (3, "sql/campaign-performance", False),
        (4, "marketing/campaigns", False),
        (5, "file-extractor/campaigns", False),
        (6, "data/campaigns.csv", False),
        (4, "marketing/email_recipients", False),
        (5, "sqlite-extractor/email-recipient-index", False),
        (6, "SQLite extractor: data/email-recipients.sqlite", False),
        (2, "marketing/email_recipients", True),
    ]
    # AND down from it what is made of it
    down = tree(samples, Node(Kind.TABLE, "analytics/campaign_recipients"), Direction.DOWN)
    assert [row.node.name for row in down] == ["file-writer/new-recipients", "out/new-recipients.csv"]
    # AND a configuration says in which orchestrations it runs
    places = samples.jobs["file-extractor/campaigns"].places
    assert [(one.orchestration, one.number) for one in places] == [("campaigns", 1), ("follow-up", 1)]


# From reading the samples' SQL; what their extractors bring is not known before they have run.
@pytest.mark.parametrize(
    ("table", "column", "expected"),
    [
        ("analytics/campaign_recipients", "segment", ["1 marketing/email_recipients.clicks"]),
        ("analytics/campaign_recipients", "email", ["1 marketing/email_recipients.email"]),
        ("analytics/campaign_recipients", "campaign",
         ["1 analytics/campaign_performance.campaign", "2 marketing/campaigns.name"]),
        ("flights/carrier_summary", "airline", ["1 flights/airlines.name"]),
        ("flights/carrier_summary", "flights", []),
        ("flights/carrier_summary", "own_delay",
         ["1 flights/delay_by_weather.average_delay", "2 flights/flights.dep_delay",
          "1 flights/flight_weather.dep_delay", "2 flights/flights.dep_delay"]),
        ("flights/delay_by_weather", "conditions",
         ["1 flights/weather.origin", "1 flights/weather.precip", "1 flights/weather.temp", "1 flights/weather.visib",
          "1 flights/weather.wind_speed"]),
        ("flights/route_summary", "miles", ["1 flights/flight_weather.distance", "2 flights/flights.distance"]),
        ("mailing/campaign_performance", "open_rate",
         ["1 crm/email_recipients.emails_sent", "1 crm/email_recipients.opens"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_columns_of_the_samples(samples: LineageGraph, table: str, column: str, expected: list[str]) -> None:
    # WHEN one walks up from a column THEN it is what a person reads in the SQL
    assert up(samples, table, column) == expected


def test_an_output_is_made_of_those_inputs_that_its_own_statements_read(tmp_path: Path) -> None:
    # GIVEN a script with two outputs, each of another input
    graph = project_of(
        tmp_path, two=("create table p as from a; create table q as from b;", {"a": "r/a", "b": "r/b"}, ["p", "q"])
    )
    # WHEN one walks up from one THEN the other's input is not on the way
    names = [row.node.name for row in tree(graph, Node(Kind.TABLE, "s/q"), Direction.UP)]
    assert names == ["sql/two", "r/b"]
    down = [row.node.name for row in tree(graph, Node(Kind.TABLE, "r/a"), Direction.DOWN)]
    assert down == ["sql/two", "s/p"]


def test_columns_pass_a_star_whether_or_not_they_are_known(tmp_path: Path) -> None:
    # GIVEN a chain of stars on a table that nobody has seen yet
    graph = project_of(
        tmp_path,
        first=("create table one as select *, x + 1 as y from a", {"a": "r/a"}, ["one"]),
        second=("create table two as from one", {"one": "s/one"}, ["two"]),
    )
    # WHEN THEN a column that only the star can have brought comes from its source
    assert up(graph, "s/two", "z") == ["1 s/one.z", "2 r/a.z"]
    assert up(graph, "s/two", "Y") == ["1 s/one.Y", "2 r/a.x"]


def test_tables_that_are_made_of_each_other_end(tmp_path: Path) -> None:
    # GIVEN a circle
    graph = project_of(
        tmp_path,
        first=("create table one as select k from two", {"two": "s/two"}, ["one"]),
        second=("create table two as select k from one", {"one": "s/one"}, ["two"]),
    )
    # WHEN THEN each is shown once
    assert [row.node.name for row in tree(graph, Node(Kind.TABLE, "s/one"), Direction.UP)] == [
        "sql/first", "s/two", "sql/second", "s/one",
    ]  # fmt: skip
    assert up(graph, "s/one", "k") == ["1 s/two.k", "2 s/one.k"]


def test_depth_counts_tables(samples: LineageGraph) -> None:
    rows = tree(samples, Node(Kind.TABLE, "analytics/campaign_recipients"), Direction.UP, 1)
    assert [row.node.name for row in rows] == [
        "sql/campaign-recipient", "analytics/campaign_performance", "marketing/email_recipients",
    ]  # fmt: skip


def test_where_a_column_is_used(samples: LineageGraph) -> None:
    # WHEN one walks down from a column
    rows = column_tree(samples, Column("flights/flights", "dep_delay"), Direction.DOWN)
    # THEN that are the columns that are made of it, to the end
    assert {f"{row.table}.{row.column}" for row in rows} == {
        "flights/flight_weather.dep_delay", "flights/delay_by_weather.average_delay",
        "flights/delay_by_weather.median_delay", "flights/delay_by_weather.percent_late",
        "flights/carrier_summary.average_delay", "flights/carrier_summary.own_delay",
        "flights/route_summary.own_delay", "flights/route_summary.gained_in_the_air",
    }  # fmt: skip


def test_a_program_that_is_no_sql_may_make_any_column_of_any_other(tmp_path: Path) -> None:
    # GIVEN
    graph = project_of(tmp_path, one=("create table one as from a", {"a": "r/a"}, ["one"]))
    python = tmp_path / "configurations" / "python"
    python.mkdir()
    (python / "p.toml").write_text(
        '[parameters]\nscript = "pass"\n[[inputs]]\nname = "one"\ntable = "s/one"\n'
        '[[outputs]]\nname = "two"\ntable = "s/two"\n'
    )
    graph = read_lineage(open_project(tmp_path))
    # WHEN THEN it is said that nobody knows
    assert up(graph, "s/two", "x") == ["1 s/one.None"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("where x > {{ least }}", "where x > null"),
        ("where d = '{{ day }}'", "where d = 'day'"),
        ("from t_{{ region }}", "from t_region"),
        ("select '{{{{x}}'", "select '{{x}}'"),
        ("{{ a-b }}", "null"),
    ],
)
def test_variables_do_not_keep_sql_from_being_read(sql: str, expected: str) -> None:
    assert fill_for_reading(sql) == expected
