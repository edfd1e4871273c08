"""The sample pipeline with its three systems, from the command line to the contacts that Mailchimp has.

Adform and Mailchimp are stand-ins of this project; every request to Mailchimp and every answer goes through Prism,
which holds them to Mailchimp's public OpenAPI description. Snowflake is an unmodified fakesnow server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_configs.stand_ins.together import ORCHESTRATION, PROJECT, StandIns, all_of_them, command

from tests.servers.prism import Prism
from tests.servers.tools import tool
from tests.support.projects import completed


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIns, Prism]]:
    with all_of_them(fakesnow=tool("fakesnow"), for_version_5=False) as found:
        directory = tmp_path_factory.mktemp("prism")
        with Prism(directory, found.mailchimp.url) as proxy:
            found.mailchimp.through = proxy.url
            yield found, proxy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the samples without the state of earlier runs."""
    root = tmp_path / "samples"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns(".orch", "out", ".env", "__pycache__"))
    return root


def run(project: Path, servers: StandIns, proxy: Prism, *more: str, **secrets: str) -> subprocess.CompletedProcess[str]:
    argv = command({**servers.variables, "mailchimp_url": proxy.url}, project)
    environment = {**os.environ, **servers.secrets, **secrets}
    return subprocess.run([*argv, *more], env=environment, capture_output=True, text=True, timeout=180)


def shown(project: Path) -> dict[str, object]:
    argv = [sys.executable, "-m", "orch_tui", "show", ORCHESTRATION, "--json", "--project", str(project)]
    result: dict[str, object] = json.loads(completed(argv, check=True).stdout)
    return result


def metrics(project: Path, task: str) -> dict[str, int]:
    """What the task counted in the newest run."""
    newest = max((project / ".orch" / "runs" / ORCHESTRATION).iterdir())
    found: dict[str, int] = json.loads((newest / "tasks" / task / "1" / "result.json").read_text())["metrics"]
    return found


def test_a_failure_is_gone_on_from_and_contacts_are_created_then_updated_and_none_twice(
    project: Path, servers: tuple[StandIns, Prism]
) -> None:
    stand_ins, proxy = servers
    audience = stand_ins.mailchimp.audience
    # GIVEN a wrong password for Adform, and no patience for retries
    path = project / "orchestrations" / f"{ORCHESTRATION}.toml"
    path.write_text(path.read_text().replace('retry = { attempts = 3, delay = "10s" }', ""))
    # WHEN the pipeline runs
    failed = run(project, stand_ins, proxy, ADFORM_CLIENT_SECRET="wrong-secret-of-adform")
    # THEN it ends before Mailchimp, and says which task failed first and why
    assert failed.returncode == 1
    assert "First failure: Adform extractor · Campaigns" in failed.stdout + failed.stderr
    assert "invalid_client; check client id, client secret" in failed.stdout
    assert "wrong-secret-of-adform" not in failed.stdout + failed.stderr
    assert not audience.members
    # WHEN the password is corrected and what failed runs again
    first = run(project, stand_ins, proxy, "--rerun-failed")
    # THEN what Snowflake gave is used again, and the rest is done
    assert first.returncode == 0, first.stdout + first.stderr
    tasks = {task["id"]: task for phase in shown(project)["phases"] for task in phase["tasks"]}  # type: ignore[attr-defined]
    recipients = tasks["email-recipient-index"]
    assert recipients["status"] == "skipped" and "reused" in recipients["reason"]
    assert tasks["new-recipients"]["status"] == "success"
    # AND everybody that the last transformation found is a contact
    count = len(audience.members)
    assert count > 100 and metrics(project, "new-recipients")["accepted"] == count
    assert all(member["status"] == "subscribed" for member in audience.members.values())
    # GIVEN one who leaves the list meanwhile
    left = next(iter(audience.members))
    audience.members[left]["status"] = "unsubscribed"
    # WHEN it runs again, the whole of it
    second = run(project, stand_ins, proxy)
    assert second.returncode == 0, second.stdout + second.stderr
    # THEN the same contacts were written once more, nobody was created twice, and who left stays away
    assert len(audience.members) == count and set(audience.created.values()) == {1}
    assert set(audience.writes.values()) == {2}
    assert audience.members[left]["status"] == "unsubscribed"
    # AND not one request or answer broke Mailchimp's description of its API
    assert proxy.violations == []
    # AND no secret is anywhere in what the program keeps
    kept = [file for file in (project / ".orch").rglob("*") if file.is_file()]
    assert len(kept) > 20
    for name in ("ADFORM_CLIENT_SECRET", "SNOWFLAKE_PASSWORD", "MAILCHIMP_API_KEY"):
        value = stand_ins.secrets[name].encode()
        assert [file for file in kept if value in file.read_bytes()] == [], name
    assert not any(stand_ins.secrets[name] in first.stdout + first.stderr for name in stand_ins.secrets)
