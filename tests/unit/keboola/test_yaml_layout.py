"""A directory with ``_config.yml``: an edit here changes those lines there, and nothing else."""

from __future__ import annotations

import difflib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.keboola.importing import Change, plan_import
from orch_tui.keboola.pulled import plan_export, write_export
from orch_tui.model.components.configuration import ConfigurationRow
from orch_tui.project.project import Project
from orch_tui.project.saving.writer import save_configuration, save_orchestration

from tests.support.keboola_projects import bring_in, empty_project, snapshot, write_json

pytest.importorskip("ruamel.yaml")

FLOW = """\
version: 2
name: Nightly
_configuration_extra:
  phases:
  - id: p1
    name: Load
    next:
    - id: n1
      goto: p2
  - id: p2
    name: 'Clean'  # after it
    next: []
  tasks:
  - id: t1
    name: campaigns
    phase: p1
    enabled: true
    task: {type: job, componentId: keboola.ex-http, configId: '11', mode: run, configRowIds: [r1]}
  - id: t2
    name: clean
    phase: p2
    enabled: true
    task:
      type: job
      componentId: keboola.snowflake-transformation
      configId: '21'
      mode: run
      unknown: {kept: null}
_keboola:
  component_id: keboola.flow
  config_id: '72'
"""
EXTRACTOR = """\
# What campaigns there are.
version: 2
name: Campaigns
parameters:
  baseUrl: "https://example.com"   # of everything
  '#token': KBC::ProjectSecure::abc
  limit: null
  list: [1, 2]
output:
  tables:
    - source: raw
      destination: in.c-main.campaigns
_keboola: {component_id: keboola.ex-http, config_id: '11'}
"""
ROW = "version: 2\nname: First\nparameters:\n  path: a.csv\n_keboola:\n  row_id: r1\n"
CODE = """\
/* ===== BLOCK: First ===== */

/* ===== CODE: Clean ===== */
create table a as
select 1;

/* ===== STATEMENT ===== */

drop table b

/* ===== CODE: More ===== */
select 2;
"""


def _pulled(root: Path) -> Path:
    entries = [
        {"branchId": 1, "componentId": "keboola.ex-http", "id": "11", "path": "extractor/keboola.ex-http/campaigns",
         "rows": [{"id": "r1", "path": "rows/first"}]},
        {"branchId": 1, "componentId": "keboola.snowflake-transformation", "id": "21",
         "path": "transformation/keboola.snowflake-transformation/clean", "rows": []},
        {"branchId": 1, "componentId": "keboola.flow", "id": "72", "path": "other/keboola.flow/nightly", "rows": []},
    ]  # fmt: skip
    manifest = {"version": 2, "branches": [{"id": 1, "path": "main"}], "configurations": entries}
    write_json(root / ".keboola/manifest.json", manifest)
    places = {entry["id"]: root / "main" / str(entry["path"]) for entry in entries}
    (places["11"] / "rows/first").mkdir(parents=True)
    places["21"].mkdir(parents=True)
    places["72"].mkdir(parents=True)
    (places["11"] / "_config.yml").write_text(EXTRACTOR)
    (places["11"] / "rows/first/_config.yml").write_text(ROW)
    (places["21"] / "_config.yml").write_text("version: 2\nname: Clean\n")
    (places["21"] / "_description.md").write_text("Cleans.\n")
    (places["21"] / "transform.sql").write_text(CODE)
    (places["72"] / "_config.yml").write_text(FLOW)
    return root


def _exported(project: Project, pulled: Path) -> dict[str, list[str]]:
    """The lines that an export takes away and adds, by file."""
    before = snapshot(pulled)
    exported = plan_export(project, pulled)
    assert not exported.problems
    write_export(project, pulled, exported)
    after = snapshot(pulled)
    return {
        name: [
            line for line in difflib.ndiff(before.get(name, b"").decode().splitlines(), data.decode().splitlines())
            if line[0] in "+-"
        ]
        for name, data in after.items() if before.get(name) != data
    }  # fmt: skip


