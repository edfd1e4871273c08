"""Rows of a configuration: what each makes of it, and which of them count."""

from __future__ import annotations

from dataclasses import replace

from orch_tui.model.components.configuration import (
    Configuration,
    ConfigurationRow,
    TableInput,
    TableOutput,
    WriteMode,
    merged,
)

ORDERS = ConfigurationRow(
    "orders",
    "Orders",
    parameters={"path": "o", "auth": {"scope": "x"}, "list": [3]},
    outputs=(TableOutput("o", "s/o"),),
)
OFF = ConfigurationRow("off", "Off", enabled=False, inputs=(TableInput("s/i", "i"),))
SHOP = Configuration(
    "http-extractor", "shop", "Shop", "", {"base": "b", "auth": {"user": "u"}, "list": [1, 2]},
    (TableInput("s/all", "all"),), (TableOutput("o", "s/other", WriteMode.APPEND),), rows=(ORDERS, OFF), row_parallel=3,
)  # fmt: skip


def test_a_row_stands_over_its_configuration_table_by_table() -> None:
    # WHEN
    part = SHOP.of_row(ORDERS)
    # THEN tables are joined, other values replaced, tables of the same name too
    assert part.parameters == {"base": "b", "auth": {"user": "u", "scope": "x"}, "list": [3], "path": "o"}
    assert (part.inputs, part.outputs) == (SHOP.inputs, ORDERS.outputs)
    assert (part.rows, part.row_parallel) == ((), 1)
    # AND nothing of the configuration was changed
    assert SHOP.parameters["auth"] == {"user": "u"}


def test_only_enabled_rows_count_unless_they_are_named() -> None:
    assert [part.parameters["path"] for part in SHOP.parts()] == ["o"]
    assert SHOP.reads == (TableInput("s/all", "all"),)
    named = SHOP.chosen(("off",))
    assert [row.id for row in named.rows] == ["off"] and named.rows[0].enabled
    assert named.reads == (TableInput("s/all", "all"), TableInput("s/i", "i"))
    assert SHOP.chosen(()) is SHOP
    alone = replace(SHOP, rows=())
    assert alone.parts() == (alone,)


def test_the_digest_follows_enabled_rows_alone() -> None:
    # GIVEN
    edited = replace(ORDERS, parameters={"path": "p"})
    # THEN
    assert SHOP.digest != replace(SHOP, rows=(edited, OFF)).digest
    assert SHOP.digest == replace(SHOP, rows=(ORDERS, replace(OFF, parameters={"x": 1}))).digest
    assert SHOP.digest == replace(SHOP, rows=(replace(ORDERS, name="Other"), OFF)).digest
    assert replace(SHOP, rows=()).digest != SHOP.digest


def test_merging_takes_what_is_above() -> None:
    assert merged({"a": {"b": 1}, "c": 2}, {"a": 5, "c": {"d": 3}}) == {"a": 5, "c": {"d": 3}}
