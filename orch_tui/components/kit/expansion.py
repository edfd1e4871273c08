"""How far packed data may expand: a small file or answer must not fill the memory or the disk."""

from __future__ import annotations

import io
from typing import IO, Any, cast

from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError

_UNLIMITED = 64 * 2**20
"""Bytes that anything packed may unpack to, whatever its own size: a small file of blanks harms nobody."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """How far packed data may expand: ``times`` their own size, counted beyond ``free`` bytes.

    ``parameter`` is the one with which a person allows more; "" where there is none.
    """

    times: int = 100
    parameter: str = "max_expansion"
    free: int = _UNLIMITED

    def check(self, label: str, packed: int, unpacked: int) -> None:
        """Raises: UserError when ``unpacked`` bytes are too many for ``packed`` bytes of what ``label`` names."""
        if unpacked > max(self.free, packed * self.times):
            remedy = f"if it is what you expect, set the parameter {self.parameter} to a larger number"
            raise UserError(
                f"{label} has {packed} bytes and unpacks to {unpacked} or more, over {self.times} times as many; "
                + (remedy if self.parameter else "it is not used: ask those who made it what is wrong")
            )


class Limited(io.RawIOBase):
    """Reads ``inner``, the unpacked bytes of ``packed`` ones, up to the limit. Raises UserError at it."""

    def __init__(self, inner: IO[bytes] | io.BufferedIOBase, label: str, packed: int, expansion: Expansion) -> None:
        self._inner = inner
        self._label = label
        self._packed = packed
        self._expansion = expansion
        self._unpacked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = int(cast(Any, self._inner).readinto(buffer))
        self._unpacked += count
        self._expansion.check(self._label, self._packed, self._unpacked)
        return count
