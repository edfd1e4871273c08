"""The parameter ``environment`` of every component that starts a program of the user's."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from orch_tui.model.components.component import TASK_ENVIRONMENT

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_environment(value: dict[str, str]) -> dict[str, str]:
    """Raises: ValueError for what the operating system would refuse as a variable, and for what is orch-tui's own."""
    for name, text in value.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f'"{name}" is no name of a variable; use letters, digits and "_"')
        if name in TASK_ENVIRONMENT:
            raise ValueError(f'"{name}" is set by orch-tui itself for every task; remove it')
        if "\0" in text:
            raise ValueError(f"the value of {name} holds a NUL character")
    return value


Environment = Annotated[
    dict[str, str],
    AfterValidator(check_environment),
    Field(
        title="Environment",
        description="More environment variables. Secrets are references like ${API_TOKEN}.",
    ),
]
"""A parameter of every component that starts a program of the user's."""
