"""Which task of a phase may start next."""

from __future__ import annotations

from math import inf
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from orch_tui.engine.phases.phase_queue import PhaseQueue
from orch_tui.model.orchestration.each import Each
from orch_tui.model.orchestration.orchestration import TaskOptions
from orch_tui.model.run.phase_state import Parts
from orch_tui.model.run.plan import Decision, PlannedTask
from orch_tui.model.run.runstate import TaskState


def _task(name: str, limit: int | None = None, delay: float | None = None) -> PlannedTask:
    options = TaskOptions(delay=delay)
    return PlannedTask(name, f"c/{name}", name, "p", Decision.RUN, options=options, max_parallel=limit)


def test_tasks_start_in_their_order_up_to_the_limit() -> None:
    a, b, c = _task("a"), _task("b"), _task("c")
    queue = PhaseQueue(2, [a, b, c], 0.0)
    assert queue.next([]) is a
    queue.remove(a)
    assert queue.next([a]) is b
    queue.remove(b)
    assert queue.next([a, b]) is None
    assert queue.next([b]) is c


def test_a_delayed_task_takes_no_slot_and_wakes_in_time() -> None:
    late, now = _task("late", delay=5.0), _task("now")
    queue = PhaseQueue(1, [late, now], 100.0)
    assert queue.delayed() == [(late, 105.0)]
    assert queue.promote(100.0) == 5.0
    assert queue.next([]) is now
    queue.remove(now)
    assert not queue.empty and queue.next([]) is None
    assert queue.promote(105.0) is None
    assert queue.next([]) is late


def test_a_task_that_waits_for_a_lock_lets_others_go_first() -> None:
    a, b = _task("a"), _task("b")
    queue = PhaseQueue(10, [a, b], 0.0)
    queue.remove(a)
    queue.put_back(a, 0.5)
    assert queue.next([]) is b
    queue.promote(0.5)
    queue.remove(b)
    assert queue.next([b]) is a


def test_an_approval_needs_no_slot_and_sleeps_until_it_is_answered() -> None:
    # GIVEN a phase with no slot left
    other, ask = _task("other"), PlannedTask("ask", "approval/ask", "ask", "p", Decision.RUN, max_parallel=1)
    queue = PhaseQueue(1, [other, ask], 0.0)
    # WHEN the next is asked for THEN the approval is given out all the same
    assert queue.next([other]) is ask
    queue.remove(ask)
    assert queue.next([other]) is None
    # AND while it waits without a limit, nothing is to be waited for
    queue.put_back(ask, inf)
    queue.remove(other)
    assert queue.promote(10.0) is None and not queue.empty
    assert queue.take_out({"ask"}) == [ask] and queue.empty


def test_a_task_that_is_held_is_not_given_out_until_it_is_released() -> None:
    # GIVEN a ready task, a sleeping one and one that is not there yet, all held
    ready, late, later = _task("ready"), _task("late", delay=5.0), _task("later")
    queue = PhaseQueue(10, [ready, late], 0.0)
    for task in (ready, late, later):
        queue.hold(task.id)
    # WHEN their times come THEN none is given out, and the queue is not empty
    queue.put_back(later, 1.0)
    assert queue.promote(9.0) is None and queue.next([]) is None and not queue.empty
    # AND each starts once it is released, in that order
    for task in (late, ready):
        queue.release(task.id)
    assert queue.next([]) is late
    queue.remove(late)
    assert queue.next([]) is ready
    # AND one that is held can be taken out
    assert queue.take_out({"later"}) == [later]
    queue.remove(ready)
    assert queue.empty


def test_a_task_that_waits_for_a_time_can_start_at_once_and_the_limit_can_be_changed() -> None:
    late, other = _task("late", delay=500.0), _task("other")
    queue = PhaseQueue(1, [late, other], 0.0)
    queue.add(late)
    assert queue.next([other]) is None
    queue.limit_to(2)
    queue.remove(other)
    assert queue.next([other]) is late
    queue.remove(late)
    assert queue.empty


def test_cancelling_takes_out_one_or_all() -> None:
    a, b, late = _task("a"), _task("b"), _task("late", delay=9.0)
    queue = PhaseQueue(10, [a, b, late], 0.0)
    assert queue.take_out({"late"}) == [late]
    assert queue.take_out(None) == [a, b]
    assert queue.empty


