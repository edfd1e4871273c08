"""Component ``singer``: a Singer tap in an environment of its own; its streams become the outputs of the same names.

Source: https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from orch_tui.components import kit
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Output, stem
from orch_tui.components.kit.processes.environment import Environment
from orch_tui.components.kit.processes.environments import (
    Directory,
    Strict,
    Tail,
    Venv,
    child_environment,
    failure,
    find_venv,
    stop,
    venv_field,
)
from orch_tui.components.kit.processes.line_subprocess import run_program
from orch_tui.components.kit.sql import listed
from orch_tui.components.kit.staging.in_memory import served_json
from orch_tui.components.singer.catalog import read_catalog, require_streams, select, stream_name, stream_names
from orch_tui.components.singer.messages import Messages
from orch_tui.components.singer.state import unfinished_streams
from orch_tui.components.singer.tables import store
from orch_tui.components.singer.types import Column, Shape, shape_of
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.files.own_files import replace_json
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.storage.opening import open_storage

_TEST_SECONDS = 25.0
_CATALOG_LIMIT = 256 << 20
"""Bytes of a catalog."""


class StreamOptions(kit.Parameters):
    """How a stream is read, where the tap leaves a choice."""

    replication_method: Literal["FULL_TABLE", "INCREMENTAL", "LOG_BASED"] | None = Field(
        None, title="Replication method", description="All rows, or what is new; as the tap's own description says."
    )
    replication_key: str | None = Field(
        None, min_length=1, title="Replication key", description="The column that says what is new."
    )
    exclude: list[str] = Field(default_factory=list, title="Exclude", description="Columns to leave out.")

    @model_validator(mode="after")
    def _a_key_to_go_by(self) -> StreamOptions:
        if self.replication_key and self.replication_method != "INCREMENTAL":
            raise ValueError('a replication_key needs replication_method = "INCREMENTAL"')
        return self


class Parameters(kit.Parameters):
    """Which tap, in which environment, with which config; the outputs say which streams."""

    venv: Directory = venv_field("that has the tap")
    tap: str = Field(
        min_length=1, title="Tap", description="Name of the tap's program in the environment, such as tap-jsonl."
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        title="Config",
        description="The tap's own settings. Secrets are references like ${API_TOKEN}.",
    )
    streams: dict[str, StreamOptions] = Field(
        default_factory=dict,
        title="Streams",
        description="For each stream that needs it: replication_method, replication_key, exclude. Which streams are "
        "read is what the outputs say.",
    )
    catalog: str | None = Field(
        None,
        min_length=1,
        title="Catalog",
        description="A catalog file, relative to the project, in place of what the tap discovers.",
    )
    full_refresh: bool = Field(
        False, title="Full refresh", description="Read everything again: the tap gets no state of an earlier run."
    )
    environment: Environment = Field(default_factory=dict)
    strict: Strict = False


@dataclass(frozen=True, slots=True)
class _Tap:
    """The tap with its config open. ``folder`` is where its files of this attempt go."""

    name: str
    path: Path
    venv: Venv
    config: Path
    folder: Path
    env: Mapping[str, str]


def run(parameters: Parameters, ctx: Context) -> None:
    """Let the tap sync the streams that are declared as outputs; its last state is kept when they are published.

    Raises:
        UserError: the tap or its environment is not there, it fails, or it writes what is no message.
        SystemExit: it was stopped by a signal.
    """
    outputs = _outputs(parameters, ctx)
    with ExitStack() as files, _open_tap(parameters, ctx) as tap:
        catalog = _catalog(parameters, ctx, tap, outputs)
        argv = [str(tap.path), "--config", str(tap.config)]
        if catalog is not None:
            replace_json(tap.folder / "catalog.json", catalog, durable=False)
            argv += ["--catalog", str(tap.folder / "catalog.json")]
        state = {} if parameters.full_refresh else _state_for(ctx, outputs)
        if state:
            argv += ["--state", str(files.enter_context(served_json(state, tap.folder / "state.json")))]
        messages = Messages(ctx, tap.name, {n: _options(parameters, n).exclude for n in outputs}, tap.folder)
        tail = Tail(ctx)
        try:
            ended = run_program(argv, out=messages, err=tail, cwd=ctx.project, env=tap.env)
        finally:
            messages.close()
    if ended.code != 0 or ended.stopped:
        stop(ctx, ended, failure(tap.name, ended, tail, tap.venv), user_error=ended.code < 128)
    _store_all(parameters, ctx, messages, outputs, catalog, state)


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """Ask the tap for its catalog, for which nearly every tap has to sign in.

    Raises:
        UserError: it fails, gives no catalog, lacks a stream that is an output, or takes too long.
    """
    with _open_tap(parameters, ctx) as tap:
        tail = Tail(ctx, quiet=True)
        catalog = _discover(ctx, tap, tail, timeout=_TEST_SECONDS)
    if isinstance(catalog, str):
        raise UserError(f"{catalog}. Not every tap can discover; run the task to see")
    require_streams(catalog, [stem(name) for name in ctx.outputs], tap.name)
    names = stream_names(catalog)
    return f"{tap.name} answers with {counted(len(names), 'stream')}: {listed(names) or 'none'}"


def _outputs(parameters: Parameters, ctx: Context) -> dict[str, Output]:
    outputs = {stem(name): output for name, output in ctx.outputs.items()}
    if not outputs:
        raise UserError(
            'the configuration declares no outputs; add [[outputs]] with name = "the stream" and table = "bucket/table"'
        )
    if unknown := [name for name in parameters.streams if name not in outputs]:
        raise UserError(
            f"streams names {listed(unknown)}, which is no output; an output's name is the name of its stream, "
            f"and the outputs are {listed(outputs)}"
        )
    return outputs


def _options(parameters: Parameters, stream: str) -> StreamOptions:
    return parameters.streams.get(stream) or StreamOptions.model_validate({})


@contextmanager
def _open_tap(parameters: Parameters, ctx: Context) -> Iterator[_Tap]:
    venv = find_venv(parameters.venv, ctx, safe_line(parameters.tap, 100))
    path = venv.program(parameters.tap, safe_line(parameters.tap, 100))
    folder = ctx.data_dir / "singer"
    make_private(folder)
    env = child_environment(venv, parameters.environment)
    with served_json(parameters.config, folder / "config.json") as config:
        yield _Tap(parameters.tap, path, venv, config, folder, env)


def _catalog(parameters: Parameters, ctx: Context, tap: _Tap, outputs: Mapping[str, Output]) -> dict[str, Any] | None:
    """The catalog with the outputs' streams selected; None for a tap that has none."""
    if parameters.catalog is not None:
        path, shown = ctx.resolve(parameters.catalog), safe_line(parameters.catalog, 200)
        try:
            found = read_catalog(path.read_bytes())
        except OSError as error:
            raise UserError(f'the catalog "{shown}" cannot be read: {error.strerror or error}') from error
        if found is None:
            raise UserError(f'"{shown}" is no Singer catalog: it has no list "streams" of named streams')
    else:
        answer = _discover(ctx, tap, Tail(ctx, quiet=True), timeout=None)
        if isinstance(answer, str):
            ctx.log(f"without a catalog, so the tap chooses what it reads: {answer}")
            if parameters.streams:
                raise UserError(f"streams cannot be set without a catalog: {answer}; give the parameter catalog")
            return None
        found = answer
    return select(found, {name: parameters.streams.get(name) for name in outputs}, tap.name)


