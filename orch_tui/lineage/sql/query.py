"""One query: of which columns of its tables its own columns are made, and which decide about its rows.

sqlglot qualifies the names (each column with its table, ``*`` as the columns it stands for) and says which scopes a
query consists of; here each scope is walked once, whatever the number of its columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from orch_tui.lineage.sql.relation import NOTHING, Origin, Origins, Relation

DIALECT = "duckdb"
_DECIDING = ("where", "group", "having", "qualify", "distinct", "joins", "laterals")


class Untraceable(Exception):
    """A statement that is not understood; the text says why."""


def trace_query(query: exp.Expr, tables: Mapping[str, Relation]) -> Relation:
    """The result of a query. ``tables`` are those that there are, by their folded names.

    Raises:
        Untraceable: sqlglot does not understand the query.
    """
    known: dict[str, Any] = {
        name: dict.fromkeys(one.columns, "unknown") for name, one in tables.items() if one.columns and not one.rest
    }
    try:
        return _Walk(tables).relation(_qualified(query, known))
    except Untraceable:
        # Where it is not known which table a column is of, the query's own words may say it.
        named = {one.name.lower() for one in query.find_all(exp.Table)}
        partly = {name: one for name, one in tables.items() if name in named and name not in known}
        if not partly:
            raise
    words = _column_words(query)
    guessed = {name: dict.fromkeys((*one.columns, *sorted(words - one.columns.keys())), "unknown")
               for name, one in partly.items()}  # fmt: skip
    found = _Walk(tables).relation(_qualified(query, known | guessed))
    passed = query.find(exp.Star) is not None
    return replace(found, rest=found.rest.union(*(one.rest for one in partly.values()))) if passed else found


def _column_words(query: exp.Expr) -> set[str]:
    """Names of columns that a query takes from its tables: behind ``order by`` and the like they may be its own."""
    late = (exp.Order, exp.Group, exp.Having, exp.Qualify)
    words = {one.name.lower() for one in query.find_all(exp.Column) if one.find_ancestor(*late) is None}
    return words.union(name.name.lower() for join in query.find_all(exp.Join) for name in join.args.get("using") or ())


def _qualified(query: exp.Expr, known: dict[str, Any]) -> Scope:
    try:
        qualified = qualify(
            query.copy(),
            dialect=DIALECT,
            schema=known,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        scope = build_scope(qualified)
    except (SqlglotError, RecursionError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise Untraceable(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    if scope is None:
        raise Untraceable("it is no query")
    return scope


class _Walk:
    """Through the scopes of one query, from the outermost inwards; each is worked out once."""

    def __init__(self, tables: Mapping[str, Relation]) -> None:
        self._tables = tables
        self._done: dict[int, Relation] = {}

    def relation(self, scope: Scope) -> Relation:
        key = id(scope)
        if key not in self._done:
            # A recursive query reads itself, for which sqlglot puts its first part.
            self._done[key] = Relation()
            self._done[key] = self._worked_out(scope)
        return self._done[key]

    def _worked_out(self, scope: Scope) -> Relation:
        if isinstance(scope.expression, exp.SetOperation):
            return self._union(scope)
        if isinstance(scope.expression, exp.Select) and not scope.is_udtf:
            return self._select(scope, scope.expression)
        return self._function(scope)

    def _union(self, scope: Scope) -> Relation:
        left, right = (self.relation(one) for one in scope.set_operation_scopes)
        expression = scope.expression
        if expression.args.get("by_name") or left.rest or right.rest:
            joined = left.joined(right)
        else:
            joined = left.joined(right.renamed(left.columns))
        if isinstance(expression, exp.Except):
            # What is taken away decides about rows and gives no values.
            values = frozenset().union(*right.columns.values()) if right.columns else NOTHING
            return Relation(left.columns, left.rest, left.rows | right.rows | values, left.tables | right.tables)
        return joined

    def _function(self, scope: Scope) -> Relation:
        """``unnest(…)``, ``values (…)`` and their like: every column is made of all that goes in."""
        used = self._used(scope, [scope.expression])
        alias = scope.expression.args.get("alias")
        names = [one.name.lower() for one in alias.columns] if isinstance(alias, exp.TableAlias) else []
        tables = self._tables_of(scope)
        return Relation(dict.fromkeys(names, used), frozenset(), used, tables) if names else Relation(
            {"": used}, frozenset(), NOTHING, tables
        )  # fmt: skip

    def _select(self, scope: Scope, expression: exp.Select) -> Relation:
        columns: dict[str, Origins] = {}
        rest: frozenset[str] = frozenset()
        windows = _listed(expression.args.get("windows"))
        for projection in expression.selects:
            if projection.is_star or isinstance(projection.unalias(), exp.Columns):
                wanted = _pattern(projection.unalias())
                for source in self._starred(scope, projection):
                    columns |= {name: origins for name, origins in source.columns.items() if wanted.search(name)}
                    rest |= source.rest
            else:
                name = projection.alias_or_name.lower()
                parts = [projection, *(windows if any(one.alias for one in projection.find_all(exp.Window)) else ())]
                columns[name] = columns.get(name, NOTHING) | self._used(scope, parts)
        deciding = [part for key in _DECIDING for part in _listed(expression.args.get(key))]
        if expression.args.get("limit") is not None or expression.args.get("distinct") is not None:
            # Without a limit the order says nothing of which rows there are.
            deciding += _listed(expression.args.get("order"))
        rows = self._used(scope, deciding, columns)
        for source in self._sources(scope):
            rows |= source.rows
        return Relation(columns, rest, rows, self._tables_of(scope))

    def _starred(self, scope: Scope, projection: exp.Expr) -> Iterator[Relation]:
        """The tables that a ``*`` stands for which was not spelled out, as their columns are not known."""
        named = projection.table if isinstance(projection, exp.Column) else ""
        for name in scope.selected_sources:
            if not named or name.lower() == named.lower():
                yield self._source(scope, name)

    def _sources(self, scope: Scope) -> Iterator[Relation]:
        for name in scope.selected_sources:
            yield self._source(scope, name)
        for inner in scope.subquery_scopes:
            yield self.relation(inner)

    def _source(self, scope: Scope, name: str) -> Relation:
        return self._of(scope.sources.get(name))

    def _of(self, source: exp.Expr | Scope | None) -> Relation:
        if isinstance(source, Scope):
            return self.relation(source)
        if isinstance(source, exp.Table):
            return self._tables.get(source.name.lower(), Relation())
        return Relation()

    def _tables_of(self, scope: Scope) -> frozenset[str]:
        tables = frozenset().union(*(one.tables for one in self._sources(scope)))
        return tables.union(*(self.relation(one).tables for one in scope.udtf_scopes))

    def _used(self, scope: Scope, parts: Iterable[exp.Expr], own: Mapping[str, Origins] | None = None) -> Origins:
        """The origins of all columns in these parts of a scope, with those of subqueries in them. ``own`` are columns
        of the result, which go before those of tables."""
        found: set[Origin] = set()
        inner = {id(one.expression): one for one in scope.subquery_scopes}
        for part in parts:
            for node in part.walk(prune=lambda node: id(node) in inner):
                if id(node) in inner:
                    relation = self.relation(inner[id(node)])
                    # Whether there is a row does not depend on what is in its columns.
                    values = () if isinstance(node.parent, exp.Exists) else relation.columns.values()
                    found.update(*values, relation.rows)
                elif isinstance(node, exp.Column):
                    mine = own.get(node.name.lower()) if own is not None and not node.table else None
                    found |= self._column(scope, node) if mine is None else mine
        return frozenset(found)

    def _column(self, scope: Scope, column: exp.Column) -> Origins:
        name, table = column.name.lower(), column.table
        at: Scope | None = scope
        while at is not None:
            if (pivoted := self._pivoted(at, table)) is not None:
                source, pivots = pivoted
                turned = [one for pivot in pivots for one in pivot.find_all(exp.Column)]
                if name in source.columns and name not in {one.name.lower() for one in turned}:
                    return source.column(name)
                return NOTHING.union(*(source.column(one.name.lower()) for one in turned))
            if table and table in at.sources:
                return self._in(self._of(at.sources[table]), name)
            if not table and at.selected_sources:
                own = [self._in(self._source(at, one), name) for one in at.selected_sources]
                if any(own):
                    return frozenset().union(*own)
            at = at.parent
        return NOTHING

    def _pivoted(self, scope: Scope, alias: str) -> tuple[Relation, list[exp.Expr]] | None:
        """The table below a ``pivot (…)`` or ``unpivot (…)`` of this name, and all that were applied to it."""
        for _, (node, source) in scope.selected_sources.items():
            pivots = _listed(node.args.get("pivots"))
            if pivots and (not alias or any(pivot.alias == alias for pivot in pivots)):
                return self._of(source), pivots
        return None

    @staticmethod
    def _in(relation: Relation, name: str) -> Origins:
        """A column of a function's result has no name of its own where nobody gave it one."""
        return relation.column(name) or relation.columns.get("", NOTHING)


def _pattern(projection: exp.Expr) -> re.Pattern[str]:
    """Which columns ``columns('…')`` takes; all that have a name for ``*`` and what else it may be given."""
    given = projection.this if isinstance(projection, exp.Columns) else None
    if isinstance(given, exp.Literal) and given.is_string:
        try:
            return re.compile(given.name, re.IGNORECASE)
        except re.error:
            pass
    return re.compile(".")


def _listed(value: object) -> list[exp.Expr]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, exp.Expr)]
