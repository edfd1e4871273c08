"""Looking after several, of which one that cannot be looked at keeps no other from its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from orch_tui.model.errors import OrchError

T = TypeVar("T")


def each_apart(things: Iterable[T], look: Callable[[T], float | None]) -> float | None:
    """Look at each; when the next look is due, in seconds since the epoch (None: not by itself).

    Raises: OSError, OrchError: the first one that a look raised, once all have had their turn.
    """
    wakes, faults = list[float](), list[OSError | OrchError]()
    for one in things:
        try:
            wake = look(one)
        except (OSError, OrchError) as error:
            faults.append(error)
            continue
        if wake is not None:
            wakes.append(wake)
    if faults:
        raise faults[0]
    return min(wakes, default=None)
