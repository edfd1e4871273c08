"""What crontab takes and reads as this program does, and nothing else."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from orch_tui.project.schedules.cron import cron_problem

from tests.servers.tools import program

_FIELDS = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, ("jan", "FEB", "Dec")), (0, 7, ("sun", "MON", "Sat")))


@pytest.mark.parametrize(
    "cron",
    [
        *("* * * * *", "30 5 * * 1-5", "*/15 * * * *", "0 0 1,15 * *", "0-30/10 8-18 * * *", "5-59/15 * * * *"),
        *("0 0 * JAN-mar sun", "0 0 * * mon-FRI", "0 0 * * 7", "0 0 * * 5-7", "05 007 * * *", " 0\t0 *  * * "),
        *("0 0 29 2 *", "0 0 30 2 1", "*,5 * * * *", "*/90 * * * *", "@daily", "@midnight", "@annually"),
    ],
)
def test_what_crontab_takes(cron: str) -> None:
    assert cron_problem(cron) is None


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 0 L * *", "day L: crontab has no L for the last day"),
        ("0 0 * * 5L", "weekday 5L: crontab has no L"),
        ("0 0 LW * *", "day LW: crontab has no L"),
        ("0 0 15W * *", "no W for the nearest weekday"),
        ("0 0 * * MON#2", "weekday MON#2: crontab has no # for the n-th weekday"),
        ("0 0 ? * 1", "crontab has no ?; write *"),
        ("5/15 * * * *", "minute 5/15: a step needs a range; write 5-59/15"),
        ("0 0 * * mon/2", "a step needs a range; write mon-7/2"),
        ("*/0 * * * *", "a step of 0 never gets on"),
        ("0-30/0 * * * *", "a step of 0"),
        ("0 22-2 * * *", "hour 22-2: 22-2 runs backwards"),
        ("0 0 * * fri-mon", "runs backwards"),
        ("0 0 * * sat-sun", "runs backwards"),
        ("0 0 1,31-20 * *", "runs backwards"),
        ("61 * * * *", '"61" is none; it goes from 0 to 59'),
        ("* 24 * * *", "it goes from 0 to 23"),
        ("* * 0 * *", "it goes from 1 to 31"),
        ("* * * 0 *", "it goes from 1 to 12"),
        ("* * * * 8", "it goes from 0 to 7"),
        ("* * * january *", '"january" is none'),
        ("* * mon * *", '"mon" is none'),
        ("mon * * * *", '"mon" is none'),
        ("0 0 * * fri-", '"fri-" is no number'),
        ("*-5 * * * *", "the whole range already"),
        ("-5 * * * *", "is no number"),
        ("1,,2 * * * *", '"" is no number'),
        ("1.5 * * * *", "is no number"),
        ("٣ * * * *", "is no number"),
        ("5~10 * * * *", "is no number"),
        ("0 0 31 2 *", "there is no such day"),
        ("@reboot", "there are the words @hourly"),
        ("@Daily", "there are the words"),
        ("* * * *", "it has five fields"),
        ("* * * * * *", "it has five fields"),
        ("", "it has five fields"),
        ("x", "it has five fields"),
        # Other blanks than these two part no fields, and a line end would make a second line of crontab.
        ("30\u00a05 * * 1-5", "it has five fields"),
        ("30 5 *\n* *", "it has five fields"),
        ("30 5 * * 1-5\n* * * * *", "it has five fields"),
        ("30 5 * * 1-5\n", "is no number"),
    ],
)
def test_what_crontab_refuses_or_reads_otherwise(cron: str, told: str) -> None:
    assert told in (cron_problem(cron) or "it is taken")


def _value(chance: random.Random, field: int) -> str:
    low, high, names = _FIELDS[field]
    kind = chance.random()
    if names and kind < 0.3:
        return chance.choice(names)
    if kind < 0.85:
        return str(chance.randint(low, high))
    return chance.choice(["0", "00", "07", "60", "24", "32", "L", "LW", "W", "?", "5L", "MON#2", "sunday", "x", "-1"])


def _term(chance: random.Random, field: int) -> str:
    value, other = _value(chance, field), _value(chance, field)
    step = chance.choice(["1", "2", "5", "90", "0", "x", "", "007"])
    return chance.choice(
        ["*", f"*/{step}", value, value, f"{value}-{other}", f"{value}-{other}/{step}", f"{value}/{step}"]
    )


def _expression(chance: random.Random) -> str:
    fields = []
    for number, (low, high, _) in enumerate(_FIELDS):
        plain = chance.choice(["*", str(chance.randint(low, high))])
        terms = ",".join(_term(chance, number) for _ in range(chance.choice([1, 1, 2, 3])))
        fields.append(plain if chance.random() < 0.6 else terms)
    return " ".join(fields)


def _taken_by_crontab(crontab: Path, cron: str) -> bool:
    done = subprocess.run(
        [str(crontab), "-n", "-"], input=f"{cron} true\n", text=True, capture_output=True, check=False
    )
    return done.returncode == 0


def _attack(count: int) -> int:
    crontab = program("crontab")
    chance, taken = random.Random(5), 0
    for _ in range(count):
        cron = _expression(chance)
        if cron_problem(cron) is None:
            taken += 1
            assert _taken_by_crontab(crontab, cron), cron
    return taken


def test_the_real_crontab_takes_whatever_is_taken_here() -> None:
    assert _attack(400) > 20


@pytest.mark.long
def test_the_real_crontab_takes_whatever_is_taken_here_at_length() -> None:
    print(_attack(50_000))
