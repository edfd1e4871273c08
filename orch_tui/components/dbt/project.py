"""Component ``dbt``: a dbt project, run by the dbt of an environment of its own.

Source: https://docs.getdbt.com/reference/dbt-commands
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from orch_tui.components import kit
from orch_tui.components.dbt.results import DbtLog, Results, failure_lines, read_results
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import stem
from orch_tui.components.kit.drift import check_shape
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
from orch_tui.components.kit.processes.subprocess import Ended
from orch_tui.components.kit.sql import connect, listed
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line
from orch_tui.model.variables.references import secret_names
from orch_tui.project.attempt_dir import config_file, input_tables
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.paths import make_private
from orch_tui.storage.duckdb import count, describe, parquet, quoted
from orch_tui.storage.values.parquet import write_parquet

if TYPE_CHECKING:
    import duckdb

PACKAGE = "dbt-duckdb"
SOURCE = "inputs"
"""Schema of the inputs in the attempt's own database."""
_PROFILE = "orch_tui"
_SECRET = "DBT_ENV_SECRET"
_TEST_SECONDS = 28.0
_SCRIPT = Path(__file__).with_name("database.py")
_NO_MODULE = re.compile(r"No module named|cannot import name")


class Parameters(kit.Parameters):
    """Which dbt project, what to do with it, and where its tables are."""

    venv: Directory = venv_field("that has dbt and its adapter")
    project: Directory = Field(
        title="dbt project", description="Directory with dbt_project.yml, relative to the project."
    )
    command: Literal["build", "run", "test", "seed", "snapshot"] = Field(
        "build", title="Command", description="build makes and tests everything in order; or a part of it."
    )
    database: Literal["profile", "duckdb"] = Field(
        "profile",
        title="Database",
        description="profile: the one of the dbt project's profiles.yml. duckdb: a new one for each run, in which the "
        "inputs are sources; the outputs are taken from its models.",
    )
    select: list[str] = Field(default_factory=list, title="Select", description="Nodes to take, as for --select.")
    exclude: list[str] = Field(default_factory=list, title="Exclude", description="Nodes to leave out.")
    vars: dict[str, Any] = Field(
        default_factory=dict,
        title="Variables",
        description="For var() in the dbt project. No secrets: dbt writes them to its files.",
        json_schema_extra={"x-literal": True},
    )
    profile: str | None = Field(
        None, min_length=1, title="Profile", description="Another profile of profiles.yml than the project names."
    )
    target: str | None = Field(
        None, min_length=1, title="Target", description="Another target of the profile than its default."
    )
    threads: int | None = Field(None, ge=1, le=64, title="Threads", description="Nodes that are made at the same time.")
    memory_limit: str = Field(
        "1GB", min_length=1, title="Memory limit", description="Of the database duckdb; beyond it, it works on disk."
    )
    full_refresh: bool = Field(False, title="Full refresh", description="Build incremental models anew.")
    environment: Environment = Field(
        default_factory=dict,
        description="Variables for env_var() in profiles.yml. Those with secrets are named DBT_ENV_SECRET_…: dbt "
        "keeps only such ones out of its files.",
    )
    strict: Strict = False

    @field_validator("vars")
    @classmethod
    def _no_secrets(cls, value: dict[str, Any]) -> dict[str, Any]:
        if names := sorted(secret_names(value)):
            raise ValueError(
                f"secret {names[0]} would be written to dbt's files; put it into environment as {_SECRET}_…, and read "
                "it with env_var in profiles.yml"
            )
        return value

    @model_validator(mode="after")
    def _one_profile(self) -> Parameters:
        if self.database == "duckdb" and (self.profile or self.target):
            raise ValueError('profile and target belong to database = "profile"; leave them out')
        return self


@dataclass(frozen=True, slots=True)
class _Dbt:
    venv: Venv
    program: Path
    project: Path
    home: Path
    """Where everything of this attempt goes: dbt's target and logs, the profile, the database."""
    env: Mapping[str, str]

    @property
    def database(self) -> Path:
        return self.home / "data.duckdb"


def run(parameters: Parameters, ctx: Context) -> None:
    """Run dbt; with the attempt's own database its declared models become the outputs.

    Raises:
        UserError: dbt, its environment or its project is not there, a node failed, an output is no built model.
        SystemExit: it was stopped by a signal.
    """
    dbt = _find(parameters, ctx)
    own = parameters.database == "duckdb"
    if ctx.outputs and not own:
        raise UserError(
            'outputs are taken from the models of database = "duckdb" only; with a database of its own dbt leaves its '
            "tables there: take the outputs out, and read the tables with an extractor"
        )
    try:
        if own:
            _prepare(parameters, ctx, dbt)
        log, ended = _run_dbt(parameters, ctx, dbt)
        results = _judge(ctx, dbt, log, ended)
        if own:
            _export(parameters, ctx, dbt, results)
    finally:
        dbt.database.unlink(missing_ok=True)
        for name in ("partial_parse.msgpack", "graph.gpickle"):
            (dbt.home / "target" / name).unlink(missing_ok=True)


