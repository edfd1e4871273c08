"""Parameters whose text is a program are told to both sides: to the engine by the manifest, to the model by a mark."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from orch_tui.components.kit.parameters import literal_fields
from orch_tui.model.components.component import Component
from orch_tui.project.project import Project


def _with_models(tmp_path: Path) -> list[Component]:
    (tmp_path / "orch.toml").write_text('name = "x"\n')
    return [one for one in Project(tmp_path).components().values() if one.builtin and one.parameters_model]


def test_the_two_agree(tmp_path: Path) -> None:
    found = {}
    for component in _with_models(tmp_path):
        module, _, name = (component.parameters_model or "").partition(":")
        try:
            model = getattr(importlib.import_module(module), name)
        except ImportError as error:
            pytest.skip(f"a driver is missing: {error}")
        texts = {key for key in literal_fields(model) if model.model_fields[key].annotation is str}
        assert texts == set(component.programs), component.id
        found[component.id] = component.programs
    assert found["python"] == ("script",)
