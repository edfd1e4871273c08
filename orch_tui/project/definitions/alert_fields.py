"""The fields of ``[[alerts]]``: read, checked, and written into drafts."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from orch_tui.model.orchestration.alerts import USUAL_KINDS, AlertKind, AlertRule, Channel, ChannelKind
from orch_tui.model.texts.durations import write_duration
from orch_tui.model.texts.pattern import pattern
from orch_tui.project.toml.decode import Table, did_you_mean, one_of, quote

_CLOCK = pattern(r"([01]?\d|2[0-3]):([0-5]\d)")
_ADDRESS = pattern(r"\$\{\w+\}|[A-Za-z][A-Za-z0-9+.-]*://")
_OF_THE_PROJECT = (AlertKind.SCHEDULER_GONE,)
_NOBODY_S = (AlertKind.MESSAGE,)
"""What a task tells of itself, whatever rules say."""
_SLOW = 50.0


def read_alerts(
    tables: Sequence[Table], phases: Collection[str] = (), tasks: Collection[str] = (), *, whole_project: bool
) -> tuple[AlertRule, ...]:
    """The rules of an orchestration with these phases and tasks (ids), or of the whole project."""
    return tuple(_rule(table, phases, tasks, whole_project) for table in tables)


def _rule(table: Table, phases: Collection[str], tasks: Collection[str], whole_project: bool) -> AlertRule:
    rule = AlertRule(
        kinds=_kinds(table, whole_project),
        channels=_channels(table),
        phases=() if whole_project else _known(table, "phases", phases),
        tasks=() if whole_project else _known(table, "tasks", tasks),
        slow=_percent(table),
        deadline=_clock(table),
        quiet=table.duration("quiet", zero=False),
    )
    for kind, key, value in ((AlertKind.DEADLINE, "deadline", rule.deadline), (AlertKind.QUIET, "quiet", rule.quiet)):
        example = '"06:30"' if kind is AlertKind.DEADLINE else '"26h"'
        if kind in rule.kinds and value is None and key not in table.data:
            table.error("on", "missing-key", f"{table.name('on')} has {quote(kind)}, but there is no {key}",
                        f"write {key} = {example} beside it")  # fmt: skip
        elif kind not in rule.kinds and value is not None:
            message = f"{table.name(key)} has no effect: {table.name('on')} does not have {quote(kind)}"
            table.warning(key, "value", message, f"add {quote(kind)} to on, or remove {key}")
    table.finish()
    return rule


def _kinds(table: Table, whole_project: bool) -> tuple[AlertKind, ...]:
    if "on" not in table.data:
        table.raw("on")
        return USUAL_KINDS
    others = _NOBODY_S if whole_project else (*_NOBODY_S, *_OF_THE_PROJECT)
    known = [kind.value for kind in AlertKind if kind not in others]
    kinds = []
    for text in table.strings("on"):
        if text in known:
            kinds.append(AlertKind(text))
            continue
        remedy = did_you_mean(text, known) or "take some of these"
        if text in _OF_THE_PROJECT:
            remedy = "write it into an [[alerts]] of orch.toml"
        message = f"{table.name('on')} names {quote(text)}; it can be {one_of(known)}"
        table.error("on", "value", message, remedy)
    if not kinds and not table.place.broken:
        table.error("on", "value", f"{table.name('on')} is empty", "name an event, or remove the rule")
    return tuple(dict.fromkeys(kinds))


def _channels(table: Table) -> tuple[Channel, ...]:
    if isinstance(table.data.get("to"), str):
        addresses: tuple[str, ...] = (table.text("to"),)
    else:
        addresses = table.strings("to")
    for address in addresses:
        if not is_address(address):
            # It may be a secret: it is not quoted.
            message = f"{table.name('to')} has an address that has no scheme"
            remedy = 'write it like "mailto://…", or "${NAME}" for one that stands in .env; see docs/alerts.md'
            table.error("to", "value", message, remedy)
    command = table.text("command")
    found = [Channel(ChannelKind.ADDRESS, address) for address in addresses]
    found += [Channel(ChannelKind.COMMAND, command)] if command.strip() else []
    if not found and not table.place.broken:
        remedy = 'write to = ["${NAME}"] with an address, or command = "…"; see docs/alerts.md'
        table.error(None, "missing-key", f"{table.name('to')} is missing: nobody is told", remedy)
    return tuple(found)


def is_address(text: str) -> bool:
    """Whether it looks like an address of apprise, or is a reference to one."""
    return _ADDRESS.match(text) is not None


def _known(table: Table, key: str, known: Collection[str]) -> tuple[str, ...]:
    names = table.strings(key)
    for name in names:
        if name not in known:
            remedy = did_you_mean(name, known) or "write an id that stands in this file"
            # No error: the file must stay readable when the phase or task is taken out of it.
            message = f"{table.name(key)} names {quote(name)}, which is not there: nothing of it is told"
            table.warning(key, "value", message, remedy)
    return names


def _percent(table: Table) -> float:
    value = table.raw("slow")
    if value is None:
        return _SLOW
    if isinstance(value, str) and re.fullmatch(r"\s*\d+(\.\d+)?\s*%\s*", value):
        return float(value.strip().rstrip("%"))
    table.error("slow", "value", f"{table.name('slow')} is no percentage", 'write it like slow = "50%"')
    return _SLOW


def _clock(table: Table) -> int | None:
    text = table.text("deadline")
    if not text:
        return None
    if (found := _CLOCK.fullmatch(text.strip())) is None:
        message = f"{table.name('deadline')}: {quote(text)} is no time of day"
        table.error("deadline", "value", message, 'write it like "06:30"')
        return None
    return int(found[1]) * 60 + int(found[2])


def alert_values(rule: AlertRule) -> dict[str, Any]:
    """What :func:`read_alerts` reads back as this rule."""
    values: dict[str, Any] = {"on": [kind.value for kind in rule.kinds]}
    addresses = [one.text for one in rule.channels if one.kind is ChannelKind.ADDRESS]
    commands = [one.text for one in rule.channels if one.kind is ChannelKind.COMMAND]
    values |= {"to": addresses} if addresses else {}
    values |= {"command": commands[0]} if commands else {}
    values |= {key: list(names) for key in ("phases", "tasks") if (names := getattr(rule, key))}
    if rule.slow != _SLOW:
        values["slow"] = f"{rule.slow:g}%"
    if rule.deadline is not None:
        values["deadline"] = f"{rule.deadline // 60:02}:{rule.deadline % 60:02}"
    if rule.quiet is not None:
        values["quiet"] = write_duration(rule.quiet)
    return values
