"""The parameters of the component ``keboola``: where the program is, and the body of a configuration of Keboola."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.processes.environment import Environment
from orch_tui.components.kit.processes.environments import Strict


class DataTypes(StrEnum):
    """How far the types count that a program tells of its columns; Keboola's words."""

    NONE = "none"
    HINTS = "hints"
    AUTHORITATIVE = "authoritative"


def _usable(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError("name a directory, relative to the project")
    return value


def _not_empty(value: list[str] | str) -> list[str] | str:
    if not value or (isinstance(value, str) and not value.strip()):
        raise ValueError('name a program, such as ["node", "ex-crm/src/index.js"]')
    if any("\0" in part for part in ([value] if isinstance(value, str) else value)):
        raise ValueError("a command has no NUL character in it")
    return value


Command = Annotated[list[str] | str, AfterValidator(_not_empty)]


class ProcessorDefinition(BaseModel):
    """Which processor it is; its tag is kept, and means nothing here."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    component: str = Field(min_length=1, title="Component", description="Such as keboola.processor-move-files.")


class Processor(BaseModel):
    """One stage before or after the program."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    definition: ProcessorDefinition
    parameters: dict[str, Any] = Field(default_factory=dict)


class ProcessorChain(BaseModel):
    """The stages on both sides of the program, in their order."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    before: list[Processor] = Field(
        default_factory=list, title="Before", description="Processors that run on the inputs, in this order."
    )
    after: list[Processor] = Field(
        default_factory=list, title="After", description="Processors that run on what the program wrote, in this order."
    )


class Parameters(kit.Parameters):
    """Which program, in which environment, with which parameters of its own; what else Keboola has is kept."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    venv: Annotated[str, AfterValidator(_usable)] | None = Field(
        None,
        title="Virtual environment",
        description="Directory of the virtual environment with the program's libraries, relative to the project.",
    )
    program: str | None = Field(
        None,
        min_length=1,
        title="Program",
        description="The component's file, such as component/src/component.py, relative to the project; "
        "or give a module or a command.",
    )
    module: str | None = Field(
        None,
        min_length=1,
        title="Module",
        description="A module of the virtual environment that is run with python -m; or give a program or a command.",
    )
    command: Command | None = Field(
        None,
        title="Command",
        description='Of a program that is not in Python: ["node", "ex-crm/src/index.js"], ["php", "ex-crm/run.php"]; '
        "it runs in the project's directory, without a shell.",
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
    data_types: DataTypes = Field(
        DataTypes.HINTS,
        title="Data types",
        description="none: every column is text. hints: a column has the type that the program tells where all of its "
        "values fit. authoritative: a value that does not fit is an error.",
    )
    data_folder: Literal["own", "/data"] = Field(
        "own",
        title="Data folder",
        description="own: where KBC_DATADIR says. /data: at that very place as well, for a program that has it written "
        "in its code; needs user namespaces of Linux.",
    )
    default_bucket: str | None = Field(
        None,
        title="Default bucket",
        description="All tables that the program writes go into this bucket, under the names of their files.",
    )
    input_mapping: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        title="Input mapping",
        description="Of inputs, by name: columns, column_types, where_column with where_values and where_operator, "
        "changed_since, days, limit, file_type.",
    )
    output_mapping: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        title="Output mapping",
        description="Of outputs, by name: columns, delimiter, enclosure, delete_where, write_always, optional.",
    )
    processors: ProcessorChain = Field(
        default_factory=ProcessorChain,
        title="Processors",
        description="Stages before and after the program, each with definition.component and parameters.",
    )
    storage: dict[str, Any] = Field(
        default_factory=dict,
        title="Storage",
        description="Files: input.files (tags, query, file_ids, limit, processed_tags), output.files (source, tags).",
    )
    runtime: dict[str, Any] = Field(
        default_factory=dict, title="Runtime", description="Kept from Keboola; it does nothing here."
    )

    @model_validator(mode="after")
    def _one_program(self) -> Parameters:
        if sum(one is not None for one in (self.program, self.module, self.command)) != 1:
            raise ValueError("give exactly one of program (a file), module (python -m) and command")
        if self.command is None and self.venv is None:
            raise ValueError("name the virtual environment of the program: venv")
        return self
