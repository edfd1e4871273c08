"""``orch-tui test``: do the connections work, without a run."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from orch_tui.cli.shared.completion import complete_configuration
from orch_tui.cli.shared.errors import FAILED, SUCCESS, CliError
from orch_tui.cli.shared.opening import command_hint, json_option, open_it, project_option
from orch_tui.cli.shared.output import Output
from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    import asyncio

    from orch_tui.engine.processes.launcher import StopRequest
    from orch_tui.engine.trials.actions import ActionResult
    from orch_tui.model.components.configuration import Configuration
    from orch_tui.project.project import Project

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class _Case:
    """``broken`` says why there is no configuration to test."""

    ref: str
    configuration: Configuration | None
    variables: Mapping[str, str]
    broken: str = ""


@click.command("test")
@click.argument(
    "what", required=False, metavar="[COMPONENT/CONFIGURATION | ORCHESTRATION]", shell_complete=complete_configuration
)
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable; repeatable.")
@json_option
@project_option
def test_command(what: str | None, variables: tuple[str, ...], as_json: bool, project: str | None) -> int:
    """Test the connection of one configuration, or of all that an ORCHESTRATION (default: the project) has.

    Nothing is read, written or changed on either side, and each answers within 30 seconds. Exit code 1 when a
    connection does not work.
    """
    from orch_tui.cli.run.manner import parse_variables

    opened = open_it(project)
    given = parse_variables(variables)
    cases = _cases(opened, what, given)
    out = Output(sys.stdout)
    results: list[tuple[_Case, ActionResult]] = []
    stopped = 0
    if cases:
        import orch_tui.engine.runs.light_asyncio  # noqa: F401 - before the first import of asyncio

        results, stopped = _test_all(opened, cases, None if as_json else out)
    if as_json:
        from orch_tui.cli.shared.report import print_json

        print_json(out, [_json(case, result) for case, result in results])
    elif not cases:
        Output(sys.stderr).line("there is no configuration whose connection can be tested")
    if stopped:
        return 128 + stopped
    return SUCCESS if all(result.ok for _, result in results) else FAILED


def _cases(project: Project, what: str | None, given: Mapping[str, str]) -> list[_Case]:
    """Raises: CliError, DefinitionError: there is no such thing, or it cannot be tested."""
    from orch_tui.engine.trials.actions import testable
    from orch_tui.engine.trials.alone import variables_of
    from orch_tui.model.components.component import ORCHESTRATION_COMPONENT

    component, slash, name = (what or "").partition("/")
    if what is not None and not slash and what not in project.orchestration_ids():
        fits = [ref for ref in project.configuration_refs() if ref.partition("/")[2] == what]
        if len(fits) != 1:
            raise CliError(_unknown(what, fits))
        what, slash = fits[0], "/"
    if what is not None and slash and component != ORCHESTRATION_COMPONENT:
        project.configuration(what)
        found = testable(project, what)
        if isinstance(found, str):
            raise CliError(f"{safe_line(what, 200)}: {found}")
        return [_Case(what, found, variables_of(project, what, given))]
    if what is not None:
        return _orchestration_cases(project, name if slash else what, given)
    cases = []
    for ref in project.configuration_refs():
        owner = project.component(ref.partition("/")[0])
        if owner is not None and owner.can_be_tested:
            cases.append(_case(project, ref, variables_of(project, ref, given)))
    return cases


def _case(project: Project, ref: str, variables: Mapping[str, str]) -> _Case:
    from orch_tui.engine.trials.actions import testable

    found = testable(project, ref)
    return _Case(ref, None, variables, found) if isinstance(found, str) else _Case(ref, found, variables)


def _orchestration_cases(project: Project, orchestration_id: str, given: Mapping[str, str]) -> list[_Case]:
    """The configurations of its enabled tasks, each once for every set of variables."""
    orchestration = project.orchestration(orchestration_id)
    declared = {variable.name: variable.value for variable in project.settings.variables}
    declared |= {v.name: v.value for v in orchestration.variables if v.value is not None}
    declared |= given
    cases: dict[tuple[str, frozenset[tuple[str, str]]], _Case] = {}
    for task in orchestration.tasks():
        owner = project.component(task.configuration.partition("/")[0])
        if task.enabled and owner is not None and owner.can_be_tested:
            values = {name: value for name, value in {**declared, **task.variables}.items() if value is not None}
            key = (task.configuration, frozenset(task.variables.items()))
            cases.setdefault(key, _case(project, task.configuration, values))
    return list(cases.values())


def _unknown(what: str, fits: list[str]) -> str:
    if fits:
        return f'"{safe_line(what, 100)}" fits {len(fits)} configurations: name one of {", ".join(fits)}'
    hint = f"see {command_hint('list')} and {command_hint('list', 'configurations')}"
    return f'there is neither an orchestration nor a configuration "{safe_line(what, 100)}"; {hint}'


def _test_all(project: Project, cases: list[_Case], out: Output | None) -> tuple[list[tuple[_Case, ActionResult]], int]:
    """Results in the order of the cases, told as they come; and the signal that stopped it, or 0."""
    import asyncio

    from orch_tui.engine.processes.launcher import StopRequest
    from orch_tui.engine.trials.actions import ActionResult, run_action

    stops = [StopRequest() for _ in cases]
    came: list[int] = []

    async def all_of_them() -> list[tuple[_Case, ActionResult]]:
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(case: _Case, stop: StopRequest) -> tuple[_Case, ActionResult]:
            if case.configuration is None:
                result = ActionResult(False, case.broken, 0.0)
            else:
                async with turn:
                    if came:
                        return case, ActionResult(False, "cancelled", 0.0)
                    result = await run_action(project, case.configuration, case.variables, stop)
            if out is not None:
                _print(out, case, result)
            return case, result

        with _signals(asyncio.get_running_loop(), stops, came):
            return await asyncio.gather(*(one(case, stop) for case, stop in zip(cases, stops, strict=True)))

    results = asyncio.run(all_of_them())
    return results, came[0] if came else 0


@contextmanager
def _signals(loop: asyncio.AbstractEventLoop, stops: list[StopRequest], came: list[int]) -> Iterator[None]:
    """Ctrl-C, TERM and HUP stop the programs that were started, and then the command."""
    from orch_tui.model.failure import FailureKind

    def stop_all(number: int) -> None:
        for stop in stops:
            stop.ask(FailureKind.CANCEL, now=bool(came))
        came.append(number)

    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for kind in kinds:
        loop.add_signal_handler(kind, stop_all, kind)
    try:
        yield
    finally:
        for kind in kinds:
            loop.remove_signal_handler(kind)


def _print(out: Output, case: _Case, result: ActionResult) -> None:
    mark = out.paint("✔" if result.ok else "✖", "green" if result.ok else "red")
    if not out.unicode:
        mark = out.paint("ok" if result.ok else "failed", "green" if result.ok else "red")
    out.line(f"{mark} {safe_line(case.ref, 200)}  {safe_line(result.message)} ({result.seconds:.1f} s)")


def _json(case: _Case, result: ActionResult) -> dict[str, Any]:
    return {
        "configuration": case.ref,
        "name": case.configuration.name if case.configuration is not None else None,
        "ok": result.ok,
        "message": result.message,
        "seconds": round(result.seconds, 3),
    }
