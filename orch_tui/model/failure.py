"""Why an attempt failed, as a kind that retry rules, events and both faces share."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """Why an attempt failed. ``LOST`` is never guessed into success or failure: it is a kind of its own."""

    USER = "user"
    APPLICATION = "application"
    TIMEOUT = "timeout"
    SIGNAL = "signal"
    CANCEL = "cancel"
    LOG_LIMIT = "log_limit"
    LAUNCH = "launch"
    REJECTED = "rejected"
    LOST = "lost"
