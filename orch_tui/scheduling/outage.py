"""Why a scheduled time passed without a start: what the clocks say against the last sign of life of a scheduler."""

from __future__ import annotations

import time
from dataclasses import dataclass

from orch_tui.engine.processes.process import boot_id
from orch_tui.scheduling.values import Why

_NOTICEABLE = 1.0
"""Seconds by which clocks drift apart without anybody setting one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the clocks show. ``now`` is seconds since the epoch, ``up`` since the machine came up, ``awake`` those of it
    in which it did not sleep; ``boot`` names the time since it came up."""

    now: float
    up: float
    awake: float
    boot: str


def this_moment() -> Moment:
    """The clocks of this machine. Raises: OSError when the kernel could not be asked."""
    up, awake = time.clock_gettime(time.CLOCK_BOOTTIME), time.clock_gettime(time.CLOCK_MONOTONIC)
    return Moment(time.time(), up, awake, boot_id())


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of a scheduler. ``ended``: it went when it was asked to."""

    moment: Moment
    ended: bool = False


def why_late(sign: Sign | None, current: Moment, at: float) -> Why:
    """Why nothing was started at ``at``, which passed between the sign of life (None: there is none) and now."""
    came_up = current.now - current.up
    if sign is None:
        return Why.MACHINE_OFF if at < came_up else Why.NOTHING_CALLED
    before = sign.moment
    if before.boot != current.boot:
        return Why.MACHINE_OFF if at < came_up else Why.NO_SCHEDULER
    set_forward = (current.now - current.up) - (before.now - before.up)
    if set_forward > _NOTICEABLE and at > current.now - set_forward - _NOTICEABLE:
        return Why.CLOCK_SET
    slept = (current.up - current.awake) - (before.up - before.awake)
    if slept > _NOTICEABLE and not sign.ended:
        return Why.SUSPENDED
    return Why.NO_SCHEDULER
