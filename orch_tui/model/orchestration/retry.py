"""Retry rules: how often a failed task is tried again, after which failures, and when."""

from __future__ import annotations

import zlib
from enum import StrEnum

from orch_tui.model.dataclass import dataclass
from orch_tui.model.failure import FailureKind


class Backoff(StrEnum):
    CONSTANT = "constant"
    DOUBLING = "doubling"


class RetryMatch(StrEnum):
    """What a failure is compared by: words of its error, its exit code, or its kind."""

    CONTAINS = "contains"
    EQUALS = "equals"
    EXIT = "exit"
    KIND = "kind"


_KINDS = tuple(kind for kind in FailureKind if kind not in (FailureKind.CANCEL, FailureKind.LAUNCH))
"""Failures after which another attempt can be asked for: what was cancelled or cannot start is none."""
_HIGHEST_CODE = 255
RETRY_ON_FORMS = f'"contains: TEXT", "equals: TEXT", "exit: CODE" or one of {", ".join(kind.value for kind in _KINDS)}'
"""How an entry of ``on`` is written, for sentences."""


@dataclass(frozen=True, slots=True)
class RetryOn:
    """A failure after which a task is tried again. ``value`` is a text, an exit code or the word of a kind."""

    match: RetryMatch
    value: str

    @classmethod
    def parse(cls, text: str) -> RetryOn:
        """What ``on`` of a retry has in a file. Raises: ValueError; the text says what can stand there."""
        word, colon, rest = (part.strip() for part in text.partition(":"))
        if not colon and word in _KINDS:
            return cls(RetryMatch.KIND, word)
        if colon and rest and word in (RetryMatch.CONTAINS, RetryMatch.EQUALS):
            return cls(RetryMatch(word), rest)
        if colon and word == RetryMatch.EXIT and rest.isascii() and rest.isdigit() and 0 < int(rest) <= _HIGHEST_CODE:
            return cls(RetryMatch.EXIT, str(int(rest)))
        raise ValueError(f"it can be {RETRY_ON_FORMS}")

    @property
    def text(self) -> str:
        """The same as :meth:`parse` reads it."""
        return self.value if self.match is RetryMatch.KIND else f"{self.match.value}: {self.value}"

    def fits(self, kind: FailureKind | None, exit_code: int | None, error: str, said: str) -> bool:
        """Whether it is this failure. ``error`` is its reason, ``said`` the last line of the program itself.

        A text is looked for in upper and lower case alike. What is lost is tried again only where that is said.
        """
        match self.match:
            case RetryMatch.KIND:
                return kind is not None and kind.value == self.value
            case RetryMatch.EXIT:
                return exit_code is not None and str(exit_code) == self.value
            case RetryMatch.EQUALS:
                return kind is not FailureKind.LOST and self.value in (error.strip(), said.strip())
            case RetryMatch.CONTAINS:
                wanted = self.value.casefold()
                return kind is not FailureKind.LOST and any(wanted in text.casefold() for text in (error, said))


@dataclass(frozen=True, slots=True)
class Retry:
    """``attempts`` more tries after a failed one, ``delay`` seconds apart (each time twice as long if doubling).

    ``total`` is how many seconds all attempts of the task may take together, with the waits between them. ``on`` are
    the failures after which it is tried again, any without. Each wait is up to ``jitter`` seconds longer, so that
    tasks that failed together do not come back together.
    """

    attempts: int
    delay: float = 10.0
    backoff: Backoff = Backoff.CONSTANT
    total: float | None = None
    on: tuple[RetryOn, ...] = ()
    jitter: float = 0.0

    def covers(self, kind: FailureKind | None, exit_code: int | None, error: str, said: str = "") -> bool:
        """Whether a task is tried again after this failure; see :meth:`RetryOn.fits`. One that could not be started
        never is, and one that is lost only if ``on`` has it: it may still have done its work."""
        if kind is FailureKind.LAUNCH:
            return False
        if not self.on:
            return kind is not FailureKind.LOST
        return any(one.fits(kind, exit_code, error, said) for one in self.on)

    def wait_before(self, attempt: int, seed: str = "") -> float:
        """Seconds to wait before attempt number ``attempt`` (2 is the first retry). The same ``seed`` gives the same
        jitter; an empty one the shortest wait."""
        factor = 2 ** min(attempt - 2, 30) if self.backoff is Backoff.DOUBLING else 1
        spread = zlib.crc32(f"{seed} {attempt}".encode("utf-8", "surrogatepass")) / 2**32 if seed else 0.0
        return min(self.delay * factor, 86400.0) + self.jitter * spread

    @property
    def longest_wait(self) -> float:
        """Seconds before the last attempt, at most."""
        return self.wait_before(self.attempts + 1) + self.jitter
