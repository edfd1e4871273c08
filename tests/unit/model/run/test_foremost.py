"""Which of many is the foremost is the same as of one who looks at all of them."""

from __future__ import annotations

from random import Random

import pytest
from orch_tui.model.run.foremost import Foremost


class Runner:
    """``at`` is its key, None for none."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.at: float | None = None

    @property
    def key(self) -> tuple[float, int] | None:
        return None if self.at is None else (self.at, self.number)


@pytest.mark.parametrize("seed", range(30))
def test_it_is_the_same_whenever_it_is_asked(seed: int) -> None:
    chosen, runners = Random(seed), [Runner(number) for number in range(6)]
    foremost: Foremost[Runner] = Foremost(lambda one: one.key)
    assert foremost.of(runners) is None
    for _ in range(200):
        one = chosen.choice(runners)
        one.at = chosen.choice((None, *map(float, range(4))))
        foremost.changed(one)
        if chosen.random() < 0.7:
            there = [one for one in runners if one.key is not None]
            assert foremost.of(runners) is min(there, key=lambda one: one.key or (0.0, 0), default=None)


def test_those_that_do_not_come_to_the_front_cost_no_look_at_the_others() -> None:
    # GIVEN many, of which the foremost was looked for
    runners = [Runner(number) for number in range(1000)]
    for one in runners:
        one.at = 5.0
    asked: list[int] = []

    def key(one: Runner) -> tuple[float, int] | None:
        asked.append(one.number)
        return one.key

    foremost = Foremost(key)
    assert foremost.of(runners) is runners[0]
    asked.clear()
    # WHEN others change, and one comes to the front THEN only these are asked
    for one in runners[1:50]:
        one.at = 6.0
        foremost.changed(one)
    runners[70].at = 1.0
    foremost.changed(runners[70])
    assert foremost.of(runners) is runners[70] and len(asked) == 50
