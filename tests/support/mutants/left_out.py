"""Mutants that are not asked because they can change nothing a user or another module could see, each by a rule.

``equivalent.toml`` beside this file has what no rule tells and somebody has judged by reading it.
"""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.support.mutants.mutant import Mutant

Position = tuple[int, int]
JUDGED = Path(__file__).with_name("equivalent.toml")


class Why(Enum):
    ANNOTATION = "annotations are never evaluated where the module has `from __future__ import annotations`"
    ALIAS = "the name of a type is there for mypy"
    TYPE_CHECKING = "only mypy runs what stands under TYPE_CHECKING"
    NAMES = "__slots__ and __all__ make no answer another one"
    REPR = "a __repr__ is for whoever debugs"
    PROTOCOL = "what stands in a protocol is never called"
    MARK = "the decorator says something to mypy, or keeps an answer that would be found again"
    FROZEN = "frozen, slots and kw_only forbid what mypy sees"
    STRICT = "zip(strict=True) guards lengths that are the same by construction"
    IDENTITY = "None, True, False and the members of an enum equal nothing but themselves; short words are kept once"
    NO_OPERATION = "no operation, but a star of a signature, a bar between patterns or a sign in a pattern's text"
    PACE = "how often is looked, or how much is read at once: the answers are the same"
    SAME_CODE = "the mutant compiles to the same code, or not at all"
    JUDGED = "somebody read it: equivalent.toml"


@dataclass(frozen=True)
class _Span:
    """From the first place to the last, in which mutants by these operators are left out."""

    why: Why
    first: Position
    end: Position
    operators: re.Pattern[str]


_ANY = re.compile("")
_NUMBER = re.compile("NumberReplacer|BinaryOperator|UnaryOperator")
_DECORATOR = re.compile("RemoveDecorator")
_FLAG = re.compile("ReplaceTrueWithFalse|ReplaceFalseWithTrue")
_SAME = re.compile("Operator_(Is_Eq|IsNot_NotEq|Eq_Is|NotEq_IsNot)$")
_PACES = re.compile("_?([A-Z]+_)*(POLL|PAUSE|BLOCK|LOOK)")
_MARKS = {"override", "final", "overload", "cache", "lru_cache", "runtime_checkable"}


def _span(why: Why, node: ast.expr | ast.stmt, operators: re.Pattern[str] = _ANY) -> _Span:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return _Span(why, (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset), operators)


