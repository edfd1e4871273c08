"""Values made by our ``dataclass`` are those that the standard library's would be."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Frozen:
    """Of each kind of field one."""

    number: int
    text: str = "none"
    known: Mapping[str, int] = field(default_factory=dict, hash=False)
    shown: ClassVar[str] = "not a field"
    quiet: str = field(default="", repr=False, compare=False)


@dataclass(slots=True)
class Changing:
    number: int = 0
    parts: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Base:
    first: int


@dataclass(frozen=True)
class Derived(Base):
    second: int = 2

    def __post_init__(self) -> None:
        if self.second < 0:
            raise ValueError("negative")


@dataclass(frozen=True, slots=True)
class Empty:
    pass


@dataclass(frozen=True, slots=True)
class Own:
    """Says itself how it is compared and shown."""

    name: str
    rest: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and self.name.lower() == other.name.lower()

    def __hash__(self) -> int:
        return hash(self.name.lower())

    def __repr__(self) -> str:
        return f"<{self.name}>"


_STANDARD: Any = dataclasses.make_dataclass(
    "Frozen",
    [
        ("number", int),
        ("text", str, field(default="none")),
        ("known", Mapping[str, int], field(default_factory=dict, hash=False)),
        ("quiet", str, field(default="", repr=False, compare=False)),
    ],
    frozen=True,
    slots=True,
)
_ARGUMENTS = st.tuples(
    st.integers(0, 2), st.sampled_from("ab"), st.dictionaries(st.sampled_from("xy"), st.integers(0, 1)), st.text("q")
)


@given(_ARGUMENTS, _ARGUMENTS)
def test_values_are_compared_hashed_shown_and_copied_as_those_of_the_standard_library(
    one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    # GIVEN the same values of both kinds
    ours, standard = (Frozen(*one), Frozen(*other)), (_STANDARD(*one), _STANDARD(*other))
    # THEN
    assert (ours[0] == ours[1]) == (standard[0] == standard[1])
    assert ours[0] != standard[0]
    assert hash(ours[0]) == hash(standard[0])
    assert [repr(value) for value in ours] == [repr(value) for value in standard]
    assert dataclasses.asdict(ours[0]) == dataclasses.asdict(standard[0])
    assert dataclasses.replace(ours[0], text="c") == Frozen(one[0], "c", *one[2:])
    assert copy.copy(ours[0]) == copy.deepcopy(ours[0]) == pickle.loads(pickle.dumps(ours[0])) == ours[0]


def test_a_frozen_value_cannot_be_changed_and_has_slots() -> None:
    value: Any = Frozen(1)
    with pytest.raises(FrozenInstanceError, match="number"):
        value.number = 2
    with pytest.raises(FrozenInstanceError, match="number"):
        del value.number
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        value.other = 1
    assert not hasattr(value, "__dict__") and value.number == 1 and Frozen.shown == "not a field"


def test_defaults_are_made_anew_and_what_changes_is_not_hashed() -> None:
    one, other = Changing(), Changing()
    one.parts.append(1)
    one.number = 5
    assert other == Changing(0, []) and one == Changing(5, [1]) and one != other
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_a_class_inherits_fields_checks_itself_and_matches_patterns() -> None:
    match Derived(1, 3):
        case Derived(first, second):
            assert (first, second) == (1, 3)
    assert Derived(1) == Derived(1, 2) != Base(1) and repr(Derived(1)) == "Derived(first=1, second=2)"
    with pytest.raises(ValueError, match="negative"):
        Derived(1, -1)
    assert Empty() == Empty() and hash(Empty()) == hash(()) and repr(Empty()) == "Empty()"


def test_what_a_class_says_of_itself_stays() -> None:
    assert Own("A", 1) == Own("a", 2) and len({Own("A"), Own("a")}) == 1 and repr(Own("A")) == "<A>"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Frozen(), "missing 1 required positional argument: 'number'"),  # type: ignore[call-arg]
        (lambda: Frozen(1, other=2), "unexpected keyword argument 'other'"),  # type: ignore[call-arg]
        (lambda: Frozen(1, "", {}, "", 5), "takes from 2 to 5 positional arguments but 6 were given"),  # type: ignore[call-arg]
    ],
    ids=["missing", "unknown", "too many"],
)
def test_wrong_arguments_are_refused_by_name(make: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


_FRESH = """
import inspect, pickle, sys
from tests.unit.model.test_dataclass import Derived, Frozen
print(inspect.signature(Frozen))
print(pickle.load(sys.stdin.buffer))
"""


def test_the_signature_and_a_pickled_value_can_be_read_before_the_first_value_is_made() -> None:
    # GIVEN a value, and an interpreter that has made none
    value = Frozen(1, "x", {"y": 2}, "q")
    # WHEN
    done = subprocess.run([sys.executable, "-c", _FRESH], input=pickle.dumps(value), capture_output=True, check=True)
    # THEN
    signature, shown = done.stdout.decode().splitlines()
    assert shown == repr(value) and list(inspect.signature(Frozen).parameters) == ["number", "text", "known", "quiet"]
    assert signature.startswith("(number: 'int', text: 'str' = 'none', known: 'Mapping[str, int]' = ")
