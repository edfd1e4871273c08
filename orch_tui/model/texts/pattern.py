"""``pattern``: a regular expression of a module, compiled when it is first matched.

Compiling takes tenths of a millisecond, and most commands match few of the expressions of the modules that they load.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # For type checkers it is the compiled one.
    from re import compile as pattern
else:

    class _LazyPattern:
        """Becomes what ``re.compile`` returns, attribute by attribute: each is looked up once."""

        def __init__(self, text: str | bytes, flags: int = 0) -> None:
            self._text = text
            self._flags = flags

        def __getattr__(self, name: str) -> Any:
            # Kept by the re module if another thread comes first.
            found = getattr(re.compile(self._text, self._flags), name)
            setattr(self, name, found)
            return found

        def __repr__(self) -> str:
            return f"pattern({self._text!r}, {self._flags!r})"

    pattern = _LazyPattern

__all__ = ["pattern"]