def _name(node: ast.expr) -> str:
    """The last name of ``functools.cache``, ``cache`` or ``cache(…)``."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _annotations(node: ast.AST) -> Iterator[_Span]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
        yield _span(Why.ANNOTATION, node.returns)
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
        yield _span(Why.ANNOTATION, node.annotation)


def _aliases(node: ast.AST) -> Iterator[_Span]:
    if isinstance(node, ast.Module):
        for statement in node.body:
            match statement:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.BinOp(op=ast.BitOr()) | ast.Subscript() as value
                ) if re.fullmatch("_?[A-Z]+[a-z]\\w*", name):
                    yield _span(Why.ALIAS, value)
                case ast.AnnAssign(annotation=ast.Name(id="TypeAlias"), value=ast.expr() as value):
                    yield _span(Why.ALIAS, value)


def _unrun(node: ast.AST) -> Iterator[_Span]:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            yield from (_span(Why.TYPE_CHECKING, statement) for statement in node.body)
            yield _span(Why.TYPE_CHECKING, node.test)
        case ast.Assign(targets=[ast.Name(id="__slots__" | "__all__")]):
            yield _span(Why.NAMES, node)
        case ast.FunctionDef(name="__repr__"):
            yield _span(Why.REPR, node)
        case ast.ClassDef() if any(_name(base) == "Protocol" for base in node.bases):
            yield _span(Why.PROTOCOL, node)


def _decorators(node: ast.AST) -> Iterator[_Span]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for decorator in node.decorator_list:
        if _name(decorator) in _MARKS:
            # The mutant stands at the sign before the name.
            span = _span(Why.MARK, decorator, _DECORATOR)
            yield _Span(span.why, (span.first[0], 0), span.end, span.operators)
        if isinstance(decorator, ast.Call) and _name(decorator) == "dataclass":
            for keyword in decorator.keywords:
                if keyword.arg in ("frozen", "slots", "kw_only"):
                    yield _span(Why.FROZEN, keyword.value, _FLAG)


def _calls(node: ast.AST) -> Iterator[_Span]:
    if isinstance(node, ast.Call) and _name(node.func) == "zip":
        yield from (_span(Why.STRICT, keyword.value, _FLAG) for keyword in node.keywords if keyword.arg == "strict")


def _comparisons(node: ast.AST) -> Iterator[_Span]:
    """``x is None`` or ``x is Status.SUCCESS`` against ``==``, and ``word == "text"`` against ``is``."""
    if isinstance(node, ast.Compare):
        for other in node.comparators:
            member = isinstance(other, ast.Attribute) and other.attr.isupper()
            if member or isinstance(other, ast.Constant):
                yield _span(Why.IDENTITY, node, _SAME)


def _paces(node: ast.AST) -> Iterator[_Span]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _PACES.fullmatch(name):
            yield _span(Why.PACE, value, _NUMBER)


_RULES: tuple[Callable[[ast.AST], Iterator[_Span]], ...] = (
    _annotations,
    _aliases,
    _unrun,
    _decorators,
    _calls,
    _comparisons,
    _paces,
)


def _operations(tree: ast.Module) -> list[tuple[Position, Position]]:
    """Between which places the sign of each operation or comparison of two values stands."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(left=left, right=right) | ast.AugAssign(target=left, value=right):
                assert left.end_lineno is not None and left.end_col_offset is not None
                found.append(((left.end_lineno, left.end_col_offset), (right.lineno, right.col_offset)))
            case ast.Compare(left=left, comparators=others):
                for before, after in itertools.pairwise((left, *others)):
                    assert before.end_lineno is not None and before.end_col_offset is not None
                    found.append(((before.end_lineno, before.end_col_offset), (after.lineno, after.col_offset)))
    return found


class Module:
    """What is left out of one module; ``name`` is its path (``orch_tui/model/run/plan.py``)."""

    def __init__(self, name: str, source: str, judged: dict[tuple[str, str, str], str]) -> None:
        self._name = name
        self._source = source
        self._lines = source.splitlines()
        self._judged = judged
        tree = ast.parse(source)
        self._spans: dict[int, list[_Span]] = defaultdict(list)
        for span in (span for node in ast.walk(tree) for rule in _RULES for span in rule(node)):
            for line in range(span.first[0], span.end[0] + 1):
                self._spans[line].append(span)
        self._operations = _operations(tree)
        self._code = compile(source, name, "exec")

    def why(self, mutant: Mutant) -> Why | None:
        """Why the mutant is not asked, by what stands at its place; None when it is."""
        place = (mutant.line, self._octets(mutant.line, mutant.column))
        for span in self._spans[mutant.line]:
            if span.first <= place < span.end and span.operators.search(mutant.operator):
                return span.why
        between = any(first <= place < end for first, end in self._operations)
        if re.search("BinaryOperator|ComparisonOperator", mutant.operator) and not between:
            return Why.NO_OPERATION
        line = self._lines[mutant.line - 1].strip()
        return Why.JUDGED if (self._name, line, mutant.operator.removeprefix("core/")) in self._judged else None

    def changes_nothing(self, mutant: Mutant) -> bool:
        """Costs a compilation of the module."""
        changed = mutant.of(self._source)
        if changed is None:
            return True
        try:
            return compile(changed, self._name, "exec") == self._code
        except (SyntaxError, ValueError):
            return True

    def _octets(self, line: int, column: int) -> int:
        """The column as ``ast`` counts it."""
        return len(self._lines[line - 1][:column].encode())


def read_judged(path: Path = JUDGED) -> dict[tuple[str, str, str], str]:
    """Why a mutant is none: by module, text of its line and operator (``AddNot``)."""
    told = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {
        (one["module"], one["line"], operator): one["why"]
        for one in told.get("equivalent", [])
        for operator in one["operators"]
    }
