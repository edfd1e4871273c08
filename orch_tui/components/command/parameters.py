"""The component ``command``: any shell command or program. The engine itself starts it, so this is its form only."""

from __future__ import annotations

from pydantic import Field, field_validator

from orch_tui.components import kit
from orch_tui.components.kit.processes.environment import Environment
from orch_tui.project.definitions.shell import shell_words


class Parameters(kit.Parameters):
    command: str | list[str] = Field(
        title="Command",
        description=(
            "A text is for a shell; one of several lines ends at the first line that fails. A list is a program and "
            "its arguments, without a shell."
        ),
        json_schema_extra={"x-widget": "shell"},
    )
    directory: str = Field(
        ".", title="Directory", description="Where the command runs, relative to the project directory."
    )
    shell: str | None = Field(
        None,
        title="Shell",
        description=(
            "What runs the text, with its options, like sh, bash -eu or {python}; the text follows behind -c. Empty: "
            "/bin/sh for one line, bash -e -o pipefail for several."
        ),
    )
    environment: Environment = Field(default_factory=dict)

    @field_validator("shell")
    @classmethod
    def _a_shell(cls, value: str | None) -> str | None:
        if value is not None:
            shell_words(value)
        return value

    @field_validator("command")
    @classmethod
    def _something_to_run(cls, value: str | list[str]) -> str | list[str]:
        if not (value.strip() if isinstance(value, str) else value and value[0]):
            raise ValueError("name a command to run")
        if "\0" in (value if isinstance(value, str) else "".join(value)):
            raise ValueError("a command cannot hold a NUL character")
        return value

    @field_validator("directory")
    @classmethod
    def _a_directory(cls, value: str) -> str:
        if not value.strip() or "\0" in value:
            raise ValueError('name a directory, "." for the project itself')
        return value
