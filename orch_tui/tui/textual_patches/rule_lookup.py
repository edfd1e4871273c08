"""Find the rules of a style sheet that may be a widget's, without a call in Python for each of all rules.

Textual 8.2 goes through all rules of the sheet for every widget and for each of its component classes
(``Stylesheet.apply``), and asks each for its hash, which a rule works out in Python. A rule is found by what it is, as
every object is that has no hash of its own; :func:`install` lets Python do just that.
"""

from __future__ import annotations

from textual.css.model import RuleSet

from orch_tui.tui.textual_patches.guard import has, is_version

ORIGINAL = RuleSet.__dict__.get("__hash__")
"""Textual's own, to compare with."""


def install() -> bool:
    """From now on in this process; False where Textual's own way is used instead."""
    if RuleSet.__hash__ is object.__hash__:
        return True
    if not (is_version() and "__hash__" in vars(RuleSet) and has(RuleSet, "__hash__", "self")):
        return False
    RuleSet.__hash__ = object.__hash__  # type: ignore[method-assign]
    return True
