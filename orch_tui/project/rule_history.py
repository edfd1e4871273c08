"""How often recorded runs took each rule that an orchestration has today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.events import decision_of
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.rules import After, Rule, RuleDecision
from orch_tui.project.definitions.rules import RULES, recall_rules
from orch_tui.project.files.own_files import read_own
from orch_tui.project.history import run_ids
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.journal.format import BrokenJournal, Record, parse_records, to_event
from orch_tui.project.paths import ProjectPaths

RUNS = 90
"""So many of the newest runs are looked at."""
_BYTES = 16 * 1024 * 1024
"""Reading stops after so many bytes of journals: of large runs a few say enough."""
_PHASE, _RULES, _DECIDED = b"[[phase]]\n", b"\nrules = ", b'[[event]]\ntype = "decided"\n'

_LONG = 30
"""So many runs are worth a note on a rule that none of them took."""
Place = tuple[str, int]
"""A rule: the id of its phase, and its index."""


@dataclass(frozen=True, slots=True)
class RuleUse:
    """In how many ``runs`` it counted, since its phase ended as it says, and in how many of them it was ``taken``."""

    runs: int = 0
    taken: int = 0

    @property
    def never_taken(self) -> bool:
        """Whether that is worth a note: so many runs did not take it."""
        return not self.taken and self.runs >= _LONG


def rule_uses(paths: ProjectPaths, value: Orchestration) -> dict[Place, RuleUse]:
    """From the newest runs; runs in which the phase had other rules do not count, nor such that cannot be read."""
    uses = {(phase.id, number): RuleUse() for phase in value.phases for number in range(len(phase.rules))}
    today = {phase.id: phase.rules for phase in value.phases if phase.rules}
    left = _BYTES
    for run in islice(run_ids(paths, value.id), RUNS) if today else ():
        try:
            data = _read(paths.run(value.id, run) / JOURNAL, left)
            if data is None:
                break
            left -= len(data)
            found = list(_decisions(data, today))
        except (OSError, BrokenJournal):
            continue
        for (phase, rules), decision in found:
            for number in _counted(rules, decision):
                one = uses[phase, number]
                uses[phase, number] = RuleUse(one.runs + 1, one.taken + (decision.taken == number))
    return uses


def _read(path: Path, limit: int) -> bytes | None:
    """The journal; None where it is longer than that."""
    data = read_own(path, limit + 1)
    return None if len(data) > limit else data


def _decisions(
    data: bytes, today: Mapping[str, tuple[Rule, ...]]
) -> Iterator[tuple[tuple[str, tuple[Rule, ...]], RuleDecision]]:
    """What was decided by phases that have the same rules today, with these. Only the records that say so are parsed.

    Raises: BrokenJournal.
    """
    chunks = [one for one in data.split(b"\n\n") if one.startswith(_DECIDED) or _is_with_rules(one)]
    records = parse_records(b"\n\n".join(chunks).decode("utf-8", "replace"))
    same = {phase: today[phase] for record in records if (phase := _unchanged(record, today)) is not None}
    for record in records:
        if record.table == "event" and _text(record, "phase") in same:
            event = to_event(record.values, (), same)
            phase = str(event.data["phase"])
            yield (phase, same[phase]), decision_of(event.data)


def _unchanged(record: Record, today: Mapping[str, tuple[Rule, ...]]) -> str | None:
    """The id of a phase that had the rules of today; None for any other record."""
    phase, rules = _text(record, "id"), record.values.get("rules")
    if record.table != "phase" or phase not in today or not RULES.holds(rules) or rules is None:
        return None
    return phase if today[phase] == recall_rules(rules) else None


def _text(record: Record, key: str) -> str:
    value = record.values.get(key)
    return value if isinstance(value, str) else ""


def _is_with_rules(chunk: bytes) -> bool:
    return chunk.startswith(_PHASE) and _RULES in chunk


def _counted(rules: Sequence[Rule], decision: RuleDecision) -> Iterator[int]:
    """The rules that count after what the phase ended in, as far as those that were tried tell that."""
    tried = {one.rule for one in decision.tried if one.rule < len(rules)}
    outcome = next((rules[one].on for one in sorted(tried) if rules[one].on is not After.ANY), None)
    for number, rule in enumerate(rules):
        if number in tried or (outcome is not None and rule.on.covers(outcome)):
            yield number
