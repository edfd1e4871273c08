"""Fields that only some choices of another field need: ``x-depends-on`` in a schema.

``"x-depends-on": {"type": ["basic"], "required": ["basic"]}`` says that a field is used only where ``type`` beside it
is ``basic``, and needed there. A form shows it then, and also while it holds something: nothing is ever out of sight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_REQUIRED = "required"


class Condition(NamedTuple):
    """The field ``name`` beside it has one of ``values``."""

    name: str
    values: tuple[str, ...]


def conditions(spec: Mapping[str, Any]) -> tuple[Condition, ...]:
    """What a field's schema makes it depend on; what is not understood is no condition."""
    marks = spec.get("x-depends-on")
    if not isinstance(marks, Mapping):
        return ()
    return tuple(
        Condition(str(name), tuple(map(str, values if isinstance(values, list) else [values])))
        for name, values in marks.items()
        if name != _REQUIRED
    )


def needed_if_used(spec: Mapping[str, Any]) -> bool:
    """True when it is needed wherever it is used."""
    marks = spec.get("x-depends-on")
    needed = marks.get(_REQUIRED) if isinstance(marks, Mapping) else None
    if not isinstance(needed, list) or not needed:
        return False
    return all(set(one.values) <= set(map(str, needed)) for one in conditions(spec))


def is_used(
    path: Sequence[str], depends: Sequence[Condition], texts: Mapping[tuple[str, ...], str], defaults: Mapping[Any, str]
) -> bool:
    """Whether the field at ``path`` is used with these texts of the fields; ``defaults`` hold where a text is empty.

    A variable or a secret in place of the choice may be anything, so it is.
    """
    for name, values in depends:
        beside = (*path[:-1], name)
        chosen = texts.get(beside, "") or defaults.get(beside, "")
        if chosen and "{" not in chosen and chosen not in values:
            return False
    return True
