"""Triggers: facts that start an orchestration, beside schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from orch_tui.model.dataclass import dataclass
from orch_tui.model.orchestration.starts import IfRunning


class TriggerKind(StrEnum):
    """``FILES``: files have come; ``TABLES``: all of some tables have new versions; ``AFTER``: a run has ended."""

    FILES = "files"
    TABLES = "tables"
    AFTER = "after"


class AfterOutcome(StrEnum):
    """After which end of the other orchestration; a warning is a success."""

    SUCCESS = "success"
    FAILURE = "failure"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Trigger:
    """``what`` is a glob, or the id of an orchestration; ``tables`` are ``bucket/table``.

    ``stable`` is how many seconds a file must not have changed, ``cool_down`` how many pass between two starts.
    """

    kind: TriggerKind
    id: str
    what: str = ""
    tables: tuple[str, ...] = ()
    enabled: bool = True
    stable: float = 10.0
    cool_down: float = 0.0
    outcome: AfterOutcome = AfterOutcome.SUCCESS
    if_running: IfRunning = IfRunning.WAIT
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
