"""How large things may be: a file 400 lines, a function 50, a class with all its bases 400 lines and 40 methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES, MOST_METHODS, LONGEST_FUNCTION = 400, 40, 50
# Cut by size into files or grown over it: to be composed out of parts. Whoever mends one takes it out of here.
TOO_LARGE = {"MysqlWriter", "PostgresWriter"}


class Place(NamedTuple):
    """A class by its module (``orch_tui.a.b``) and name."""

    module: str
    name: str


class Size(NamedTuple):
    """Without bases; ``bases`` are those whose place is known."""

    lines: int
    methods: int
    bases: tuple[Place, ...]


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "orch_tui").rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(path.read_text(encoding="utf-8"))


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _classes() -> dict[Place, Size]:
    classes: dict[Place, Size] = {}
    for module, tree in _modules():
        imported = {
            alias.asname or alias.name: Place(node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                named = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
                bases = [base.id for base in named if isinstance(base, ast.Name) and base.id != node.name]
                methods = sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)
                places = tuple(imported.get(base, Place(module, base)) for base in bases)
                classes[Place(module, node.name)] = Size(_lines(node), methods, places)
    return classes


def _with_bases(place: Place, classes: dict[Place, Size]) -> set[Place]:
    own = {base for base in classes[place].bases if base in classes}
    return {place}.union(*(_with_bases(base, classes) for base in own))


def test_no_class_grows_beyond_what_one_can_read() -> None:
    # GIVEN each class together with the bases that are our own
    classes = _classes()
    large = set()
    for place in classes:
        parts = [classes[one] for one in _with_bases(place, classes)]
        if sum(part.lines for part in parts) > MOST_LINES or sum(part.methods for part in parts) > MOST_METHODS:
            large.add(place.name)
    # THEN only those are over it that were so, and none of them is forgotten here once it is mended
    assert large == TOO_LARGE


def test_no_function_grows_beyond_what_one_can_read() -> None:
    long = {
        f"{module}.{function.name}: {_lines(function)} lines"
        for module, tree in _modules()
        for function in _functions(tree)
        if _lines(function) > LONGEST_FUNCTION
    }
    assert long == set()


def test_no_file_grows_beyond_what_one_can_read() -> None:
    counts = {path: path.read_text(encoding="utf-8").count("\n") for path in (ROOT / "orch_tui").rglob("*.py")}
    assert {str(path.relative_to(ROOT)): count for path, count in counts.items() if count > MOST_LINES} == {}
