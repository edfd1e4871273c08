"""A pattern is compiled when it is matched, and is then what ``re.compile`` makes."""

from __future__ import annotations

import re

from orch_tui.model.texts.pattern import compile_patterns, pattern


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    lazy, compiled = pattern(r"(?P<word>\w+)-(\d+)", re.IGNORECASE), re.compile(r"(?P<word>\w+)-(\d+)", re.IGNORECASE)
    text = "ab-12 Cd-3"
    assert [one.groups() for one in lazy.finditer(text)] == [one.groups() for one in compiled.finditer(text)]
    assert lazy.sub(r"\2", text) == compiled.sub(r"\2", text) == "12 3"
    assert (lazy.pattern, lazy.groups, lazy.groupindex) == (compiled.pattern, compiled.groups, compiled.groupindex)
    assert lazy.fullmatch("ab-1") and not lazy.fullmatch("ab")


def test_nothing_is_compiled_before_it_is_matched() -> None:
    one = pattern("(a|b)*")
    assert vars(one)["_compiled"] is None
    assert one.fullmatch("ab") and vars(one)["_compiled"] is not None


def test_all_patterns_are_compiled_for_copies_of_a_process() -> None:
    one = pattern("compiled (in )?time")
    compile_patterns()
    assert vars(one)["_compiled"] is re.compile("compiled (in )?time") and one.fullmatch("compiled time")
