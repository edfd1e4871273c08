"""The rows of a configuration: its program run once for each, several at once if wanted, as one attempt of a task.

``python -m orch_tui.components.kit.processes.rows [--parallel N] -- program argument…``

Each row has a data folder of its own below that of the attempt, with its own config.json, and a state of its own. What
a row has written is published as soon as it succeeded. A row that fails lets the others go on; the attempt fails then.
A later attempt of the same run repeats only the rows that did not succeed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import field
from pathlib import Path
from typing import Any

from orch_tui.components.kit.contract import disk_problem, use_utf8
from orch_tui.components.kit.processes.line_subprocess import Lines
from orch_tui.components.kit.processes.subprocess import pump, stop_signals_noted
from orch_tui.model.dataclass import dataclass
from orch_tui.model.events.row_results import MOST_REASON, RowResult, decode_rows, failed_rows, rows_words
from orch_tui.model.status import Status
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.attempt_dir import (
    config_file,
    make_data_folder,
    progress_file,
    read_tables_file,
    result_file,
    row_directory,
    row_end_file,
)
from orch_tui.project.files.own_files import read_own_text, replace_json
from orch_tui.project.masking.redactor import Redactor

_USER_ERROR, _APPLICATION_ERROR = 1, 2
_LINE = 1 << 16
_LOOK = 0.2
"""Seconds between two looks for a signal while rows run."""
_SHOWN = 5
"""Rows whose failures are told one by one in the last line."""


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    name: str
    config: Mapping[str, Any]


@dataclass(slots=True)
class _Ended:
    """How the program of one row ended. ``last`` is its last word."""

    code: int
    seconds: float
    last: str = ""


@dataclass(slots=True)
class _Process:
    """What the main thread needs of a running row: signals go to it as well."""

    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class RowsRunner:
    """Runs the rows of one attempt, whose directory is ``directory``."""

    def __init__(self, directory: Path, argv: Sequence[str], parallel: int, redactor: Redactor) -> None:
        self.directory = directory
        self.argv = argv
        self.parallel = parallel
        self.redactor = redactor
        self._config = parse_json(read_own_text(config_file(directory)))
        self.number = int(self._config["orch_tui"].get("attempt", 1))
        self.rows = [_Row(one["id"], one["name"], one["config"]) for one in self._config["orch_tui"]["rows"]]
        self.results: dict[str, RowResult] = {}
        self._out = threading.Lock()
        self._children = _Process()
        self._codes: dict[str, int] = {}

    def run(self) -> int:
        """The exit code: 0 when all rows succeeded."""
        self.results = {row.id: row for row in self._done_before()}
        if self.results:
            self._say(
                f"not run again: {counted(len(self.results), 'configuration row')} that succeeded in an earlier attempt"
            )
        left = [row for row in self.rows if row.id not in self.results]
        with stop_signals_noted() as came, ThreadPoolExecutor(self.parallel, thread_name_prefix="row") as pool:
            futures = [pool.submit(self._one, row, came) for row in left]
            self._wait(futures, came)
        self._finish()
        if came:
            print("stopped by a signal", file=sys.stderr, flush=True)  # noqa: T201
            return 128 + came[0]
        return self._code()

    def _wait(self, futures: Sequence[Future[None]], came: Sequence[int]) -> None:
        """Until all have ended. Whoever stops us means them too, also where only this process was told."""
        passed = 0
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=_LOOK)
            for number in came[passed:]:
                passed += 1
                with self._children.lock:
                    for process in self._children.running:
                        process.send_signal(number)
            self._progress()
        for future in futures:
            future.result()

    def _done_before(self) -> list[RowResult]:
        """The rows that succeeded in earlier attempts, and that would run as they ran then."""
        found: dict[str, RowResult] = {}
        for number in range(self.number - 1, 0, -1):
            before = self.directory.parent / str(number)
            told = self._told_of_all(before)
            if told is None:
                # It was killed before it could say so, or had no room to begin: what it has published is published.
                told = self._told_one_by_one(before)
                whole = False
            elif not failed_rows(told):
                # Somebody wants all of it again.
                break
            else:
                whole = True
            for one in told:
                found.setdefault(one.id, one)
            if whole:
                # It knew of those before it.
                break
        rows = {row.id: row for row in self.rows}
        return [
            one
            for one in found.values()
            if one.id in rows and not failed_rows([one]) and self._ran_so(rows[one.id], one.attempt)
        ]

    def _told_of_all(self, attempt: Path) -> Sequence[RowResult] | None:
        """What an attempt said of its rows in its end; None where it has not."""
        try:
            rows = parse_json(read_own_text(result_file(attempt))).get("rows")
        except (OSError, ValueError, AttributeError):
            return None
        return None if rows is None else decode_rows(rows, max(len(rows), 1) if isinstance(rows, list) else 1)

    def _told_one_by_one(self, attempt: Path) -> Sequence[RowResult]:
        """What is known of an attempt that has not said anything of all its rows: of each that had ended."""
        places = (row_end_file(row_directory(attempt, row.id)) for row in self.rows)
        return [one for place in places for one in decode_rows(_list_in(place))]

    def _ran_so(self, row: _Row, attempt: int) -> bool:
        place = row_directory(self.directory.parent / str(attempt), row.id)
        try:
            then = parse_json(read_own_text(config_file(place)))
        except (OSError, ValueError):
            return False
        now = json.loads(json.dumps(dict(row.config), default=str))
        return all(then.get(key) == now.get(key) for key in ("parameters", "storage"))

    def _one(self, row: _Row, came: Sequence[int]) -> None:
        if came:
            self._settle(row, Status.CANCELLED, "the task was stopped before its turn")
            return
        place = row_directory(self.directory, row.id)
        self._say(f"row {row.id}{f': {row.name}' if row.name != row.id else ''} begins")
        try:
            make_data_folder(place, row.config)
            ended = self._start(row, place, came)
        except OSError as error:
            self._codes[row.id] = _USER_ERROR if disk_problem(error) else _APPLICATION_ERROR
            self._settle(row, Status.ERROR, disk_problem(error) or str(error))
            return
        if ended.code == 0:
            warning = self._told(place).get("warning")
            status, reason = (Status.WARNING, str(warning)) if warning else (Status.SUCCESS, "")
        else:
            status, reason = Status.ERROR, ended.last or f"it ended with the code {ended.code}"
            self._codes[row.id] = ended.code
        self._settle(row, status, reason, ended.seconds)

    def _settle(self, row: _Row, status: Status, reason: str = "", seconds: float | None = None) -> None:
        said = safe_line(self.redactor.text(reason), MOST_REASON)
        self.results[row.id] = RowResult(row.id, row.name, status, said, seconds, self.number)
        if seconds is not None:
            try:
                place = row_end_file(row_directory(self.directory, row.id))
                replace_json(place, [self.results[row.id].values()])
            except OSError as error:
                self._say(f"warning: how row {row.id} ended could not be written: {error}")
        took = "" if seconds is None else f" after {seconds:.1f} s"
        self._say(f"row {row.id} ended in {status.value}{took}{f': {said}' if said else ''}")

    def _start(self, row: _Row, place: Path, came: Sequence[int]) -> _Ended:
        began, last, told = time.monotonic(), deque[str](maxlen=1), deque[str](maxlen=1)
        env = {**os.environ, "KBC_DATADIR": str(place), "KBC_CONFIGROWID": row.id}
        process = subprocess.Popen(
            self.argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None and process.stderr is not None
        with self._children.lock:
            self._children.running.append(process)
            for number in came:
                # It may have come between fork and exec, where the program could not see it.
                process.send_signal(number)

        def out(line: bytes) -> None:
            if text := line.decode("utf-8", "replace").strip():
                told.append(text)
            self._line(1, row, line)

        def err(line: bytes) -> None:
            if text := line.decode("utf-8", "replace").strip():
                last.append(text)
            self._line(2, row, line)

        try:
            lines = {
                process.stdout.fileno(): Lines(out, limit=_LINE),
                process.stderr.fileno(): Lines(err, limit=_LINE),
            }
            pump(process, {descriptor: one.feed for descriptor, one in lines.items()})
            for one in lines.values():
                one.finish()
            code = process.wait()
        finally:
            with self._children.lock:
                self._children.running.remove(process)
            process.stdout.close()
            process.stderr.close()
        # What masks secrets puts both streams into one.
        return _Ended(code if code >= 0 else 128 - code, time.monotonic() - began, "".join(last or told))

    def _line(self, descriptor: int, row: _Row, line: bytes) -> None:
        """A line of a row's program, which masks its own: only its row is put before it."""
        self._write(descriptor, f"[{row.id}] ".encode() + line + b"\n")

    def _say(self, text: str) -> None:
        self._write(1, (safe_line(self.redactor.text(text)) + "\n").encode("utf-8", "replace"))

    def _write(self, descriptor: int, data: bytes) -> None:
        with self._out:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(descriptor, view) :]
            except OSError:
                # Whatever it is (no room, a closed reader), no row must stall or die of it.
                return

    def _told(self, place: Path) -> dict[str, Any]:
        """What a row's program said of its work; nothing where that cannot be read."""
        try:
            found = parse_json(read_own_text(result_file(place)))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _progress(self) -> None:
        done = len(self.results)
        now = [row.id for row in self.rows if row.id not in self.results][: self.parallel]
        text = f"rows {', '.join(now)}" if len(now) > 1 else f"row {now[0]}" if now else ""
        try:
            body = {"done": done, "total": len(self.rows), "text": safe_line(text, 200)}
            replace_json(progress_file(self.directory), self.redactor.value(body), durable=False)
        except OSError as error:
            self._say(f"warning: progress.json could not be written: {error}")

    def _finish(self) -> None:
        """One result of all rows, in their order."""
        ordered = [self.results[row.id] for row in self.rows if row.id in self.results]
        told: dict[str, Any] = {"rows": [row.values() for row in ordered]}
        lists: dict[str, list[Any]] = {}
        metrics: dict[str, Any] = {}
        given: list[Any] = []
        for row in ordered:
            place = row_directory(self.directory.parent / str(row.attempt), row.id)
            result = self._told(place)
            for key in ("tables", "inputs", "files", "findings", "checks"):
                items = result.get(key)
                lists.setdefault(key, []).extend(items if isinstance(items, list) else ())
            _add_metrics(metrics, result.get("metrics"))
            if isinstance(result.get("variables"), dict):
                told.setdefault("variables", {}).update(result["variables"])
            if "candidate" in result:
                told.setdefault("candidate", result["candidate"])
            given += _list_in(read_tables_file(place))
        told |= {key: items for key, items in lists.items() if items}
        if metrics:
            told["metrics"] = metrics
        if warned := [row for row in ordered if row.status is Status.WARNING]:
            told["warning"] = safe_line("; ".join(f"row {row.id}: {row.reason}" for row in warned[:_SHOWN]), 400)
        try:
            replace_json(read_tables_file(self.directory), given, durable=False)
            replace_json(result_file(self.directory), self.redactor.value(told))
        except OSError as error:
            self._say(f"warning: result.json could not be written: {error}")

    def _code(self) -> int:
        failed = failed_rows(self.results.values())
        if not failed:
            return 0
        words = "; ".join(f"row {row.title}: {row.reason}" for row in failed[:_SHOWN])
        more = f"; and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
        about = rows_words(list(self.results.values()))
        print(f"{about}; {words}{more}", file=sys.stderr, flush=True)  # noqa: T201
        # A user error is what all of them have to be.
        others = [code for code in self._codes.values() if code != _USER_ERROR]
        return others[0] if others else _USER_ERROR


def _add_metrics(into: dict[str, Any], metrics: Any) -> None:
    """Numbers of several rows are added up; of anything else the last one stays."""
    for name, value in metrics.items() if isinstance(metrics, dict) else ():
        before = into.get(name)
        numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (before, value))
        into[name] = before + value if numbers else value


def _list_in(path: Path) -> list[Any]:
    try:
        found = parse_json(read_own_text(path))
    except (OSError, ValueError):
        return []
    return found if isinstance(found, list) else []


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the attempt: 1 when all rows that failed did so with a user error."""
    parser = argparse.ArgumentParser(prog="orch_tui.components.kit.processes.rows", allow_abbrev=False)
    parser.add_argument("--parallel", type=int, default=1, help="so many rows at once")
    parser.add_argument("argv", nargs="+", metavar="program argument")
    options = parser.parse_args(arguments)
    use_utf8()
    redactor = Redactor.from_environment()
    return RowsRunner(Path(os.environ["KBC_DATADIR"]), options.argv, max(1, options.parallel), redactor).run()


if __name__ == "__main__":
    sys.exit(main())
