"""Component ``keboola``: a program written for Keboola's common interface, in an environment of its own.

Sources: https://developers.keboola.com/extend/common-interface/ (folders, config file, environment, actions).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orch_tui.components import kit
from orch_tui.components.keboola.data_folder import DataFolder
from orch_tui.components.keboola.files import InputFiles, OutputFiles, mappings
from orch_tui.components.keboola.inputs import InputTables, keboola_id
from orch_tui.components.keboola.launching import Launch, find_program, for_the_user, spoken
from orch_tui.components.keboola.outputs import OutputTables
from orch_tui.components.keboola.parameters import DataTypes, Parameters
from orch_tui.components.keboola.secrets import note_open_secrets
from orch_tui.components.keboola.stages import Stage
from orch_tui.components.kit.component import TEST_CONNECTION, Context
from orch_tui.components.kit.processes.environments import USER_ERROR
from orch_tui.components.kit.processes.runner import stop_code
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import output_state
from orch_tui.project.files.own_files import read_own_text

_OWN_STATE = "orch-tui"
"""The key of a saved state with what the mappings remember; the program never sees it."""


class _Task:
    """One run of a configuration."""

    def __init__(self, parameters: Parameters, ctx: Context) -> None:
        """Raises: UserError: something that it needs is not there; nothing has been started then."""
        self._parameters = parameters
        self._ctx = ctx
        self._types = _data_types(parameters)
        self._before = [Stage(one, ctx) for one in parameters.processors.before]
        self._after = [Stage(one, ctx) for one in parameters.processors.after]
        self._launch = Launch(find_program(parameters, ctx), parameters, ctx, ctx.component)
        self._state = {key: value for key, value in ctx.state.items() if key != _OWN_STATE}
        own = ctx.state.get(_OWN_STATE)
        self._remembered: Mapping[str, Any] = own if isinstance(own, Mapping) else {}
        seen = self._remembered.get("inputs")
        self._inputs = InputTables(parameters, ctx, self._types, seen if isinstance(seen, Mapping) else {})
        last = self._remembered.get("files")
        self._input_files = InputFiles(parameters.storage, ctx, last if isinstance(last, int) else 0)
        self._output_files = OutputFiles(parameters.storage, ctx)
        self._outputs = OutputTables(parameters, ctx, self._types, _default_bucket(parameters))

    def run(self) -> None:
        """Raises: UserError, SystemExit: a stage failed, or what it wrote cannot be taken."""
        folder = DataFolder(self._ctx)
        read = self._inputs.write()
        self._input_files.write()
        try:
            for stage in self._before:
                stage.run(folder)
                folder.next_stage()
            self._main(folder)
            state = folder.take_state()
            self._note_usage()
            for stage in self._after:
                folder.next_stage()
                stage.run(folder)
        except (UserError, SystemExit):
            # A task that was stopped publishes nothing: whoever stopped it does not want it.
            if not self._launch.stopped and not any(stage.stopped for stage in (*self._before, *self._after)):
                self._ctx.outputs_of_failure = self._outputs.take_of_failure()
            raise
        if self._after:
            output_state(self._ctx.data_dir).unlink(missing_ok=True)
        self._ctx.outputs = self._outputs.take()
        self._output_files.take()
        self._ctx.when_published.append(self._input_files.done)
        self._ctx.next_state = self._next_state(state, read)

    def _main(self, folder: DataFolder) -> None:
        config = _config(self._parameters, self._ctx, "run", self._types)
        with folder.serving(config, self._state):
            ended = self._launch.run(folder, as_data=self._parameters.data_folder == "/data")
        self._launch.require_success(ended)

    def _next_state(self, state: dict[str, Any] | None, read: Mapping[str, int]) -> dict[str, Any] | None:
        """What the program left, and what the mappings are to remember; None where nothing is to be changed."""
        own: dict[str, Any] = {"inputs": dict(read)} if read else {}
        if self._input_files.newest is not None:
            own["files"] = self._input_files.newest
        if not own:
            return state
        return {**(self._state if state is None else state), _OWN_STATE: own}

    def _note_usage(self) -> None:
        """``out/usage.json`` as metrics of the task."""
        path = output_state(self._ctx.data_dir).with_name("usage.json")
        try:
            body = parse_json(read_own_text(path))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise UserError(f"out/usage.json cannot be read: {safe_line(str(error))}") from error
        for one in body if isinstance(body, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("value"), int | float):
                self._ctx.metrics[safe_line(str(one.get("metric")), 100)] = one["value"]


def run(parameters: Parameters, ctx: Context) -> None:
    """Run the program between its inputs and outputs, with its processors; its exit code is the task's.

    Raises:
        UserError: something is not there, the program ended with 1, or what it wrote cannot be taken.
        SystemExit: it ended in another way than 0 and 1.
    """
    note_open_secrets(parameters, ctx)
    _Task(parameters, ctx).run()


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """The program's own synchronous action ``testConnection``.

    Raises:
        UserError: it says no, does not know the action, or gives no answer in time.
    """
    name, answer = _ask(parameters, ctx, TEST_CONNECTION)
    return ctx.redactor.text(f"{name}: {_message(answer)}")


def act(parameters: Parameters, ctx: Context, action: str) -> Any:
    """Any other synchronous action of the program: what it answers, as JSON, or as text where it is none.

    Raises:
        UserError: as :func:`test_connection`.
    """
    name, answer = _ask(parameters, ctx, action)
    text = "\n".join(answer).strip()
    for candidate in (text, *reversed(answer)):
        try:
            body = parse_json(candidate)
        except ValueError:
            # A program may print something else before its answer.
            continue
        if isinstance(body, Mapping) and str(body.get("status") or "success").casefold() not in ("success", "ok"):
            raise UserError(ctx.redactor.text(f"{name}: {safe_line(str(body.get('message') or body), 400)}"))
        return body
    return text


def _ask(parameters: Parameters, ctx: Context, action: str) -> tuple[str, list[str]]:
    """The program's name, and the lines that it answered. Raises: UserError."""
    program = find_program(parameters, ctx)
    note_open_secrets(parameters, ctx)
    launch = Launch(program, parameters, ctx, ctx.component)
    folder = DataFolder(ctx)
    with folder.serving(_config(parameters, ctx, action, _data_types(parameters)), {}):
        ended, answer = launch.ask(folder, as_data=parameters.data_folder == "/data")
    if ended.code == 0 and not stop_code(ended):
        return program.name, answer
    said = " ".join(launch.tail.lines)
    if "not implemented" in said or "no such action" in said.casefold():
        what = (
            "so its connection cannot be tried; run the task to see" if action == TEST_CONNECTION else "by its own word"
        )
        raise UserError(f"{program.name} starts, but has no action {safe_line(action, 60)}, {what}")
    if ended.code == USER_ERROR and launch.tail.lines and "No module named" not in said:
        raise UserError(
            ctx.redactor.text(f"{program.name}: {for_the_user(launch.tail) or spoken(launch.tail.reason())}")
        )
    raise UserError(ctx.redactor.text(launch.failure(ended)))


