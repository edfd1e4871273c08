"""How much property tests try: enough for each change, or all of it (``pytest --at-length``, and with ``-m long``)."""

from __future__ import annotations

_FEWEST = 5
_SHARE = 4
_at_length = False


def go_to_length() -> None:
    """From now on everything is tried. Called before the tests are imported."""
    global _at_length
    _at_length = True


def examples(full: int) -> int:
    """How many of ``full`` examples are tried now: a quarter, and five at least, where a change is looked at."""
    return full if _at_length else min(full, max(_FEWEST, full // _SHARE))
