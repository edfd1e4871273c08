"""Journals as a failing disk, a hand or another program leaves them: whole ones, damaged in up to three places."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from orch_tui.model.checks.values import Check, CheckKind, CheckResult, Verdict
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.events.row_results import RowResult
from orch_tui.model.failure import FailureKind
from orch_tui.model.orchestration.approval import AnswerField, FieldType, Question
from orch_tui.model.orchestration.each import Each
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryOn
from orch_tui.model.orchestration.rules import After, EndAs, Rule, RuleDecision, TriedRule
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.model.usage import Usage
from orch_tui.project.journal.format import write_event, write_header
from orch_tui.project.paths import make_private

from tests.support.reasons import in_words

T0 = 1_790_000_000.25
BEFORE, RUN, AFTER = "20260921T131320.000Z-aa", "20260921T131320.100Z-bb", "20260921T131320.200Z-cc"
"""Ids of three runs, of which the one in the middle is to be damaged."""

# What stands where something else should: wrong types, numbers that nothing can hold, names that lead elsewhere.
_ODD = (
    *(
        '"x"',
        '""',
        '"../../../etc"',
        '"a\\u0000b"',
        '"\\ud800"',
        f'"{"long " * 2000}"',
        '"a=b"',
        '"success"',
        '"created"',
    ),
    *("0", "-1", "1", "3", "1.5", "-0.0", "1e300", "-1e300", "9e999", "nan", "inf", "NaN", "-Infinity", "2147483648"),
    *("18446744073709551616", "9" * 5000, "true", "false", "null", "[]", "{}", "[[]]", "[1, 2]", '["x"]', '["a=b"]'),
    *("[" * 3000 + "]" * 3000, "{ a = 1 }", '{"a": 1}', "2026-11-22T14:02:13Z", "2026-11-22", "'x'", "0x1F", ""),
    *('"0001-01-01T00:00:00"', '"9999-12-31T23:59:59.999Z"', '"2026-11-22"', '"2026-11-22T14:02:13+25:00"'),
)


RULES = (Rule("q", 'task["a"].rows == 0', name="nothing came"), Rule("end", None, After.ANY, ends_as=EndAs.ERROR))
DECISION = RuleDecision((TriedRule(0, False, {'task["a"].rows': 3}), TriedRule(1, True)), 1)


def whole_journals(run: str = RUN) -> dict[str, str]:
    """Journals with every kind of record, by what they are of: a run that failed, one that goes on, a success, and one
    in which people did something."""
    head = _head(run)
    return {kind: head + "".join(map(write_event, many)) for kind, many in whole_events().items()}


def whole_events() -> dict[str, list[Event]]:
    """The events of these journals."""
    going = [*_begun(), events.cancel(T0 + 5, "ann@host", task="b"), events.killing(T0 + 5, "b", 1, "cancel", 5.0)]
    return {
        "failed": [*_begun(), *_failed()],
        "going": going,
        "success": [*_begun(), *_succeeded()],
        "intervened": [*_begun(), *_intervened()],
    }


def _head(run: str) -> str:
    retry = TaskOptions(
        *(Retry(2, 1.5, Backoff.DOUBLING, 90.0, (RetryOn.parse("timeout"),), 1.0), 60.0, 0.5, 5.0, 1.0),
        memory=64_000_000,
    )
    first = (
        PlannedTask("a", "command/a", "A", "p", Decision.RUN, digest="d1", options=retry, variables={"x": "1"}),
        PlannedTask("b", "command/b", "B", "p", Decision.RUN, continue_on_failure=True, max_parallel=2),
        PlannedTask("n", "orchestration/o", "N", "p", Decision.RUN),
    )
    then = (
        PlannedTask("c", "command/c", "C", "q", Decision.RUN, rows=("orders", "x"), each=Each.of(["de", "fr", "it"])),
        PlannedTask("r", "command/r", "R", "q", Decision.REUSED, in_words(f"reused from run {BEFORE}")),
    )
    plan = RunPlan(
        "o",
        "O",
        (PlannedPhase("p", "P", first, 2, RULES), PlannedPhase("q", "Q", then, 2, RULES, DECISION)),
        {"x": "1", "day": "2026-11-22"},
        True,
        BEFORE,
    )
    header = RunHeader(
        *(run, "o", "O", T0, "ann@host", plan.variables, True, BEFORE, "p/q/r"), as_it_ran=BEFORE, shadow=True
    )
    return write_header(header, plan)


def _begun() -> list[Event]:
    return [
        events.executor(T0, pid=1, start=(2, 3), host="h", boot_id="b", by="ann@host"),
        events.phase_started(T0, "p"),
        events.spawning(T0 + 1, "a", 1),
        events.started(T0 + 1, "a", 1, pid=7, start=(5, 6)),
        events.spawning(T0 + 1, "b", 1),
        events.started(T0 + 1, "b", 1, pid=8, start=(5, 6)),
        events.waiting(T0 + 1, "n", in_words("configuration in use by run x")),
        events.note(T0 + 2, "warning", "the disk is full"),
        events.ended(
            T0 + 2, "a", 1, Status.ERROR, "no", kind=FailureKind.USER, exit_code=1, retry_at=T0 + 4, leftovers=2
        ),
        events.spawning(T0 + 4, "a", 2),
    ]


def _failed() -> list[Event]:
    return [
        events.ended(T0 + 6, "a", 2, Status.ERROR, "no", kind=FailureKind.APPLICATION, exit_code=3),
        events.ended(T0 + 6, "b", 1, Status.WARNING, "late", kind=FailureKind.TIMEOUT, exit_code=143),
        events.settled(T0 + 6, "n", Status.ERROR, in_words("it cannot be started"), FailureKind.LAUNCH),
        events.phase_ended(T0 + 6, "p", Status.ERROR),
        events.decided(T0 + 6, "p", RuleDecision((TriedRule(0, None),), None, "a division by zero")),
        events.phase_skipped(T0 + 6, "q", Status.SKIPPED, in_words('phase "P" failed')),
        events.run_ended(
            T0 + 6, Status.ERROR, in_words("A failed"), 6.0, {Status.ERROR: 2, Status.WARNING: 1, Status.SKIPPED: 2}
        ),
    ]


def _succeeded() -> list[Event]:
    return [
        events.ended(
            T0 + 6,
            "a",
            2,
            Status.SUCCESS,
            exit_code=0,
            results={"rows": 3, "metrics": {"late": 1.5}},
            variables={"rows": 3, "names": ("a", "b")},
            checks=(CheckResult(Check(CheckKind.UNIQUE, "raw/rows", columns=("id",)), Verdict.PASSED, 0.0),),
            usage=Usage(peak_memory=95_000_000, cpu=1.5, read=10, written=0),
            rows=(RowResult("orders", "Orders", Status.SUCCESS, "", 1.5), RowResult("x", "x", Status.ERROR, "no")),
        ),
        events.ended(T0 + 6, "b", 1, Status.SUCCESS, exit_code=0),
        events.spawning(T0 + 6, "n", 1, backend="cluster", name="orch-1"),
        events.queued(T0 + 6, "n", 1, "Resources", job="4711"),
        events.started(T0 + 6, "n", 1, node="n17", job="4711"),
        events.ended(T0 + 7, "n", 1, Status.SUCCESS, exit_code=0),
        events.phase_ended(T0 + 7, "p", Status.SUCCESS),
        events.phase_started(T0 + 7, "q"),
        events.unfolded(T0 + 7, "c", ["de", "fr", "it", "es"], [3], BEFORE, left_out=[4]),
        events.spawning(T0 + 7, "c@1", 1),
        events.spawning(T0 + 7, "c@2", 1),
        events.ended(T0 + 7, "c@2", 1, Status.SUCCESS, exit_code=0, results={"rows": 2}),
        events.ended(T0 + 8, "c@1", 1, Status.SUCCESS, exit_code=0, results={"rows": 3}),
        events.phase_ended(T0 + 8, "q", Status.SUCCESS),
        events.run_ended(T0 + 8, Status.SUCCESS, None, 8.0, {Status.SUCCESS: 4, Status.SKIPPED: 1}),
    ]


def _intervened() -> list[Event]:
    asked = Question("May it go on?", (AnswerField("day", FieldType.TEXT, "Which day", "today"),), ("ann",), 60.0)

    def one(number: int, kind: InterventionKind, **more: Any) -> Event:
        return events.intervened(T0 + 4 + number, Intervention(f"request-{number}", kind, "ann@host", "why", **more))

    return [
        events.executor(T0 + 5, pid=9, start=(4, 4), host="h", boot_id="b", by="bob@host", uptime=5.5),
        one(1, InterventionKind.HOLD, phase="p"),
        one(2, InterventionKind.LIMIT, limit=3),
        one(3, InterventionKind.RELEASE, phase="p"),
        events.waiting(T0 + 8, "n", Reason(Cause.DELAY), T0 + 9),
        events.waiting(
            T0 + 8, "n", Reason.of(Cause.MEMORY, needed="1GB", taken="2GB", size="2GB", holders="run x has 2GB")
        ),
        one(4, InterventionKind.SKIP, task="n"),
        events.ended(T0 + 8, "a", 2, Status.ERROR, "no", kind=FailureKind.USER, exit_code=1, ended_at=T0 + 7.5),
        one(5, InterventionKind.RETRY, task="a"),
        events.spawning(T0 + 9, "a", 3),
        events.ended(T0 + 9, "a", 3, Status.ERROR, "lost", kind=FailureKind.LOST, retry_at=T0 + 9, uncounted=True),
        one(6, InterventionKind.MARK_DONE, task="a"),
        events.ended(T0 + 10, "b", 1, Status.SUCCESS, exit_code=0),
        events.phase_ended(T0 + 10, "p", Status.WARNING),
        events.decided(T0 + 10, "p", RuleDecision((TriedRule(0, True, {'task["a"].rows': 0}),), 0)),
        events.phase_started(T0 + 10, "q"),
        events.asked(T0 + 10, "c", 1, asked, T0 + 70),
        one(7, InterventionKind.APPROVE, task="c", given={"day": "monday"}),
        events.settled(T0 + 11, "r", Status.CANCELLED, Reason.of(Cause.RUN_CANCELLED, by="ann@host")),
        events.phase_ended(T0 + 11, "q", Status.CANCELLED),
        events.cancel(T0 + 11, "ann@host", now=True),
        events.run_ended(
            T0 + 12,
            Status.CANCELLED,
            Reason.of(Cause.CANCELLED, by="ann@host"),
            12.0,
            {Status.WARNING: 1, Status.SUCCESS: 2, Status.SKIPPED: 1, Status.CANCELLED: 1},
        ),
    ]


def damaged(seed: int) -> bytes:
    """One of the journals with one to three damages; the same for the same seed."""
    chance = random.Random(seed)
    data = chance.choice(list(whole_journals().values())).encode()
    for _ in range(chance.choice((1, 1, 2, 3))):
        if chance.random() < 0.7 and data.count(b"\n\n") > 1:
            data = chance.choice(_OF_RECORDS)(chance, data.decode("utf-8", "replace")).encode("utf-8", "replace")
        else:
            data = chance.choice(_OF_BYTES)(chance, data)
    return data


def put_runs(runs: Path, data: bytes, kind: str = "success") -> Path:
    """Three runs of ``o`` below ``runs``, the one in the middle with this journal; its directory."""
    for run in (BEFORE, AFTER):
        make_private(runs / run)
        (runs / run / "run.toml").write_text(whole_journals(run)[kind])
    make_private(runs / RUN)
    (runs / RUN / "run.toml").write_bytes(data)
    return runs / RUN


# Damages of records: each gets the text and gives another.


def _records(text: str) -> list[str]:
    return [record for record in text.split("\n\n") if record]


def _joined(records: list[str]) -> str:
    return "".join(f"{record}\n\n" for record in records)


def _line_of(chance: random.Random, text: str, change: Callable[[str], str]) -> str:
    lines = text.split("\n")
    keys = [number for number, line in enumerate(lines) if " = " in line]
    if keys:
        number = chance.choice(keys)
        lines[number] = change(lines[number])
    return "\n".join(lines)


def _other_value(chance: random.Random, text: str) -> str:
    return _line_of(chance, text, lambda line: f"{line.partition(' = ')[0]} = {chance.choice(_ODD)}")


def _without_key(chance: random.Random, text: str) -> str:
    return _line_of(chance, text, lambda line: "").replace("\n\n\n", "\n\n")


def _other_key(chance: random.Random, text: str) -> str:
    return _line_of(chance, text, lambda line: f"other = {line.partition(' = ')[2]}")


def _key_twice(chance: random.Random, text: str) -> str:
    return _line_of(chance, text, lambda line: f"{line}\n{line}")


def _without_record(chance: random.Random, text: str) -> str:
    records = _records(text)
    records.pop(chance.randrange(len(records)))
    return _joined(records)


def _record_twice(chance: random.Random, text: str) -> str:
    records = _records(text)
    records.insert(chance.randrange(len(records) + 1), chance.choice(records))
    return _joined(records)


def _records_swapped(chance: random.Random, text: str) -> str:
    records = _records(text)
    first, second = chance.randrange(len(records)), chance.randrange(len(records))
    records[first], records[second] = records[second], records[first]
    return _joined(records)


def _other_table(chance: random.Random, text: str) -> str:
    records = _records(text)
    number = chance.randrange(len(records))
    table = chance.choice(["[run]", "[[task]]", "[[phase]]", "[[event]]", "[event]", "[[other]]", "", "[variables]"])
    records[number] = f"{table}\n{records[number].partition(chr(10))[2]}"
    return _joined(records)


def _other_name(chance: random.Random, text: str) -> str:
    """A task, a phase or a type of event that is another one somewhere, or everywhere but there."""
    name = chance.choice(['"a"', '"b"', '"p"', '"q"', '"ended"', '"spawning"', '"executor"', '"asked"', '"run_ended"'])
    wanted = chance.choice(['"a"', '"c"', '"p"', '"q"', '"zzz"', '"ended"', '"cancel"', '"note"', '"started"'])
    return text.replace(name, wanted, chance.choice([1, 2, -1]))


_OF_RECORDS: tuple[Callable[[random.Random, str], str], ...] = (
    *(_other_value,) * 5,
    _without_key,
    _other_key,
    _key_twice,
    _without_record,
    _record_twice,
    _records_swapped,
    _other_table,
    _other_name,
)

# Damages of bytes.


def _cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flipped(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data)) if data else 0
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _hole(chance: random.Random, data: bytes) -> bytes:
    """What a crash leaves of a block that was never written."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + b"\0" * chance.choice([1, 64, 512]) + data[at + chance.choice([0, 64, 512]) :]


def _gap(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.randrange(1, 400) :]


def _more(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return (
        data[:at] + chance.choice([b"\n", b"\n\n", b"\xff\xfe", b"[", b'"', b"#", b"[[event]]\n", b"\r\n"]) + data[at:]
    )


def _nothing(chance: random.Random, data: bytes) -> bytes:
    return chance.choice([b"", b"\n\n", b"nonsense\n\n", b"\0" * 4096, b"{}", b"[run]\n\n", b"\xef\xbb\xbf" + data])


_OF_BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (_cut, _flipped, _hole, _gap, _more, _nothing)


def seeds(count: int) -> Iterator[int]:
    """Always the same ones, so that what failed once fails again."""
    return iter(range(count))
