"""The parameters of the component ``keboola``: where the program is, and the body of a configuration of Keboola."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.environment import Environment
from orch_tui.components.kit.environments import Directory, Strict, venv_field


class Parameters(kit.Parameters):
    """Which program, in which environment, with which parameters of its own; what else Keboola has is kept."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    venv: Directory = venv_field("with the program's libraries")
    program: str | None = Field(
        None,
        min_length=1,
        title="Program",
        description="The component's file, such as component/src/component.py, relative to the project; "
        "or give a module.",
    )
    module: str | None = Field(
        None,
        min_length=1,
        title="Module",
        description="A module of the virtual environment that is run with python -m; or give a program.",
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        title="Parameters",
        description='The "parameters" of the component\'s config.json. Keys with # are secrets: write references like '
        "${API_TOKEN}.",
    )
    image_parameters: dict[str, Any] = Field(
        default_factory=dict, title="Image parameters", description="What the component's vendor would set."
    )
    authorization: dict[str, Any] = Field(
        default_factory=dict,
        title="Authorization",
        description='The "authorization" of config.json, for components that sign in with OAuth.',
    )
    log: Literal["text", "gelf"] = Field(
        "text",
        title="Log",
        description="text: what it prints. gelf: its log messages with their levels, received on this machine only.",
    )
    environment: Environment = Field(default_factory=dict)
    strict: Strict = False
    default_bucket: str | None = Field(
        None,
        title="Default bucket",
        description="All tables that the program writes go into this bucket, under the names of their files.",
    )
    input_mapping: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        title="Input mapping",
        description="Of inputs, by name: columns, where_column with where_values and where_operator, limit.",
    )
    output_mapping: dict[str, dict[str, Any]] = Field(
        default_factory=dict, title="Output mapping", description="Of outputs, by name, what config.json has besides."
    )
    processors: dict[str, Any] = Field(
        default_factory=dict, title="Processors", description="Kept from Keboola; a task that has some is refused."
    )
    storage: dict[str, Any] = Field(
        default_factory=dict,
        title="Storage",
        description="Kept from Keboola: what of its mapping is no input or output here.",
    )
    runtime: dict[str, Any] = Field(
        default_factory=dict, title="Runtime", description="Kept from Keboola; it does nothing here."
    )

    @model_validator(mode="after")
    def _one_program(self) -> Parameters:
        if (self.program is None) == (self.module is None):
            raise ValueError("give either program (a file) or module (python -m), and not both")
        return self