def test_connection(parameters: Parameters, ctx: Context) -> str:
    """``dbt debug --connection``: the profile is understood and the database answers.

    Raises:
        UserError: it does not, or takes too long.
    """
    dbt = _find(parameters, ctx)
    log = DbtLog(ctx, quiet=True)
    if parameters.database == "duckdb":
        _write_profile(parameters, dbt)
    argv = [*_begin(dbt), "debug", "--connection", *_place(parameters, dbt)]
    try:
        ended = run_program(argv, out=log, err=log.tail, cwd=dbt.project, env=dbt.env, timeout=_TEST_SECONDS)
    finally:
        dbt.database.unlink(missing_ok=True)
    if ended.code == 0 and not ended.stopped:
        facts = dict(
            re.findall(r"^\s*(adapter type|database|schema|host|account): (\S+)", "\n".join(log.messages), re.M)
        )
        return "dbt connects" + "".join(f", {name} {safe_line(value, 80)}" for name, value in facts.items())
    if any(_NO_MODULE.search(line) for line in log.tail.lines):
        raise UserError(failure("dbt", ended, log.tail, dbt.venv))
    said = " ".join(" ".join(log.messages[-1:]).split())
    error = re.search(r">\s*(.*?)\s*Check your database credentials", said)
    raise UserError(
        f"dbt cannot connect: {safe_line(error[1], 400) if error else log.reason() or safe_line(said, 400)}"
    )


def _find(parameters: Parameters, ctx: Context) -> _Dbt:
    venv = find_venv(parameters.venv, ctx, PACKAGE)
    program = venv.program("dbt", PACKAGE)
    project = ctx.resolve(parameters.project)
    shown = safe_line(parameters.project, 200)
    if not (project / "dbt_project.yml").is_file():
        what = "has no dbt_project.yml" if project.is_dir() else "does not exist"
        raise UserError(
            f'the dbt project "{shown}" {what} ({safe_line(str(project), 300)}); correct the parameter project'
        )
    _require_secret_names(ctx)
    home = ctx.data_dir / "dbt"
    make_private(home)
    more = {
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "ORCH_IN": str(input_tables(ctx.data_dir)),
        **parameters.environment,
    }
    return _Dbt(venv, program, project, home, child_environment(venv, more))


def _require_secret_names(ctx: Context) -> None:
    """dbt writes what env_var() gives into its files, unless the variable's name begins in this way.

    https://docs.getdbt.com/reference/dbt-jinja-functions/env_var#secrets

    Raises:
        UserError: a variable with a secret is called otherwise.
    """
    try:
        body = json.loads(read_own(config_file(ctx.data_dir)))
        written = body["parameters"]["environment"]
    except (OSError, ValueError, KeyError, TypeError):
        # Nothing is set, or this is a test of the function alone.
        return
    wrong = [name for name, value in written.items() if secret_names(value) and not name.startswith(_SECRET)]
    if wrong:
        name = safe_line(wrong[0], 60)
        raise UserError(
            f"environment.{name} holds a secret, which dbt would write to its files; call it {_SECRET}_{name}, and "
            f"write env_var('{_SECRET}_{name}') in profiles.yml"
        )


def _prepare(parameters: Parameters, ctx: Context, dbt: _Dbt) -> None:
    _write_profile(parameters, dbt)
    dbt.database.unlink(missing_ok=True)
    inputs = {stem(name): str(item.path) for name, item in ctx.inputs.items()}
    _script(ctx, dbt, "prepare", {"database": str(dbt.database), "schema": SOURCE, "inputs": inputs})


def _write_profile(parameters: Parameters, dbt: _Dbt) -> None:
    """A profile for dbt-duckdb: JSON is YAML. https://docs.getdbt.com/docs/core/connect-data-platform/duckdb-setup"""
    settings = {"memory_limit": parameters.memory_limit, "temp_directory": str(dbt.home / "tmp"), "TimeZone": "UTC"}
    connection = {
        "type": "duckdb",
        "path": str(dbt.database),
        "threads": parameters.threads or 2,
        "settings": settings,
    }
    body = {_PROFILE: {"target": _PROFILE, "outputs": {_PROFILE: connection}}}
    replace_json(dbt.home / "profiles.yml", body, durable=False)


def _script(ctx: Context, dbt: _Dbt, action: str, body: Mapping[str, Any]) -> None:
    """One end of the attempt's database, by the DuckDB of dbt's own environment. Raises: UserError."""
    tail = Tail(ctx, quiet=True)
    # Isolated: modules beside the script must not stand in for libraries of the same name.
    argv = [str(dbt.venv.python), "-I", str(_SCRIPT), action, json.dumps(body)]
    ended = run_program(argv, out=tail, err=tail, cwd=ctx.project, env=dbt.env)
    if ended.code != 0 or ended.stopped:
        sentence = failure("the database of the attempt", ended, tail, dbt.venv)
        stop(ctx, ended, sentence, user_error=ended.code < 128)


