"""A script of SQL: what each of its outputs is made of, through all tables that it makes on the way.

A statement that is not understood costs the columns of its table only: which inputs it names is still known.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from orch_tui.lineage.sql.query import DIALECT, Untraceable, trace_query
from orch_tui.lineage.sql.relation import NOTHING, Relation

# What it does not understand is told by what is returned.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MADE = re.compile(
    r"^(?:create\s+(?:or\s+replace\s+)?(?:(?:temp|temporary)\s+)?(?:table|view|macro)\s+(?:if\s+not\s+exists\s+)?"
    r"|insert\s+(?:or\s+\w+\s+)?into\s+|update\s+|delete\s+from\s+|merge\s+into\s+)(\"[^\"]+\"|\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Untraced:
    """A statement whose columns are not known: where it begins (``line`` from 1), and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class TracedScript:
    """``outputs`` by their folded names; one that the script does not make is missing."""

    outputs: Mapping[str, Relation]
    untraced: tuple[Untraced, ...] = ()


def trace_script(sql: str, inputs: Mapping[str, Iterable[str] | None], outputs: Iterable[str]) -> TracedScript:
    """Read a script in DuckDB's SQL.

    ``inputs`` are the names that the script has for its inputs, with the columns of each, None where nobody knows
    them; ``outputs`` are the names of the tables that it is to make.
    """
    reading = _Reading({name.lower(): columns for name, columns in inputs.items()})
    dialect = Dialect.get_or_raise(DIALECT)
    try:
        tokens = dialect.tokenize(sql)
    except SqlglotError as error:
        reading.pass_over(sql, 1, str(error))
        tokens = []
    for statement in _statements(tokens):
        text, line = sql[statement[0].start : statement[-1].end + 1], statement[0].line
        try:
            # The parser says where it fails in all of the text.
            (parsed, *_) = dialect.parser().parse(statement, sql)
            if parsed is not None:
                reading.read(parsed)
        except (SqlglotError, Untraceable, RecursionError) as error:
            reading.pass_over(text, line, str(error))
    wanted = [name.lower() for name in outputs]
    made = {name: relation for name in wanted if (relation := reading.tables.get(name)) is not None}
    return TracedScript(made, tuple(reading.untraced))


def _statements(tokens: Iterable[Token]) -> Iterable[list[Token]]:
    statement: list[Token] = []
    for token in tokens:
        if token.token_type is not TokenType.SEMICOLON:
            statement.append(token)
        elif statement:
            yield statement
            statement = []
    if statement:
        yield statement


