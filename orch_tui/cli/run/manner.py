"""How ``orch-tui run`` tells and judges a run, and the variables that it is given."""

from __future__ import annotations

from orch_tui.cli.shared.errors import FAILED, SUCCESS, WARNED, CliError
from orch_tui.model.dataclass import dataclass
from orch_tui.model.status import Status
from orch_tui.model.texts.text import safe_line


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is told and judged."""

    strict: bool = False
    as_json: bool = False
    plain: bool = False
    quiet: bool = False
    wait: bool = False
    nested_in: str | None = None
    sources: tuple[str, ...] | None = None
    """With ``--changed``: what is said to have changed; None without."""
    on_stderr: bool = False


def exit_code(status: Status, *, strict: bool, signal: int | None = None) -> int:
    """What a run's end means for whoever called; ``signal`` is the one that this process was asked to stop with."""
    if status is Status.SUCCESS:
        return SUCCESS
    if signal is not None:
        return 128 + signal
    if status is Status.WARNING:
        return WARNED if strict else SUCCESS
    return FAILED


def parse_variables(texts: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` texts. Raises: CliError."""
    variables = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise CliError(f'--var {safe_line(text, 80)}: write it as --var NAME=VALUE, like --var day="2026-11-22"')
        variables[name.strip()] = value
    return variables