def _begin(dbt: _Dbt) -> list[str]:
    return [str(dbt.program), "--log-format", "json", "--log-level-file", "none", "--no-use-colors"]


def _place(parameters: Parameters, dbt: _Dbt) -> list[str]:
    """Where project, profile and log are: nothing is written into the dbt project's own directory."""
    argv = ["--project-dir", str(dbt.project), "--log-path", str(dbt.home / "logs")]
    if parameters.database == "duckdb":
        return [*argv, "--profiles-dir", str(dbt.home), "--profile", _PROFILE]
    for option, value in (("--profile", parameters.profile), ("--target", parameters.target)):
        argv += [option, value] if value else []
    return argv


def _run_dbt(parameters: Parameters, ctx: Context, dbt: _Dbt) -> tuple[DbtLog, Ended]:
    argv = [*_begin(dbt), parameters.command, *_place(parameters, dbt)]
    argv += ["--target-path", str(dbt.home / "target")]
    for option, names in (("--select", parameters.select), ("--exclude", parameters.exclude)):
        argv += [option, *names] if names else []
    if parameters.vars:
        argv += ["--vars", json.dumps(parameters.vars)]
    if parameters.threads is not None:
        argv += ["--threads", str(parameters.threads)]
    if parameters.full_refresh and parameters.command in ("build", "run", "seed"):
        argv.append("--full-refresh")
    log = DbtLog(ctx)
    return log, run_program(argv, out=log, err=log.tail, cwd=dbt.project, env=dbt.env)


def _judge(ctx: Context, dbt: _Dbt, log: DbtLog, ended: Ended) -> Results:
    """What came of it. Raises: UserError with a line for each node that failed, or why dbt itself did."""
    results = read_results(dbt.home / "target" / "run_results.json")
    if results is not None:
        ctx.metrics.update(results.metrics)
        for sentence in results.warnings:
            ctx.warn(sentence)
    if ended.code != 0 or ended.stopped:
        if ended.code == 1 and results is not None and results.failures:
            sentence = failure_lines(results)
        elif log.errors:
            sentence = f"dbt ended with exit code {ended.code}: {log.reason()}"
        else:
            sentence = failure("dbt", ended, log.tail, dbt.venv)
        stop(ctx, ended, sentence, user_error=ended.code < 128)
    if log.nothing_to_do:
        ctx.warn("dbt had nothing to do: select and exclude leave no node")
    return results or Results()


def _export(parameters: Parameters, ctx: Context, dbt: _Dbt, results: Results) -> None:
    wanted = {stem(name): output for name, output in ctx.outputs.items()}
    if missing := [name for name in wanted if name not in results.relations]:
        raise UserError(
            f"dbt built no model {listed(missing)} in this run, which is an output; it built "
            f"{listed(results.relations, 40) or 'none'}. An output's name is the name of its model"
        )
    relations = {str(output.path): results.relations[name] for name, output in wanted.items()}
    temp = dbt.home / "tmp"
    written = dbt.home / "types.json"
    body = {"database": str(dbt.database), "temp": str(temp), "memory_limit": parameters.memory_limit}
    _script(ctx, dbt, "export", {**body, "relations": relations, "types": str(written)})
    types = json.loads(written.read_text(encoding="utf-8"))
    with connect(ctx, memory_limit="512MB") as con:
        for output in wanted.values():
            columns = _restore(con, output.path, types[str(output.path)])
            check_shape(ctx, output, columns, count(con, parquet(output.path)), strict=parameters.strict)


def _restore(con: duckdb.DuckDBPyConnection, path: Path, types: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Values that came as text become values again, as far as Parquet has such a type; the columns of the file."""
    columns = describe(con, parquet(path))
    path.chmod(0o600)
    came = dict(columns)
    # Texts whose column has a type of its own. ENUM and BIT are texts in Parquet anyhow.
    changed = {name: kind for name, kind in types if kind != "VARCHAR" and came[name] == "VARCHAR"}
    changed = {name: kind for name, kind in changed.items() if not kind.startswith(("ENUM(", "BIT"))}
    if not changed:
        return columns
    fields = ", ".join(
        f"cast({quoted(name)} as {changed[name]}) as {quoted(name)}" if name in changed else quoted(name)
        for name, _ in columns
    )
    raw = path.with_name(f".{path.name}.raw")
    path.rename(raw)
    write_parquet(con, f"select {fields} from {parquet(raw)}", path)
    raw.unlink()
    return describe(con, parquet(path))


if __name__ == "__main__":
    kit.main(Parameters, run, test_connection)
