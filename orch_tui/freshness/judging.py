"""Whether what a task did last still holds, and if not, why. Pure: everything that is looked at is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orch_tui.freshness.successes import Success
from orch_tui.model.events.reasons import Cause, Reason
from orch_tui.model.run.plan import Standing


@dataclass(frozen=True, slots=True)
class Subject:
    """A task as it would run now.

    ``digest`` is that of its configuration, ``variables`` are the values that it would be given of those that it uses,
    without those that tasks set. ``reads`` and ``writes`` are tables; what it writes itself it does not wait for.
    ``changed_source`` is why what it reads outside of the storage, or is run for, is another now, None if nothing says
    so.
    ``before`` are the subjects that make what it reads, each with what that is (a table, a variable); ``follows`` are
    those that come before a task of which nobody knows what it reads.
    """

    key: str
    name: str
    digest: str
    variables: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    changed_source: Reason | None = None
    before: tuple[tuple[str, str], ...] = ()
    follows: tuple[str, ...] = ()


def judge(
    subjects: Sequence[Subject], successes: Mapping[str, Success], version: Callable[[str], int | None]
) -> dict[str, Standing]:
    """How each subject stands, by its key.

    ``subjects`` are in an order in which those before a subject come before it; ``successes`` by their keys;
    ``version`` gives the current version of a table, None where there is none.
    """
    found: dict[str, Standing] = {}
    names = {one.key: one.name for one in subjects}

    def is_stale(key: str) -> bool:
        return key in found and found[key].stale is not None

    for one in subjects:
        if is_stale(one.key):
            # Another task of the same configuration: what is known is the last success of either.
            continue
        success = successes.get(one.key)
        if success is None:
            found[one.key] = Standing(Reason(Cause.NEVER_SUCCEEDED))
            continue
        reason = _own_reason(one, success, version)
        if reason is None:
            made = next(((what, by) for what, by in one.before if is_stale(by)), None)
            follows = next((by for by in one.follows if is_stale(by)), None)
            if made is not None:
                reason = Reason.of(Cause.MADE_ANEW, what=made[0], task=names[made[1]])
            elif follows is not None:
                reason = Reason.of(Cause.AFTER_OTHERS, task=names[follows])
        found[one.key] = Standing(reason, success.run, success.task)
    return found


def _own_reason(one: Subject, success: Success, version: Callable[[str], int | None]) -> Reason | None:
    """Why it is stale itself, whatever becomes of those before it."""
    if one.digest and success.digest and one.digest != success.digest:
        return Reason.of(Cause.EDITED, run=success.run)
    if names := sorted(_other_values(one.variables, success.variables)):
        return Reason.of(Cause.OTHER_VALUES, names=", ".join(names), run=success.run)
    if one.changed_source is not None:
        return one.changed_source
    for table in one.writes:
        if version(table) is None:
            return Reason.of(Cause.OUTPUT_GONE, table=table)
    for table in one.reads:
        now = version(table)
        others = [was for was in success.inputs.get(table, (None,)) if was != now]
        if table not in one.writes and others:
            words = {"was": "none" if others[0] is None else others[0], "now": "none" if now is None else now}
            return Reason.of(Cause.NEWER_INPUT, table=table, run=success.run, **words)
    return None


def _other_values(now: Mapping[str, str], then: Mapping[str, str]) -> Iterable[str]:
    return (name for name, value in now.items() if then.get(name) != value)
