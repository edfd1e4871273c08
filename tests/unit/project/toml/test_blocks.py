"""Blocks of a definition in a new order: what stays between neighbours, and what comes between others."""

from __future__ import annotations

import pytest
from orch_tui.project.toml.blocks import PREAMBLE, Block, arrange

BLOCKS = [
    Block(PREAMBLE, 0, 'name = "O"\n', ""),
    Block(("phase", "a"), 1, "[a]\n", ""),
    Block(("phase", "b"), 2, "[b]\n", "\n\n"),
    Block(("phase", "c"), 3, "[c]\n", ""),
]


@pytest.mark.parametrize(
    ("order", "texts", "wanted"),
    [
        pytest.param("abc", {}, 'name = "O"\n[a]\n[b]\n\n\n[c]\n', id="as it was"),
        pytest.param("ac", {}, 'name = "O"\n[a]\n\n[c]\n', id="one less"),
        pytest.param("ab", {}, 'name = "O"\n[a]\n[b]\n', id="without the last"),
        pytest.param("bac", {}, 'name = "O"\n\n[b]\n\n[a]\n\n[c]\n', id="another order"),
        pytest.param("anbc", {"n": "[n]\n"}, 'name = "O"\n[a]\n\n[n]\n\n[b]\n\n\n[c]\n', id="a new one"),
        pytest.param("abc", {"b": "[new]\n"}, 'name = "O"\n[a]\n[new]\n\n\n[c]\n', id="a changed one"),
    ],
)
def test_neighbours_that_stay_keep_what_is_between_and_others_get_a_blank_line(
    order: str, texts: dict[str, str], wanted: str
) -> None:
    keys = [PREAMBLE, *(("phase", name) for name in order)]
    assert arrange(BLOCKS, keys, {("phase", name): text for name, text in texts.items()}, "\n") == wanted
