"""A connection to a database server, and the work that a task does in it: ended in peace, or ended with a sentence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from orch_tui.components.dbapi.parameters import Server
from orch_tui.model.errors import UserError

TEST_SECONDS = 10
"""How long a test of the connection waits for the server, at the most, for each of its statements."""

STAGE = "orch_tui_stage"
"""The temporary table in which a writer's rows wait; it is the session's own and ends with it."""


class Session(ABC):
    """A connection to a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        place = server.host if server.host.startswith("/") else f"{server.host}:{server.port}"
        self.shown = f"{place}/{server.database}"

    @abstractmethod
    def connect(self) -> None:
        """Open the connection. Raises: UserError when the driver is missing; the driver's errors."""

    @property
    @abstractmethod
    def lost(self) -> bool:
        """Whether the connection ended without us."""

    @abstractmethod
    def close(self) -> None:
        """End the connection when all is done."""

    @abstractmethod
    def abandon(self) -> None:
        """End the connection whatever it is doing, also what it does at the server. Raises nothing."""

    @abstractmethod
    def explain(self, error: Exception) -> str | None:
        """A driver's exception as one sentence: what, where, what to do. None for an exception of another kind."""


class Work(ABC):
    """What one task does in a session of its own.

    Use as a context manager. A driver's exception that leaves the block becomes a :class:`UserError`.
    """

    session: Session
    """The connection, opened with the block."""

    @property
    def shown(self) -> str:
        """The server and its database, for sentences."""
        return self.session.shown

    @property
    def outcome(self) -> str:
        """What a failure means for the data, as the beginning of its sentence."""
        return ""

    def prepare(self) -> None:  # noqa: B027 (most have nothing to set)
        """Set what the work needs in the session that has just been opened. Raises: the driver's errors."""

    def leave(self) -> None:  # noqa: B027
        """Let go of what stands in the way of ending the session. Raises nothing."""

    def take_back(self) -> None:  # noqa: B027
        """Undo what the end of the session does not undo by itself. Raises nothing."""

    def __enter__(self) -> Self:
        try:
            self.session.connect()
            self.prepare()
        except Exception as error:  # the driver's base class is known only after its import
            self._reword(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.session.close()
            return
        outcome = self.outcome
        self.leave()
        self.session.abandon()
        self.take_back()
        if isinstance(error, Exception):
            self._reword(error, outcome)

    def _reword(self, error: Exception, outcome: str = "") -> None:
        if isinstance(error, UserError):
            return
        if isinstance(error, UnicodeDecodeError):
            raise UserError(
                f"{self.shown}: a text is not valid in the character set that the server says it has; correct the "
                "value, or read the column as bytes with a query"
            ) from error
        sentence = self.session.explain(error)
        if sentence is not None:
            raise UserError(outcome + sentence) from error