def _message(answer: list[str]) -> str:
    """The sentence of an answer like ``{"status": "success", "message": "…"}``; both members may be missing."""
    for line in reversed(answer):
        try:
            body = parse_json(line)
        except ValueError:
            continue
        if isinstance(body, dict):
            return safe_line(str(body.get("message") or "the connection works"), 400)
    return "the connection works"


def _output_storage(parameters: Parameters) -> Mapping[str, Any]:
    part = parameters.storage.get("output")
    return part if isinstance(part, Mapping) else {}


def _data_types(parameters: Parameters) -> DataTypes:
    """What the configuration's own ``storage.output.data_type_support`` says, as Keboola has it, else the parameter."""
    told = _output_storage(parameters).get("data_type_support")
    try:
        return parameters.data_types if told in (None, "") else DataTypes(told)
    except ValueError:
        known = ", ".join(DataTypes)
        raise UserError(
            f'storage.output.data_type_support "{safe_line(str(told), 30)}" is not known; it is {known}'
        ) from None


def _default_bucket(parameters: Parameters) -> str | None:
    told = _output_storage(parameters).get("default_bucket")
    return parameters.default_bucket or (told if isinstance(told, str) and told else None)


def _config(parameters: Parameters, ctx: Context, action: str, types: DataTypes) -> dict[str, Any]:
    """https://developers.keboola.com/extend/common-interface/config-file/"""
    inputs = [
        {
            **parameters.input_mapping.get(item.name, {}),
            "source": keboola_id(item.table),
            "destination": item.name,
        }
        for item in ctx.inputs.values()
    ]
    outputs = [
        {
            **parameters.output_mapping.get(item.name, {}),
            "source": item.name,
            "destination": keboola_id(item.table),
            "incremental": item.mode.value != "full",
            "primary_key": list(item.primary_key),
        }
        for item in ctx.outputs.values()
    ]
    config: dict[str, Any] = {
        "parameters": parameters.parameters,
        "storage": {
            "input": {"tables": inputs, "files": mappings(parameters.storage, "input")},
            "output": {
                "tables": outputs,
                "files": mappings(parameters.storage, "output"),
                "data_type_support": types.value,
            },
        },
        "action": action,
        "image_parameters": parameters.image_parameters,
    }
    if parameters.authorization:
        config["authorization"] = parameters.authorization
    return config


if __name__ == "__main__":
    kit.main(Parameters, run, test_connection, act)
