"""Asks the tests of many mutants, in processes of their own.

They import this module by its name, as they could not ``__main__`` of a package, which multiprocessing leaves out.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.queues
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from tests.support.mutants.judge import Judged, Outcome, judge
from tests.support.mutants.mutant import Mutant
from tests.support.mutants.reach import Asked
from tests.support.owned import adopt_orphans


def kept_in(file: Path) -> Iterator[tuple[Mutant, Judged]]:
    """What an earlier run has written there."""
    for line in file.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        yield Mutant(**told["mutant"]), Judged(Outcome(told["outcome"]), told["by"])


_tree = Path()
"""Of this process, which judges mutants there one after another."""


def _begin(free: multiprocessing.queues.SimpleQueue[str]) -> None:
    global _tree
    _tree = Path(free.get())
    adopt_orphans()


def _judge(mutant: Mutant, inside: list[str], whole: list[str]) -> Judged:
    return judge(mutant, _tree, inside, whole)


def ask_all(mutants: list[Mutant], reach: Asked, trees: list[Path], kept: Path | None) -> dict[Mutant, Judged]:
    """What the tests say of each, one after another in each tree; with ``kept`` it is written there, and what stands
    there is not asked again."""
    outcomes = dict(kept_in(kept)) if kept and kept.exists() else {}
    free = multiprocessing.get_context("spawn").SimpleQueue()
    for tree in trees:
        free.put(str(tree))
    with ProcessPoolExecutor(len(trees), multiprocessing.get_context("spawn"), _begin, (free,)) as pool:
        asking = {pool.submit(_judge, one, *reach.of(one)): one for one in mutants if one not in outcomes}
        for done in as_completed(asking):
            mutant, judged = asking[done], done.result()
            outcomes[mutant] = judged
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"mutant": asdict(mutant), **asdict(judged)}) + "\n")
    return {mutant: outcomes[mutant] for mutant in mutants}
