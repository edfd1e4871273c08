"""Names of columns: from the path of a member alone, or as the table has them; never from the order of arrival.

``user.id`` and ``user_id`` would both be ``user_id``, and ``Id`` and ``id`` are one name to a database. Which of them
has the plain name must not change from run to run: the values of one would go on in the column of the other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from orch_tui.components.http.records.flatten import Path
from orch_tui.model.texts.text import one_line, safe_line
from orch_tui.storage.duckdb import folded

_NAMELESS = "column"
_SHORTEST = 4
"""Hexadecimal digits that tell two paths with one plain name apart."""


class ColumnNames:
    """The names of one table's columns, by path. ``remembered`` is :attr:`memory` of the run before.

    A path keeps the name that it had. A new one gets its plain name, if no other path has it; of several new ones the
    shortest path does, then the first in alphabetical order. All others get a few digits behind it that follow from
    the path, so that they are the same in every run, also where nothing is remembered.
    """

    def __init__(
        self, separator: str, remembered: Mapping[str, Any] | None = None, plain: Callable[[str], str] = one_line
    ) -> None:
        """``plain`` makes the name of a column of a member's path in one piece, joined with ``separator``."""
        self._separator = separator
        self._make = plain
        self._paths: dict[str, Path] = {}
        self.remarks: list[str] = []
        if remembered and remembered.get("separator") == separator:
            names = remembered.get("names")
            for name, path in names.items() if isinstance(names, Mapping) else ():
                if isinstance(path, list) and all(isinstance(part, str) for part in path):
                    self._paths[str(name)] = tuple(path)

    @property
    def memory(self) -> dict[str, Any]:
        """What the next run needs, as JSON."""
        return {"separator": self._separator, "names": {name: list(path) for name, path in self._paths.items()}}

    def assign(self, paths: Sequence[Path], fixed: int = 0, known: Iterable[str] = ()) -> list[str]:
        """A name for each of ``paths``, which are different.

        Args:
            fixed: so many of the first have their plain names whatever the others are: the user gave these.
            known: columns of the table, which may be older than what is remembered.
        """
        names: dict[int, str] = {}
        taken: set[str] = set()
        for at, path in enumerate(paths[:fixed]):
            if folded(name := self._plain(path)) not in taken:
                names[at] = name
                taken.add(folded(name))
        of_path = {path: name for name, path in self._paths.items() if folded(name) not in taken}
        owned = {folded(name) for name in of_path.values()}
        spelled = set(known)
        left = [at for at in range(len(paths)) if at not in names]
        for at in left:
            kept = of_path.get(paths[at]) or self._told_apart(paths[at], spelled)
            if kept is not None and folded(kept) not in taken:
                names[at] = kept
                taken.add(folded(kept))
        for at in sorted((at for at in left if at not in names), key=lambda at: self._rank(paths[at])):
            names[at] = self._new(paths[at], taken | owned)
            taken.add(folded(names[at]))
        for at in left:
            self._paths.pop(of_path.get(paths[at], ""), None)
            self._paths[names[at]] = paths[at]
        return [names[at] for at in range(len(paths))]

    def _plain(self, path: Path) -> str:
        return self._make(self._separator.join(path)).strip() or _NAMELESS

    def _rank(self, path: Path) -> tuple[int, bool, Path]:
        return len(path), self._separator.join(path) != self._plain(path), path

    def _told_apart(self, path: Path, known: set[str]) -> str | None:
        """The name with digits, where the table has it: the plain one belongs to another path then."""
        name = self._with_digits(path, _SHORTEST)
        return name if name in known else None

    def _new(self, path: Path, taken: set[str]) -> str:
        plain = self._plain(path)
        if folded(plain) not in taken:
            if one_line(joined := self._separator.join(path)) != joined or not joined.strip():
                self.remarks.append(f'a member without a name that can be shown is the column "{plain}"')
            return plain
        digits = _SHORTEST
        while folded(name := self._with_digits(path, digits)) in taken:
            digits += 1
        self.remarks.append(
            f'the column "{safe_line(plain, 60)}" is another member\'s, so that of '
            f'"{safe_line(".".join(path), 80)}" is called "{safe_line(name, 80)}"'
        )
        return name

    def _with_digits(self, path: Path, digits: int) -> str:
        text = json.dumps(path, ensure_ascii=True)
        return f"{self._plain(path)}_{hashlib.sha256(text.encode()).hexdigest()[:digits]}"
