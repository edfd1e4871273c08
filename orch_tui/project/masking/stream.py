"""Secrets masked in a stream that arrives in pieces."""

from __future__ import annotations

from orch_tui.project.masking.redactor import Redactor

_BLOCK = 1 << 18
"""Bytes that are looked at together."""
_MAX_HELD = 1 << 19
"""Bytes that may wait for their continuation. What takes more is white space within a secret, or an attack."""


class StreamRedactor:
    """Masks secrets in a stream that arrives in pieces, also those split over pieces."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""
        # Leading bytes of what is held that are written already, as they are or as a mask.
        self._done = 0
        self._masked_last = False

    def feed(self, data: bytes) -> bytes:
        """What can be written now."""
        if not self._redactor:
            return data
        return b"".join([self._feed(data[at : at + _BLOCK]) for at in range(0, len(data), _BLOCK)])

    def _feed(self, data: bytes) -> bytes:
        data = self._held + data
        keep, write = self._redactor.open_end(data)
        if len(data) - keep > _MAX_HELD:
            keep = write = len(data)
        return self._emit(data, keep, write)

    def finish(self) -> bytes:
        """The rest, at the end of the stream."""
        return self._emit(self._held, len(self._held), len(self._held)) if self._held else b""

    def _emit(self, data: bytes, keep: int, write: int) -> bytes:
        mask, at = self._redactor.mask, self._done
        out: list[bytes] = []
        for start, end in self._redactor.spans(data):
            if start >= max(at, write):
                break
            if end > at:
                # One that goes on from a span that is masked already needs no second mask.
                if start > at or not self._masked_last:
                    out += [data[at:start], mask]
                at, self._masked_last = end, True
        if write > at:
            out.append(data[at:write])
            at, self._masked_last = write, False
        self._held, self._done = data[keep:], at - keep
        return b"".join(out)
