"""What components are written with: ``from orch_tui.components import kit``.

Its names are looked up when they are asked for: the runner and the screens need single modules of this package, and
what :mod:`orch_tui.components.kit.component` imports takes longer than they have.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orch_tui.components.kit.component import (
        TEST_CONNECTION,
        Answer,
        Context,
        Input,
        Output,
        Parameters,
        UserError,
        connect,
        main,
    )

__all__ = ["TEST_CONNECTION", "Answer", "Context", "Input", "Output", "Parameters", "UserError", "connect", "main"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("orch_tui.components.kit.component"), name)
