"""Rows of a table as contacts for Mailchimp: checked addresses, each once, values as merge fields want them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_tui.components.http.json.exact_json import loads
from orch_tui.components.kit.component import Context, Input
from orch_tui.components.kit.sql import connect, listed
from orch_tui.components.mailchimp.api import MergeField
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import scratch_folder
from orch_tui.storage.duckdb import columns_of, folded, literal, parquet, quoted

_READ = 5_000
_MEMORY = "128MB"
"""What sorting may use; beyond it DuckDB works on disk. One thread: each has buffers of its own."""
_REASON = """case
    when address is null or address = '' then 'there is no address'
    when length(address) > 254 then 'the address has more than 254 characters'
    when not regexp_full_match(address, '[^@\\s]+@[^@\\s]+') then 'this is no e-mail address'
end"""
TAG_LIMIT = 100
"""Characters that Mailchimp allows in a tag."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact to send. ``row`` counts the rows of the input from 1, ``hash`` is the id that Mailchimp gives it."""

    row: int
    address: str
    hash: str
    fields: dict[str, Any]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """Which column goes where, in the input's own spelling. ``fields`` are (column, merge field)."""

    email: str
    fields: tuple[tuple[str, MergeField], ...]
    tags: str | None


def find_columns(table: Input, email: str, fields: Mapping[str, str], tags: str | None) -> dict[str, str]:
    """Every wanted column as the input spells it; case does not count.

    Raises:
        UserError: columns that the input does not have, all of them.
    """
    known = {folded(name): name for name, _ in table.columns}
    wanted = [email, *fields, *([tags] if tags else [])]
    missing = [name for name in wanted if folded(name) not in known]
    if missing:
        there = listed((name for name, _ in table.columns), 40)
        raise UserError(
            f'nothing was sent: the table "{table.table}" has no column {listed(missing)}; its columns are {there}'
        )
    return {name: known[folded(name)] for name in wanted}


def find_fields(wanted: Mapping[str, str], known: Sequence[MergeField], audience: str) -> dict[str, MergeField]:
    """The merge field for every wanted tag; case does not count.

    Raises:
        UserError: tags that the audience does not have (Mailchimp would drop their values silently).
    """
    by_tag = {folded(field.tag): field for field in known}
    unknown = [tag for tag in wanted.values() if folded(tag) not in by_tag]
    if unknown:
        there = listed((f"{field.tag} ({field.kind})" for field in known), 80) or "none"
        raise UserError(
            f'nothing was sent: the audience "{safe_line(audience, 60)}" has no merge field {listed(unknown)}; it has '
            f"{there}. Correct merge_fields, or add the field under Audience > Settings > Audience fields"
        )
    return {column: by_tag[folded(tag)] for column, tag in wanted.items()}


