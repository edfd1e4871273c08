"""How large a class may be: with all bases of our own, 400 lines and 40 methods; a file 400 lines."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES, MOST_METHODS = 400, 40
# Cut by size into files or grown over it: to be composed out of parts. Whoever mends one takes it out of here.
TOO_LARGE = {
    "PhaseTree",
}  # fmt: skip


def _classes() -> dict[str, tuple[int, int, list[str]]]:
    """Lines, methods and names of bases of each class of the screen."""
    found = {}
    for path in (ROOT / "orch_tui" / "tui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
                methods = sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                found[node.name] = lines, methods, [base.id for base in bases if isinstance(base, ast.Name)]
    return found


def _own_bases(name: str, classes: dict[str, tuple[int, int, list[str]]]) -> set[str]:
    own = {base for base in classes[name][2] if base in classes and base != name}
    return {name} | {above for base in own for above in _own_bases(base, classes)}


def test_no_class_of_the_screen_grows_beyond_what_one_can_read() -> None:
    # GIVEN each class together with the bases that are our own
    classes = _classes()
    whole = {name: [classes[one] for one in _own_bases(name, classes)] for name in classes}
    large = {
        name
        for name, parts in whole.items()
        if sum(part[0] for part in parts) > MOST_LINES or sum(part[1] for part in parts) > MOST_METHODS
    }
    # THEN only those are over it that were so, and none of them is forgotten here once it is mended
    assert large == TOO_LARGE
