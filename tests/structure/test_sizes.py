"""How large things may be: a file 400 lines, a function 50, a class with all its bases 400 lines and 40 methods."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES, MOST_METHODS, LONGEST_FUNCTION = 400, 40, 50


class Place(NamedTuple):
    """A class by its module (``orch_tui.a.b``) and its qualified name (``Outer.Inner``)."""

    module: str
    name: str


class Size(NamedTuple):
    """Of a class without its bases."""

    lines: int
    methods: int


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "orch_tui").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _classes(module: str, body: ast.AST, inside: str = "") -> Iterator[tuple[Place, Size]]:
    for node in ast.iter_child_nodes(body):
        if isinstance(node, ast.ClassDef):
            methods = sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)
            yield Place(module, inside + node.name), Size(_lines(node), methods)
            yield from _classes(module, node, f"{inside}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _classes(module, node, f"{inside}{node.name}.<locals>.")
        else:
            yield from _classes(module, node, inside)


def _lineage(place: Place) -> tuple[Place, ...]:
    """The class and all its bases as Python itself resolves them; a class in a function counts alone."""
    if "<locals>" in place.name:
        return (place,)
    found: object = importlib.import_module(place.module)
    for name in place.name.split("."):
        found = getattr(found, name, None)
    # A class for type checkers alone is not there when the program runs.
    bases = found.__mro__ if isinstance(found, type) else ()
    return (place, *(Place(base.__module__, base.__qualname__) for base in bases[1:]))


def test_bases_are_found_however_they_are_imported() -> None:
    # GIVEN a class whose base is written as an attribute of a package that hands it on
    lineage = _lineage(Place("orch_tui.components.dbapi.parameters", "Server"))
    # THEN the base is measured with it
    assert Place("orch_tui.components.kit.component", "Parameters") in lineage


def test_no_class_grows_beyond_what_one_can_read() -> None:
    # GIVEN each class together with the bases that are our own, however they are imported
    sizes = dict(size for module, tree in _modules() for size in _classes(module, tree))
    large = {}
    for place in sizes:
        parts = [sizes[base] for base in _lineage(place) if base in sizes]
        whole = Size(sum(part.lines for part in parts), sum(part.methods for part in parts))
        if whole.lines > MOST_LINES or whole.methods > MOST_METHODS:
            large[f"{place.module}.{place.name}"] = whole
    # THEN none of them is over it
    assert large == {}


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
