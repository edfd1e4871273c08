"""The built-in component ``notification``: a message in the middle of a flow, through the outbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orch_tui.alerts.files import staying_lock
from orch_tui.alerts.outbox import Outbox
from orch_tui.alerts.values import State
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.paths import ProjectPaths

from tests.support.commands import command_here
from tests.support.engine_kit import until
from tests.support.projects import make_project

COMMAND = 'test "$TOKEN" = s3cr3t-value && test -e up && cat >> told && echo >> told'


def project(root: Path, **parameters: str) -> Path:
    """Whose channel is down until there is a file ``up``."""
    tasks = {"tell": {"configuration": "notification/tell"}}
    made = make_project(root / "p", {"o": {"A": tasks, "B": {"after": "touch went-on"}}})
    (made / "configurations" / "notification").mkdir(parents=True)
    given = {"text": "Done: {{ what }}", "command": f"{COMMAND} # ${{TOKEN}}", **parameters}
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in given.items() if value)
    (made / "configurations" / "notification" / "tell.toml").write_text(f"[parameters]\n{lines}")
    (made / ".env").write_text("TOKEN=s3cr3t-value\n")
    (made / ".env").chmod(0o600)
    return made


def told(root: Path) -> list[dict[str, Any]]:
    path = root / "told"
    return [json.loads(line) for line in path.read_text().splitlines() if line] if path.exists() else []


def run(root: Path) -> int:
    return command_here(root, "run", "o", "-q", "--var", "what=it and s3cr3t-value").returncode


def test_a_target_that_is_down_delays_no_run_and_is_told_later_once(tmp_path: Path) -> None:
    # GIVEN a channel that does not answer
    here = project(tmp_path)

    # WHEN the flow is run
    assert run(here) == 0

    # THEN it went on, and the message is kept, without the secret
    assert (here / "went-on").exists() and told(here) == []
    entry = Outbox(ProjectPaths(here)).entries()[0]
    assert entry.state is State.WAITING and "s3cr3t" not in entry.alert.text

    # WHEN the channel works, and it is sent again and again
    (here / "up").touch()
    Outbox(ProjectPaths(here)).keep(entry.again(0.0))
    assert command_here(here, "alerts", "send").returncode == 0
    assert command_here(here, "alerts", "send").returncode == 0

    # THEN it has arrived once, with its id and the value of the variable
    (message,) = told(here)
    assert message["event"] == "message" and message["id"] == entry.id and message["task"] == "tell"
    assert message["text"].startswith("Done: it and *****\n") and f"orch-tui show {message['run']}" in message["text"]


def test_with_wait_the_task_ends_when_it_has_arrived_or_fails(tmp_path: Path) -> None:
    # GIVEN a channel that works, WHEN it is waited for, THEN it is there
    here = project(tmp_path / "up", wait="20s", title="Loaded")
    (here / "up").touch()
    assert run(here) == 0
    assert [one["title"] for one in told(here)] == ["Loaded"]

    # GIVEN one that does not, WHEN it is waited for, THEN the task fails and says why
    down = project(tmp_path / "down", wait="0.1s")
    assert run(down) == 1
    log = command_here(down, "logs", json.loads(command_here(down, "runs", "--json").stdout)[0]["id"], "tell").stdout
    assert "not arrived at command" in log and not (down / "went-on").exists()

    # AND nobody stays for what is not to be sent any more
    paths = ProjectPaths(down)
    (entry,) = Outbox(paths).entries()
    Outbox(paths).remove(entry.id)
    until(lambda: not is_locked(staying_lock(paths, entry.id)) and not is_locked(staying_lock(paths)))


def test_without_targets_it_goes_where_alerts_go_or_says_that_there_are_none(tmp_path: Path) -> None:
    # GIVEN neither targets nor alerts, WHEN it runs, THEN it says what to do
    here = project(tmp_path, command="", wait="20s")
    assert run(here) == 1
    log = command_here(here, "logs", json.loads(command_here(here, "runs", "--json").stdout)[0]["id"], "tell").stdout
    assert "there is nobody to tell" in log

    # GIVEN alerts of the orchestration
    with (here / "orchestrations" / "o.toml").open("a") as file:
        file.write('[[alerts]]\non = ["slow"]\ncommand = "cat >> told; echo >> told"\n')

    # WHEN, THEN
    assert run(here) == 0 and len(told(here)) == 1


def test_its_connection_can_be_tried_and_bad_parameters_are_refused(tmp_path: Path) -> None:
    # GIVEN, WHEN, THEN
    here = project(tmp_path)
    assert command_here(here, "test", "notification/tell", "--var", "what=x").returncode == 1
    (here / "up").touch()
    assert command_here(here, "test", "notification/tell", "--var", "what=x").returncode == 0
    assert "This is a test" in told(here)[0]["text"]
    wrong = project(tmp_path / "wrong", wait="soon")
    checked = command_here(wrong, "check")
    assert checked.returncode != 0 and "wait" in checked.stdout
    wrong.joinpath("configurations/notification/tell.toml").write_text('[parameters]\ntext = "x"\nto = ["s3cr3t"]\n')
    checked = command_here(wrong, "check")
    assert checked.returncode != 0 and "s3cr3t" not in checked.stdout and "scheme" in checked.stdout
