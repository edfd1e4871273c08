"""Tasks run in this process: what they start are real programs, only the start of an interpreter is saved."""

from __future__ import annotations

import contextlib
import io
import os
from types import ModuleType
from unittest import mock

import pytest
from orch_tui.components import kit

from tests.integration.attempts import Attempt


def run_here(given: Attempt, component: ModuleType) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the component, as :meth:`Attempt.run` gives them."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {**given.env, "ORCH_SECRETS": given.env.get("ORCH_SECRETS", "")}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as stop,
    ):
        kit.main(
            component.Parameters,
            component.run,
            getattr(component, "test_connection", None),
            getattr(component, "act", None),
        )
    code = stop.value.code
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()


def failure_of(given: Attempt, component: ModuleType) -> str:
    """The message of the error for the user that the attempt ends with."""
    code, out, err = run_here(given, component)
    assert code == 1, out + err
    return err
