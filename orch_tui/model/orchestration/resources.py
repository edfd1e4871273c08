"""What a task needs of the machine that it runs on; a backend that has a queue asks for it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.durations import parse_duration, write_duration

_MOST_COUNT = 2**20


@dataclass(frozen=True, slots=True)
class Resources:
    """``time`` is in seconds: how long it may run once it has begun. None: as the queue gives. Its memory is a limit
    that holds everywhere, and an option of its own."""

    cpus: int | None = None
    time: float | None = None
    gpus: int | None = None


NAMES = tuple(one.name for one in fields(Resources))


def read_resource(name: str, value: Any) -> Any:
    """One of them, as a person writes it. Raises: ValueError, with what can stand there."""
    if name == "time":
        seconds = parse_duration(value)
        if seconds <= 0:
            raise ValueError("the time must be more than 0")
        return seconds
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_COUNT:
        raise ValueError(f"{value!r} is no number of {name}: write a whole number from 1 on")
    return value


def resource_values(resources: Resources) -> dict[str, int | str]:
    """As a file has them; what is not set is left out."""
    values: dict[str, int | str] = {}
    for name in NAMES:
        value = getattr(resources, name)
        if value is not None:
            values[name] = write_duration(value) if name == "time" else value
    return values


def resource_text(resources: Resources | None) -> str:
    """``cpus=4 time=2h``: as forms show and journals keep them."""
    return "" if resources is None else " ".join(f"{key}={value}" for key, value in resource_values(resources).items())


def parse_resources(text: str) -> Resources | None:
    """What :func:`resource_text` gives; None for nothing. Raises: ValueError."""
    values: dict[str, Any] = {}
    for part in text.replace(",", " ").split():
        name, equals, value = part.partition("=")
        if name not in NAMES or not equals:
            raise ValueError(f'"{part}" is no resource; write them like "cpus=4 time=2h gpus=1"')
        values[name] = read_resource(name, value)
    return Resources(**values) if values else None


def check_resources(resources: Resources) -> None:
    """Raises: ValueError for what no queue can give."""
    if resources == Resources():
        raise ValueError("no resource is named; leave it empty for none")
    for name, value in resource_values(resources).items():
        read_resource(name, value)
