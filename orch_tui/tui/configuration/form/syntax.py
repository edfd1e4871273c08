"""What is wrong with a program's text, by its own parser: DuckDB's for SQL, ``compile`` for Python. Nothing is run."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from orch_tui.model.texts.text import safe_line

_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
# What is put in before the text is run; any name of the same length keeps lines and columns.
_REFERENCE = re.compile(r"\{\{[^{}\n]*\}\}|\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_NO_SPILL = Path("/nonexistent")
_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Mistake:
    """``line`` counts from 1; None where the parser names none."""

    line: int | None
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line is not None else self.message


def sql_mistake(text: str) -> Mistake | None:
    """What DuckDB's parser says of a script; None when it can be read."""
    import duckdb

    from orch_tui.storage.duckdb import open_database, readable

    with open_database(_NO_SPILL, threads=1) as con:
        try:
            con.extract_statements(_REFERENCE.sub(lambda found: "x" * len(found[0]), text))
        except duckdb.Error as error:
            line = _LINE.search(str(error))
            return Mistake(int(line[1]) if line else None, safe_line(readable(error), _MESSAGE))
    return None


def python_mistake(text: str) -> Mistake | None:
    """What this Python says of a script; None when it can be compiled."""
    try:
        with warnings.catch_warnings():
            # They would be written over the screen.
            warnings.simplefilter("ignore")
            compile(text, "script.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        return Mistake(error.lineno, safe_line(error.msg or "it is no Python", _MESSAGE))
    except (ValueError, RecursionError, MemoryError) as error:
        return Mistake(None, safe_line(str(error) or "it is nested too deeply", _MESSAGE))
    return None


CHECKS = {"duckdb": sql_mistake, "python": python_mistake}
"""By the word of ``x-check`` in a schema."""