@given(st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=1, max_size=12), st.integers(1, 5), st.randoms())
def test_limits_always_hold_and_every_task_gets_its_turn(limits: list[int | None], width: int, random: Random) -> None:
    # GIVEN tasks of which some have a limit of their own
    tasks = [_task(f"t{n}", limit) for n, limit in enumerate(limits)]
    queue = PhaseQueue(width, tasks, 0.0)
    running: list[PlannedTask] = []
    done: list[PlannedTask] = []
    while not queue.empty or running:
        while (task := queue.next(running)) is not None:
            queue.remove(task)
            running.append(task)
            # THEN the limit of the phase holds for those without their own, and each own one for all
            own = [item.max_parallel for item in running if item.max_parallel]
            assert len(running) <= min(own, default=width)
        # (something runs, or nothing could ever start)
        assert running
        done.append(running.pop(random.randrange(len(running))))
    assert sorted(task.id for task in done) == sorted(task.id for task in tasks)


def test_tasks_that_waited_for_a_time_wait_on_for_it_and_others_do_not() -> None:
    # GIVEN a phase that is taken over: one task waits for its retry, one for its delay, one for nothing
    retry, delayed, ready = _task("retry"), _task("delayed", delay=9.0), _task("ready")
    queue = PhaseQueue(10, [retry, delayed, ready], 100.0, {"retry": 130.0, "delayed": 102.0})
    # THEN each wakes when it was to, not when a task that begins now would
    assert queue.delayed() == [(delayed, 102.0), (retry, 130.0)]
    assert queue.promote(100.0) == 2.0 and queue.next([]) is ready
    queue.remove(ready)
    assert queue.next([]) is None
    assert queue.promote(102.0) == 28.0 and queue.next([]) is delayed


def test_the_others_still_wake_in_their_order_when_one_is_taken_out() -> None:
    # GIVEN tasks that sleep, in an order that is not that of their times
    times = [5.0, 50.0, 10.0, 60.0, 55.0, 20.0, 15.0]
    tasks = [_task(f"t{number}", delay=time) for number, time in enumerate(times)]
    for gone in tasks:
        queue = PhaseQueue(10, tasks, 0.0)
        # WHEN one of them is cancelled
        assert queue.take_out({gone.id}) == [gone]
        # THEN each of the others wakes when its time has come, and the next pause is always right
        left = sorted(time for task, time in zip(tasks, times, strict=True) if task is not gone)
        for number, time in enumerate(left):
            pause = left[number + 1] - time if number + 1 < len(left) else None
            assert queue.promote(time) == pause
        assert len(queue.take_out(None)) == len(left)


def _parts(limit: int | None, count: int) -> tuple[PlannedTask, list[PlannedTask]]:
    """An array of so many parts, of which ``limit`` may run at once."""
    items = tuple(str(number) for number in range(count))
    array = PlannedTask("each", "c/each", "Each", "p", Decision.RUN, each=Each(items=items), max_parallel=limit)
    return array, [part.planned for part in Parts.unfold(TaskState(array), 1.0, {"items": [*items]}, 0).states]


def test_so_many_parts_of_an_array_run_at_once_as_it_allows() -> None:
    # GIVEN an array of three parts that wants two of them at once, in a phase with more room, and a task behind it
    array, (a, b, c) = _parts(2, 3)
    other = _task("other")
    queue = PhaseQueue(9, [array, other], 0.0)
    queue.remove(array)
    queue.unfold(array, [a, b, c])
    running: list[PlannedTask] = []
    # WHEN what may start starts THEN two of its parts do, and what is behind it goes past the third
    while (task := queue.next(running)) is not None:
        queue.remove(task)
        running.append(task)
    assert running == [a, b, other] and not queue.empty
    # WHEN one of them ends THEN the next comes
    assert queue.next([b, other]) is c


def test_parts_that_wait_for_what_they_share_are_asked_for_one_at_a_time() -> None:
    # GIVEN an array whose first part found the configuration in use
    array, (a, b) = _parts(None, 2)
    queue = PhaseQueue(9, [array], 0.0)
    queue.remove(array)
    queue.unfold(array, [a, b])
    queue.remove(a)
    queue.put_back(a, 0.5, shared=True)
    # THEN no other part is tried meanwhile
    assert queue.next([]) is None
    # WHEN it is looked again THEN that part is the first, and the other follows
    assert queue.promote(0.5) is None
    assert queue.next([]) is a
    queue.remove(a)
    assert queue.next([a]) is b
