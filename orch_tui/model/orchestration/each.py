"""What a task is run for: files of the project, or the values of a list; one part of the task for each. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.pattern import pattern
from orch_tui.model.texts.text import slug
from orch_tui.model.variables.references import variable_names

MOST_PARTS = 100_000
"""Parts that a task may have."""
MOST_ITEM = 4096
"""Characters of an item: as long as a path may be (PATH_MAX, limits.h of Linux)."""
FILE_VARIABLES = ("item_name", "item_stem")
ITEM_VARIABLES = ("item", "item_number")
_ONE_VARIABLE = pattern(r"\s*\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}\s*")
_PART = "@"
"""Stands between the id of a task, in which it cannot be, and the number of its part."""
FORMS = 'a pattern of files like "data/*.csv", a variable that is a list like "{{ countries }}", or a list of texts'
"""How ``each`` is written, for sentences."""


@dataclass(frozen=True, slots=True)
class Each:
    """One of: ``files``, a pattern of files below the project, in which there may be variables; ``variable``, the name
    of one that is a list; ``items``."""

    files: str = ""
    variable: str = ""
    items: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: str | Sequence[Any]) -> Each:
        """What a definition has, or :attr:`text`. Raises: ValueError; the sentence says what is wrong with it."""
        if not isinstance(value, str):
            return cls(items=checked_items(value))
        if (items := _json_list(value)) is not None:
            return cls(items=checked_items(items))
        if not value.strip():
            raise ValueError(f"it is empty; write {FORMS}")
        if found := _ONE_VARIABLE.fullmatch(value):
            return cls(variable=found[1])
        files = value.strip()
        if files.startswith("/") or ".." in files.split("/"):
            raise ValueError(
                "files are looked for below the project: write the pattern without / at its beginning and .."
            )
        return cls(files=files)

    @property
    def value(self) -> str | list[str]:
        """What a definition has."""
        return list(self.items) if self.items else f"{{{{ {self.variable} }}}}" if self.variable else self.files

    @property
    def text(self) -> str:
        """On one line: a list as JSON."""
        value = self.value
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    @property
    def asks(self) -> frozenset[str]:
        """The names of the variables that it is made of."""
        return frozenset((self.variable,)) if self.variable else variable_names(self.files)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables that its parts have of themselves."""
        return (*ITEM_VARIABLES, *FILE_VARIABLES) if self.files else ITEM_VARIABLES


def _json_list(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        # A pattern may begin so: [0-9]*.csv
        return None
    return value if isinstance(value, list) else None


def list_items(text: str) -> tuple[str, ...]:
    """The items of a variable's text. Raises: ValueError; the sentence says what is wrong with it."""
    values = _json_list(text)
    if values is None:
        raise ValueError(f'it is no list: write it like ["de", "fr"], not {json.dumps(text[:60], ensure_ascii=False)}')
    return checked_items(values) if values else ()


def checked_items(values: Iterable[Any]) -> tuple[str, ...]:
    """The items of a list: texts, none of them empty, none of them twice; numbers and flags as JSON writes them.

    Raises:
        ValueError: one sentence about the first that is none, or about their number.
    """
    items: dict[str, None] = {}
    for number, value in enumerate(values, 1):
        if isinstance(value, Mapping) and isinstance(value.get("value"), str):
            # A date or a time, as a list of a variable has it.
            value = value["value"]
        if not isinstance(value, str | int | float) or value == "":
            raise ValueError(f"its value {number} is {'empty' if value == '' else 'no text'}; each has to be a text")
        item = value if isinstance(value, str) else json.dumps(value)
        if (fault := item_fault(item)) is not None:
            raise ValueError(f"its value {number} {fault}")
        if item in items:
            raise ValueError(f'it has "{item[:60]}" twice; each makes a part of its own')
        items[item] = None
    if not items:
        raise ValueError(f"it is empty; write {FORMS}")
    if len(items) > MOST_PARTS:
        raise ValueError(f"it has {len(items)} values; a task has {MOST_PARTS} parts at most")
    return tuple(items)


def item_fault(item: str) -> str | None:
    """Why a text cannot be an item: what it is or has; None where it can."""
    if len(item) > MOST_ITEM:
        return f"has {len(item)} characters; {MOST_ITEM} are the most"
    if not item.isprintable():
        return f"has a character that cannot be shown: {json.dumps(item)[:80]}"
    return None


@dataclass(frozen=True, slots=True)
class Item:
    """What one part of the task with this id is run for. ``number`` is from 1 on; a ``file`` is a path below the
    project."""

    task: str
    number: int
    text: str
    file: bool = False

    @property
    def values(self) -> dict[str, str]:
        """The variables of its part."""
        values = {"item": self.text, "item_number": str(self.number)}
        if self.file:
            name = self.text.rpartition("/")[2]
            stem = name.partition(".")[0] if not name.startswith(".") else name
            values |= {"item_name": name, "item_stem": stem}
        return values

    @property
    def environment(self) -> dict[str, str]:
        """For the program of its part."""
        return {"ORCH_ITEM": self.text, "ORCH_ITEM_NUMBER": str(self.number)}

    @property
    def about(self) -> dict[str, str]:
        """For its config.json. What it keeps for its next run is that of its item, as rows keep theirs."""
        return {"row": self.key, "item": self.text, "item_number": str(self.number)}

    @property
    def key(self) -> str:
        """An id that only this text has: for what is kept of it beyond a run."""
        return f"{slug(self.text)[:40]}-{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


def part_id(task: str, number: int) -> str:
    """The id of a part, unlike that of any task: ``load@3``."""
    return f"{task}{_PART}{number}"


def array_of(part: str) -> str:
    """The id of the task that this is a part of; that of a task itself."""
    return part.partition(_PART)[0]


def number_of(part: str) -> int | None:
    """The number in the id of a part, from 1 on; None for what is no such id."""
    task, mark, number = part.partition(_PART)
    return int(number) if task and mark and number.isascii() and number.isdecimal() and number[0] != "0" else None