def _discover(ctx: Context, tap: _Tap, tail: Tail, *, timeout: float | None) -> dict[str, Any] | str:
    """The catalog, or why there is none. Raises: UserError after ``timeout``. SystemExit: it was stopped."""
    parts: list[bytes] = []
    size = 0

    def collect(line: bytes) -> None:
        nonlocal size
        size += len(line) + 1
        if size > _CATALOG_LIMIT:
            raise UserError(f"the catalog of {tap.name} is larger than {_CATALOG_LIMIT >> 20} MiB; give a file instead")
        parts.append(line)

    argv = [str(tap.path), "--config", str(tap.config), "--discover"]
    ended = run_program(argv, out=collect, err=tail, cwd=ctx.project, env=tap.env, timeout=timeout)
    if ended.stopped:
        stop(ctx, ended, f"{tap.name} was stopped", user_error=False)
    if ended.code != 0:
        return failure(f"{tap.name} --discover", ended, tail, tap.venv)
    return read_catalog(b"\n".join(parts)) or f"{tap.name} --discover gives no catalog"


def _state_for(ctx: Context, outputs: Mapping[str, Output]) -> dict[str, Any]:
    """The state of the last run, without the bookmarks of streams whose tables are replaced as a whole.

    A bookmark there would leave only the new rows in the table.
    """
    full = [name for name, output in outputs.items() if output.mode is WriteMode.FULL]
    if not ctx.state or not full:
        return ctx.state
    bookmarks = ctx.state.get("bookmarks")
    if not isinstance(bookmarks, dict):
        ctx.log(f"{listed(full)} is written in mode full, so the tap starts without its state and reads everything")
        return {}
    if dropped := [name for name in full if name in bookmarks]:
        ctx.log(f"{listed(dropped)} is written in mode full, so the tap reads all of it again")
    kept = {name: mark for name, mark in bookmarks.items() if name not in full}
    return {**ctx.state, "bookmarks": kept}


