"""What an extractor says when its source changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.components import kit
from orch_tui.components.kit.drift import changes, check_shape
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.storage import Storage

from tests.support.tables import put

OLD = [("id", "BIGINT"), ("name", "VARCHAR")]


@pytest.fixture
def ctx(tmp_path: Path) -> kit.Context:
    """A task that writes shop/orders, which has two rows already."""
    storage = Storage(ProjectPaths(tmp_path).storage)
    put(storage, "shop/orders", "select * from (values (1::bigint, 'a'), (2, 'b')) t(id, name)")
    output = kit.Output("orders", "shop/orders", WriteMode.FULL, (), tmp_path / "new.parquet")
    return kit.Context(tmp_path, tmp_path, "t", {}, {"orders": output})


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (OLD, []),
        ([*OLD, ("new", "DATE")], []),
        ([("ID", "BIGINT"), ("name", "VARCHAR")], []),
        ([("id", "BIGINT")], ['column "name" is gone']),
        ([("id", "DOUBLE"), ("name", "VARCHAR")], ['column "id" is DOUBLE now and was BIGINT']),
    ],
)
def test_changes(after: list[tuple[str, str]], said: list[str]) -> None:
    assert changes(OLD, after) == said


def test_a_column_that_is_gone_is_a_warning(ctx: kit.Context) -> None:
    check_shape(ctx, ctx.only_output(), [("id", "BIGINT")], 5)
    assert ctx.warning == 'shop/orders: column "name" is gone'


def test_strict_refuses_it(ctx: kit.Context) -> None:
    with pytest.raises(UserError, match='column "name" is gone; the parameter strict refuses'):
        check_shape(ctx, ctx.only_output(), [("id", "BIGINT")], 5, strict=True)


def test_no_rows_say_what_was_there(ctx: kit.Context) -> None:
    check_shape(ctx, ctx.only_output(), [], 0)
    assert ctx.warning == "the source gave no rows, so shop/orders is empty now; it had 2"


def test_a_table_that_is_new_has_no_earlier_shape(ctx: kit.Context, tmp_path: Path) -> None:
    output = kit.Output("x", "shop/new", WriteMode.FULL, (), tmp_path / "new.parquet")
    check_shape(ctx, output, [("id", "BIGINT")], 5)
    assert ctx.warning is None


def test_types_of_rows_that_are_added_are_told_when_they_are_published(ctx: kit.Context, tmp_path: Path) -> None:
    # GIVEN rows that meet the stored ones, which may well hold them
    output = kit.Output("orders", "shop/orders", WriteMode.APPEND, (), tmp_path / "new.parquet")
    columns = [("id", "DOUBLE")]
    # WHEN their shape is looked at THEN only what is gone is told
    check_shape(ctx, output, columns, 5)
    assert ctx.warning == 'shop/orders: column "name" is gone'
    # AND with strict any other type is refused
    with pytest.raises(UserError, match='"id" is DOUBLE now and was BIGINT'):
        check_shape(ctx, output, columns, 5, strict=True)
