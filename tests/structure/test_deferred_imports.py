"""Imports inside functions: each pair of folders that has them, with the reason. All others stand at the top.

The standard library is left out: what of it is imported late is rarely used, and no contract is about it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "orch_tui"

_COMMAND = "one command is run by one process: what only another one needs would cost each of them time"
_FIRST_PAINT = "the screen paints first: what only a key or another screen needs is imported behind that"
_HEAVY = "takes tenths of a second or megabytes, and most tasks and commands never use it"
_DRIVER = "a driver or library of one connector: its parameters are read where it is not installed, and to check them"
_RARE = "only for what most projects do not use"
REASONS = {
    ("__main__", "cli"): "missing streams are opened first, and Ctrl-C while modules are loaded is an exit code",
    ("__main__", "tui"): "the command line comes without the screen: 60 ms instead of 600",
    ("cli", "alerts"): _COMMAND,
    ("cli", "browser"): "an extra of its own",
    ("cli", "freshness"): _COMMAND,
    ("cli", "inbox"): _COMMAND,
    ("cli", "keboola"): _COMMAND,
    ("tui", "keboola"): "only whoever imports needs it, or has what was imported",
    ("keboola", "ruamel"): "an extra of its own",
    ("cli", "click"): "only when a shell asks for completions",
    ("cli", "cli"): _COMMAND,
    ("cli", "components"): "the schema of one component is all that a command needs of them, and it loads pydantic",
    ("cli", "engine"): "asyncio and all that executes a run; what only looks goes without",
    ("cli", "lineage"): _COMMAND,
    ("cli", "model"): _COMMAND,
    ("cli", "orch_tui"): "only --version needs it",
    ("cli", "platformdirs"): "only the screen remembers which projects were opened",
    ("cli", "project"): _COMMAND,
    ("cli", "runs"): _COMMAND,
    ("cli", "scheduling"): _COMMAND,
    ("cli", "triggers"): _COMMAND,
    ("cli", "storage"): _COMMAND,
    ("components", "backports"): _RARE,
    ("components", "components"): "what the parameters do not need, so that their schema costs little",
    ("components", "compression"): _RARE,
    ("components", "cryptography"): _DRIVER,
    ("components", "duckdb"): _HEAVY,
    ("components", "httpx"): _HEAVY,
    ("components", "jsonschema"): "a schema of the project's own is rare, and this is needed for no other",
    ("components", "project"): _RARE,
    ("components", "adbc_driver_manager"): _DRIVER,
    ("components", "adbc_driver_sqlite"): _DRIVER,
    ("components", "psycopg"): _DRIVER,
    ("components", "pydantic"): _HEAVY,
    ("components", "pymysql"): _DRIVER,
    ("components", "referencing"): "comes with jsonschema",
    ("components", "snowflake"): _DRIVER,
    ("components", "storage"): "a task without outputs publishes nothing",
    ("conditions", "cel_expr_python"): _HEAVY,
    ("components", "conditions"): "only variables with expressions wait for their library",
    ("engine", "distributed"): "an extra of its own, which takes a second: its program answers and leaves meanwhile",
    ("engine", "conditions"): "only a run with rules decides by conditions",
    (
        "engine",
        "engine",
    ): "what few runs need: tasks on other machines, built-in tasks, and repeating another run as it ran",
    ("engine", "model"): "only outputs with checks are told of",
    ("engine", "project"): "only for trying a connection, programs of Keboola, or when an attempt has failed",
    ("lineage", "requests"): "comes with the client of OpenLineage, an extra of its own",
    (
        "lineage",
        "lineage",
    ): "sqlglot takes tenths of a second: SQL is read when somebody looks at a table that it makes",
    ("model", "model"): "few attempts have checks, and every run waits for what is loaded at its start",
    ("project", "model"): "few configurations have checks",
    ("project", "conditions"): "only an orchestration with rules has conditions to check",
    ("project", "cronsim"): _RARE,
    ("project", "dotenv"): "a project without .env needs none",
    ("project", "project"): "the screen paints before it reads definitions; and only for what most projects do not use",
    ("project", "tomlkit"): _HEAVY,
    ("runs", "engine"): "only when the terminal of a run goes away",
    ("runs", "duckdb"): _HEAVY,
    ("runs", "resvg_py"): "an extra of its own",
    ("scheduling", "cron_descriptor"): "only a form that says schedules in words needs it",
    ("scheduling", "cronsim"): "an orchestration without a schedule is looked at without",
    ("storage", "duckdb"): _HEAVY,
    ("storage", "obstore"): "an extra of its own",
    ("storage", "project"): "only for projects whose tables are on a server",
    ("storage", "storage"): "what loads duckdb; and tables hand out the transactions that are made of them, a circle",
    ("tui", "conditions"): "the form of a rule is there before the library of its condition",
    ("tui", "components"): "the schema of one component, which loads pydantic",
    ("tui", "duckdb"): _HEAVY,
    ("tui", "engine"): _FIRST_PAINT,
    ("tui", "freshness"): _FIRST_PAINT,
    ("tui", "lineage"): _FIRST_PAINT,
    ("tui", "model"): _FIRST_PAINT,
    ("tui", "platformdirs"): "only where no path of the configuration is given",
    ("tui", "project"): _FIRST_PAINT,
    ("runs", "regex"): "only a search in a log needs it",
    ("tui", "runs"): _FIRST_PAINT,
    ("tui", "scheduling"): _FIRST_PAINT,
    ("tui", "storage"): _FIRST_PAINT,
    ("tui", "textual"): "the list of keys is made without Textual too; of its private parts, only those that are there",
    ("tui", "tomlkit"): "only a person's own keys are in a file",
    ("tui", "tui"): _FIRST_PAINT,
}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [name.name for name in node.names] if isinstance(node, ast.Import) else []


def _deferred(path: Path) -> Iterator[tuple[str, str]]:
    """Folder below ``orch_tui`` of the file, and that of what a function of it imports, or its distribution."""
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                for module in _imported(node):
                    first, *rest = module.split(".")
                    if first not in sys.stdlib_module_names:
                        yield own, rest[0] if first == PACKAGE.name and rest else first


def test_what_is_imported_late_has_a_reason_and_no_reason_is_left_over() -> None:
    pairs: dict[tuple[str, str], set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for pair in _deferred(path):
            pairs.setdefault(pair, set()).add(str(path.relative_to(PACKAGE)))
    new = {pair: sorted(places) for pair, places in pairs.items() if pair not in REASONS}
    assert not new, f"imports inside functions without a reason here: {new}"
    assert not REASONS.keys() - pairs.keys(), "nothing is imported late any more where this test has a reason"