def _store_all(
    parameters: Parameters,
    ctx: Context,
    messages: Messages,
    outputs: Mapping[str, Output],
    catalog: Mapping[str, Any] | None,
    state: Mapping[str, Any],
) -> None:
    ctx.progress(messages.records, messages.records, "records")
    if messages.records == 0 and not state:
        ctx.warn(f"{parameters.tap} ended well without a single record; is its config right (a path, a start date)?")
    for name, count in messages.ignored.items():
        ctx.metrics[f"left out {safe_line(name, 100)}"] = count
        left = "1 record is" if count == 1 else f"{counted(count, 'record')} are"
        ctx.log(f'stream "{safe_line(name, 100)}" is no output: {left} left out')
    _tell_end(parameters.tap, ctx, messages, outputs)
    for name, output in outputs.items():
        stream = messages.streams[name]
        shape = stream.shape or _described(parameters, name, catalog)
        if stream.records == 0:
            shape = _as_before(ctx, output) or shape
        if shape is None:
            came = [other for other, found in messages.streams.items() if found.shape] + list(messages.ignored)
            raise UserError(
                f'{parameters.tap} sent nothing of stream "{safe_line(name, 100)}"; it sent {listed(came) or "nothing"}'
            )
        stored = store(ctx, stream, shape, output, strict=parameters.strict)
        ctx.outputs = {key: stored if item is output else item for key, item in ctx.outputs.items()}
        stream.path.unlink(missing_ok=True)
        ctx.metrics[f"records {safe_line(name, 100)}"] = stream.records
        ctx.log(f"{safe_line(name, 100)}: {counted(stream.records, 'record')}")
    if messages.state is not None:
        ctx.next_state = messages.state


def _tell_end(tap: str, ctx: Context, messages: Messages, outputs: Mapping[str, Output]) -> None:
    """Whether the tap was done, by all it says: its exit code was 0, but a state tells how far it came."""
    if messages.state is None:
        ctx.log(f"{tap} ended with exit code 0 and sent no STATE; the next run reads what this one read")
        return
    if unfinished := unfinished_streams(messages.state, outputs):
        ctx.warn(
            f"{tap} ended with exit code 0, but by its last STATE it was still reading {listed(unfinished)}: rows may "
            "be missing; look at its log above, and run the task again"
        )
    if not messages.after_state:
        return
    late = counted(messages.after_state, "record")
    told = f"{late} came after the last STATE of {tap}, so the next run reads them again"
    if again := [output.table for output in outputs.values() if output.mode is WriteMode.APPEND]:
        ctx.warn(f"{told}, and in mode append {listed(again)} will have them twice; use mode incremental with a key")
    else:
        ctx.log(told)


def _described(parameters: Parameters, name: str, catalog: Mapping[str, Any] | None) -> Shape | None:
    """The columns by the catalog, of a stream of which nothing came."""
    for entry in catalog["streams"] if catalog is not None else ():
        if stream_name(entry) == name:
            exclude = _options(parameters, name).exclude
            return shape_of(name, entry.get("schema"), entry.get("key_properties"), exclude)
    return None


def _as_before(ctx: Context, output: Output) -> Shape | None:
    """The columns that the table has, where rows are only added to it and none came: nothing is to change then.

    Some taps find their schema out from the records, and know no columns when there are none.
    """
    if output.mode is WriteMode.FULL:
        return None
    known = open_storage(ProjectPaths(ctx.project)).get(output.table)
    return Shape([Column(column, kind) for column, kind in known.columns]) if known is not None else None


if __name__ == "__main__":
    kit.main(Parameters, run, test_connection)
