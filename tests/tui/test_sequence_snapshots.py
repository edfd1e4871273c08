"""Pictures of the sequence, with all states. Update them with ``--snapshot-update`` and look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.model.status import Status
from orch_tui.runs.sequence.values import Sequence, SequencePhase, SequenceRule, SequenceTask
from orch_tui.runs.words.rule_words import RuleFate
from orch_tui.tui.app import OrchApp
from orch_tui.tui.sequence.screen import SequenceScreen
from textual.pilot import Pilot

from tests.tui.seed import sample_project

_NAMES = (
    "Campaigns",
    "Email recipient index",
    "Paid campaign performance",
    "Paid campaign recipients",
    "New recipients",
)


def _phase(number: int, name: str, *states: Status) -> SequencePhase:
    tasks = tuple(
        SequenceTask(f"{number}-{at}", _NAMES[at % len(_NAMES)], state, 1.5 * at + number, state is Status.WAITING)
        for at, state in enumerate(states)
    )
    return SequencePhase(f"p{number}", name, tasks, states[0], at_once=3)


def every_state() -> Sequence:
    phases = (
        _phase(1, "Extractor phase", Status.SUCCESS, Status.WARNING, Status.SUCCESS, Status.SKIPPED),
        _phase(2, "Transformation phase", Status.ERROR, Status.SUCCESS, Status.TERMINATED),
        _phase(3, "Second Transformation Phase", Status.PROCESSING, Status.WAITING, Status.TERMINATING),
        _phase(4, "Writer phase", Status.CREATED, Status.CANCELLED),
    )
    return Sequence("Campaigns to Mailchimp", phases, timed=True)


def a_way_past() -> Sequence:
    """A run that went past a phase, by the last of three rules."""
    fates = (RuleFate.NOT_HELD, RuleFate.OTHER_OUTCOME, RuleFate.TAKEN)
    rules = [
        ("nothing came", "2 Alert", "p2"),
        ("on failure: broken", "2 Alert", "p2"),
        ("otherwise", "3 Publish", "p3"),
    ]
    first, second, third = (
        _phase(1, "Load", Status.SUCCESS, Status.SUCCESS),
        _phase(2, "Alert", Status.SKIPPED),
        _phase(3, "Publish", Status.PROCESSING),
    )
    ways = tuple(
        SequenceRule(f"p1#{at}", *rule, fate) for at, (rule, fate) in enumerate(zip(rules, fates, strict=True))
    )
    end = (SequenceRule("p2#0", "otherwise", "end as warning", None, RuleFate.NOT_ASKED),)
    first, second = replace(first, rules=ways, onward=None), replace(second, rules=end, onward=None)
    return Sequence("Daily load", (first, second, third), timed=True)


@pytest.mark.parametrize("size", [(120, 20), (60, 24)], ids=["wide", "narrow"])
def test_rules(tmp_path: Path, snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    async def nothing_new() -> None:
        return None

    async def show(pilot: Pilot[object]) -> None:
        await pilot.app.push_screen(SequenceScreen(a_way_past(), nothing_new, cursor="p1#2"))
        await pilot.pause()

    assert snap_compare(OrchApp(sample_project(tmp_path)), terminal_size=size, run_before=show)


@pytest.mark.parametrize("size", [(140, 24), (80, 40)], ids=["wide", "narrow"])
def test_sequence(tmp_path: Path, snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    async def nothing_new() -> None:
        return None

    async def show(pilot: Pilot[object]) -> None:
        await pilot.app.push_screen(SequenceScreen(every_state(), nothing_new, cursor="2-0"))
        await pilot.pause()

    assert snap_compare(OrchApp(sample_project(tmp_path)), terminal_size=size, run_before=show)
