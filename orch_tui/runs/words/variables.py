"""What is shown of a variable that a task has set."""

from __future__ import annotations

from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.values import Value, text_of, type_of


def variable_words(name: str, value: Value) -> str:
    """``orders = 1200 (integer)``, safe to show."""
    return f"{safe_line(name, 100)} = {safe_line(text_of(value), 200)} ({type_of(value)})"
