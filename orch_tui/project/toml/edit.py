"""Changing values in a TOML text: only what stands for them changes, everything else stays where it was.

Every change is one of the text between two offsets that the scanner gives: a value is written over, a statement goes
(its comments stay), a key comes below the last one of its table. tomlkit is not used for it: it takes the comments of
tables away with them, and loses the place of a table that only its sub-tables make.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from orch_tui.project.files.source import DefinitionError
from orch_tui.project.toml.arrays import rearranged
from orch_tui.project.toml.lines import KeyPath, Kind, Scan, Statement, comments_above, comments_in, scan
from orch_tui.project.toml.text import key_text, long_text, table_lines, value_text


class VariableValue(dict[str, str]):
    """A declared variable: ``{ value, description }``, written as a plain text when it has a value only."""

    def short(self) -> Any:
        """The form in which a new one is written."""
        return self["value"] if self.keys() == {"value"} else dict(self)


def edit_errors() -> tuple[type[Exception], ...]:
    """What editing and reading back raise for shapes beyond them."""
    return DefinitionError, ValueError, LookupError


def edit_text(text: str, path: KeyPath, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """``text`` with the difference between ``before`` and ``after`` carried out in the table at ``path``.

    Raises: one of :func:`edit_errors`.
    """
    edit = TextEdit(text)
    edit.change(path, before, after)
    return edit.text()


class TextEdit:
    """Several changes of one text; line ends become plain ones. Methods raise one of :func:`edit_errors`."""

    def __init__(self, text: str) -> None:
        text = text.replace("\r\n", "\n")
        self._text = text if text.endswith("\n") or not text else text + "\n"
        self._scanned: Scan | None = None

    def text(self) -> str:
        """The text with all changes."""
        return self._text

    @property
    def _scan(self) -> Scan:
        if self._scanned is None:
            self._scanned = scan(self._text)
        return self._scanned

    def _put(self, start: int, end: int, text: str) -> None:
        self._text = self._text[:start] + text + self._text[end:]
        self._scanned = None

    def remove(self, key: str) -> None:
        """Take a key of the document out, if it is there; its comments stay."""
        self._remove((key,))

    def change(self, path: KeyPath, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Carry the difference between two sets of values out in the table at ``path``.

        Keys that are in neither are left alone.
        """
        for key in before:
            if key not in after:
                self._remove((*path, key))
        for key, new in after.items():
            place = (*path, key)
            if place not in self._scan.marks:
                self._add(path, key, new)
            elif key not in before or not _same(before[key], new):
                self._set(place, before.get(key), new)
        # The order of variables is a part of the value, that of other keys is the person's.
        if any(isinstance(value, VariableValue) for value in after.values()):
            self._order(path, list(after))

    # One key goes

    def _remove(self, path: KeyPath) -> None:
        if self._in_value(path):
            self._remove_entry(path)
            return
        for statement in reversed(self._below(path)):
            self._drop(statement)

    def _drop(self, statement: Statement) -> None:
        """A statement goes, and a blank line where it leaves two of them."""
        start, end = statement.start, statement.end
        kept = "".join(f"{comment}\n" for comment in comments_in(self._text[start:end]))
        if not kept and self._text[end : end + 1] == "\n" and (start == 0 or self._text[:start].endswith("\n\n")):
            end += 1
        self._put(start, end, kept)

    def _remove_entry(self, path: KeyPath) -> None:
        entries = self._entries(path[:-1])
        names = [name for name, _, _ in entries]
        if path[-1] not in names:
            return
        index = names.index(path[-1])
        _, start, end = entries[index]
        if index + 1 < len(entries):
            end = entries[index + 1][1]
        elif index:
            start = entries[index - 1][2]
        self._put(start, end, "")

    # One key comes

    def _add(self, path: KeyPath, key: str, new: Any) -> None:
        if path in self._scan.values:
            self._add_entry(path, key, new)
        elif not path:
            self._add_to_document(key, new)
        elif self._header(path) is not None:
            end = _ends_of_tables(self._scan)[path]
            self._put(end, end, table_lines("", {key: _plain(new)}))
        elif below := self._below(path):
            first = below[0]
            if first.kind is Kind.KEY:
                section = self._section(first)
                end = max(one.end for one in below if one.kind is Kind.KEY and self._section(one) == section)
                self._put(end, end, f"{_dotted((*path[len(section) :], key))} = {_statement_text(new)}\n")
            else:
                start = self._above(first)
                self._put(start, start, table_lines(f"[{_dotted(path)}]", {key: _plain(new)}) + "\n")
        else:
            self._add(path[:-1], str(path[-1]), {key: new})

    def _add_entry(self, path: KeyPath, key: str, new: Any) -> None:
        entries = self._entries(path)
        text = f"{key_text(key)} = {value_text(_plain(new))}"
        if entries:
            end = entries[-1][2]
            self._put(end, end, f", {text}")
        else:
            self._put(*self._scan.values[path], f"{{ {text} }}")

    def _add_to_document(self, key: str, new: Any) -> None:
        end = _ends_of_tables(self._scan).get((), 0)
        follows = self._text[end:]
        is_section = isinstance(new, Mapping) and not isinstance(new, VariableValue)
        if is_section:
            inner = {name: _plain(value) for name, value in new.items()}
            text = ("\n" if end else "") + table_lines(f"[{key_text(key)}]", inner)
        else:
            text = table_lines("", {key: _plain(new)})
        if follows and not follows.startswith("\n") and (is_section or not end):
            text += "\n"
        self._put(end, end, text)

    # One key gets another value

    def _set(self, path: KeyPath, old: Any, new: Any) -> None:
        span = self._scan.values.get(path)
        if span is None:
            self._set_tables(path, old, new)
        elif isinstance(new, Mapping) and self._text[span[0]] == "{" and self._is_plain_table(path):
            self.change(path, old if isinstance(old, Mapping) else {}, new)
        elif (items := self._rearranged(path, old, new)) is not None:
            self._put(*span, items)
        elif isinstance(new, list) and isinstance(old, list) and self._text[span[0]] == "[" and len(old) == len(new):
            for index, (first, second) in enumerate(zip(old, new, strict=True)):
                if not _same(first, second):
                    self._set((*path, index), first, second)
        else:
            self._write_over(path, span, new)

    def _rearranged(self, path: KeyPath, old: Any, new: Any) -> str | None:
        """The text of an array of inline tables whose items come, go or change places; None for any other change."""
        if not (isinstance(old, list) and isinstance(new, list) and new):
            return None
        if not all(isinstance(item, Mapping) for item in (*old, *new)):
            return None
        others = {repr(item) for item in old}
        moved = any(not _same(one, other) and repr(other) in others for one, other in zip(old, new, strict=False))
        if len(old) == len(new) and not moved:
            return None
        values = self._scan.values
        spans = [values[place] for number in range(len(old)) if (place := (*path, number)) in values]
        return rearranged(self._text, values[path], spans, old, new)

    def _write_over(self, path: KeyPath, span: tuple[int, int], new: Any) -> None:
        """Another value in the place of one; the comments that stood in it come above its statement."""
        start, end = span
        statement = next(one for one in self._scan.statements if one.start <= start < one.end)
        comments = comments_in(self._text[start:end])
        self._put(start, end, _statement_text(new) if statement.path == path else value_text(_plain(new)))
        self._put(statement.start, statement.start, "".join(f"{comment}\n" for comment in comments))

    def _set_tables(self, path: KeyPath, old: Any, new: Any) -> None:
        """What is written as tables with headers, or with dotted keys, becomes another value."""
        first = self._below(path)[0]
        is_array = first.kind is Kind.ARRAY and first.path == (*path, 0)
        if isinstance(new, Mapping) and not is_array:
            self._keep_place(path, old, new)
            self.change(path, old if isinstance(old, Mapping) else {}, new)
        elif is_array and isinstance(new, list) and new and all(isinstance(item, Mapping) for item in new):
            self._change_array(path, old, new)
        else:
            self._write_as_key(path, new)

    def _keep_place(self, path: KeyPath, old: Any, new: Mapping[str, Any]) -> None:
        """A table that all its keys leave, and that has no header of its own, gets one where it was (or is ``{}``)."""
        inside = {place[-1] for place in self._keys_in(path)}
        if self._header(path) is not None or inside & new.keys() or not inside <= set(old or ()):
            return
        first = self._below(path)[0]
        if first.kind is Kind.KEY:
            self._write_as_key(path, {})
        else:
            self._put(first.start, first.start, f"[{_dotted(path)}]\n")

    def _write_as_key(self, path: KeyPath, new: Any) -> None:
        first, *others = self._below(path)
        if first.kind is Kind.KEY:
            for statement in reversed(others):
                self._drop(statement)
            name = _dotted(path[len(self._section(first)) :])
            comments = "".join(f"{comment}\n" for comment in comments_in(self._text[first.start : first.end]))
            self._put(first.start, first.end, f"{comments}{name} = {_statement_text(new)}\n")
            return
        parent = path[:-1]
        if parent and len(self._below(parent)) == len(others) + 1:
            self._put(first.start, first.start, f"[{_dotted(parent)}]\n")
        for statement in reversed(self._below(path)):
            self._drop(statement)
        self._add(parent, str(path[-1]), new)

    def _change_array(self, path: KeyPath, old: Any, new: Sequence[Mapping[str, Any]]) -> None:
        """``[[…]]`` tables: those that stay are found by their values, so that they keep their comments."""
        count = sum(one.kind is Kind.ARRAY and one.path[:-1] == path for one in self._scan.statements)
        if not isinstance(old, list) or len(old) != count:
            raise ValueError("the tables are not those that were read")
        matcher = SequenceMatcher(None, [repr(item) for item in old], [repr(item) for item in new], autojunk=False)
        # From the end, so that the numbers of those before stay what they are.
        for tag, first, last, new_first, new_last in reversed(matcher.get_opcodes()):
            if tag == "equal":
                continue
            both = min(last - first, new_last - new_first)
            for index in reversed(range(first + both, last)):
                self._remove((*path, index))
            for item in reversed(new[new_first + both : new_last]):
                self._insert_table(path, first + both, item)
            for index in range(both):
                self.change((*path, first + index), old[first + index], new[new_first + index])

    def _insert_table(self, path: KeyPath, index: int, values: Mapping[str, Any]) -> None:
        text = table_lines(f"[[{_dotted(path)}]]", values)
        if index:
            end = self._below((*path, index - 1))[-1].end
            blank = "" if self._text[end:].startswith("\n") or end == len(self._text) else "\n"
            self._put(end, end, f"\n{text}{blank}")
        else:
            start = self._above(self._below((*path, 0))[0])
            self._put(start, start, f"{text}\n")

    # The order of keys

    def _order(self, path: KeyPath, keys: Sequence[str]) -> None:
        table: Any = tomllib.loads(self._text)
        for part in path:
            table = table[part]
        wanted = [key for key in keys if key in table]
        if [key for key in table if key in wanted] == wanted:
            return
        if path in self._scan.values:
            texts = {name: self._text[start:end] for name, start, end in self._entries(path)}
            inner = ", ".join(texts[key] for key in [*wanted, *(name for name in texts if name not in wanted)])
            self._put(*self._scan.values[path], f"{{ {inner} }}")
            return
        spans = self._spans_of_keys(path)
        kept = [name for name in spans if name not in wanted]
        start, end = min(span[0] for span in spans.values()), max(span[1] for span in spans.values())
        self._put(start, end, "".join(self._text[slice(*spans[key])] for key in [*wanted, *kept]))

    def _spans_of_keys(self, path: KeyPath) -> dict[str, tuple[int, int]]:
        """Where each key of a table stands, with the comments above it and what follows it up to the next one.

        Raises: ValueError when they do not stand one after another.
        """
        spans: dict[str, tuple[int, int]] = {}
        last: str | None = None
        statements = [one for one in self._below(path) if len(one.path) > len(path)]
        everything = self._scan.statements
        at = everything.index(statements[0])
        if everything[at : at + len(statements)] != statements or len({one.kind for one in statements}) > 1:
            raise ValueError("the keys of a table do not stand together")
        for statement in statements:
            key = str(statement.path[len(path)])
            if key == last:
                spans[key] = spans[key][0], statement.end
                continue
            if key in spans:
                raise ValueError("a key stands in two places")
            start = self._above(statement)
            if last is not None:
                spans[last] = spans[last][0], start
            spans[key], last = (start, statement.end), key
        return spans

    # Where things are

    def _below(self, path: KeyPath) -> list[Statement]:
        """The statements that make what is at ``path``, its own header first."""
        return [one for one in self._scan.statements if one.path[: len(path)] == path]

    def _header(self, path: KeyPath) -> Statement | None:
        return next((one for one in self._scan.statements if one.kind is not Kind.KEY and one.path == path), None)

    def _section(self, statement: Statement) -> KeyPath:
        """The table of the header that a key stands below."""
        section: KeyPath = ()
        for one in self._scan.statements:
            if one is statement or one == statement:
                break
            if one.kind is not Kind.KEY:
                section = one.path
        return section

    def _above(self, statement: Statement) -> int:
        """Where the comments begin that stand directly above a statement."""
        before = [one.end for one in self._scan.statements if one.end <= statement.start]
        return comments_above(self._text, statement.start, before[-1] if before else 0)

    def _in_value(self, path: KeyPath) -> bool:
        """Whether ``path`` is within an inline table or an array."""
        return any(path[:length] in self._scan.values for length in range(1, len(path)))

    def _keys_in(self, path: KeyPath) -> set[KeyPath]:
        """The keys of the table at ``path``, in whatever form they are written."""
        size = len(path)
        return {place[: size + 1] for place in self._scan.marks if len(place) > size and place[:size] == path}

    def _is_plain_table(self, path: KeyPath) -> bool:
        """Whether an inline table has no dotted keys."""
        return self._keys_in(path) <= self._scan.values.keys()

    def _entries(self, path: KeyPath) -> list[tuple[str | int, int, int]]:
        """The keys of an inline table with where each begins and ends. Raises: ValueError when it is none."""
        if self._text[self._scan.values[path][0]] != "{" or not self._is_plain_table(path):
            raise ValueError("this is no table with plain keys")
        return sorted(self._direct(path), key=lambda entry: entry[1])

    def _direct(self, path: KeyPath) -> Iterator[tuple[str | int, int, int]]:
        for place, (_, end) in self._scan.values.items():
            if len(place) == len(path) + 1 and place[:-1] == path:
                yield place[-1], self._scan.marks[place], end


def _ends_of_tables(found: Scan) -> dict[KeyPath, int]:
    """The offset below the last key (or the header) of each table; ``()`` is the document when it has keys."""
    ends: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for statement in found.statements:
        if statement.kind is not Kind.KEY:
            table = statement.path
        ends[table] = statement.end
    return ends


def _dotted(path: KeyPath) -> str:
    return ".".join(key_text(part) for part in path if isinstance(part, str))


def _same(old: Any, new: Any) -> bool:
    """Equal, and not only like 1 and true are."""
    return bool(old == new) and repr(old) == repr(new)


def _plain(value: Any) -> Any:
    return value.short() if isinstance(value, VariableValue) else value


def _statement_text(value: Any) -> str:
    value = _plain(value)
    return long_text(value) if isinstance(value, str) and "\n" in value else value_text(value)
