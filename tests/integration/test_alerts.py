"""Alerts as people get them: from whole runs, at real servers, through outages and kills."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.alerts.files import staying_lock
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.values import State
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.paths import ProjectPaths

from tests.servers.http_server import Answer, HttpServer
from tests.support.commands import command_here
from tests.support.engine_kit import until
from tests.support.projects import environment, make_project
from tests.unit.alerts.kit import age

RULE = '[[alerts]]\non = ["failed-first", "recovered"]\n'


def project(root: Path, channels: str) -> Path:
    made = make_project(root / "p", {"o": {"P": {"t": "echo it broke; test -e ok"}}}, f"{RULE}{channels}\n")
    age(made)
    return made


def told(root: Path) -> list[dict[str, Any]]:
    path = root / "told"
    return [json.loads(line) for line in path.read_text().splitlines() if line] if path.exists() else []


def test_who_runs_it_by_hand_is_told_at_the_end_of_the_run(tmp_path: Path) -> None:
    # GIVEN a command that keeps what it reads
    here = project(tmp_path, 'command = "cat >> told; echo >> told"')
    # WHEN it fails twice and then succeeds
    for _ in range(2):
        assert command_here(here, "run", "o", "-q").returncode == 1
    (here / "ok").touch()
    assert command_here(here, "run", "o", "-q").returncode == 0
    # THEN the first failure and the repair have been told when the command ends, and nothing waits
    assert [one["event"] for one in told(here)] == ["failed-first", "recovered"]
    assert "it broke" in told(here)[0]["text"]
    listed = json.loads(command_here(here, "alerts", "--json").stdout)
    assert [(one["event"], one["state"]) for one in listed] == [("failed-first", "sent"), ("recovered", "sent")]
    assert "works again" in command_here(here, "alerts").stdout
    # AND there is nothing to send, nor to try again
    assert command_here(here, "alerts", "send").returncode == 0 and len(told(here)) == 2
    assert "nothing was given up" in command_here(here, "alerts", "retry").stdout


def test_a_run_within_a_run_is_told_by_the_outer_one_alone(tmp_path: Path) -> None:
    tasks = {"inner": {"configuration": "orchestration/inner"}}
    here = make_project(
        tmp_path / "p",
        {"inner": {"P": {"t": "false"}}, "outer": {"P": tasks}},
        f'{RULE}command = "cat >> told; echo >> told"\n',
    )
    age(here)
    command_here(here, "run", "outer", "-q")
    assert [one["orchestration"] for one in told(here)] == ["outer"]


def test_what_a_killed_executor_did_not_tell_is_told_by_the_next(tmp_path: Path) -> None:
    # GIVEN a run that ended without its sender: nobody asked for alerts then
    here = make_project(tmp_path / "p", {"o": {"P": {"t": "false"}}})
    command_here(here, "run", "o", "-q")
    with (here / "orch.toml").open("a") as file:
        file.write(f'{RULE}command = "cat >> told; echo >> told"\n')
    age(here)
    # WHEN a line of cron looks, THEN it is told
    assert command_here(here, "alerts", "send").returncode == 0
    assert [one["event"] for one in told(here)] == ["failed-first"]


def test_channels_are_tried(tmp_path: Path) -> None:
    here = project(tmp_path, 'command = "cat >> told; echo >> told"')
    done = command_here(here, "alerts", "test")
    assert done.returncode == 0 and "sent" in done.stdout and "a test of alerts" in told(here)[0]["title"]
    assert command_here(project(tmp_path / "q", 'command = "exit 3"'), "alerts", "test", "o").returncode == 1
    none = make_project(tmp_path / "r", {"o": {"P": {"t": "true"}}})
    assert command_here(none, "alerts", "test").returncode == 2


def test_a_kill_at_any_step_loses_nothing_and_doubles_only_what_it_could_not_note(tmp_path: Path) -> None:
    # GIVEN a failure that nobody was told of, and two channels
    here = make_project(tmp_path / "p", {"o": {"P": {"t": "false"}}})
    command_here(here, "run", "o", "-q")
    with (here / "orch.toml").open("a") as file:
        file.write(f'{RULE}command = "one"\nto = ["json://localhost"]\n')
    age(here)
    # WHEN looking and sending are killed before each of their steps, one after the other
    script = [sys.executable, "-m", "tests.integration.alert_me", str(here)]
    subprocess.run(script, env=environment(), check=True, timeout=120)
    # THEN each channel has it, one entry is of each, and only what was killed before it was noted came again
    arrived = Counter((here / "arrived").read_text().split()[1::2])
    entries = Outbox(ProjectPaths(here)).entries()
    assert set(arrived) == {"one", "json://localhost"} and max(arrived.values()) <= 2
    assert len(entries) == 2 and all(entry.state is State.SENT for entry in entries)
    # AND with the same id, by which a receiver can tell
    assert len(set((here / "arrived").read_text().split()[::2])) == 2


# At servers that we did not write


class Mailbox:
    """What an SMTP server of aiosmtpd has taken."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.mails.append(envelope.content.decode())
        return "250 taken"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def ports() -> tuple[int, int]:
    pytest.importorskip("apprise")
    pytest.importorskip("aiosmtpd")
    return free_port(), free_port()


@pytest.fixture
def mailbox(ports: tuple[int, int]) -> Iterator[tuple[Mailbox, Any]]:
    """A mail server that is not started yet."""
    from aiosmtpd.controller import Controller

    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=ports[0])
    yield box, controller
    if controller.loop.is_running():
        controller.stop()


def test_through_an_outage_of_mail_and_web_each_alert_arrives_once_after_it(
    tmp_path: Path, ports: tuple[int, int], mailbox: tuple[Mailbox, Any]
) -> None:
    # GIVEN a mail server and a web server that are both down, with their addresses in .env
    here = project(tmp_path, 'to = ["${MAIL}", "${WEB}"]')
    mail = f"mailto://127.0.0.1:{ports[0]}?from=orch@example.com&to=me@example.com&mode=insecure"
    (here / ".env").write_text(f'MAIL="{mail}"\nWEB=json://127.0.0.1:{ports[1]}/hook-token-1\n')
    (here / ".env").chmod(0o600)
    # WHEN a run fails and the next succeeds, THEN the runs do not wait for them, and both alerts wait
    assert command_here(here, "run", "o", "-q").returncode == 1
    (here / "ok").touch()
    assert command_here(here, "run", "o", "-q").returncode == 0
    outbox = Outbox(ProjectPaths(here))
    assert len(outbox.waiting()) == 4
    # (a run waits some seconds for the first try, which on a busy machine comes later)
    until(lambda: "waits after" in command_here(here, "alerts").stdout, 60)
    assert "hook-token" not in command_here(here, "alerts").stdout
    # WHEN both are up again and the next try is due
    box, controller = mailbox
    controller.start()
    with HttpServer(port=ports[1]) as server:
        server.script("/hook-token-1", Answer(200))
        for entry in outbox.waiting():
            outbox.keep(replace(entry, after=0.0))
        until(lambda: command_here(here, "alerts", "send").returncode == 0 and not outbox.waiting(), 60)
        # THEN each has both, once
        titles = [json.loads(call.body)["title"] for call in server.calls]
    assert sorted(title.partition(": ")[2][:6] for title in titles) == ["failed", "works "]
    assert len(box.mails) == 2 and sum("it broke" in mail for mail in box.mails) >= 1
    assert all("me@example.com" in mail for mail in box.mails)
    # AND what stayed to try again has gone
    until(lambda: not is_locked(staying_lock(ProjectPaths(here))), 30)
