"""What goes on in the background is given as a function, which makes its coroutine when it begins.

A coroutine that was made before is never awaited where the screen closes, or the next of its group begins, first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TUI = Path(__file__).resolve().parents[2] / "orch_tui" / "tui"
_STARTING = frozenset({"run_worker", "in_background"})


def made_too_early(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            of_page = node.func.attr == "worker" and "background" in ast.unparse(node.func.value)
            work = node.args[0]
            if (
                (node.func.attr in _STARTING or of_page)
                and isinstance(work, ast.Call)
                and ast.unparse(work.func) != "partial"
            ):
                yield node


def test_no_coroutine_is_made_before_its_work_begins() -> None:
    found = [
        f"{path.relative_to(TUI)}:{call.lineno}: {ast.unparse(call)}"
        for path in TUI.rglob("*.py")
        for call in made_too_early(ast.parse(path.read_text()))
    ]
    assert not found


def test_the_search_finds_them() -> None:
    early = "self._host.in_background(self._open(), 'a', 'b')\nself.background.worker(f.edit(1), 'a', 'b')"
    assert len(list(made_too_early(ast.parse(early)))) == 2
    assert not list(made_too_early(ast.parse("self.run_worker(partial(f, 1))\nself.run_worker(self._read)")))