class _Reading:
    """The tables that there are after each statement."""

    def __init__(self, inputs: Mapping[str, Iterable[str] | None]) -> None:
        self.tables = {
            name: Relation.of_input(name, None if columns is None else [one.lower() for one in columns])
            for name, columns in inputs.items()
        }
        self.untraced: list[Untraced] = []
        self._ways: dict[type[exp.Expr], Callable[[Any], None]] = {
            exp.Create: self._create,
            exp.Insert: self._insert,
            exp.Update: self._update,
            exp.Delete: self._delete,
            exp.Merge: self._merge,
            exp.Drop: self._drop,
            exp.Alter: self._alter,
        }

    def read(self, statement: exp.Expr) -> None:
        """Raises: Untraceable."""
        way = self._ways.get(type(statement))
        if way is not None:
            way(statement)
        elif isinstance(statement, exp.Command) and _MADE.match(f"{statement.this} {statement.expression}"):
            raise Untraceable("it is not understood")

    def pass_over(self, text: str, line: int, why: str) -> None:
        """A statement that is not understood: its table is made of all tables that it names."""
        self.untraced.append(Untraced(line, why.split("\n")[0][:200]))
        made = _MADE.match(text)
        if made is None:
            return
        target = made[1].strip('"').lower()
        words = {word.lower() for word in _WORD.findall(text[made.end() :])}
        named = [relation for name, relation in self.tables.items() if name in words or name == target]
        self.tables[target] = _unknown(named)

    def _create(self, statement: exp.Create) -> None:
        query, target = statement.expression, statement.this
        if statement.kind not in ("TABLE", "VIEW") or (statement.args.get("exists") and _name(target) in self.tables):
            return
        names = [one.name.lower() for one in target.expressions] if isinstance(target, exp.Schema) else []
        if query is None:
            relation = Relation(dict.fromkeys(names, NOTHING))
        else:
            relation = self._query(query)
            relation = relation.renamed(names) if names else relation
        self.tables[_name(target)] = relation

    def _query(self, query: exp.Expr) -> Relation:
        if isinstance(query, exp.Query | exp.Table | exp.Values):
            whole = query if isinstance(query, exp.Query) else exp.select("*").from_(query)
            return trace_query(whole, self.tables)
        # PIVOT, SUMMARIZE and the like: the columns come about when it runs.
        named = {one.name.lower() for one in query.find_all(exp.Table)}
        return _unknown([self.tables[name] for name in named if name in self.tables])

    def _insert(self, statement: exp.Insert) -> None:
        target = _name(statement.this)
        before = self.tables.get(target, Relation())
        names = (
            [one.name.lower() for one in statement.this.expressions] if isinstance(statement.this, exp.Schema) else []
        )
        added = self._query(statement.expression) if statement.expression is not None else Relation()
        if not statement.args.get("by_name"):
            added = added.renamed(names or before.columns)
        self.tables[target] = before.joined(added)

    def _update(self, statement: exp.Update) -> None:
        source = statement.args.get("from_") or statement.args.get("from")
        joined = [source.this] if source is not None else []
        self._set(statement.this, statement.expressions, joined, statement.args.get("where"))

    def _set(
        self,
        target: exp.Expr,
        assignments: Iterable[exp.Expr],
        joined: Iterable[exp.Expr],
        where: exp.Expr | None,
    ) -> None:
        """Values of columns come from these expressions as well, in the rows for which the condition holds."""
        pairs = [(one.this.name.lower(), one.expression) for one in assignments if isinstance(one, exp.EQ)]
        if not pairs:
            return
        query = exp.select(*(exp.alias_(value.copy(), f"_{place}") for place, (_, value) in enumerate(pairs)))
        query = query.from_(target.copy())
        for one in joined:
            query = query.join(one.copy(), join_type="cross")
        if where is not None:
            query = query.where(where.this.copy() if isinstance(where, exp.Where) else where.copy())
        found, before = trace_query(query, self.tables), self.tables.get(_name(target), Relation())
        changed = {name: before.column(name) | found.column(f"_{place}") | found.rows
                   for place, (name, _) in enumerate(pairs)}  # fmt: skip
        columns = {**before.columns, **changed}
        self.tables[_name(target)] = replace(before, columns=columns, tables=before.tables | found.tables)

    def _delete(self, statement: exp.Delete) -> None:
        target, where = statement.this, statement.args.get("where")
        if where is None:
            return
        query = exp.select("1").from_(target.copy())
        for one in statement.args.get("using") or ():
            query = query.join(one.copy(), join_type="cross")
        found = trace_query(query.where(where.this.copy()), self.tables)
        before = self.tables.get(_name(target), Relation())
        self.tables[_name(target)] = replace(before, rows=before.rows | found.rows, tables=before.tables | found.tables)

    def _merge(self, statement: exp.Merge) -> None:
        target, using = statement.this, statement.args["using"]
        whens = statement.args.get("whens")
        for when in whens.expressions if whens is not None else ():
            then = when.args.get("then")
            if isinstance(then, exp.Update):
                self._set(target, then.expressions, [using], statement.args.get("on"))
            elif isinstance(then, exp.Insert):
                self._merge_in(target, using, then)
        before, on = self.tables.get(_name(target), Relation()), statement.args.get("on")
        query = exp.select("1").from_(target.copy()).join(using.copy(), join_type="cross")
        found = trace_query(query.where(on.copy()) if on is not None else query, self.tables)
        self.tables[_name(target)] = replace(before, rows=before.rows | found.rows, tables=before.tables | found.tables)

    def _merge_in(self, target: exp.Expr, using: exp.Expr, then: exp.Insert) -> None:
        before = self.tables.get(_name(target), Relation())
        names = [one.name.lower() for one in then.this.expressions] if then.this is not None else list(before.columns)
        values = then.expression.expressions if then.expression is not None else [exp.Star()]
        query = exp.select(*(value.copy() for value in values)).from_(using.copy())
        added = trace_query(query, self.tables)
        by_name = then.expression is None
        self.tables[_name(target)] = before.joined(added if by_name else added.renamed(names))

    def _drop(self, statement: exp.Drop) -> None:
        self.tables.pop(_name(statement.this), None)

    def _alter(self, statement: exp.Alter) -> None:
        name = _name(statement.this)
        relation = self.tables.get(name)
        if relation is None:
            return
        columns = dict(relation.columns)
        for action in statement.args.get("actions") or ():
            if isinstance(action, exp.AlterRename) and (column := _renamed_column(statement)) is not None:
                columns = {column if one == action.this.name.lower() else one: origins
                           for one, origins in columns.items()}  # fmt: skip
            elif isinstance(action, exp.AlterRename):
                self.tables[action.this.name.lower()] = self.tables.pop(name)
                return
            elif isinstance(action, exp.RenameColumn):
                old, new = action.this.name.lower(), action.args["to"].name.lower()
                columns = {new if one == old else one: origins for one, origins in columns.items()}
            elif isinstance(action, exp.ColumnDef):
                columns[action.name.lower()] = NOTHING
            elif isinstance(action, exp.Drop):
                columns.pop(action.this.name.lower(), None)
        self.tables[name] = replace(relation, columns=columns)


def _renamed_column(statement: exp.Alter) -> str | None:
    """The new name of a column in ``alter table t rename a to b``, which sqlglot reads as the name of a table."""
    options = statement.args.get("options") or ()
    return next((one.this.name.lower() for one in options if isinstance(one, exp.ToTableProperty)), None)


def _name(node: exp.Expr) -> str:
    table = node.find(exp.Table) if not isinstance(node, exp.Table) else node
    return table.name.lower() if table is not None else node.name.lower()


def _unknown(relations: Iterable[Relation]) -> Relation:
    """Made of these, nobody knows how."""
    tables = frozenset[str]().union(*(one.tables for one in relations))
    return Relation({}, tables, NOTHING, tables)
