"""Why an attempt failed, as a kind that retry rules, events and both faces share."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """Why an attempt failed. ``LOST`` is never guessed into success or failure: it is a kind of its own.

    ``MEMORY``: it was over its own limit of memory, as the kernel or it itself says. ``CHECK``: what it wrote was
    refused by a check of its configuration, and waits.
    """

    USER = "user"
    APPLICATION = "application"
    TIMEOUT = "timeout"
    SIGNAL = "signal"
    CANCEL = "cancel"
    LOG_LIMIT = "log_limit"
    MEMORY = "memory"
    LAUNCH = "launch"
    REJECTED = "rejected"
    CHECK = "check"
    LOST = "lost"
