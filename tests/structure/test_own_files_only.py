"""What lies below ``.orch/`` is opened in one way only, by :mod:`orch_tui.project.files.own_files`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Calls that open or write a file by its name, and would follow a link or wait for a named pipe.
_METHODS = frozenset({"read_text", "read_bytes", "write_text", "write_bytes", "touch"})
_FUNCTIONS = frozenset(
    {
        *("open", "io.open", "os.open", "os.mknod", "os.truncate", "shutil.copyfile", "shutil.copy", "shutil.copy2"),
        *("shutil.copytree", "shutil.move", "tempfile.mkstemp", "tempfile.NamedTemporaryFile", "write_atomic"),
    }
)
# Components write their tables and read their inputs as their libraries do; what the program reads of them again, and
# what they keep below .orch, is in these.
_COMPONENTS = frozenset({"kit", "python", "dbt/project", "mailchimp/send"}) | {
    f"keboola/{module}" for module in ("program", "data_folder", "secrets")
}
# Each place that opens otherwise, by whose files they are.
ELSEWHERE = {
    "the kernel's, in /dev, /proc and /sys": {
        "__main__._open_missing_streams",
        "cli.run.signals.forget_terminals",
        "cli.shared.output.silence",
        "components.kit.processes.forker.Forker.__init__",
        "engine.processes.accounting.bytes_of",
        "engine.processes.local._writes_exit_file",
        "engine.processes.memory_limit._places",
        "engine.processes.memory_limit._read",
        "engine.processes.memory_limit._write",
        "engine.processes.oom.OomCounter.__init__",
        "engine.processes.oom._places",
        "engine.processes.process._has_needle",
        "engine.processes.process.boot_id",
        "engine.processes.process.read_environment",
        "engine.processes.process.read_stat",
        "project.concurrent.lock_reach.why_locks_stay_here",
    },
    "part of the installed program": {
        "browser.server.BrowserServer._page",
        "components.kit.component.read_program",
    },
    "people's: definitions, .env, settings of the program, pictures where they want them": {
        "cli.show.picture._write",
        "keboola.pulled.write_export",
        "project.concurrent.file_set._bytes_of",
        "project.concurrent.file_set._put_back",
        "project.concurrent.file_set.complete_saves",
        "project.concurrent.file_set.write_together",
        "project.files.atomic.write_atomic",
        "project.files.given_files.read_given",
        "project.files.source._open",
        "project.saving.env_file.keep_secret",
        "project.saving.scaffold._write",
        "project.secrets._tracked_by_git",
        "tui.keymap.save_theme",
        "tui.keys_page.main",
    },
    "a task's tables, read and written by that task": {
        "components.dbt.project._export",
        "components.kit.checkpoint.content_key",
        "components.kit.csv.copy.write_copy",
        "components.kit.csv.tables._Written.begins_with_a_line_end",
        "components.kit.csv.tables._copy_by_grammar",
        "components.kit.csv.tables._manifest",
        "components.kit.csv.tables.write_csv_input",
        "storage.publishing.merge.bring",
    },
    "a file of people's own that they named, written anew": {"storage.versions.export"},
    "the state of a task that it was brought, by a link into memory if it holds secrets": {
        "components.kit.staging.state.SavedState.read",
    },
    "a table's file, which was looked at before": {
        "storage.directory.Directory.give",
        "storage.objects.copies.Copies.give",
    },
    "what somebody stores, opened without following a link": {"storage.files.store._copy_file"},
    "directories": {
        "project.files.atomic.modified_ns",
        "project.files.atomic.sync_directory",
        "project.concurrent.save_lock._lock_directory",
    },
    "the opener itself": {"project.files.own_files.open_own"},
    "none: methods of a stream for output": {"cli.show.logs.LogTail._give", "cli.show.logs.LogTail._write"},
}


def _names(tree: ast.AST, scope: str = "") -> Iterator[tuple[str, ast.Call]]:
    """All calls with the functions and classes that they stand in."""
    for node in ast.iter_child_nodes(tree):
        inner = scope
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{scope}.{node.name}"
        if isinstance(node, ast.Call):
            yield scope, node
        yield from _names(node, inner)


def _opens(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if name in _FUNCTIONS:
        return True
    if not isinstance(call.func, ast.Attribute):
        return False
    # Path.open("rb") has a mode; open() of other things has none.
    modes = [word.value for word in call.args[:1] if isinstance(word, ast.Constant)]
    return call.func.attr in _METHODS or (call.func.attr == "open" and any(isinstance(mode, str) for mode in modes))


def _modules() -> Iterator[tuple[str, ast.Module]]:
    package = ROOT / "orch_tui"
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).with_suffix("").as_posix()
        part = name.removeprefix("components/")
        if part == name or part in _COMPONENTS or part.split("/")[0] in _COMPONENTS:
            yield name.replace("/", "."), ast.parse(path.read_text(encoding="utf-8"))


def test_each_file_of_the_program_s_own_is_opened_by_the_one_opener() -> None:
    # GIVEN every place in the program that opens a file by its name
    found = {f"{module}{scope}" for module, tree in _modules() for scope, call in _names(tree) if _opens(call)}
    # THEN it is one where the file is none of the program's own, and nobody has forgotten one that is gone
    assert found == set().union(*ELSEWHERE.values())