class Contacts:
    """The contacts of an input, prepared in a file so that memory does not grow with them.

    Of several rows with one address (case does not count) the last one stays. ``total`` contacts can be sent;
    ``rows`` were read, ``duplicates`` were left out, ``invalid`` have no usable address. ``no_numbers`` are values of
    theirs that are NaN or infinite, which are not sent; ``long_tags`` tags so far that Mailchimp cannot hold.
    """

    def __init__(self, ctx: Context, table: Input, mapping: FieldMapping, tags: Sequence[str]) -> None:
        self._mapping = mapping
        self._tags = tuple(tags)
        self.long_tags: list[str] = []
        self._con = connect(ctx, threads=1, memory_limit=_MEMORY)
        folder = scratch_folder(ctx.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        self._prepared = folder / "contacts.parquet"
        source = parquet(table.path)
        self._con.execute(f"create view source as {self._query(source)}")
        row = self._con.execute(f"select count(*), count({_REASON}) from source").fetchone()
        assert row is not None
        self.rows, self.invalid = int(row[0]), int(row[1])
        self._prepare(self._prepared)
        row = self._con.execute(f"select count(*) from {self._file}").fetchone()
        assert row is not None
        self.total = int(row[0])
        self.duplicates = self.rows - self.invalid - self.total
        self.no_numbers = self._count_no_numbers(table)

    def _count_no_numbers(self, table: Input) -> int:
        kinds = dict(table.columns)
        floats = [quoted(column) for column, _ in self._mapping.fields if kinds[column] in ("DOUBLE", "FLOAT")]
        if not floats:
            return 0
        counts = " + ".join(f"count(*) filter (not isfinite({column}))" for column in floats)
        row = self._con.execute(f"select {counts} from {parquet(table.path)}").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Give back memory and file."""
        self._con.close()
        self._prepared.unlink(missing_ok=True)

    @property
    def _file(self) -> str:
        return parquet(self._prepared)

    def _query(self, source: str) -> str:
        kinds = dict(columns_of(self._con, f"select * from {source}"))
        parts = [f"trim(cast({quoted(self._mapping.email)} as varchar)) as address"]
        for number, (column, field) in enumerate(self._mapping.fields):
            parts.append(f"{value_expression(column, kinds[column], field.kind)} as f{number}")
        if self._mapping.tags:
            parts.append(f"{_text(self._mapping.tags, kinds[self._mapping.tags])} as tags")
        return f"select row_number() over () as n, {', '.join(parts)} from {source}"

    def _prepare(self, path: Path) -> None:
        # A hash has a fixed size, however long the addresses are.
        self._con.execute(
            "create temp table kept as select max(n) as n from source "
            f"where {_REASON} is null group by md5_number(lower(address))"
        )
        self._con.execute(
            f"copy (select *, md5(lower(address)) as hash from source semi join kept using (n) order by n) "
            f"to {literal(str(path))} (format parquet, compression lz4, row_group_size 20480)"
        )
        path.chmod(0o600)
        self._con.execute("drop table kept")

    def rejected(self) -> Iterator[tuple[int, str, str]]:
        """(row, address, reason) of the rows without a usable address."""
        cursor = self._con.cursor()
        cursor.execute(f"select n, address, {_REASON} as reason from source where reason is not null order by n")
        while rows := cursor.fetchmany(_READ):
            for row, address, reason in rows:
                yield int(row), str(address or ""), str(reason)

    def repeated(self, limit: int = 5) -> list[str]:
        """Some of the addresses that come more than once."""
        rows = self._con.execute(
            f"select lower(address) as a from source where {_REASON} is null group by a having count(*) > 1 "
            f"order by a limit {limit}"
        ).fetchall()
        return [str(address) for (address,) in rows]

    def batches(self, size: int, first: int = 0) -> Iterator[list[Contact]]:
        """The contacts from batch number ``first`` on, in the order of the input, always in the same batches."""
        names = [f"f{number}" for number in range(len(self._mapping.fields))]
        columns = ["n", "address", "hash", *names, *(["tags"] if self._mapping.tags else [])]
        cursor = self._con.cursor()
        # The file is in the order of the input, and DuckDB reads it in that order.
        cursor.execute(f"select {', '.join(columns)} from {self._file} offset {first * size}")
        while rows := cursor.fetchmany(size):
            yield [self._contact(row) for row in rows]

    def _contact(self, row: Sequence[Any]) -> Contact:
        values = row[3 : 3 + len(self._mapping.fields)]
        fields = {
            field.tag: _address(value) if field.kind == "address" else value
            for (_, field), value in zip(self._mapping.fields, values, strict=True)
            if value is not None
        }
        own = tag_names(row[-1]) if self._mapping.tags else ()
        tags = dict.fromkeys((*self._tags, *own))
        self.long_tags += [name for name in tags if len(name) > TAG_LIMIT]
        fitting = tuple(name for name in tags if len(name) <= TAG_LIMIT)
        return Contact(int(row[0]), str(row[1]), str(row[2]), fields, fitting)


def value_expression(column: str, kind: str, field: str) -> str:
    """The SQL of a column as the text that a merge field wants, null where there is nothing to send.

    Dates are YYYY-MM-DD and birthdays MM/DD (https://mailchimp.com/developer/marketing/docs/merge-fields/).
    """
    name = quoted(column)
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        if field in ("date", "birthday"):
            form = "%Y-%m-%d" if field == "date" else "%m/%d"
            return f"strftime({name}, '{form}')"
        return f"cast({name} as varchar)"
    if kind in ("DOUBLE", "FLOAT"):
        # 12.0 is 12 to a person who reads it in a mail.
        whole = f"isfinite({name}) and {name} = trunc({name}) and abs({name}) < 1e15"
        return (
            f"case when {whole} then cast(cast({name} as bigint) as varchar) "
            f"when isfinite({name}) then cast({name} as varchar) end"
        )
    return _text(column, kind)


def _text(column: str, kind: str) -> str:
    name = quoted(column)
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"cast(to_json({name}) as varchar)"
    return f"cast({name} as varchar)"


def tag_names(value: str | None) -> tuple[str, ...]:
    """Tags from a text with commas or a JSON list, however long; empty ones are left out."""
    if not value:
        return ()
    names: list[Any] = value.split(",")
    if value.lstrip().startswith("["):
        try:
            names = loads(value)
        except ValueError:
            names = value.split(",")
    clean = (re.sub(r"\s+", " ", str(name)).strip() for name in names if name is not None)
    return tuple(dict.fromkeys(name for name in clean if name))


def _address(value: str) -> Any:
    """An address field takes an object (addr1, city, state, zip, country); a text is left for Mailchimp to split."""
    if value.lstrip().startswith("{"):
        try:
            found = loads(value)
        except ValueError:
            return value
        return {key: str(part) for key, part in found.items() if part is not None}
    return value
