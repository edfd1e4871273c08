"""``orch-tui check`` tries what a store must do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.objects.bucket import Bucket
from orch_tui.storage.objects.client import Objects, Unknown
from orch_tui.storage.probing import probe_storage

from tests.servers.s3 import KEYS, Fault, S3Server
from tests.support.commands import command_here


@pytest.fixture
def paths(tmp_path: Path, s3: S3Server) -> ProjectPaths:
    (tmp_path / "orch.toml").write_text(s3.settings("probed"))
    (tmp_path / ".env").write_text(f"AWS_ACCESS_KEY_ID={KEYS[0]}\nAWS_SECRET_ACCESS_KEY={KEYS[1]}\n")
    (tmp_path / ".env").chmod(0o600)
    return ProjectPaths(tmp_path)


def test_a_store_that_keeps_its_word_has_no_problem_and_nothing_stays(paths: ProjectPaths, s3: S3Server) -> None:
    assert probe_storage(paths) == []
    left = s3.storage(paths.root, "probed").place
    assert isinstance(left, Bucket) and [one.key.partition("/")[0] for one in left.objects.list("")] == ["clock"]


@pytest.mark.parametrize(
    ("condition", "says"),
    [("*", "does not heed If-None-Match"), ('"', "does not heed If-Match")],
    ids=["none", "match"],
)
def test_a_store_that_does_not_heed_a_condition_is_refused(
    paths: ProjectPaths, s3: S3Server, condition: str, says: str
) -> None:
    s3.fault = lambda call: Fault(without_condition=True) if call.condition.startswith(condition) else None
    (problem,) = probe_storage(paths)
    assert says in problem.message and problem.severity.value == "error" and problem.remedy


@pytest.mark.parametrize(
    ("status", "says"), [(403, "refuses the key"), (501, "answers 501"), (404, "tables cannot be kept")]
)
def test_a_store_that_refuses_is_a_sentence(paths: ProjectPaths, s3: S3Server, status: int, says: str) -> None:
    s3.fault = lambda call: Fault(status=status)
    (problem,) = probe_storage(paths)
    assert says in problem.message and "\n" not in problem.message and KEYS[1] not in str(problem)


def test_a_store_that_does_not_answer_is_told_with_the_remedy_alone(
    paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a store that is gone, so that nobody knows whether the object of the probe was written
    def gone(*_: object) -> str:
        raise Unknown("s3://b/p does not answer; check endpoint in [storage]")

    monkeypatch.setattr(Objects, "swap", gone)
    # THEN what to do is the remedy, and not what matters to tables only
    (problem,) = probe_storage(paths)
    assert problem.message == "tables cannot be kept: s3://b/p does not answer"
    assert problem.remedy == "check endpoint in [storage]"


def test_a_clock_that_is_far_off_is_a_warning(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Objects, "now", lambda self: datetime.now(UTC) + timedelta(minutes=12))
    (problem,) = probe_storage(paths)
    assert "12 min ahead of this machine's" in problem.message and problem.severity.value == "warning"


def test_check_tells_it_with_all_other_problems(paths: ProjectPaths, s3: S3Server) -> None:
    s3.fault = lambda call: Fault(without_condition=True)
    told = command_here(paths.root, "check")
    assert told.returncode == 2 and "does not heed If-None-Match" in told.stdout
