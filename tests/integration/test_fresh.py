"""``orch-tui fresh`` and ``run --changed`` as processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.projects import make_project, orch


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A file that is loaded into a table."""
    project = make_project(tmp_path, {"load": {"Load": {"a": {"configuration": "file-extractor/a"}}}})
    (project / "a.csv").write_text("k\n1\n")
    folder = project / "configurations" / "file-extractor"
    folder.mkdir()
    (folder / "a.toml").write_text('[parameters]\npath = "a.csv"\n[[outputs]]\nname = "a"\ntable = "raw/a"\n')
    return project


def test_a_table_is_made_and_then_there_is_nothing_to_do(project: Path) -> None:
    # WHEN THEN it is said before what will run, and why
    said = orch(project, "fresh", "raw/a", "--dry-run").stdout
    assert "has not succeeded yet" in said
    assert "raw/a: 1 task of 1 to run" in said
    # WHEN
    done = orch(project, "fresh", "raw/a", "--json")
    # THEN standard output is the plan alone
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["runs"] == [{"orchestration": "load", "tasks": ["a"]}]
    # AND nothing is left to do
    assert orch(project, "fresh", "raw/a").stdout.splitlines()[-1] == "raw/a is up to date: 0 tasks to run"
    again = orch(project, "run", "load", "--changed")
    assert (again.returncode, again.stdout) == (0, "nothing to do: what every task did last still holds\n")
    plan = json.loads(orch(project, "run", "load", "--changed", "--source", "a.csv", "--dry-run", "--json").stdout)
    (task,) = plan["phases"][0]["tasks"]
    assert task["because"] == {"cause": "source-changed", "source": "a.csv", "by": "as was said"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fresh", "raw/b"], 'no configuration writes the table "raw/b"'),
        (["run", "load", "--source", "a.csv"], "--source only with --changed"),
        (["run", "load", "--changed", "--rerun-failed"], "--changed goes without --rerun-failed"),
    ],
    ids=["no table", "source alone", "rerun"],
)
def test_what_cannot_be_is_said(project: Path, arguments: list[str], sentence: str) -> None:
    done = orch(project, *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
