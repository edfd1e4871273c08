"""The two ends of a task: its inputs brought into the attempt's directory, its outputs published from there."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.components.kit.contract import Input, Output, TaskConfig, missing_output, stem
from orch_tui.components.kit.staging.checking import Checked, Gate
from orch_tui.components.kit.staging.state import SavedState
from orch_tui.model.components.configuration import TableInput
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import input_tables, output_tables, read_tables_file, result_file
from orch_tui.project.files.own_files import read_own_text, replace_json
from orch_tui.project.masking.redactor import Redactor
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.storage.opening import open_storage
from orch_tui.storage.tables import TableInfo

if TYPE_CHECKING:
    from orch_tui.storage.publishing.publish import Transaction
    from orch_tui.storage.tables import Publication

_NO_WRITER = "no task of this orchestration writes it; check the name, or run the orchestration that does"
_PRIVATE = 0o600


class Staging:
    """Inputs, state, outputs and result.json of one attempt. ``tables`` is ``parquet`` or ``csv``."""

    def __init__(self, config: TaskConfig, redactor: Redactor, *, tables: str = "parquet") -> None:
        self.config = config
        self.redactor = redactor
        self.tables = tables
        self.storage = open_storage(ProjectPaths(config.project), log=self.say)
        self.inputs: dict[str, Input] = {}
        self.state = SavedState(config)
        self._staged: dict[str, tuple[int, int, int]] = {}

    def say(self, text: str) -> None:
        """A line for the task's log."""
        sys.stdout.write(safe_line(self.redactor.text(text)) + "\n")
        sys.stdout.flush()

    def fetch(self) -> dict[str, Input]:
        """Bring every declared input into ``in/tables``, by name.

        Raises:
            UserError: tables that do not exist yet, one line for each, or one that cannot be read.
        """
        folder = input_tables(self.config.data_dir)
        make_private(folder)
        missing = []
        for wanted in self.config.inputs:
            path = folder / f"{stem(wanted.name)}.parquet"
            info = self._stage(wanted.table, path)
            if info is None:
                missing.append(self._missing(wanted))
                continue
            self.inputs[wanted.name] = Input(
                wanted.name, wanted.table, path, info.rows, list(info.columns), info.version
            )
            if not self.storage.place.far:
                # Else it is a copy of its own.
                self._staged[wanted.name] = _identity(path)
            if self.tables == "csv":
                from orch_tui.components.kit.csv.tables import write_csv_input

                write_csv_input(self.inputs[wanted.name], info.primary_key)
        if self.inputs:
            self._tell_inputs()
        if missing:
            raise UserError("\n".join(missing))
        self.state.fetch()
        return self.inputs

    def _stage(self, table: str, path: Path) -> TableInfo | None:
        number = self.config.versions.get(table)
        if number is None:
            return self.storage.stage(table, path)
        from orch_tui.storage.versions import stage_version

        return stage_version(self.storage, table, number, path)

    def _tell_inputs(self) -> None:
        """Which versions it has, for whoever asks what a task was given that failed."""
        told = zip(self.inputs.values(), self._inputs_told(), strict=True)
        body = [one | {"columns": item.columns} for item, one in told]
        try:
            replace_json(read_tables_file(self.config.data_dir), body, durable=False)
        except OSError as error:
            self.say(f"warning: it could not be written down which versions of tables were read: {error}")

    def _missing(self, wanted: TableInput) -> str:
        sentence = self.config.writers.get(wanted.table) or _NO_WRITER
        return f'table "{wanted.table}" does not exist in the storage yet; {safe_line(str(sentence))}'

    def finish(
        self,
        outputs: Mapping[str, Output],
        *,
        log: Callable[[str], None],
        metrics: Mapping[str, Any] | None = None,
        files: list[dict[str, Any]] | None = None,
        warning: str | None = None,
        next_state: dict[str, Any] | None = None,
    ) -> None:
        """Publish the outputs together, then write result.json and the state.

        Raises:
            UserError: an output was not written, its rows break the table's rules, or the state cannot be kept;
                nothing is published then.
            CheckRefused: a check failed; what would have been published waits as a candidate.
        """
        self._require_untouched_inputs()
        result = self._program_result(log)
        kept = self._state_to_keep(next_state)
        self._require(outputs)
        if not self.config.publish:
            self._tell_tried(outputs.values(), result, metrics or {}, log)
            return
        items = _publications(outputs)
        gate = Gate(self.config, self.redactor)
        told = {
            **gate.without_own(result),
            "files": [*_list(result.get("files")), *(files or [])],
            "metrics": {**_dict(result.get("metrics")), **(metrics or {})},
        }
        with self.storage.prepare(items, run=self.config.run, task=self.config.task) as transaction:
            checked = self._pass_gate(gate, transaction, items, told, kept)
            transaction.bring()
            # From the first table on this is a success; a cancel that arrives then comes too late by milliseconds.
            with signals_deferred():
                published = transaction.commit()
                told |= {**self._tables_told(result, published, transaction), **checked.told}
                if said := "; ".join(filter(None, (warning, checked.warning))):
                    told["warning"] = safe_line(said)
                self._write_result(told)
                if kept is not None:
                    self.state.save(kept)
        _remove(items)
        for line in (*checked.lines, *(f'table "{change.table}": {change}' for change in transaction.changes)):
            log(line)
        for info in published:
            log(f'table "{info.table}": {_rows(transaction.written[info.table])} written, {_rows(info.rows)} now')

    def publish_of_failed(self, outputs: Mapping[str, Output]) -> None:
        """Publish what a task is to publish although it failed; neither its state nor another table.

        What cannot be published is told in the log: the task has failed already, for another reason.
        """
        self.tell_damaged_inputs()
        if not outputs or not self.config.publish:
            return
        items = _publications(outputs)
        gate = Gate(self.config, self.redactor)
        try:
            with self.storage.prepare(items, run=self.config.run, task=self.config.task) as transaction:
                checked = gate.examine(transaction, self.storage)
                if checked.refused:
                    raise UserError("; ".join(checked.lines))
                transaction.bring()
                with signals_deferred():
                    published = transaction.commit()
                    self._write_result({**self._tables_told({}, published, transaction), **checked.told})
        except UserError as error:
            self.say(f"warning: {', '.join(item.table for item in items)}: not published either: {error}")
            return
        _remove(items)
        for info in published:
            self.say(f'table "{info.table}": {_rows(transaction.written[info.table])} written although the task failed')

    def _state_to_keep(self, told: dict[str, Any] | None) -> dict[str, Any] | None:
        """What the next run is to find, with references in place of secrets; None to leave what there is."""
        state = told if told is not None else self.state.of_program()
        # What is repeated as it ran moves no state: the next run goes on from where the newest one was.
        return None if state is None or self.config.as_it_ran is not None else self.state.to_keep(state)

    def _pass_gate(
        self,
        gate: Gate,
        transaction: Transaction,
        items: Iterable[Publication],
        told: Mapping[str, Any],
        state: Mapping[str, Any] | None,
    ) -> Checked:
        """What the checks found of what is about to be published. Raises: CheckRefused, after keeping it aside."""
        checked = gate.examine(transaction, self.storage)
        if checked.refused:
            candidate = gate.keep_aside(transaction, checked, state)
            self._write_result({**told, "inputs": self._inputs_told(), **checked.told, "candidate": candidate})
            _remove(items)
            raise checked.refusal(candidate)
        return checked

    def _tell_tried(
        self, outputs: Iterable[Output], result: dict[str, Any], metrics: Mapping[str, Any], log: Callable[[str], None]
    ) -> None:
        tables = [
            {
                "name": one.name,
                "table": one.table,
                "file": str(one.path),
                "mode": one.mode.value,
                "primary_key": list(one.primary_key),
            }
            for one in outputs
        ]
        told = {**result, "tables": tables, "inputs": self._inputs_told()}
        self._write_result({**told, "metrics": {**_dict(result.get("metrics")), **metrics}})
        log("a try: nothing is published, no state is kept")

    def _tables_told(
        self, result: Mapping[str, Any], published: Sequence[TableInfo], transaction: Transaction
    ) -> dict[str, Any]:
        """What result.json says of the tables that were read and published, and of what was found in them."""
        told: dict[str, Any] = {
            "tables": [_table_entry(info, transaction.written[info.table]) for info in published],
            "inputs": self._inputs_told(),
        }
        if changes := transaction.changes:
            told["findings"] = [*_list(result.get("findings")), *(change.finding() for change in changes)]
        return told

    def _inputs_told(self) -> list[dict[str, Any]]:
        return [{"table": i.table, "version": i.version, "rows": i.rows} for i in self.inputs.values()]

    def _require_untouched_inputs(self) -> None:
        """Raises: UserError when the program has damaged a table."""
        if (damage := next(self._damaged_inputs(), None)) is not None:
            raise UserError(damage)

    def tell_damaged_inputs(self) -> None:
        """Say in the log of a task that failed which tables its program has damaged before it did."""
        for damage in self._damaged_inputs():
            self.say(f"warning: {damage}")

    def _damaged_inputs(self) -> Iterator[str]:
        """An input is a hard link to the storage's file: a program that wrote into it has damaged the table."""
        for name, (file, size, changed) in self._staged.items():
            item = self.inputs[name]
            with contextlib.suppress(FileNotFoundError):
                # Removed or replaced by another file: that does no harm.
                now = _identity(item.path)
                if now[0] == file and now != (file, size, changed):
                    yield (
                        f"the program wrote into its input in/tables/{item.path.name}, which is the stored file of "
                        f'table "{item.table}" (version {item.version}); run the task that writes that table again, '
                        "and let the program write to out/tables only"
                    )

    def _require(self, outputs: Mapping[str, Output]) -> None:
        folder = output_tables(self.config.data_dir)
        for output in outputs.values():
            if not output.path.is_file():
                raise missing_output(output, output.path.name, folder)
        if self.tables == "parquet":
            declared = {output.path.name for output in outputs.values()}
            for path in sorted(folder.glob("*.parquet")):
                if path.name not in declared:
                    self.say(f"warning: out/tables/{path.name} is no declared output and is not published")

    def _program_result(self, log: Callable[[str], None]) -> dict[str, Any]:
        path = result_file(self.config.data_dir)
        try:
            return _dict(parse_json(read_own_text(path)))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log(f"warning: result.json of the program is ignored, it cannot be read: {error}")
            return {}

    def _write_result(self, body: Mapping[str, Any]) -> None:
        try:
            replace_json(result_file(self.config.data_dir), self.redactor.value(body))
        except OSError as error:
            self.say(f"warning: result.json could not be written: {error}; the tables are published all the same")


def _publications(outputs: Mapping[str, Output]) -> list[Publication]:
    from orch_tui.storage.tables import Publication

    return [
        Publication(item.table, item.path, item.mode, item.primary_key, item.deletes, item.content)
        for item in outputs.values()
    ]


def _remove(items: Iterable[Publication]) -> None:
    for item in items:
        item.path.unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int, int]:
    """The file behind the name, its size and the time of its last change. Raises: OSError."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def _table_entry(info: TableInfo, written: int) -> dict[str, Any]:
    return {
        "table": info.table,
        "rows": info.rows,
        "written": written,
        "bytes": info.bytes,
        "version": info.version,
        "mode": info.mode.value,
        "columns": [list(column) for column in info.columns],
    }


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@contextlib.contextmanager
def signals_deferred() -> Iterator[list[int]]:
    """TERM, INT and HUP wait until the block is left and are then done with; the value lists those that came.

    Outside the main thread, where Python has no say in signals, nothing changes.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    kinds = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {kind: signal.signal(kind, lambda number, frame: came.append(number)) for kind in kinds}
    try:
        yield came
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
