"""Definitions as hands, merges and other programs leave them: those of the samples, damaged in up to three places."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

_VALUES = (
    *('"x"', '""', '"a\\u0000b"', '"\\u001b[31m"', '"../../etc"', f'"{"long " * 2000}"', '"${nothing}"', '"{{ x }}"'),
    *('"{{ "', '"$${x}"', '"command/gone"', '"orchestration/campaigns"', '"1h"', '"-1s"', '"99999999d"', '"* * * * *"'),
    *("0", "-1", "1", "1.5", "1e300", "nan", "inf", "-inf", "18446744073709551616", "9" * 400, "0x1F", "1_000"),
    *("true", "false", "[]", "{}", "[[]]", "[1, 2]", '["x"]', "[{}]", "{ a = 1 }", "[" * 200 + "]" * 200, ""),
    *("2026-11-22", "2026-11-22T14:02:13Z", "14:02:13", "0001-01-01", "9999-12-31T23:59:59.999999Z"),
    *("'x'", '"""a\nb"""', "'''\n'''", '"\u202e"', '"é"', '"\U0001f600"'),
)
_KEYS = (
    *(
        "name",
        "id",
        "configuration",
        "phases",
        "tasks",
        "parameters",
        "variables",
        "schedules",
        "rules",
        "retry",
        "delay",
    ),
    *("timeout", "max_parallel", "inputs", "outputs", "enabled", "sets", '""', '"a b"', "a.b", '"é"', "__class__"),
    *("command", "env", "to", "when", "cron", "time_zone", "description", "continue_on_failure", "grace", "defaults"),
)


def _line_of(chance: random.Random, text: str, change: Callable[[str], str]) -> str:
    lines = text.split("\n")
    keys = [number for number, line in enumerate(lines) if " = " in line]
    if keys:
        number = chance.choice(keys)
        lines[number] = change(lines[number])
    return "\n".join(lines)


def _other_value(chance: random.Random, text: str) -> str:
    return _line_of(chance, text, lambda line: f"{line.partition(' = ')[0]} = {chance.choice(_VALUES)}")


def _other_key(chance: random.Random, text: str) -> str:
    return _line_of(chance, text, lambda line: f"{chance.choice(_KEYS)} = {line.partition(' = ')[2]}")


def _more(chance: random.Random, text: str) -> str:
    added = f"{chance.choice(_KEYS)} = {chance.choice(_VALUES)}"
    return _line_of(chance, text, lambda line: f"{line}\n{added}")


def _twice(chance: random.Random, text: str) -> str:
    return _line_of(chance, text, lambda line: f"{line}\n{line}")


def _without_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    lines.pop(chance.randrange(len(lines)))
    return "\n".join(lines)


def _moved(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    line = lines.pop(chance.randrange(len(lines)))
    lines.insert(chance.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _other_table(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines) + 1)
    key = chance.choice(_KEYS)
    lines.insert(
        at, chance.choice([f"[{key}]", f"[[{key}]]", f"[phases.{key}]", f"[[phases.{key}]]", f"[[phases.tasks.{key}]]"])
    )
    return "\n".join(lines)


def _cut(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _characters(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    odd = chance.choice(
        ['"', "'", "[", "]", "{", "=", "#", "\n", "\r", "\0", "\x1b", "\x85", "\ufeff", "\u2028", "\\", ","]
    )
    return text[:at] + odd + text[at + chance.choice([0, 1, 5]) :]


def _merged(chance: random.Random, text: str) -> str:
    """What git leaves of two edits."""
    return _line_of(chance, text, lambda line: f"<<<<<<< HEAD\n{line}\n=======\n{line} # x\n>>>>>>> other")


_CHANGES: Sequence[Callable[[random.Random, str], str]] = (
    *(_other_value,) * 6,
    *(_other_key, _more) * 2,
    *(_twice, _without_line, _moved, _other_table, _cut, _characters, _merged),
)


def mutate(path: Path, seed: int) -> None:
    """Damage the file; the same for the same seed."""
    chance = random.Random(seed)
    text = path.read_text(encoding="utf-8")
    for _ in range(chance.choice((1, 1, 2, 3))):
        text = chance.choice(_CHANGES)(chance, text)
    data = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.05:
        at = chance.randrange(len(data) + 1)
        data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    path.write_bytes(data)


def definitions(project: Path) -> list[Path]:
    """The files of a project that people write, in a fixed order."""
    return [
        project / "orch.toml",
        *sorted((project / "orchestrations").glob("*.toml")),
        *sorted((project / "configurations").glob("*/*.toml")),
    ]
