"""The component ``notification``: what is told, to whom, and how long the task waits for it to arrive."""

from __future__ import annotations

from pydantic import Field, field_validator

from orch_tui.components import kit
from orch_tui.model.texts.durations import parse_duration
from orch_tui.model.variables.references import variable_names
from orch_tui.project.definitions.alert_fields import is_address


class Parameters(kit.Parameters):
    """A message, and its targets."""

    text: str = Field(
        min_length=1,
        title="Text",
        description="What is told. {{ variables }} are filled in; secrets are masked.",
        json_schema_extra={"x-widget": "lines", "x-literal": True},
    )
    title: str = Field(
        "",
        title="Title",
        description="Its first line; the names of project and task when empty.",
        json_schema_extra={"x-literal": True},
    )
    to: list[str] = Field(
        default_factory=list,
        title="To",
        description="Addresses that apprise knows, as ${NAME} with the address in .env. Without these and a command: "
        "the channels of the alerts of orchestration and project.",
    )
    command: str = Field(
        "",
        title="Command",
        description="A shell command in the project's directory that reads the message as JSON; or besides.",
        json_schema_extra={"x-widget": "shell"},
    )
    wait: str | None = Field(
        None,
        title="Wait",
        description='How long the task waits for it to arrive, like "30s", and fails when it has not.',
    )

    @field_validator("to")
    @classmethod
    def _addresses(cls, values: list[str]) -> list[str]:
        for value in values:
            if not is_address(value) and not variable_names(value):
                # It may be a secret: it is not quoted.
                raise ValueError('an address has no scheme; write it like "mailto://…", or "${NAME}" for one in .env')
        return values

    @field_validator("wait")
    @classmethod
    def _a_time(cls, value: str | None) -> str | None:
        if value is not None and not variable_names(value):
            parse_duration(value)
        return value
