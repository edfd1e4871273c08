"""The component ``approval``: the executor itself asks, so this is its form only."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orch_tui.components import kit
from orch_tui.model.orchestration.approval import AnswerFault, question_of
from orch_tui.model.variables.references import variable_names


class AnswerField(BaseModel):
    """A value that whoever approves gives."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(title="Name", description="The variable that it becomes.")
    type: Literal["text", "integer", "number", "boolean", "date", "datetime"] = Field("text", title="Type")
    description: str = Field("", title="Description", description="What it is, for whoever answers.")
    default: Any = Field(None, title="Default", description="Without it a value has to be given.")
    choices: list[Any] = Field(default_factory=list, title="Choices", description="The only values that it may have.")


class Parameters(kit.Parameters):
    """What is asked, and of whom."""

    text: str = Field(
        min_length=1,
        title="Text",
        description="What is to be approved. {{ variables }} are filled in when it is asked.",
        json_schema_extra={"x-widget": "lines"},
    )
    fields: list[AnswerField] = Field(
        default_factory=list, title="Fields", description="Values that the answer gives; each becomes a variable."
    )
    approvers: list[str] = Field(
        default_factory=list, title="Approvers", description="Names of the users who may answer; none: everybody."
    )
    timeout: str | None = Field(
        None, title="Time limit", description='How long it waits, like "8h"; empty: until somebody answers.'
    )
    on_timeout: Literal["reject", "approve"] = Field(
        "reject", title="On time-out", description="What becomes of it when nobody answered in time."
    )

    @model_validator(mode="after")
    def _a_question(self) -> Self:
        values = self.model_dump()
        if not variable_names(values):
            try:
                question_of(values)
            except AnswerFault as error:
                raise ValueError(str(error)) from error
        return self
