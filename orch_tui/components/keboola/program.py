"""Component ``keboola``: a program written in Python for Keboola's common interface, in an environment of its own.

Sources: https://developers.keboola.com/extend/common-interface/ (folders, config file, environment, actions).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_tui.components import kit
from orch_tui.components.keboola.parameters import Parameters
from orch_tui.components.keboola.tables import take_outputs, write_inputs
from orch_tui.components.kit.component import TEST_CONNECTION, Context
from orch_tui.components.kit.environments import (
    USER_ERROR,
    Tail,
    Venv,
    child_environment,
    failure,
    find_venv,
    hide,
    secret_texts,
    stop,
)
from orch_tui.components.kit.in_memory import served_json
from orch_tui.components.kit.line_subprocess import run_program
from orch_tui.components.kit.runner import stop_code
from orch_tui.components.kit.subprocess import Ended
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import secret_names
from orch_tui.project.attempt_dir import DATA_SUBFOLDERS, config_file, input_state, scratch_folder
from orch_tui.project.files.own_files import read_own_text, replace_json
from orch_tui.project.paths import make_private

PACKAGE = "keboola.component"
_TEST_SECONDS = 25.0
_ENCRYPTED = "KBC::"
_LEVEL = re.compile(r"^(EMERGENCY|ALERT|CRITICAL|ERROR|WARNING) (?=\S)")
_USER_EXCEPTION = re.compile(r"(?:^|[\s.])\w*User(?:Exception|Error): ")


@dataclass(frozen=True, slots=True)
class _Program:
    venv: Venv
    argv: list[str]
    name: str
    directory: Path


def run(parameters: Parameters, ctx: Context) -> None:
    """Run the program between its inputs and outputs as CSV files; its exit code is the task's.

    Raises:
        UserError: the program or its environment is not there, it ended with 1, or its tables cannot be read.
        SystemExit: it ended in another way than 0 and 1.
    """
    program = _find(parameters, ctx)
    _note_open_secrets(parameters, ctx)
    _refuse_what_is_not_done(parameters)
    write_inputs(parameters, ctx)
    tail = Tail(ctx)
    ended = _start(program, parameters, ctx, tail, action="run")
    if ended.code != 0 or ended.stopped:
        user_error = ended.code == USER_ERROR
        if user_error and (reason := _for_the_user(tail)) and "No module named" not in reason:
            # Exit code 1 is the component's word for the user, so it is passed on without ours around it.
            sentence = reason
        else:
            sentence = failure(program.name, ended, tail, program.venv)
        stop(ctx, ended, sentence, user_error=user_error)
    take_outputs(parameters, ctx)


def _refuse_what_is_not_done(parameters: Parameters) -> None:
    """Raises: UserError for parts of a configuration without which its tables would be others."""
    stages = [one for stage in ("before", "after") for one in parameters.processors.get(stage) or ()]
    if stages:
        named = [str((one.get("definition") or {}).get("component")) for one in stages if isinstance(one, dict)]
        raise UserError(
            f"processors are not run here: {safe_line(', '.join(named), 200)}; take them out, and let a task after "
            "this one do their work"
        )


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """The program's own synchronous action ``testConnection``.

    Raises:
        UserError: it says no, does not know the action, or gives no answer in time.
    """
    program = _find(parameters, ctx)
    _note_open_secrets(parameters, ctx)
    answer: list[str] = []
    tail = Tail(ctx, quiet=True)
    ended = _start(program, parameters, ctx, tail, action=TEST_CONNECTION, answer=answer)
    if ended.code == 0 and not stop_code(ended):
        return ctx.redactor.text(f"{program.name}: {_message(answer)}")
    said = " ".join(tail.lines)
    if "not implemented" in said or "no such action" in said.casefold():
        raise UserError(
            f"{program.name} starts, but has no action {TEST_CONNECTION}, so its connection cannot be tried; "
            "run the task to see"
        )
    if ended.code == USER_ERROR and tail.lines and "No module named" not in said:
        raise UserError(ctx.redactor.text(f"{program.name}: {_spoken(tail.reason())}"))
    raise UserError(ctx.redactor.text(failure(program.name, ended, tail, program.venv)))


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


def _for_the_user(tail: Tail) -> str:
    """What the program told the user before it ended with 1: the exception with that name and all after it, as
    Keboola shows it, else what is most likely the reason."""
    lines = [line.strip() for line in tail.lines if line.strip()]
    begin = next((number for number in reversed(range(len(lines))) if _USER_EXCEPTION.search(lines[number])), None)
    if begin is None:
        return _spoken(tail.reason())
    first = lines[begin][_USER_EXCEPTION.search(lines[begin]).end() :]  # type: ignore[union-attr]
    # A log may tell the same once more, with its level.
    told = itertools.takewhile(lambda line: _LEVEL.match(line) is None, lines[begin + 1 :])
    return safe_line(" ".join(filter(None, (first, *told))), 1000) or _spoken(tail.reason())


def _spoken(reason: str) -> str:
    """The message without the level of a log before it, and without the class of an exception for users."""
    reason = _LEVEL.sub("", reason)
    return re.sub(r"^[\w.]*User(Exception|Error): (?=\S)", "", reason)


def _find(parameters: Parameters, ctx: Context) -> _Program:
    venv = find_venv(parameters.venv, ctx, PACKAGE)
    if parameters.module is not None:
        name = safe_line(parameters.module, 100)
        return _Program(venv, [str(venv.python), "-u", "-m", parameters.module], name, ctx.project)
    path = ctx.resolve(parameters.program or "")
    shown = safe_line(parameters.program or "", 200)
    if path.is_dir():
        raise UserError(f'"{shown}" is a directory; name the component\'s file in it, such as {shown}/src/component.py')
    if not path.is_file():
        raise UserError(f'there is no program "{shown}" ({safe_line(str(path), 300)}); correct the parameter program')
    # In Keboola's images the working directory is the one that has src in it; schemas are looked for there.
    directory = path.parent.parent if path.parent.name == "src" else path.parent
    return _Program(venv, [str(venv.python), "-u", str(path)], path.name, directory)


def _start(
    program: _Program,
    parameters: Parameters,
    ctx: Context,
    tail: Tail,
    *,
    action: str,
    answer: list[str] | None = None,
) -> Ended:
    """Run it on a data folder of its own; with ``answer`` standard output goes there instead of the log."""
    with ExitStack() as stack:
        folder = stack.enter_context(_data_folder(parameters, ctx, action))
        more = {**_environment(folder, ctx), **parameters.environment}
        if parameters.log == "gelf" and answer is None:
            from orch_tui.components.keboola.gelf import listener

            port = stack.enter_context(listener(tail.add))
            more |= {"KBC_LOGGER_ADDR": "127.0.0.1", "KBC_LOGGER_PORT": str(port)}
        return run_program(
            program.argv,
            out=tail if answer is None else lambda line: answer.append(line.decode("utf-8", "replace")),
            err=tail,
            cwd=program.directory,
            env=child_environment(program.venv, more),
            timeout=None if answer is None else _TEST_SECONDS,
        )


def _environment(folder: Path, ctx: Context) -> dict[str, str]:
    """What Keboola's runner sets (https://developers.keboola.com/extend/environment/), for a project that is here."""
    temporary = scratch_folder(ctx.data_dir)
    make_private(temporary)
    return {
        "KBC_DATADIR": f"{folder}/",
        "KBC_STACKID": "orch-tui",
        "KBC_PROJECTID": "0",
        "KBC_BRANCHID": "main",
        "KBC_CONFIGVERSION": "1",
        # Without it the library leaves out of manifests what only newer queues know, write_always among it.
        "KBC_PROJECT_FEATURE_GATES": "queuev2",
        "KBC_COMPONENT_RUN_MODE": "run",
        "KBC_DATA_TYPE_SUPPORT": "none",
        "TMPDIR": str(temporary),
    }


