"""Ask a random sample of mutants of the core which of them no test notices; the package says how."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support import mutants as package
from tests.support.mutants.asking import ask_all, kept_in
from tests.support.mutants.judge import Judged, Outcome, control
from tests.support.mutants.left_out import Module, Why, read_judged
from tests.support.mutants.mutant import Mutant, all_mutants
from tests.support.mutants.reach import Asked, Near, measure
from tests.support.owned import adopt_orphans

ROOT = Path(__file__).resolve().parents[3]
_APART = "ORCH_MUTANTS_APART"


def _go_apart() -> None:
    """Go on in a namespace of processes of its own: a mutant of the engine may send signals to any number."""
    if os.environ.get(_APART) or not (unshare := shutil.which("unshare")):
        return
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    apart = [unshare, *user, "--pid", "--fork", "--kill-child", "--mount-proc"]
    again = [sys.executable, "-m", "tests.support.mutants", *sys.argv[1:]]
    os.execve(unshare, [*apart, *again], {**os.environ, _APART: "1"})


def _sample(tree: Path, only: list[str], count: int, seed: int, kept: Path | None) -> tuple[list[Mutant], Counter[Why]]:
    """``count`` of the mutants that are asked, the same for the same seed and tree; how many others by reason."""
    known = all_mutants(tree, only, kept)
    judged = read_judged()
    modules = {
        name: Module(name, (tree / name).read_text(encoding="utf-8"), judged)
        for name in {mutant.module for mutant in known}
    }
    left_out: Counter[Why] = Counter()
    asked = []
    for mutant in known:
        why = modules[mutant.module].why(mutant)
        if why is None:
            asked.append(mutant)
        else:
            left_out[why] += 1
    random.Random(seed).shuffle(asked)
    chosen: list[Mutant] = []
    for mutant in asked:
        if len(chosen) == count:
            break
        if modules[mutant.module].changes_nothing(mutant):
            left_out[Why.SAME_CODE] += 1
        else:
            chosen.append(mutant)
    return chosen, left_out


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.support.mutants", description=package.__doc__)
    parser.add_argument("count", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", action="append", help="a file or folder like model/run/plan.py; default: all four packages"
    )
    parser.add_argument("--map", type=Path, help="a folder to keep which test runs what; changed tests run again")
    parser.add_argument("--near", action="store_true", help="ask only the tests that stand where the module does")
    parser.add_argument("--keep", type=Path, help="write outcomes here, and do not ask again what stands here")
    parser.add_argument("--survivors", type=Path, help="ask only what lived according to this file (of --keep)")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def main() -> int:
    options = _options()
    _go_apart()
    adopt_orphans()
    # The first process of a namespace is not ended by this signal unless it asks to be.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    known = tests = None
    if options.map:
        options.map.mkdir(parents=True, exist_ok=True)
        known, tests = options.map / "mutants.json", options.map / "tests.json"
    with tempfile.TemporaryDirectory(prefix="orch-mutants-") as place:
        hidden = shutil.ignore_patterns(".git", ".venv*", ".tools", "__pycache__", ".*_cache")
        trees = [Path(place, f"tree-{number}") for number in range(options.workers)]
        for tree in trees:
            shutil.copytree(ROOT, tree, ignore=hidden, symlinks=True)
        if options.survivors:
            kept = [one for one, judged in kept_in(options.survivors) if judged.outcome.survived]
            mutants = [one for one in kept if one.is_in(trees[0])]
            if gone := len(kept) - len(mutants):
                print(f"not there any more: {gone}")
        else:
            mutants, left_out = _sample(trees[0], options.only or [], options.count, options.seed, known)
            for why, number in left_out.most_common():
                print(f"left out {number}: {why.value}")
        reach: Asked = Near(trees[0]) if options.near else measure(trees[0], tests, options.workers)
        if mutants and (said := control(mutants[0], trees[0], reach)).outcome is not Outcome.LIVED:
            print(f"the tests fail without any mutant: {said.by}", file=sys.stderr)
            return 1
        outcomes = ask_all(mutants, reach, trees, options.keep)
    _tell(outcomes, options.seed)
    return 0


def _tell(outcomes: dict[Mutant, Judged], seed: int) -> None:
    lived = {mutant: judged for mutant, judged in outcomes.items() if judged.outcome.survived}
    for mutant, judged in sorted(lived.items()):
        source = (ROOT / mutant.module).read_text(encoding="utf-8").splitlines()
        text = source[mutant.line - 1].strip() if mutant.line <= len(source) else ""
        place = f"{mutant.module}:{mutant.line}:{mutant.column}"
        print(f"{place}: {mutant.operator.removeprefix('core/')} {judged.outcome}: {text}")
    share = 100 * len(lived) / max(1, len(outcomes))
    print(f"{len(lived)} of {len(outcomes)} survived ({share:.1f} %), seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
