"""The commands ``import`` and ``export`` as people give them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from orch_tui.cli.main import cli
from orch_tui.cli.shared.errors import CliError
from orch_tui.project.project import open_project
from orch_tui.project.saving.writer import save_orchestration

from tests.support.keboola_projects import branching_flow, pulled_directory, snapshot, write_json


def _call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)), standalone_mode=False)


def test_an_import_into_a_new_project_ends_with_its_report(tmp_path: Path) -> None:
    # GIVEN
    pulled = pulled_directory(tmp_path / "pulled")
    # WHEN
    result = _call("import", pulled, "--new", tmp_path / "here")
    # THEN
    assert result.return_value == 0
    assert "orchestration/daily: exact, new" in result.output
    assert "EX_HTTP_CAMPAIGNS_TOKEN" in result.output
    assert open_project(tmp_path / "here").orchestration_ids() == ["daily", "outer"]


def test_what_differs_is_exit_code_3_and_json_has_it(tmp_path: Path) -> None:
    # GIVEN
    pulled = pulled_directory(tmp_path / "pulled")
    _call("import", pulled, "--new", tmp_path / "here")
    write_json(tmp_path / "flow.json", branching_flow())
    # WHEN
    result = _call("import", tmp_path / "flow.json", "-p", tmp_path / "here", "--dry-run", "--json")
    # THEN
    assert result.return_value == 3
    told = json.loads(result.output)
    assert (told["exact"], told["written"]) == (False, False)
    assert told["orchestrations"][0]["level"] == "differs"
    assert not (tmp_path / "here" / "orchestrations" / "flow.toml").exists()


def test_an_export_names_the_files_that_it_writes(tmp_path: Path) -> None:
    # GIVEN
    pulled = pulled_directory(tmp_path / "pulled")
    _call("import", pulled, "--new", tmp_path / "here")
    project = open_project(tmp_path / "here")
    value = project.orchestration("outer")
    save_orchestration(project, replace(value, name="Renamed"), project.source(project.paths.orchestration("outer")))
    before = snapshot(pulled)
    # WHEN
    dry = _call("export", pulled, "-p", tmp_path / "here", "--dry-run")
    # THEN
    assert snapshot(pulled) == before
    assert "written: main/other/keboola.flow/outer/meta.json" in dry.output
    # AND
    assert _call("export", pulled, "-p", tmp_path / "here").return_value == 0
    assert json.loads((pulled / "main/other/keboola.flow/outer/meta.json").read_text("utf-8"))["name"] == "Renamed"


def test_an_orchestration_goes_to_standard_output(tmp_path: Path) -> None:
    # GIVEN
    pulled = pulled_directory(tmp_path / "pulled")
    _call("import", pulled, "--new", tmp_path / "here")
    # WHEN
    result = _call("export", "outer", "-p", tmp_path / "here")
    # THEN
    assert json.loads(result.output)["tasks"][0]["task"]["configId"] == "71"


@pytest.mark.parametrize("source", ["nothing.json", "empty"])
def test_what_is_no_project_of_keboola_is_refused(tmp_path: Path, source: str) -> None:
    # GIVEN
    (tmp_path / "empty").mkdir()
    (tmp_path / "orch.toml").write_text("", encoding="utf-8")
    # WHEN
    result = _call("import", tmp_path / source, "-p", tmp_path)
    # THEN
    assert result.exception is not None
    assert source in str(result.exception)


def test_an_export_into_a_directory_that_is_not_there_says_so(tmp_path: Path) -> None:
    _call("import", pulled_directory(tmp_path / "pulled"), "--new", tmp_path / "here")
    with pytest.raises(CliError, match=r"there is no directory .*/nowhere; of a table"):
        _call_raising("export", tmp_path / "nowhere", "-p", tmp_path / "here")


def test_a_configuration_that_may_not_be_read_leaves_the_others_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a directory that may not be entered
    pulled = pulled_directory(tmp_path / "pulled")
    closed = pulled / "main/extractor/keboola.ex-http/campaigns"
    is_file = Path.is_file

    def refused(path: Path) -> bool:
        if path.parent == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refused)
    # WHEN
    result = _call("import", pulled, "--new", tmp_path / "here")
    # THEN what is wrong is said, and the rest is there
    assert "cannot be read: Permission denied" in result.output
    assert "outer" in open_project(tmp_path / "here").orchestration_ids()


def _call_raising(*arguments: object) -> None:
    result = _call(*arguments)
    assert result.exception is not None
    raise result.exception
