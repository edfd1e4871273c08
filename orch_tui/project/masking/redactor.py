"""Secrets masked in texts and in JSON values."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orch_tui.project.masking.pieces import pieces_of

if TYPE_CHECKING:
    from orch_tui.project.masking.searcher import Searcher, Span

_MASKS = "*#~.:!@^|<>?"


def secrets_of_task(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that ``ORCH_SECRETS`` names ("NAME,NAME"), by name; none when it is missing."""
    env = os.environ if environment is None else environment
    names = (name.strip() for name in env.get("ORCH_SECRETS", "").split(","))
    return {name: env[name] for name in names if name and name in env}


class Redactor:
    """Knows secrets in all their spellings: finds them, and replaces them by a mask."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        pieces = list(dict.fromkeys(piece for secret in secrets for piece in pieces_of(secret)))
        self._values = frozenset(pieces)
        self._searchers: list[Searcher] = []
        self.mask = b""
        if pieces:
            self._prepare(pieces)

    def _prepare(self, pieces: list[str]) -> None:
        # Most tasks have no secrets: only those that have wait for the library.
        from orch_tui.project.masking.searcher import Searcher

        # A part of a secret is looked for by itself: it would hide the whole from the search. Both see all of the data,
        # so that it makes no difference whether the rest of the whole has arrived already.
        parts = [piece for piece in pieces if any(piece in other and piece != other for other in pieces)]
        wholes = [piece for piece in pieces if piece not in parts]
        self._searchers = [Searcher(texts) for texts in (wholes, parts) if texts]
        used = frozenset().union(*(searcher.bytes_used for searcher in self._searchers))
        # No spelling contains the mask's character, so masking can never put one together.
        self.mask = next((mark for mark in _MASKS if ord(mark) not in used), "*").encode() * 5

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Redactor:
        """For the secrets of a task's environment, see :func:`secrets_of_task`."""
        return cls(secrets_of_task(environment).values())

    def __bool__(self) -> bool:
        return bool(self._searchers)

    def text(self, text: str) -> str:
        """``text`` with every secret masked."""
        if not self._searchers:
            return text
        data = text.encode("utf-8", "surrogatepass")
        masked = self.data(data)
        return masked.decode("utf-8", "replace") if masked is not data else text

    def data(self, data: bytes) -> bytes:
        """``data`` with every secret masked; the same object when there is none."""
        from orch_tui.project.masking.searcher import with_mask

        spans = self.spans(data)
        return b"".join(with_mask(data, spans, self.mask)) if spans else data

    def value(self, value: Any, *, numbers: bool = True) -> Any:
        """A JSON value with every text in it masked, keys as well; with ``numbers`` also one that is a secret."""
        if not self._searchers:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item, numbers=numbers) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item, numbers=numbers) for item in value]
        if numbers and isinstance(value, int | float) and not isinstance(value, bool) and str(value) in self._values:
            return self.mask.decode()
        return value

    def spans(self, data: bytes) -> list[Span]:
        """Where secrets are in ``data``: sorted, those that overlap or touch as one."""
        from orch_tui.project.masking.searcher import merged

        return merged([span for searcher in self._searchers for span in searcher.spans(data)])

    def open_end(self, data: bytes) -> Span:
        """See :meth:`orch_tui.project.masking.searcher.Searcher.open_end`."""
        ends = [searcher.open_end(data) for searcher in self._searchers]
        return min(keep for keep, _ in ends), min(write for _, write in ends)
