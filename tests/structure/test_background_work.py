"""What goes on in the background is given as a function, which makes its coroutine when it begins.

A coroutine that was made before is never awaited where the screen closes, or the next of its group begins, first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TUI = Path(__file__).resolve().parents[2] / "orch_tui" / "tui"


def made_too_early(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            # The function is given the screen first, the methods are the screen's.
            place = 1 if function == "in_background" else 0
            starts = function.endswith(("in_background", "run_worker", "background.worker"))
            if starts and len(node.args) > place:
                work = node.args[place]
                if isinstance(work, ast.Call) and ast.unparse(work.func) != "partial":
                    yield node


def test_no_coroutine_is_made_before_its_work_begins() -> None:
    found = [
        f"{path.relative_to(TUI)}:{call.lineno}: {ast.unparse(call)}"
        for path in TUI.rglob("*.py")
        for call in made_too_early(ast.parse(path.read_text()))
    ]
    assert not found


def test_the_search_finds_them() -> None:
    early = "host.in_background(f(), 'a', 'b')\nself._background.worker(f(1), 'a', 'b')\nin_background(app, f(), 'a')"
    assert len(list(made_too_early(ast.parse(early)))) == 3
    assert not list(made_too_early(ast.parse("self.run_worker(partial(f, 1))\nself.run_worker(self._read)")))
