"""The 22 queries of TPC-H and the 99 of TPC-DS, each written as a transformation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from orch_tui.lineage.sql.relation import Relation
from orch_tui.lineage.sql.script import trace_script

from tests.servers.tools import ROOT, tool

_REVENUE = "lineitem.l_discount lineitem.l_extendedprice"
# From reading the queries: their result's columns (those without a name by what they are) and what decides on rows.
EXPECTED: dict[tuple[str, str], tuple[dict[str, str], str]] = {
    ("tpch", "1"): (
        {
            "l_returnflag": "lineitem.l_returnflag",
            "l_linestatus": "lineitem.l_linestatus",
            "sum_qty": "lineitem.l_quantity",
            "sum_base_price": "lineitem.l_extendedprice",
            "sum_disc_price": _REVENUE,
            "sum_charge": f"{_REVENUE} lineitem.l_tax",
            "avg_qty": "lineitem.l_quantity",
            "avg_price": "lineitem.l_extendedprice",
            "avg_disc": "lineitem.l_discount",
            "count_order": "",
        },
        "lineitem.l_linestatus lineitem.l_returnflag lineitem.l_shipdate",
    ),
    ("tpch", "3"): (
        {
            "l_orderkey": "lineitem.l_orderkey",
            "revenue": _REVENUE,
            "o_orderdate": "orders.o_orderdate",
            "o_shippriority": "orders.o_shippriority",
        },
        "customer.c_custkey customer.c_mktsegment lineitem.l_discount lineitem.l_extendedprice lineitem.l_orderkey "
        "lineitem.l_shipdate orders.o_custkey orders.o_orderdate orders.o_orderkey orders.o_shippriority",
    ),
    ("tpch", "5"): (
        {"n_name": "nation.n_name", "revenue": _REVENUE},
        "customer.c_custkey customer.c_nationkey lineitem.l_orderkey lineitem.l_suppkey nation.n_name "
        "nation.n_nationkey nation.n_regionkey orders.o_custkey orders.o_orderdate orders.o_orderkey region.r_name "
        "region.r_regionkey supplier.s_nationkey supplier.s_suppkey",
    ),
    ("tpch", "6"): (
        {"revenue": _REVENUE},
        "lineitem.l_discount lineitem.l_quantity lineitem.l_shipdate",
    ),
    ("tpch", "8"): (
        {"o_year": "orders.o_orderdate", "mkt_share": f"{_REVENUE} nation.n_name"},
        "customer.c_custkey customer.c_nationkey lineitem.l_orderkey lineitem.l_partkey lineitem.l_suppkey "
        "nation.n_nationkey nation.n_regionkey orders.o_custkey orders.o_orderdate orders.o_orderkey part.p_partkey "
        "part.p_type region.r_name region.r_regionkey supplier.s_nationkey supplier.s_suppkey",
    ),
    ("tpch", "9"): (
        {
            "nation": "nation.n_name",
            "o_year": "orders.o_orderdate",
            "sum_profit": f"{_REVENUE} lineitem.l_quantity partsupp.ps_supplycost",
        },
        "lineitem.l_orderkey lineitem.l_partkey lineitem.l_suppkey nation.n_name nation.n_nationkey "
        "orders.o_orderdate orders.o_orderkey part.p_name part.p_partkey partsupp.ps_partkey partsupp.ps_suppkey "
        "supplier.s_nationkey supplier.s_suppkey",
    ),
    ("tpch", "13"): (
        {"c_count": "orders.o_orderkey", "custdist": ""},
        "customer.c_custkey orders.o_comment orders.o_custkey orders.o_orderkey",
    ),
    ("tpch", "14"): (
        {"promo_revenue": f"{_REVENUE} part.p_type"},
        "lineitem.l_partkey lineitem.l_shipdate part.p_partkey",
    ),
    ("tpch", "22"): (
        {"cntrycode": "customer.c_phone", "numcust": "", "totacctbal": "customer.c_acctbal"},
        "customer.c_acctbal customer.c_custkey customer.c_phone orders.o_custkey",
    ),
    ("tpcds", "3"): (
        {
            "d_year": "date_dim.d_year",
            "brand_id": "item.i_brand_id",
            "brand": "item.i_brand",
            "sum_agg": "store_sales.ss_ext_sales_price",
        },
        "date_dim.d_date_sk date_dim.d_moy date_dim.d_year item.i_brand item.i_brand_id item.i_item_sk "
        "item.i_manufact_id store_sales.ss_ext_sales_price store_sales.ss_item_sk store_sales.ss_sold_date_sk",
    ),
    ("tpcds", "7"): (
        {
            "i_item_id": "item.i_item_id",
            "agg1": "store_sales.ss_quantity",
            "agg2": "store_sales.ss_list_price",
            "agg3": "store_sales.ss_coupon_amt",
            "agg4": "store_sales.ss_sales_price",
        },
        "customer_demographics.cd_demo_sk customer_demographics.cd_education_status customer_demographics.cd_gender "
        "customer_demographics.cd_marital_status date_dim.d_date_sk date_dim.d_year item.i_item_id item.i_item_sk "
        "promotion.p_channel_email promotion.p_channel_event promotion.p_promo_sk store_sales.ss_cdemo_sk "
        "store_sales.ss_item_sk store_sales.ss_promo_sk store_sales.ss_sold_date_sk",
    ),
    ("tpcds", "96"): (
        {"count_star()": ""},
        "household_demographics.hd_demo_sk household_demographics.hd_dep_count store.s_store_name store.s_store_sk "
        "store_sales.ss_hdemo_sk store_sales.ss_sold_time_sk store_sales.ss_store_sk time_dim.t_hour "
        "time_dim.t_minute time_dim.t_time_sk",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus() -> dict[str, Any]:
    python = tool("tpc") / "bin" / "python"
    told = subprocess.run(
        [python, Path("tests/servers/tpc.py")], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def traced(corpus: dict[str, Any], suite: str, number: str) -> Relation:
    script = trace_script(
        f"create table result as\n{corpus[suite]['queries'][number]}", corpus[suite]["tables"], ["result"]
    )
    assert script.untraced == (), (suite, number)
    return script.outputs["result"]


def test_every_query_is_read_to_its_columns(corpus: dict[str, Any]) -> None:
    # GIVEN the public queries and the columns of their tables
    assert len(corpus["tpch"]["queries"]) == 22
    assert len(corpus["tpcds"]["queries"]) == 99
    for suite, of_suite in corpus.items():
        for number, names in of_suite["columns"].items():
            # WHEN one is read
            relation = traced(corpus, suite, number)
            # THEN it has the columns that DuckDB says its result has, none of them unknown; DuckDB makes up names from
            # expressions, and what is made of nothing is a number of rows or a constant
            assert not relation.rest, (suite, number)
            made = [ours if not ours.startswith("_col_") else name
                    for ours, name in zip(relation.columns, names, strict=True)]  # fmt: skip
            assert made == [name.lower() if ours == name.lower() else name
                            for ours, name in zip(relation.columns, names, strict=True)], (suite, number)  # fmt: skip
            # AND all tables that it names, and no column that its table does not have
            assert relation.tables <= of_suite["tables"].keys()
            for table, column in {*relation.rows, *frozenset().union(*relation.columns.values())}:
                assert column in of_suite["tables"][table], (suite, number, table, column)


@pytest.mark.parametrize(("suite", "number"), EXPECTED, ids=lambda value: value)
def test_queries_that_were_read_by_hand(corpus: dict[str, Any], suite: str, number: str) -> None:
    # GIVEN what a person says of the query
    columns, rows = EXPECTED[suite, number]
    # WHEN
    relation = traced(corpus, suite, number)
    # THEN
    found = [" ".join(sorted(map(".".join, origins))) for origins in relation.columns.values()]
    assert dict(zip(columns, found, strict=True)) == columns
    assert " ".join(sorted(map(".".join, relation.rows))) == rows
