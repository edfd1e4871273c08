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
            self._compiled = None
            _made.append(self)

        def compile(self) -> re.Pattern[Any]:
            if self._compiled is None:
                self._compiled = re.compile(self._text, self._flags)
            return self._compiled

        def __getattr__(self, name: str) -> Any:
            found = getattr(self.compile(), name)
            setattr(self, name, found)
            return found

        def __repr__(self) -> str:
            return f"pattern({self._text!r}, {self._flags!r})"

    _made: list[_LazyPattern] = []
    pattern = _LazyPattern


def compile_patterns() -> None:
    """Compile all there are, for a process of which copies are made."""
    if not TYPE_CHECKING:
        for one in _made:
            one.compile()


__all__ = ["compile_patterns", "pattern"]
