"""Two kinds of time that must not be taken for that of the clock on the wall, which anybody may set. Only types."""

from __future__ import annotations

from typing import NewType

RunTime = NewType("RunTime", float)
"""Seconds since the epoch by the clock of one run, the one of the times in its journal. What is compared with those is
a ``RunTime``, from :func:`orch_tui.engine.record.run_clock.now_of` or from who follows the run."""

BootTime = NewType("BootTime", float)
"""Seconds since this machine was started, which nobody sets."""