def _saved(project: Project, ref: str, **changes: object) -> None:
    component, _, name = ref.partition("/")
    value = project.configuration(ref)
    save_configuration(
        project, replace(value, **changes), project.source(project.paths.configuration(component, name))  # type: ignore[arg-type]
    )  # fmt: skip
    project.reload()


def test_what_was_not_edited_is_not_touched(tmp_path: Path) -> None:
    # GIVEN
    project, pulled = empty_project(tmp_path / "here"), _pulled(tmp_path / "pulled")
    bring_in(project, pulled)
    # THEN code and rows came in
    code = project.configuration("keboola.snowflake-transformation/clean")
    assert "drop table b" in str(code.parameters["parameters"]) and code.description == "Cleans."
    campaigns = project.configuration("keboola.ex-http/campaigns")
    assert campaigns.rows == (ConfigurationRow("r1", "First", parameters={"parameters": {"path": "a.csv"}}),)
    assert project.orchestration("nightly").phases[0].tasks[0].rows == ("r1",)
    # AND
    assert _exported(project, pulled) == {}


def test_edits_change_their_lines_alone(tmp_path: Path) -> None:
    # GIVEN
    project, pulled = empty_project(tmp_path / "here"), _pulled(tmp_path / "pulled")
    bring_in(project, pulled)
    # WHEN a parameter, a row, a statement, the name of a phase and a task are edited
    campaigns = project.configuration("keboola.ex-http/campaigns")
    parameters = json.loads(json.dumps(campaigns.parameters).replace("example.com", "example.org"))
    new = ConfigurationRow("second", "Second one", enabled=False, parameters={"parameters": {"path": "b.csv"}})
    row = replace(campaigns.rows[0], parameters={"parameters": {"path": "c.csv"}})
    _saved(project, campaigns.ref, parameters=parameters, rows=(row, new), row_parallel=3)
    clean = project.configuration("keboola.snowflake-transformation/clean")
    parameters = json.loads(json.dumps(clean.parameters).replace("drop table b", "drop table c"))
    _saved(project, clean.ref, parameters=parameters, description="Cleans it.")
    value = project.orchestration("nightly")
    first, second = value.phases
    task = replace(first.tasks[0], rows=(), enabled=False)
    more = replace(first.tasks[0], id="again")
    edited = replace(value, phases=(replace(first, tasks=(task, more)), replace(second, name="Clean up")))
    save_orchestration(project, edited, project.source(project.paths.orchestration("nightly")))
    project.reload()
    changed = _exported(project, pulled)
    # THEN
    extractor = "main/extractor/keboola.ex-http/campaigns"
    transformation = "main/transformation/keboola.snowflake-transformation/clean"
    assert changed.pop(f"{extractor}/_config.yml") == [
        '-   baseUrl: "https://example.com"   # of everything',
        '+   baseUrl: "https://example.org"   # of everything',
        "+ _configuration_extra:",
        "+   runtime:",
        "+     parallelism: '3'",
    ]
    assert changed.pop(f"{extractor}/rows/first/_config.yml") == ["-   path: a.csv", "+   path: c.csv"]
    assert "+ name: Second one" in changed.pop(f"{extractor}/rows/second-one/_config.yml")
    assert changed.pop(f"{transformation}/transform.sql") == ["- drop table b", "+ drop table c"]
    assert changed.pop(f"{transformation}/_description.md") == ["- Cleans.", "+ Cleans it."]
    flow = changed.pop("main/other/keboola.flow/nightly/_config.yml")
    assert "-     name: 'Clean'  # after it" in flow and "+     name: 'Clean up' # after it" in flow
    assert len([line for line in flow if line[0] == "-"]) == 3, flow
    assert changed == {}
    # AND an import finds nothing new, but for the row that is not known there yet
    project.reload()
    items = {item.ref: item.change for item in plan_import(project, pulled).items}
    assert {ref for ref, change in items.items() if change is not Change.SAME} <= {"keboola.ex-http/campaigns"}
