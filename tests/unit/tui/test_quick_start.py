"""Textual is loaded with values that compile their methods when they are used, and works as ever."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import Any

import pytest
from orch_tui.tui import quick_start

_LOADING = """
import dataclasses
standard = dataclasses.dataclass
from orch_tui.tui.quick_start import load_textual
load_textual()
assert dataclasses.dataclass is standard
from textual.css.model import Selector, SelectorType
assert type(Selector.__dict__["__init__"]).__name__ == "_LazyInit"
one = Selector("a", type=SelectorType.TYPE)
assert one == Selector("a", type=SelectorType.TYPE) and one != Selector("b", type=SelectorType.TYPE)
assert dataclasses.replace(one, name="b").name == "b"
"""


def test_textual_is_loaded_with_values_of_ours() -> None:
    # WHEN Textual is loaded so in an interpreter that has nothing of it
    done = subprocess.run([sys.executable, "-c", _LOADING], capture_output=True, text=True, timeout=60)
    # THEN a value that nobody has made is not compiled yet; once made it is equal and replaced as ever; and the
    # standard library has its own decorator again
    assert done.returncode == 0, done.stderr


def test_where_textual_is_loaded_already_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    import textual  # noqa: F401 - for its effect

    def refuse(standard: Any) -> Any:
        raise AssertionError("values would be made another way")

    monkeypatch.setattr(quick_start, "_choosing", refuse)
    quick_start.load_textual()
    assert dataclasses.dataclass is dataclass


def _is_ours(cls: type) -> bool:
    """The standard library's methods say in which class they were made."""
    return cls.__eq__.__qualname__ != f"{cls.__qualname__}.__eq__"


def test_what_ours_does_not_have_stays_the_standard_librarys() -> None:
    choosing = quick_start._choosing(dataclass)
    # GIVEN values that ours can be, and one for each thing that it cannot
    plain: Any = choosing(Plain)
    frozen: Any = choosing(frozen=True)(Frozen)
    ordered: Any = choosing(order=True)(Ordered)
    worked: Any = choosing(Worked)
    named: Any = choosing(Named)
    by_name: Any = choosing(ByName)
    begun: Any = choosing(Begun)
    # THEN ours are those two
    made = (plain, frozen, ordered, worked, named, by_name, begun)
    assert [cls for cls in made if _is_ours(cls)] == [plain, frozen]
    # AND all do what they say
    assert plain(1) == plain(1, []) and plain(1).two is not plain(1).two
    with pytest.raises(dataclasses.FrozenInstanceError):
        frozen(1).one = 2
    assert hash(frozen(1)) == hash(frozen(1))
    assert ordered(1) < ordered(2)
    assert worked(1).two == 3
    assert named(one=1).one == by_name(one=1).one == 1
    assert begun(1).two == 2


class Plain:
    one: int
    two: list[int] = field(default_factory=list)


class Frozen:
    one: int


class Ordered:
    one: int


class Worked:
    one: int
    two: int = field(init=False, default=3)


class Named:
    _: KW_ONLY
    one: int


class ByName:
    one: int = field(kw_only=True)


class Begun:
    one: InitVar[int]

    def __post_init__(self, one: int) -> None:
        self.two = one + 1
