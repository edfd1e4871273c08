"""docs/connectors.md: every example can be used as it stands, and every parameter is named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from orch_tui.components.kit.schema import parameters_model, validate_parameters
from orch_tui.model.components.component import Component
from orch_tui.project.project import Project

DOCS = Path(__file__).parents[2] / "docs"
BUILTIN = Path(__file__).parents[2] / "orch_tui" / "components"


def sections() -> dict[str, str]:
    """The text about each component; two may share one."""
    text = (DOCS / "connectors.md").read_text(encoding="utf-8")
    found = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        for name in re.findall(r"`([\w-]+)`", heading):
            found[name] = body
    return found


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Component]:
    root = tmp_path_factory.mktemp("project")
    (root / "orch.toml").write_text("")
    return dict(Project(root, builtin=BUILTIN).components())


def test_every_component_is_described_somewhere(components: dict[str, Component]) -> None:
    described = set(re.findall(r"^### `([\w-]+)`", (DOCS / "components.md").read_text(), re.MULTILINE)) | set(
        sections()
    )
    assert set(components) == described


@pytest.mark.parametrize("name", sorted(sections()))
def test_the_example_is_a_configuration(name: str, components: dict[str, Component], tmp_path: Path) -> None:
    # GIVEN the first example of the section
    example = re.search(r"```toml\n(.*?)```", sections()[name], re.DOTALL)
    assert example is not None
    # WHEN its parameters are checked THEN nothing is wrong with them
    parameters = tomllib.loads(example.group(1))["parameters"]
    assert validate_parameters(components[name], parameters, tmp_path) == []


@pytest.mark.parametrize("name", sorted(sections()))
def test_every_parameter_is_named(name: str, components: dict[str, Component]) -> None:
    fields = parameters_model(components[name]).model_fields
    names = {field.alias or key for key, field in fields.items()}
    # What two connectors have in common is told once.
    text = sections()[name] + sections()["postgres-extractor"] * name.endswith("-writer")
    assert {one for one in names if not re.search(rf"`[^`\n]*\b{one}\b[^`\n]*`|^{one} =", text, re.MULTILINE)} == set()