@contextmanager
def _data_folder(parameters: Parameters, ctx: Context, action: str) -> Iterator[Path]:
    """The program's ``KBC_DATADIR``: our own folders, and a config.json with values in place of references.

    The file is in memory only (see :func:`served_json`), so no secret is ever on the disk.
    """
    for part in DATA_SUBFOLDERS:
        make_private(ctx.data_dir / part)
    state = input_state(ctx.data_dir)
    if not state.exists():
        # On Keboola's platform it is always there, and many components rely on it.
        replace_json(state, {})
    folder = ctx.data_dir / "keboola"
    make_private(folder)
    for part in ("in", "out"):
        link = folder / part
        link.unlink(missing_ok=True)
        link.symlink_to(Path("..") / part)
    with served_json(_config(parameters, ctx, action), config_file(folder)):
        yield folder


def _config(parameters: Parameters, ctx: Context, action: str) -> dict[str, Any]:
    """https://developers.keboola.com/extend/common-interface/config-file/"""
    inputs = [
        {**parameters.input_mapping.get(item.name, {}), "source": item.table, "destination": item.name}
        for item in ctx.inputs.values()
    ]
    outputs = [
        {
            **parameters.output_mapping.get(item.name, {}),
            "source": item.name,
            "destination": item.table,
            "incremental": item.mode.value != "full",
            "primary_key": list(item.primary_key),
        }
        for item in ctx.outputs.values()
    ]
    config: dict[str, Any] = {
        "parameters": parameters.parameters,
        "storage": {
            "input": {"tables": inputs, "files": []},
            "output": {"tables": outputs, "files": []},
        },
        "action": action,
        "image_parameters": parameters.image_parameters,
    }
    if parameters.authorization:
        config["authorization"] = parameters.authorization
    return config


def _note_open_secrets(parameters: Parameters, ctx: Context) -> None:
    """Mask everything behind ``#``; say so when it stands in the configuration itself or is encrypted elsewhere.

    Raises:
        UserError: a value was encrypted for Keboola's platform, whose key nobody else has.
    """
    groups = (parameters.parameters, parameters.image_parameters, parameters.authorization)
    values = [text for group in groups for text in secret_texts(group)]
    if any(value.startswith(_ENCRYPTED) for value in values):
        raise UserError(
            "a secret is encrypted for Keboola's platform (KBC::…), which only that platform can read; put the value "
            'itself into .env and refer to it, as in "#token" = "${API_TOKEN}"'
        )
    hide(ctx, values)
    for key in _open_keys(_as_written(ctx)):
        ctx.log(f'the value of "{safe_line(key, 60)}" stands in the configuration; refer to a secret: "${{NAME}}"')


def _as_written(ctx: Context) -> Mapping[str, Any]:
    """The parameters with their references, as config.json has them."""
    try:
        body = parse_json(read_own_text(config_file(ctx.data_dir)))
    except (OSError, ValueError):
        # A test of the function alone has none; a real task could not have started without.
        return {}
    found = body.get("parameters") if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _open_keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if str(key).startswith("#") and isinstance(item, str) and item and not secret_names(item):
                yield str(key)
            else:
                yield from _open_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _open_keys(item)


if __name__ == "__main__":
    kit.main(Parameters, run, test_connection)
