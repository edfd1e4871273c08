"""Code that transformations share is put in where they name it, and stays one thing in Keboola."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.keboola.importing import Change, plan_import
from orch_tui.keboola.mapping.findings import Level
from orch_tui.keboola.mapping.shared_code import with_shared, without_shared
from orch_tui.keboola.pulled import plan_export, write_export
from orch_tui.project.project import Project
from orch_tui.project.saving.writer import save_configuration

from tests.support.keboola_projects import bring_in, empty_project, pulled_directory, snapshot, write_json

REF = "keboola.python-transformation-v2/clean"
CODE = "main/transformation/keboola.python-transformation-v2/clean/blocks/001-first/001-all/code.py"


def _with_shared_code(root: Path) -> Path:
    pulled = pulled_directory(root)
    manifest = json.loads((pulled / ".keboola/manifest.json").read_text())
    manifest["configurations"].append(
        {"branchId": 1, "componentId": "keboola.shared-code", "id": "61",
         "path": "_shared/keboola.python-transformation-v2", "rows": [{"id": "join", "path": "codes/join"}]}
    )  # fmt: skip
    write_json(pulled / ".keboola/manifest.json", manifest)
    shared = pulled / "main/_shared/keboola.python-transformation-v2"
    write_json(shared / "config.json", {"componentId": "keboola.python-transformation-v2"})
    write_json(shared / "codes/join/config.json", {})
    (shared / "codes/join/code.py").write_text("import ${x}\njoin({{ day }})\n")
    place = pulled / "main/transformation/keboola.python-transformation-v2/clean/config.json"
    body = json.loads(place.read_text())
    write_json(place, {**body, "shared_code_path": "_shared/keboola.python-transformation-v2"})
    (pulled / CODE).write_text("print('{{ day }}')\n# {{:codes/join}}\n")
    return pulled


def _edit(project: Project, old: str, new: str) -> None:
    value = project.configuration(REF)
    parameters: Any = json.loads(json.dumps(value.parameters).replace(old, new))
    base = project.source(project.paths.configuration(*REF.split("/")))
    save_configuration(project, replace(value, parameters=parameters), base)
    project.reload()


def test_shared_code_comes_in_and_stays_a_reference_there(tmp_path: Path) -> None:
    # GIVEN
    project, pulled = empty_project(tmp_path / "here"), _with_shared_code(tmp_path / "pulled")
    before = snapshot(pulled)
    # WHEN
    plan = plan_import(project, pulled)
    bring_in(project, pulled)
    # THEN its text stands between two comments
    assert next(item for item in plan.items if item.ref == REF).level is Level.EXACT
    text = str(project.configuration(REF).parameters["parameters"]["blocks"])
    assert "import $${x}\njoin({{ day }})\n# <<< shared code" in text
    # AND nothing is written back
    write_export(project, pulled, plan_export(project, pulled))
    assert snapshot(pulled) == before
    # WHEN the code beside it is edited
    _edit(project, "print('{{ day }}')", "print(1)")
    exported = plan_export(project, pulled)
    write_export(project, pulled, exported)
    # THEN the reference is there again
    assert (pulled / CODE).read_text() == "print(1)\n# {{:codes/join}}\n" and exported.exact
    project.reload()
    assert all(item.change is Change.SAME for item in plan_import(project, pulled).items)


def test_an_edit_of_shared_code_is_told(tmp_path: Path) -> None:
    # GIVEN
    project, pulled = empty_project(tmp_path / "here"), _with_shared_code(tmp_path / "pulled")
    bring_in(project, pulled)
    # WHEN
    _edit(project, "join({{ day }})", "join(2)")
    exported = plan_export(project, pulled)
    # THEN
    assert "codes/join is to be changed in Keboola itself" in " ".join(exported.notes)


def test_shared_code_that_is_not_there_cannot_run(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    body = {"parameters": {"blocks": [{"name": "b", "codes": [{"name": "c", "script": ["{{77}}"]}]}]},
            "shared_code_id": "61", "shared_code_row_ids": ["77"]}  # fmt: skip
    stored = {"id": "1", "name": "T", "componentId": "keboola.snowflake-transformation", "configuration": body}
    write_json(tmp_path / "t.json", stored)
    # WHEN
    plan = plan_import(project, tmp_path / "t.json")
    # THEN
    assert plan.items[0].level is Level.CANNOT_RUN


@pytest.mark.parametrize(("component", "sign"), [("keboola.snowflake-transformation", "--"), ("x.python-y", "#")])
def test_what_was_put_in_is_taken_out(component: str, sign: str) -> None:
    # GIVEN
    script = "select 1;\n{{ 77 }}\n  select {{ 77 }};\n{{78}}"
    body = {"parameters": {"blocks": [{"codes": [{"script": [script], "name": "{{77}}"}]}]}}
    # WHEN
    made = with_shared(body, {"77": "a\nb"}, component)["parameters"]["blocks"][0]["codes"][0]
    # THEN
    put_in = f"{sign} >>> shared code: {{{{ 77 }}}}\na\nb\n{sign} <<< shared code"
    text = f"select 1;\n{put_in}\n  select {{{{ 77 }}}};\n{{{{78}}}}"
    assert made == {"script": [text], "name": "{{77}}"}
    noted: list[str] = []
    assert without_shared(text, noted.append, {"77": "a\nb"}) == script and noted == []
    assert without_shared(text, noted.append, {"77": "other"}) == script and noted == ["77"]
