"""When Python looks for garbage while screens are shown."""

from __future__ import annotations

import gc


class Collector:
    """Leaves it to Python: right where several programs follow one another in a process."""

    def set_aside(self) -> None:
        """What is in memory now stays: a screen has read all that it shows."""

    def take_back(self) -> None:
        """The screen and what it has read are gone."""


class FramesFirst(Collector):
    """Collects once when a screen has read what it shows, and then leaves that alone.

    Else the collector walks through all tasks in the middle of painting a frame. The process has to be the screen's
    own: all that it holds is walked through once, and all of it is set aside.
    """

    def set_aside(self) -> None:
        gc.collect()
        gc.freeze()

    def take_back(self) -> None:
        gc.unfreeze()
