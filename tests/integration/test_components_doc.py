"""The worked example of docs/components.md is what it claims to be: complete and working."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
from orch_tui.components.kit.schema import validate_parameters
from orch_tui.model.components.component import Component, ComponentType
from orch_tui.storage.tables import Publication

from tests.integration.attempts import Attempt, attempt
from tests.support.tables import parquet_file, rows

DOC = Path(__file__).parents[2] / "docs" / "components.md"


def example(project: Path, query: str) -> Attempt:
    """The example's files written to ``project``, and its task ready to run on one table."""
    for path, text in re.findall(r"```\w+ file=(\S+)\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    body = tomllib.loads((project / "configurations/word-count/subjects.toml").read_text())
    given = attempt(
        project,
        body["parameters"],
        inputs=[{"source": item["table"], "destination": item["name"]} for item in body["inputs"]],
        outputs=[
            {"source": item["name"], "destination": item["table"], "primary_key": item["primary_key"]}
            for item in body["outputs"]
        ],
    )
    given.storage.publish([Publication("marketing/campaigns", parquet_file(project / "seed.parquet", query))])
    return given


def run(given: Attempt) -> tuple[int, str, str]:
    manifest = tomllib.loads((given.project / "components/word-count.toml").read_text())
    filled = {"{python}": sys.executable, "{component_dir}": str(given.project / "components")}
    argv = [re.sub(r"\{\w+\}", lambda found: filled[found.group()], part) for part in manifest["command"]]
    return given.run("orch_tui.components.kit.processes.runner", "--stage", "--tables", manifest["tables"], "--", *argv)


def test_the_example_runs(tmp_path: Path) -> None:
    # GIVEN the three files of the page and a table
    given = example(tmp_path, "select * from (values ('Sale now'), ('sale ends'), ('new')) t(subject)")
    # WHEN the task runs
    code, out, err = run(given)
    # THEN its table is in the storage
    assert (code, err) == (0, "") and "1 words" in out
    info = given.storage.get("marketing/subject-words")
    assert info is not None and rows(info.file) == [("sale", "2")] and info.primary_key == ("word",)
    assert given.result["metrics"] == {"words": 1}


def test_its_user_error_is_the_message(tmp_path: Path) -> None:
    code, _, err = run(example(tmp_path, "select 1 as id"))
    assert (code, err) == (1, 'there is no column "subject" in marketing/campaigns\n')


@pytest.mark.parametrize(
    ("parameters", "says"),
    [({"column": "x"}, []), ({"colum": "x"}, ["colum: there is", "column: this"]), ({"column": 1}, ["column: must"])],
)
def test_its_schema_checks_parameters(tmp_path: Path, parameters: dict[str, object], says: list[str]) -> None:
    example(tmp_path, "select 1 as id")
    schema = tomllib.loads((tmp_path / "components/word-count.toml").read_text())["schema"]
    component = Component("word-count", "Word count", ComponentType.TRANSFORMATION, schema=schema)
    found = validate_parameters(component, parameters, tmp_path)
    assert len(found) == len(says) and all(map(str.startswith, found, says))
