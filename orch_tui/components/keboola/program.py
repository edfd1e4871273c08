"""Component ``keboola``: a program written in Python for Keboola's common interface, in an environment of its own.

Sources: https://developers.keboola.com/extend/common-interface/ (folders, config file, environment, actions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.component import TEST_CONNECTION, Context
from orch_tui.components.kit.contract import stem
from orch_tui.components.kit.csv_tables import read_csv_outputs, write_csv_input
from orch_tui.components.kit.drift import check_shape
from orch_tui.components.kit.environment import Environment
from orch_tui.components.kit.environments import (
    USER_ERROR,
    Directory,
    Strict,
    Tail,
    Venv,
    child_environment,
    failure,
    find_venv,
    hide,
    secret_texts,
    stop,
    venv_field,
)
from orch_tui.components.kit.in_memory import served_json
from orch_tui.components.kit.line_subprocess import run_program
from orch_tui.components.kit.runner import stop_code
from orch_tui.components.kit.sql import connect
from orch_tui.components.kit.subprocess import Ended
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import secret_names
from orch_tui.project.attempt_dir import DATA_SUBFOLDERS, config_file, input_state, output_tables
from orch_tui.project.files.own_files import read_own_text, replace_json
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.storage.duckdb import columns_of, parquet
from orch_tui.storage.storage import Storage

PACKAGE = "keboola.component"
_TEST_SECONDS = 25.0
_ENCRYPTED = "KBC::"


class Parameters(kit.Parameters):
    """Which program, in which environment, with which parameters of its own."""

    venv: Directory = venv_field("with the program's libraries")
    program: str | None = Field(
        None,
        min_length=1,
        title="Program",
        description="The component's file, such as component/src/component.py, relative to the project; "
        "or give a module.",
    )
    module: str | None = Field(
        None,
        min_length=1,
        title="Module",
        description="A module of the virtual environment that is run with python -m; or give a program.",
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        title="Parameters",
        description='The "parameters" of the component\'s config.json. Keys with # are secrets: write references like '
        "${API_TOKEN}.",
    )
    image_parameters: dict[str, Any] = Field(
        default_factory=dict, title="Image parameters", description="What the component's vendor would set."
    )
    authorization: dict[str, Any] = Field(
        default_factory=dict,
        title="Authorization",
        description='The "authorization" of config.json, for components that sign in with OAuth.',
    )
    log: Literal["text", "gelf"] = Field(
        "text",
        title="Log",
        description="text: what it prints. gelf: its log messages with their levels, received on this machine only.",
    )
    environment: Environment = Field(default_factory=dict)
    strict: Strict = False

    @model_validator(mode="after")
    def _one_program(self) -> Parameters:
        if (self.program is None) == (self.module is None):
            raise ValueError("give either program (a file) or module (python -m), and not both")
        return self


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
    storage = Storage(ProjectPaths(ctx.project).storage)
    for item in ctx.inputs.values():
        info = storage.get(item.table)
        write_csv_input(item, info.primary_key if info is not None else ())
    tail = Tail(ctx)
    ended = _start(program, parameters, ctx, tail, action="run")
    if ended.code != 0 or ended.stopped:
        user_error = ended.code == USER_ERROR
        if user_error and (reason := tail.reason()) and "No module named" not in reason:
            # Exit code 1 is the component's word for the user, so it is passed on without ours around it.
            sentence = _spoken(reason)
        else:
            sentence = failure(program.name, ended, tail, program.venv)
        stop(ctx, ended, sentence, user_error=user_error)
    _take_outputs(parameters, ctx)


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


def _spoken(reason: str) -> str:
    """The message without the level of a log before it, and without the class of an exception for users."""
    reason = re.sub(r"^(EMERGENCY|ALERT|CRITICAL|ERROR|WARNING) (?=\S)", "", reason)
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
        more = {"KBC_DATADIR": str(folder), **parameters.environment}
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
    inputs = [{"source": item.table, "destination": f"{stem(item.name)}.csv"} for item in ctx.inputs.values()]
    outputs = [
        {
            "source": f"{stem(item.name)}.csv",
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


def _take_outputs(parameters: Parameters, ctx: Context) -> None:
    folder = output_tables(ctx.data_dir)
    declared = {f"{stem(name)}.csv" for name in ctx.outputs}
    for path in sorted(folder.iterdir()):
        if path.suffix != ".manifest" and path.name not in declared:
            ctx.log(f"warning: out/tables/{safe_line(path.name, 100)} is no declared output and is not published")
    ctx.outputs = read_csv_outputs(ctx.outputs, folder)
    con = connect(ctx, memory_limit="512MB")
    for output in ctx.outputs.values():
        source = parquet(output.path)
        row = con.execute(f"select count(*) from {source}").fetchone()
        check_shape(ctx, output, columns_of(con, f"from {source}"), int(row[0]) if row else 0, strict=parameters.strict)


if __name__ == "__main__":
    kit.main(Parameters, run, test_connection)
