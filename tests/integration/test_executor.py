"""Whole runs of the phase executor with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import read_stat, tagged
from orch_tui.engine.requests.requests import CancelRequest, ask
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run, start_run
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.run.plan import Decision
from orch_tui.model.run.waits import why
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run

from tests.support.engine_kit import begin, make_commands, run, statuses, until, write_command


def test_phases_follow_each_other_and_tasks_of_a_phase_overlap(tmp_path: Path) -> None:
    # GIVEN two tasks that each wait for the other to have begun, and a second phase that looks at both
    meet = "touch {0}.began; while [ ! -e {1}.began ]; do sleep 0.01; done; touch {0}.done"
    project = make_commands(
        tmp_path,
        {
            "first": {"a": {"command": meet.format("a", "b"), "timeout": '"20s"'}, "b": meet.format("b", "a")},
            "second": {"c": "test -e a.done && test -e b.done && touch c.done"},
        },
    )
    # WHEN the run is executed
    state = run(project)
    # THEN both ran at once, and the second phase found them done
    assert state.status is Status.SUCCESS
    assert (tmp_path / "c.done").exists()


def test_a_failure_lets_siblings_finish_and_skips_later_phases(tmp_path: Path) -> None:
    project = make_commands(
        tmp_path, {"P1": {"bad": "echo broken pump; exit 1", "good": "sleep 0.2; touch good"}, "P2": {"later": "true"}}
    )
    state = run(project)
    assert state.status is Status.ERROR
    assert statuses(state) == {"bad": Status.ERROR, "good": Status.SUCCESS, "later": Status.SKIPPED}
    assert state.tasks["bad"].reason == "exit code 1: broken pump"
    assert state.tasks["later"].reason == 'phase "P1" failed'
    assert state.first_failure == "bad"


def test_continue_on_failure_ends_in_warning_and_goes_on(tmp_path: Path) -> None:
    bad = {"command": "exit 3", "continue_on_failure": "true"}
    state = run(make_commands(tmp_path, {"P1": {"bad": bad}, "P2": {"later": "true"}}))
    assert state.status is Status.WARNING
    assert statuses(state) == {"bad": Status.WARNING, "later": Status.SUCCESS}
    assert "exit code 3" in state.tasks["bad"].reason


def test_at_most_max_parallel_at_once(tmp_path: Path) -> None:
    # GIVEN tasks that write down how many of them are there
    count = "touch run.$$; ls run.* | wc -l >> counts; sleep 0.05; rm run.$$"
    project = make_commands(tmp_path, {"P": {f"t{i}": count for i in range(8)}}, "max_parallel = 2")
    # WHEN they run with a limit of two
    assert run(project).status is Status.SUCCESS
    # THEN never more than two were there
    assert max(map(int, (tmp_path / "counts").read_text().split())) == 2


def test_a_task_with_a_limit_of_one_runs_alone(tmp_path: Path) -> None:
    count = "touch run.$$; sleep 0.05; ls run.* | wc -l >> {0}; rm run.$$"
    tasks = {f"t{i}": count.format("counts") for i in range(3)}
    alone = {"command": count.format("alone"), "max_parallel": "1"}
    project = make_commands(tmp_path, {"P": {**tasks, "alone": alone, "last": count.format("counts")}})
    assert run(project).status is Status.SUCCESS
    assert (tmp_path / "alone").read_text().split() == ["1"]


def test_retry_gets_a_fresh_directory_and_a_log_of_its_own(tmp_path: Path) -> None:
    # GIVEN a task that fails twice and then succeeds
    flaky = {"command": "echo try $ORCH_ATTEMPT; test $ORCH_ATTEMPT = 3", "retry": '{ attempts = 2, delay = "10ms" }'}
    project = make_commands(tmp_path, {"P": {"flaky": flaky}})
    active = begin(project)
    active.wait(30)
    # THEN there were three attempts, and every log holds its own
    task = read_run(active.directory).tasks["flaky"]
    assert [attempt.status for attempt in task.attempts] == [Status.ERROR, Status.ERROR, Status.SUCCESS]
    logs = [(active.directory / "tasks" / "flaky" / str(n) / "log").read_text() for n in (1, 2, 3)]
    assert logs == ["try 1\n", "try 2\n", "try 3\n"]


def test_a_task_that_waits_for_its_retry_gives_its_slot_back(tmp_path: Path) -> None:
    flaky = {"command": "test -e other.done", "retry": '{ attempts = 40, delay = "50ms" }'}
    project = make_commands(tmp_path, {"P": {"flaky": flaky, "other": "touch other.done"}}, "max_parallel = 1")
    assert run(project).status is Status.SUCCESS


STUBBORN = (
    "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & "
    "setsid sh -c \"trap '' TERM; while :; do sleep 1; done\" & echo ready; while :; do sleep 1; done"
)


def test_timeout_ends_everything_the_task_started(tmp_path: Path) -> None:
    # GIVEN a task that ignores TERM, has a child that does too, and a grandchild in a session of its own
    task = {"command": STUBBORN, "timeout": '"700ms"', "grace": '"200ms"'}
    active = begin(make_commands(tmp_path, {"P": {"stubborn": task}}))
    # WHEN its time is over
    active.wait(30)
    # THEN it failed with the reason in words, and nothing of it is left
    state = read_run(active.directory).tasks["stubborn"]
    assert state.kind == "timeout"
    assert state.reason.startswith("timed out after 0.7 s; ended by SIGKILL, 0.")
    assert tagged([active.directory / "tasks" / "stubborn" / "1"]) == []


def test_cancel_ends_everything_and_the_rest_never_starts(tmp_path: Path) -> None:
    project = make_commands(
        tmp_path,
        {"P1": {"stubborn": {"command": STUBBORN, "grace": '"200ms"'}, "soft": "sleep 60"}, "P2": {"later": "true"}},
    )
    active = begin(project)
    log = active.directory / "tasks" / "stubborn" / "1" / "log"
    until(lambda: log.exists() and b"ready" in log.read_bytes())
    active.cancel(CancelRequest("ann@host"))
    assert active.wait(30) is Status.TERMINATED
    state = read_run(active.directory)
    assert statuses(state) == {
        "stubborn": Status.TERMINATED,
        "soft": Status.TERMINATED,
        "later": Status.CANCELLED,
    }
    assert state.tasks["soft"].reason.startswith("cancelled by ann@host; ended by SIGTERM")
    assert tagged([active.directory / "tasks" / name / "1" for name in ("stubborn", "soft")]) == []


def test_tasks_that_are_stopped_while_they_start_need_no_kill(tmp_path: Path) -> None:
    # GIVEN many tasks, some of which are between fork and exec at any moment
    project = make_commands(tmp_path, {"P": {f"t{n}": "sleep 60" for n in range(60)}}, "max_parallel = 60")
    active = begin(project)
    until(lambda: sum(bool(task.attempts) for task in read_run(active.directory).tasks.values()) > 40)
    # WHEN all are cancelled THEN TERM is enough for each
    active.cancel(CancelRequest("me"))
    assert active.wait(30) is Status.TERMINATED
    reasons = [task.reason for task in read_run(active.directory).tasks.values()]
    assert not [reason for reason in reasons if "SIGKILL" in reason]


def test_a_request_before_the_loop_runs_is_not_forgotten(tmp_path: Path) -> None:
    active = begin(make_commands(tmp_path, {"P": {"slow": "sleep 60"}}))
    active.cancel(CancelRequest("me", now=True))
    assert active.wait(30) in (Status.CANCELLED, Status.TERMINATED)


def test_another_process_cancels_one_task_only(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"slow": "sleep 60", "other": "sleep 0.3"}})
    active = begin(project)
    until(lambda: read_run(active.directory).tasks["slow"].attempts)
    ask(active.directory, CancelRequest("bob@elsewhere", task="slow"))
    assert active.wait(30) is Status.TERMINATED
    state = read_run(active.directory)
    assert statuses(state) == {"slow": Status.TERMINATED, "other": Status.SUCCESS}
    assert "cancelled by bob@elsewhere" in state.tasks["slow"].reason


def test_a_process_left_in_the_group_is_ended_and_counted(tmp_path: Path) -> None:
    active = begin(make_commands(tmp_path, {"P": {"leaver": "sleep 300 & echo $!"}}))
    assert active.wait(30) is Status.SUCCESS
    attempt = read_run(active.directory).tasks["leaver"].attempt
    pid = int((active.directory / "tasks" / "leaver" / "1" / "log").read_text())
    stat = read_stat(pid)
    assert attempt is not None and attempt.leftovers == 1
    assert stat is None or stat.state in "ZX"


def test_the_same_configuration_never_overlaps_in_one_run(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"one": {"configuration": "c"}, "two": {"configuration": "c"}}})
    write_command(tmp_path, "c", "mkdir busy && sleep 0.2 && rmdir busy")
    state = run(project)
    assert state.status is Status.SUCCESS


def test_the_same_configuration_never_overlaps_across_processes(tmp_path: Path) -> None:
    # GIVEN another process that holds the configuration's lock as a run does
    project = make_commands(tmp_path, {"P": {"t": "touch ran"}})
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD_LOCK, str(project.paths.configuration_lock("command/t"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    # WHEN a run comes to that task
    active = begin(project)
    until(lambda: read_run(active.directory).tasks["t"].reason)
    # THEN it waits, says for whom, and goes on when the lock is free
    state = read_run(active.directory)
    assert why(state, state.tasks["t"], RunTime(0)) == "configuration in use by run 42"
    assert not (tmp_path / "ran").exists()
    holder.communicate(b"\n")
    assert active.wait(30) is Status.SUCCESS


_HOLD_LOCK = """
import sys
from orch_tui.project.concurrent.locks import Lock
lock = Lock.acquire(sys.argv[1], "run 42")
print("held", flush=True)
sys.stdin.readline()
"""


def test_disabled_and_unselected_tasks_do_not_run(tmp_path: Path) -> None:
    off = {"command": "touch off", "enabled": "false"}
    project = make_commands(tmp_path, {"P1": {"off": off, "a": "touch a"}, "P2": {"b": "touch b"}})
    state = run(project, phases=["2"])
    assert {task.id: task.reason for task in state.tasks.values()} == {"off": "disabled", "a": "not selected", "b": ""}
    assert not (tmp_path / "a").exists() and (tmp_path / "b").exists()


def test_rerun_takes_what_failed_and_what_was_edited(tmp_path: Path) -> None:
    project = make_commands(
        tmp_path, {"P1": {"ok": "echo x >> ok", "edited": "true", "bad": "exit 1"}, "P2": {"z": "true"}}
    )
    first = run(project)
    write_command(tmp_path, "bad", "true")
    write_command(tmp_path, "edited", "echo again")
    project.reload()
    plan = plan_run(project, RunRequest("o", rerun="last"))
    reasons = {task.id: (task.decision, task.reason) for task in plan.tasks()}
    assert reasons == {
        "ok": (Decision.REUSED, f"reused from run {first.header.id}"),
        "edited": (Decision.RUN, f"edited since run {first.header.id}"),
        "bad": (Decision.RUN, f"failed in run {first.header.id}"),
        "z": (Decision.RUN, f"skipped in run {first.header.id}"),
    }
    second = run(project, rerun="last")
    assert second.status is Status.SUCCESS
    assert (tmp_path / "ok").read_text() == "x\n"
    # A third one finds everything done, through both runs.
    with pytest.raises(RunRefused, match="every task succeeded"):
        start_run(project, plan_run(project, RunRequest("o", rerun="last")), by="test")


def test_every_phase_has_ended_when_the_run_has(tmp_path: Path) -> None:
    # GIVEN phases of which nothing runs: disabled, not selected, reused
    off = {"command": "true", "enabled": "false"}
    project = make_commands(tmp_path, {"P1": {"bad": "exit 1"}, "P2": {"off": off}, "P3": {"z": "true"}})
    assert run(project).status is Status.ERROR
    write_command(tmp_path, "bad", "true")
    project.reload()
    # WHEN the run is continued, and again in part THEN each phase has a final status, and its reason
    again = run(project, rerun="last")
    assert again.status is Status.SUCCESS and all(phase.status.final for phase in again.phases.values())
    assert (again.phases["p2"].status, again.phases["p2"].reason) == (Status.SKIPPED, "disabled")
    part = run(project, phases=["3"])
    assert [(phase.status, phase.reason) for phase in part.phases.values()] == [
        (Status.SKIPPED, "not selected"),
        (Status.SKIPPED, "disabled"),
        (Status.SUCCESS, ""),
    ]
    write_command(tmp_path, "z", "true # edited")
    project.reload()
    reused = run(project, rerun=again.header.id)
    assert reused.phases["p1"].status is Status.SKIPPED and reused.phases["p1"].reason.startswith("reused from run")


def test_no_task_to_run_is_refused_with_a_sentence(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"off": {"command": "true", "enabled": "false"}}})
    with pytest.raises(RunRefused, match="no task to run"):
        begin(project)
    assert not (tmp_path / ".orch").exists()


def test_programs_that_cannot_start_are_found_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("x")
    project = make_commands(tmp_path, {"P": {"good": "touch good", "bad": "true", "worse": "true"}})
    write_command(tmp_path, "bad", ["./plain.txt"])
    write_command(tmp_path, "worse", ["no-such-program-here"])
    with pytest.raises(RunRefused) as refusal:
        begin(project)
    assert '"./plain.txt" is not executable; chmod +x it' in str(refusal.value)
    assert '"no-such-program-here" was not found in PATH' in str(refusal.value)
    assert not (tmp_path / "good").exists()


def test_variables_reach_parameters_and_environment_of_the_task(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"t": "echo {{ region }} > out"}}, '[variables]\nregion = "eu"')
    run(project)
    assert (tmp_path / "out").read_text() == "eu\n"
    run(project, variables={"region": "us"})
    assert (tmp_path / "out").read_text() == "us\n"


def test_a_task_gets_only_the_secrets_it_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cr3t-value")
    monkeypatch.setenv("SHOP_OTHER", "another")
    project = make_commands(tmp_path, {"P": {"t": "env > env.txt; echo ${SHOP_TOKEN}; test ${#SHOP_TOKEN} = 12"}})
    assert run(project).status is Status.SUCCESS
    environment = (tmp_path / "env.txt").read_text()
    assert "SHOP_TOKEN=" in environment and "SHOP_OTHER" not in environment
    state = b"".join(path.read_bytes() for path in (tmp_path / ".orch").rglob("*") if path.is_file())
    assert b"s3cr3t-value" not in state


def test_state_files_are_the_owners_only(tmp_path: Path) -> None:
    run(make_commands(tmp_path, {"P": {"t": "echo x"}}))
    for path in [tmp_path / ".orch", *(tmp_path / ".orch").rglob("*")]:
        allowed = 0o700 if path.is_dir() else 0o600
        if path.name != ".gitignore":
            assert path.stat().st_mode & 0o777 & ~allowed == 0, path


def test_binary_and_endless_output_is_kept_and_its_end_is_readable(tmp_path: Path) -> None:
    noisy = "head -c 3000000 /dev/urandom | tr -d '\\n'; printf '\\033]52;c;evil\\007\\033[31mlast words'; exit 1"
    active = begin(make_commands(tmp_path, {"P": {"noisy": noisy}}))
    active.wait(30)
    reason = read_run(active.directory).tasks["noisy"].reason
    assert reason.endswith("last words") or reason.startswith("exit code 1")
    assert not any(ord(character) < 32 for character in reason)


def test_a_log_over_its_limit_ends_the_task(tmp_path: Path) -> None:
    flood = {"command": "yes", "max_log_mb": "1", "grace": '"1s"'}
    state = run(make_commands(tmp_path, {"P": {"flood": flood}}))
    assert state.tasks["flood"].kind == "log_limit"
    assert "its log grew over 1 MiB (max_log_mb)" in state.tasks["flood"].reason


def test_the_journal_is_plain_toml(tmp_path: Path) -> None:
    active = begin(make_commands(tmp_path, {'quotes " [x] 🎉': {"t": "echo '[bold]'; exit 1"}}))
    active.wait(30)
    document = tomllib.loads((active.directory / "run.toml").read_text())
    assert document["run"]["id"] == active.id
    assert document["phase"][0]["name"] == 'quotes " [x] 🎉'
    assert [event["type"] for event in document["event"]][-1] == "run_ended"


def test_nothing_is_inherited_by_accident(tmp_path: Path) -> None:
    # GIVEN a file that the program has open
    with open(tmp_path / "open", "w"):
        project = make_commands(tmp_path, {"P": {"t": "ls -l /proc/self/fd > fds; cat > stdin"}})
        state = run(project)
    # THEN the task has its three descriptors, the lock of its configuration, and ls's own view of the directory
    targets = [line.rpartition(" -> ")[2] for line in (tmp_path / "fds").read_text().splitlines()[1:]]
    assert state.status is Status.SUCCESS
    assert sum(target.endswith("/.orch/locks/command/t.lock") for target in targets) == 1
    assert len(targets) == 5 and str(tmp_path / "open") not in targets
    assert (tmp_path / "stdin").read_text() == ""
    assert os.environ.get("ORCH_TASK") is None
